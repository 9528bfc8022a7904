/**
 * Reading a range of a version: pieces are fetched from several holders at once, a bounded number of bytes ahead, and come out
 * in order. A holder that dies under way costs a retry of its pieces, not the stream. Offsets come from the segments, so a
 * range deep in a large file opens only the pieces that it touches.
 */
import { Semaphore } from '../base/async.ts'
import { EngineError } from '../base/error.ts'
import type { SegmentId } from '../base/ids.ts'
import { type Catalog, openSegment, type Version } from '../catalog/index.ts'
import type { Keyring } from '../identity/index.ts'
import { limits } from '../limits.ts'
import type { ChunkReference, Clock } from '../ports.ts'
import type { Fetcher } from '../replication/index.ts'

export interface ReadDeps {
  readonly catalog: Catalog
  readonly fetcher: Fetcher
  readonly keyring: () => Keyring
  readonly clock: Clock
}

interface Span {
  readonly reference: ChunkReference
  /** The wanted part of the piece. */
  readonly from: number
  readonly to: number
}

export class Reader {
  readonly #deps: ReadDeps
  /** All reads of this node share the memory for pieces that are fetched and not yet taken. */
  readonly #ahead = new Semaphore(limits.readAheadBytes)
  /** The piece that a read needs next has memory of its own, so that reading ahead elsewhere cannot hold it up. */
  readonly #heads = new Semaphore(limits.readHeadBytes)

  constructor(deps: ReadDeps) {
    this.#deps = deps
  }

  /**
   * The bytes from `from` up to, not including, `to`; each part lies in memory of its own, the caller's to keep or free. Throws `unreachable` when no connected machine has a piece,
   * `segment-missing` when the list of pieces has not arrived here within limits.segmentWaitMs.
   */
  async *read(version: Version, from: number, to: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const spans = this.#spans(version, from, to, signal)
    const underWay: { bytes: Promise<Uint8Array>; give: () => void }[] = []
    const stop = new AbortController()
    const either = AbortSignal.any([signal, stop.signal])
    const start = async (span: Span, memory: Semaphore) => {
      const give = await memory.take(memoryFor(span), either)
      const bytes = this.#deps.fetcher.open(span.reference, either).then((piece) => piece.subarray(span.from, span.to))
      bytes.catch(() => undefined) // reported when its turn comes
      underWay.push({ bytes, give })
    }
    try {
      let next = await spans.next()
      while (!next.done || underWay.length > 0) {
        while (!next.done && underWay.length < limits.readAheadChunks) {
          if (underWay.length > 0 && !this.#fits(next.value)) break
          await start(next.value, underWay.length === 0 ? this.#heads : this.#ahead)
          next = await spans.next()
        }
        const head = underWay.shift()
        if (head === undefined) continue
        try {
          yield await head.bytes
        } finally {
          head.give()
        }
      }
    } finally {
      stop.abort(new EngineError('read-ended', 'the reader went away'))
      for (const each of underWay) each.give()
    }
  }

  #fits(span: Span): boolean {
    return this.#ahead.used + memoryFor(span) <= limits.readAheadBytes
  }

  async *#spans(version: Version, from: number, to: number, signal: AbortSignal): AsyncGenerator<Span> {
    let pieceAt = 0
    for (const id of version.segments) {
      if (pieceAt >= to) return
      for (const reference of await this.#references(id, signal)) {
        const start = Math.max(from - pieceAt, 0)
        const end = Math.min(to - pieceAt, reference.pieceBytes)
        if (start < end) yield { reference, from: start, to: end }
        pieceAt += reference.pieceBytes
      }
    }
    if (pieceAt < to) throw new EngineError('damaged', `version ${version.version} lists ${pieceAt} bytes of ${to}`)
  }

  /** A version's row may come before its segments, which are fetched at once then: that is waited for. */
  async #references(id: SegmentId, signal: AbortSignal): Promise<readonly ChunkReference[]> {
    const { catalog, clock, keyring } = this.#deps
    const untilMs = clock.monotonicMs() + limits.segmentWaitMs
    for (;;) {
      const bytes = catalog.segment(id)
      if (bytes !== undefined) return openSegment(bytes, keyring())
      if (clock.monotonicMs() >= untilMs) break
      await clock.sleep(limits.segmentPollMs, signal)
    }
    throw new EngineError('segment-missing', 'the list of this file’s pieces has not arrived here yet', {
      hint: 'It comes as soon as a machine that has it is connected.',
      retryable: true,
    })
  }
}

/** A piece is in memory twice while it is opened: sealed and plain. */
function memoryFor(span: Span): number {
  return 2 * span.reference.pieceBytes
}
