/**
 * What this node answers to the catalog messages of others. Nothing is taken from or given to a peer whose clock is far off;
 * a malformed row is refused by itself; one foreign walk runs at a time, so that a node that comes back to a large pool
 * is not sent everything by everyone at once.
 */
import { blake3Hex } from '../base/hash.ts'
import { EngineError, isEngineError } from '../base/error.ts'
import type { NodeId, SegmentId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import type { Handler, Message, Peer, PeerNetwork } from '../net/index.ts'
import type { Clock } from '../ports.ts'
import {
  askWalk,
  beginWalk,
  endWalk,
  getRows,
  getSegments,
  listBuckets,
  lowerSums,
  packSegmentIds,
  pushRows,
  unpackSegmentIds,
} from './messages.ts'
import { decodeRow } from './row.ts'
import type { Catalog, Row, Segment } from './types.ts'
import { answerList, answerLower, answerRows } from './walk.ts'

export interface AnswersDeps {
  readonly catalog: Catalog
  readonly network: PeerNetwork
  readonly clock: Clock
  /** A walk that this peer began is complete; times of our wall clock, and the place of its beginning among all events here. */
  readonly walked: (peer: Peer, begunMs: number, begunAt: number) => Promise<void>
  /** A number greater than all before it: what came first, whatever the clocks say. */
  readonly nextPlace: () => number
  /** The peer wants this node to walk with it. */
  readonly asked: (peer: Peer) => void
}

/** True if the peer's clock is near enough for its stamps to mean what ours do. */
export function clockAgrees(peer: Peer): boolean {
  return Math.abs(peer.clockOffsetMs) <= limits.clockSkewMaxMs
}

/** Registers the handlers. */
export function serveCatalog(deps: AnswersDeps): void {
  const answers = new Answers(deps)
  const { network } = deps
  const serve = <Req, Res>(message: Message<Req, Res>, answer: (body: Req, peer: Peer) => Promise<Res> | Res) => {
    const handler: Handler<Req, Res> = async (body, { peer }) => {
      checkClock(peer)
      return await answer(body, peer)
    }
    network.handle(message, handler)
  }
  serve(pushRows, (body, peer) => answers.push(body, peer))
  serve(getSegments, ({ ids }) => answers.segments(unpackSegmentIds(ids)))
  serve(beginWalk, (_, peer) => answers.begin(peer))
  serve(lowerSums, ({ uppers }, peer) => {
    answers.heard(peer)
    return { lower: answerLower(deps.catalog.walk, uppers) }
  })
  serve(listBuckets, ({ buckets, after }, peer) => {
    answers.heard(peer)
    const { rows, next } = answerList(deps.catalog.walk, buckets, after)
    return { rows: rows.map(([key, stamp, hash]) => [key, stamp, hash] as [Uint8Array, Uint8Array, Uint8Array]), next }
  })
  serve(getRows, ({ keys }, peer) => {
    answers.heard(peer)
    return answerRows(deps.catalog.walk, keys)
  })
  serve(askWalk, (_, peer) => {
    deps.asked(peer)
    return {}
  })
  serve(endWalk, (_, peer) => answers.end(peer))
}

function checkClock(peer: Peer): void {
  if (clockAgrees(peer)) return
  throw new EngineError('clock-skew', `the clocks differ by ${Math.round(Math.abs(peer.clockOffsetMs) / 1000)} s`, {
    hint: 'Set the clocks of both machines; their catalogs wait until they agree.',
    retryable: true,
  })
}

class Answers {
  readonly #deps: AnswersDeps
  /** The foreign walk that runs here. */
  #walk: { readonly node: NodeId; readonly begunMs: number; readonly begunAt: number; heardMs: number } | undefined

  constructor(deps: AnswersDeps) {
    this.#deps = deps
  }

  async push(body: { rows: Uint8Array[]; segments: Uint8Array[] }, peer: Peer) {
    this.heard(peer)
    const rows: Row[] = []
    const positions: number[] = []
    const refused: [number, string][] = []
    for (const [index, bytes] of body.rows.entries()) {
      try {
        rows.push(decodeRow(bytes).row)
        positions.push(index)
      } catch (error) {
        if (!isEngineError(error)) throw error
        refused.push([index, error.code])
      }
    }
    const segments = body.segments.map((bytes): Segment => ({ id: blake3Hex(bytes) as SegmentId, bytes }))
    const result = await this.#deps.catalog.merge(rows, segments)
    for (const { index, code } of result.refused) refused.push([positions[index] as number, code])
    return { refused, missing: packSegmentIds(result.missingSegments.slice(0, limits.segmentsPerFetch)) }
  }

  segments(ids: readonly SegmentId[]): { segments: Uint8Array[] } {
    const segments: Uint8Array[] = []
    let sizeBytes = 0
    for (const id of ids) {
      const bytes = this.#deps.catalog.segment(id)
      if (bytes === undefined) continue
      sizeBytes += bytes.length
      if (sizeBytes > limits.batchMaxBytes && segments.length > 0) break
      segments.push(bytes)
    }
    return { segments }
  }

  begin(peer: Peer): { upper: Buffer } {
    const { clock, catalog } = this.#deps
    const nowMs = clock.monotonicMs()
    const other = this.#walk
    if (other !== undefined && other.node !== peer.nodeId && nowMs - other.heardMs < limits.walkIdleMs) {
      throw new EngineError('busy', `${other.node} is walking here`, { retryable: true })
    }
    const begunAt = this.#deps.nextPlace()
    this.#walk = { node: peer.nodeId, begunMs: clock.nowMs(), begunAt, heardMs: nowMs }
    return { upper: catalog.walk.upper() }
  }

  /** The walking peer is still at it. */
  heard(peer: Peer): void {
    if (this.#walk?.node === peer.nodeId) this.#walk.heardMs = this.#deps.clock.monotonicMs()
  }

  async end(peer: Peer): Promise<Record<string, never>> {
    const walk = this.#walk
    if (walk?.node !== peer.nodeId)
      throw new EngineError('no-walk', 'that walk gave way to another one', { retryable: true })
    this.#walk = undefined
    await this.#deps.walked(peer, walk.begunMs, walk.begunAt)
    return {}
  }
}
