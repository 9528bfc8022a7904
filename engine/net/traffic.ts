/**
 * How much went to and came from each peer lately, for people to look at: bytes in steps of some seconds over the last
 * minutes, in memory only. It follows counters that only grow, looked at with every heartbeat, so moving bytes costs nothing more.
 * A peer of which nothing was heard for the whole span is forgotten, so it holds no more than there are members.
 */
import type { NodeId } from '../base/ids.ts'
import { limits } from '../limits.ts'

/** Bytes that left and came, as counters. */
export interface Moved {
  readonly sentBytes: number
  readonly receivedBytes: number
}

/** Rates in bytes per second, the oldest step first, each list `limits.trafficSteps` long. The last step is not over yet and left out. */
export interface Traffic {
  readonly sentBytesPerSec: readonly number[]
  readonly receivedBytesPerSec: readonly number[]
}

interface Kept {
  /** Whose counters were looked at last: a new connection counts from zero. */
  source: object
  seen: Moved
  /** By number of the step, modulo the length. */
  readonly sent: Float64Array
  readonly received: Float64Array
  /** Number of the newest step that something was added to. */
  newest: number
}

/** One more than is shown: the step under way. */
const kept = limits.trafficSteps + 1

export class TrafficMeter {
  readonly #byPeer = new Map<NodeId, Kept>()

  /** Takes in how far a peer's counters are. `source` is the connection that they belong to. */
  note(peer: NodeId, source: object, moved: Moved, nowMs: number): void {
    const step = stepOf(nowMs)
    const known = this.#byPeer.get(peer)
    const record = known ?? {
      source,
      seen: nothing,
      sent: new Float64Array(kept),
      received: new Float64Array(kept),
      newest: step,
    }
    if (known === undefined) this.#byPeer.set(peer, record)
    clearSteps(record, step)
    const from = record.source === source ? record.seen : nothing
    const at = step % kept
    record.sent[at] = (record.sent[at] ?? 0) + moved.sentBytes - from.sentBytes
    record.received[at] = (record.received[at] ?? 0) + moved.receivedBytes - from.receivedBytes
    record.source = source
    record.seen = moved
    for (const [node, { newest }] of this.#byPeer) if (step - newest >= kept) this.#byPeer.delete(node)
  }

  /** Undefined for a peer that was not connected within the span. */
  of(peer: NodeId, nowMs: number): Traffic | undefined {
    const record = this.#byPeer.get(peer)
    if (record === undefined) return undefined
    const step = stepOf(nowMs)
    if (step - record.newest >= kept) return undefined
    const rates = (bytes: Float64Array): number[] =>
      Array.from({ length: limits.trafficSteps }, (_, index) => {
        const wanted = step - limits.trafficSteps + index
        const isKept = wanted >= 0 && wanted <= record.newest && wanted > record.newest - kept
        return isKept ? Math.round(((bytes[wanted % kept] ?? 0) * 1000) / limits.trafficStepMs) : 0
      })
    return { sentBytesPerSec: rates(record.sent), receivedBytesPerSec: rates(record.received) }
  }
}

const nothing: Moved = { sentBytes: 0, receivedBytes: 0 }

function stepOf(nowMs: number): number {
  return Math.max(0, Math.floor(nowMs / limits.trafficStepMs))
}

/** Steps that passed without a look hold what was there a whole round before. */
function clearSteps(record: Kept, step: number): void {
  for (let each = Math.max(record.newest + 1, step - kept + 1); each <= step; each++) {
    record.sent[each % kept] = 0
    record.received[each % kept] = 0
  }
  record.newest = Math.max(record.newest, step)
}
