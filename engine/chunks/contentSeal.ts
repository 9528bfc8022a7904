/**
 * The way of one content through the pipeline: read into a window of the arena, cut and hashed by a thread, looked up here,
 * sealed by threads, handed out in order. Reading, cutting and sealing of successive windows overlap.
 *
 * Memory: all of it is slots of the arena. Whoever waits for a slot holds none that it has not handed out already (what
 * was read beyond a cut moves to the heap for that time), so uploads cannot wait for each other in a circle.
 * Whatever ends it (the source throws, the signal, a thread dies, the consumer stops listening), all slots are given back.
 */
import assert from 'node:assert/strict'
import { type Deferred, deferred, Semaphore } from '../base/async.ts'
import { bufferOf } from '../base/bytes.ts'
import { KiB } from '../limits.ts'
import type { ChunkReference, SealedPiece, SealOptions } from '../ports.ts'
import type { Arena, Slot } from './arena.ts'
import { slotBytes } from './arena.ts'
import { type ByteSource, fillUp } from './byteSource.ts'
import { type CutResult, type PieceAt, pieceSlotBytes, type SealedAs } from './jobs.ts'
import type { ThreadPool } from './threadPool.ts'
import { takeWindow, tryWindow, type Window } from './window.ts'

/** Small pieces travel to a thread together until they are worth the way. */
const SEAL_JOB_BYTES = 256 * KiB

export interface SealDeps {
  readonly pool: ThreadPool
  readonly arena: Arena
  /** The whole shared memory that the arena manages. */
  readonly memory: Buffer
}

interface WindowUnderWay {
  readonly pieces: Promise<SealedPiece[]>
  /** The consumer has taken it. */
  readonly taken: () => void
}

export class ContentSeal {
  readonly #deps: SealDeps
  readonly #options: SealOptions
  readonly #source: ByteSource
  readonly #stop: AbortController
  /** Windows on their way, in order; null is the end. */
  readonly #windows: (WindowUnderWay | null)[] = []
  /** Windows that the consumer has not taken yet. */
  readonly #ahead: Semaphore
  #news: Deferred<void> = deferred()

  /** `stop` ends everything when aborted; the signal of `options` must be tied to it. */
  constructor(deps: SealDeps, options: SealOptions, source: ByteSource, stop: AbortController) {
    this.#deps = deps
    this.#options = options
    this.#source = source
    this.#stop = stop
    this.#ahead = new Semaphore(deps.pool.threads + 2)
  }

  /** All pieces of a content of which `head` has been read already. */
  async *pieces(head: Uint8Array): AsyncGenerator<SealedPiece, void, undefined> {
    const { signal } = this.#stop
    const cutting = this.#cutAll(head)
    cutting.catch(() => undefined) // awaited below, after the windows before
    try {
      for (let window = await this.#nextWindow(); window !== null; window = await this.#nextWindow()) {
        const pieces = await window.pieces
        window.taken()
        try {
          for (let piece = pieces.shift(); piece !== undefined; piece = pieces.shift()) {
            if (signal.aborted) piece.release()
            signal.throwIfAborted()
            yield piece
          }
        } finally {
          for (const piece of pieces) piece.release()
        }
      }
      await cutting
    } finally {
      this.#stop.abort(new Error('nobody takes the pieces any more'))
      await Promise.allSettled([cutting])
      for (const window of this.#windows.splice(0)) {
        const [outcome] = await Promise.allSettled([window?.pieces ?? []])
        if (outcome?.status === 'fulfilled') for (const piece of outcome.value) piece.release()
      }
    }
  }

