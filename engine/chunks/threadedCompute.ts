/**
 * The Compute port on real machines: worker threads over one arena. Small contents and small chunks are done on the calling
 * thread, since the way to another would cost more than the work.
 */
import { Semaphore } from '../base/async.ts'
import { EngineError } from '../base/error.ts'
import { limits } from '../limits.ts'
import type { ChunkReference, Compute, SealedPiece, SealOptions } from '../ports.ts'
import { Arena } from './arena.ts'
import { type ByteSource, type Fill, fillUp, iterableSource, readerSource } from './byteSource.ts'
import { ContentSeal, type SealDeps } from './contentSeal.ts'
import { CUTTER_RESERVED_BYTES, cutterMemory } from './cutter.ts'
import { openChunk, SEAL_OVERHEAD_BYTES } from './seal.ts'
import { SmallContents } from './smallContents.ts'
import type { SpawnThread } from './thread.ts'
import { ThreadPool } from './threadPool.ts'

export interface FileCompute extends Compute {
  /** As `seal`, for a content that can be read straight into memory: `read` puts 1 to `target.length` bytes there, 0 at the end. */
  sealFrom(read: Fill, options: SealOptions): AsyncIterable<SealedPiece>
  /** `own`: the caller gives `sealed` away, which must not be touched again; opening large chunks then copies nothing. */
  open(sealed: Uint8Array, reference: ChunkReference, options?: { readonly own?: boolean }): Promise<Uint8Array>
}

export interface ThreadedComputeOptions {
  readonly spawn: SpawnThread
  /** 1 to limits.computeThreads; the processor's cores are a good number. */
  readonly threads: number
  /** For tests. */
  readonly arenaBytes?: number
}

export interface ThreadedCompute extends FileCompute {
  /** Bytes of the arena in use. */
  readonly usedBytes: number
  /** Uploads that wait for room in it. */
  readonly waiting: number
}

export function createThreadedCompute(options: ThreadedComputeOptions): ThreadedCompute {
  return new ThreadsOverArena(options)
}

class ThreadsOverArena implements ThreadedCompute {
  readonly #deps: SealDeps
  readonly #small: SmallContents
  readonly #streams = new Semaphore(limits.sealStreams)
  readonly #running = new Set<AbortController>()
  #stopped = false

  constructor({ spawn, threads, arenaBytes = limits.sealArenaBytes }: ThreadedComputeOptions) {
    const memory = cutterMemory(CUTTER_RESERVED_BYTES + arenaBytes)
    this.#deps = {
      pool: new ThreadPool(
        spawn,
        new URL('./worker.ts', import.meta.url),
        memory,
        Math.max(1, Math.min(threads, limits.computeThreads)),
      ),
      arena: new Arena(CUTTER_RESERVED_BYTES, arenaBytes),
      memory: Buffer.from(memory.buffer),
    }
    this.#small = new SmallContents(this.#deps)
  }

  get usedBytes(): number {
    return this.#deps.arena.usedBytes
  }

  get waiting(): number {
    return this.#deps.arena.waiting
  }

  seal(source: AsyncIterable<Uint8Array>, options: SealOptions): AsyncIterable<SealedPiece> {
    return this.#seal((signal) => iterableSource(source, signal), options)
  }

  sealFrom(read: Fill, options: SealOptions): AsyncIterable<SealedPiece> {
    return this.#seal((signal) => readerSource(read, signal), options)
  }

  async *#seal(
    open: (signal: AbortSignal) => ByteSource,
    options: SealOptions,
  ): AsyncGenerator<SealedPiece, void, undefined> {
    if (this.#stopped) throw stoppedError()
    options.signal?.throwIfAborted()
    const stop = new AbortController()
    const abort = () => stop.abort(options.signal?.reason)
    options.signal?.addEventListener('abort', abort, { once: true })
    this.#running.add(stop)
    const source = open(stop.signal)
    try {
      const head = Buffer.allocUnsafe(limits.inlineSealBytes + SEAL_OVERHEAD_BYTES)
      const headBytes = await fillUp(source, head)
      if (headBytes <= limits.inlineSealBytes) {
        if (headBytes > 0) yield await this.#small.seal(head, headBytes, options)
        return
      }
      const leave = await this.#streams.take(1, stop.signal)
      try {
        yield* new ContentSeal(this.#deps, options, source, stop).pieces(head.subarray(0, headBytes))
      } finally {
        leave()
      }
    } finally {
      this.#running.delete(stop)
      options.signal?.removeEventListener('abort', abort)
      source.close()
    }
  }

  async open(sealed: Uint8Array, reference: ChunkReference, { own = false } = {}): Promise<Uint8Array> {
    if (sealed.length <= limits.inlineOpenBytes) return openChunk(sealed, reference, { own })
    const given = own && isAlone(sealed) ? sealed : new Uint8Array(sealed)
    const { piece } = await this.#deps.pool.run({ what: 'open', sealed: given, reference }, given.length, [
      given.buffer,
    ])
    return piece
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const content of this.#running) content.abort(stoppedError())
    await this.#deps.pool.stop()
  }
}

/** Memory that may be sent away: nothing but these bytes lies in it. */
function isAlone(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer && bytes.buffer.byteLength === bytes.byteLength
}

function stoppedError(): EngineError {
  return new EngineError('stopped', 'the node is stopping', { retryable: true })
}