  async #nextWindow(): Promise<WindowUnderWay | null> {
    while (this.#windows.length === 0) {
      this.#news = deferred()
      await this.#news.promise
    }
    return this.#windows.shift() as WindowUnderWay | null
  }

  #announce(window: WindowUnderWay | null): void {
    this.#windows.push(window)
    this.#news.resolve()
  }

  async #cutAll(head: Uint8Array): Promise<void> {
    const { arena, memory } = this.#deps
    try {
      let window: Window | null = await takeWindow(arena, 0, this.#stop.signal)
      memory.set(head, window.slot.start)
      window.filledBytes = head.length
      while (window !== null) window = await this.#cutWindow(window)
    } finally {
      this.#announce(null)
    }
  }

  /** Fills and cuts one window, sends its pieces on their way; answers the next. Keeps nothing of `window` if it throws. */
  async #cutWindow(window: Window): Promise<Window | null> {
    const { arena, memory } = this.#deps
    const { slot } = window
    let cut: CutResult
    let ended: boolean
    let taken: () => void
    try {
      taken = await this.#ahead.take(1, this.#stop.signal)
      do {
        const room = memory.subarray(slot.start + window.filledBytes, slot.start + window.goalBytes)
        const filled = await fillUp(this.#source, room)
        window.filledBytes += filled
        ended = filled < room.length
        cut = await this.#cut(window, ended)
        window.scannedBytes = window.filledBytes
        window.goalBytes = window.capacityBytes
      } while (cut.pieces.length === 0 && !ended)
    } catch (error) {
      arena.give(slot)
      throw error
    }
    const pieces = this.#seal(cut.pieces)
    pieces.catch(() => undefined) // whoever takes this window hears of it
    this.#announce({ pieces, taken })
    const tail: Slot = { start: cut.restStart, sizeBytes: slot.start + slot.sizeBytes - cut.restStart }
    if (ended) {
      arena.give(tail)
      return null
    }
    return await this.#carry(window.offset + window.filledBytes - cut.restBytes, cut, tail)
  }

  #cut(window: Window, ended: boolean): Promise<CutResult> {
    return this.#deps.pool.run(
      {
        what: 'cut',
        start: window.slot.start,
        availableBytes: window.filledBytes,
        scannedBytes: window.scannedBytes,
        offset: window.offset,
        ended,
        dedupKey: this.#options.dedupKey,
      },
      window.filledBytes - window.scannedBytes,
    )
  }

  /** Moves what no piece took from `tail` to the next window. */
  async #carry(offset: number, cut: CutResult, tail: Slot): Promise<Window> {
    const { arena, memory } = this.#deps
    const rest = memory.subarray(cut.restStart, cut.restStart + cut.restBytes)
    let next = tryWindow(arena, offset)
    if (next !== undefined) {
      memory.set(rest, next.slot.start)
      arena.give(tail)
    } else {
      const aside = Buffer.from(rest)
      arena.give(tail)
      next = await takeWindow(arena, offset, this.#stop.signal)
      memory.set(aside, next.slot.start)
    }
    next.filledBytes = cut.restBytes
    return next
  }

  /** Looks pieces up and seals the unknown ones. Keeps no slot if it rejects. */
  async #seal(pieces: readonly PieceAt[]): Promise<SealedPiece[]> {
    const { arena } = this.#deps
    const slots = pieces.map(({ start, pieceBytes }) => ({ start, sizeBytes: pieceSlotBytes(pieceBytes) }))
    try {
      const known = pieces.map((piece) => this.#options.known(bufferOf(piece.pieceHash)))
      const jobs = this.#sealJobs(pieces.filter((_, index) => known[index] === undefined))
      const results = await Promise.allSettled(jobs)
      const sealed: SealedAs[] = []
      for (const result of results) {
        if (result.status === 'rejected') throw result.reason
        sealed.push(...result.value.sealed)
      }
      return pieces.map((piece, index) => {
        const slot = slots[index] as Slot
        const reference = known[index]
        return reference === undefined
          ? sealedPiece(this.#deps, slot, piece, sealed.shift() as SealedAs)
          : this.#knownPiece(reference, slot)
      })
    } catch (error) {
      for (const slot of slots) arena.give(slot)
      throw error
    }
  }

  #sealJobs(pieces: readonly PieceAt[]) {
    const groups: { pieces: PieceAt[]; sizeBytes: number }[] = []
    for (const piece of pieces) {
      const last = groups.at(-1)
      if (last === undefined || last.sizeBytes + piece.pieceBytes > SEAL_JOB_BYTES) {
        groups.push({ pieces: [piece], sizeBytes: piece.pieceBytes })
      } else {
        last.pieces.push(piece)
        last.sizeBytes += piece.pieceBytes
      }
    }
    const { dedupKey, sealKey } = this.#options
    return groups.map((group) =>
      this.#deps.pool.run({ what: 'seal', pieces: group.pieces, dedupKey, sealKey }, group.sizeBytes),
    )
  }

  #knownPiece(reference: ChunkReference, slot: Slot): SealedPiece {
    this.#deps.arena.give(slot)
    return { reference, sealed: null, release: once(() => {}) }
  }
}

/** Guards a release: a second one would free what another upload holds by then. */
export function once(release: () => void): () => void {
  let released = false
  return () => {
    assert(!released, 'a sealed piece is released once')
    released = true
    release()
  }
}

/** A piece that a thread has sealed in its slot. */
export function sealedPiece({ arena, memory }: SealDeps, slot: Slot, piece: PieceAt, as: SealedAs): SealedPiece {
  // What compression saved goes back at once.
  const kept = { start: slot.start, sizeBytes: slotBytes(as.sizeBytes) }
  arena.give({ start: kept.start + kept.sizeBytes, sizeBytes: slot.sizeBytes - kept.sizeBytes })
  const { chunkId, sizeBytes } = as
  const { pieceBytes } = piece
  return {
    // Messages between threads turn Buffers into plain arrays.
    reference: { chunkId, sizeBytes, pieceBytes, key: bufferOf(as.key), pieceHash: bufferOf(piece.pieceHash) },
    sealed: memory.subarray(slot.start, slot.start + sizeBytes),
    release: once(() => arena.give(kept)),
  }
}
