/**
 * The live push: rows authored here go at once to every connected peer, and the peers' answers are counted, since a write
 * is acknowledged by what is durable elsewhere. While one message to a peer is under way the next pushes collect and go
 * together, so thousands of small writes per second need few messages. A push is never repeated: what a peer did not get
 * (it was gone, slow or full) it gets by the walk.
 */
import { NaturalBatch } from '../base/batch.ts'
import { isEngineError } from '../base/error.ts'
import type { NodeId, SegmentId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import type { Peer } from '../net/index.ts'
import { namedSegments } from './change.ts'
import { pushRows, unpackSegmentIds } from './messages.ts'
import { encodeRow } from './row.ts'
import type { Row, Segment } from './types.ts'

/** Each row counts as at least so much, so that a message which is full in bytes is full in rows. */
const rowWeightBytes = Math.floor(limits.batchMaxBytes / limits.rowsPerBatch)
/** Rounds in which segments are sent after rows before the rest is left to the receiver's own search. */
const roundsMax = 16

/** Rows of one commit, as many as one message holds, and where they are durable by now. */
export class Push {
  readonly rows: readonly Row[]
  readonly bytes: readonly Buffer[]
  /** Those of the rows' segments that fit into the message. */
  readonly segments: readonly Segment[]
  readonly sizeBytes: number
  readonly #open = new Set<NodeId>()
  /** By peer that has answered: the rows that are not durable there. */
  readonly #lacking = new Map<NodeId, ReadonlySet<Row>>()
  readonly #listeners = new Set<() => void>()

  constructor(rows: readonly Row[], bytes: readonly Buffer[], segments: readonly Segment[], sizeBytes: number) {
    this.rows = rows
    this.bytes = bytes
    this.segments = segments
    this.sizeBytes = sizeBytes
  }

  /** Peers whose answer is still to come. */
  get open(): number {
    return this.#open.size
  }

  /** Peers that have answered. */
  answered(): NodeId[] {
    return [...this.#lacking.keys()]
  }

  isDurableAt(node: NodeId, row: Row): boolean {
    const lacking = this.#lacking.get(node)
    return lacking !== undefined && !lacking.has(row)
  }

  sentTo(node: NodeId): void {
    this.#open.add(node)
  }

  /** `lacking` null: the push failed, nothing is known. */
  settledAt(node: NodeId, lacking: ReadonlySet<Row> | null): void {
    this.#open.delete(node)
    if (lacking !== null) this.#lacking.set(node, lacking)
    for (const listener of this.#listeners) listener()
  }

  /** Called after each peer's answer. */
  onSettled(listener: () => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) }
  }
}

/** Cuts what was authored into pushes that fit one message each. */
export function cutPushes(rows: readonly Row[], segments: readonly Segment[]): Push[] {
  const byId = new Map(segments.map((segment) => [segment.id, segment]))
  const pushes: Push[] = []
  let from = 0
  let sizeBytes = 0
  const bytes: Buffer[] = []
  const cut = (to: number) => {
    if (to === from) return
    const group = rows.slice(from, to)
    const room = limits.batchMaxBytes - sizeBytes
    const along = fitting(group.flatMap(namedSegments), byId, room)
    const alongBytes = along.reduce((sum, segment) => sum + segment.bytes.length, 0)
    pushes.push(new Push(group, bytes.splice(0), along, sizeBytes + alongBytes))
    from = to
    sizeBytes = 0
  }
  for (const [index, row] of rows.entries()) {
    const encoded = encodeRow(row)
    const weight = Math.max(encoded.length, rowWeightBytes)
    if (sizeBytes + weight > limits.batchMaxBytes) cut(index)
    bytes.push(encoded)
    sizeBytes += weight
  }
  cut(rows.length)
  return pushes
}

function fitting(ids: readonly SegmentId[], byId: ReadonlyMap<SegmentId, Segment>, roomBytes: number): Segment[] {
  const found: Segment[] = []
  let leftBytes = roomBytes
  for (const id of new Set(ids)) {
    const segment = byId.get(id)
    if (segment === undefined || segment.bytes.length > leftBytes || found.length === limits.segmentsPerFetch) continue
    leftBytes -= segment.bytes.length
    found.push(segment)
  }
  return found
}

interface PendingRow {
  readonly push: Push
  readonly row: Row
  readonly bytes: Buffer
}

/** The pushes to one peer, for as long as it is connected. */
export class PeerPushes {
  readonly #peer: Peer
  readonly #segment: (id: SegmentId) => Uint8Array | undefined
  readonly #batch: NaturalBatch<Push, ReadonlySet<Row>>
  #waiting = 0
  #waitingBytes = 0

  /** `segment` reads one that is here. */
  constructor(peer: Peer, segment: (id: SegmentId) => Uint8Array | undefined) {
    this.#peer = peer
    this.#segment = segment
    const bounds = { maxItems: limits.rowsPerBatch, maxBytes: limits.batchMaxBytes, inFlight: 1 }
    this.#batch = new NaturalBatch(bounds, (pushes) => this.#send(pushes))
  }

  /** Pushes are waiting or under way. */
  get busy(): boolean {
    return this.#waiting > 0
  }

  /** Sends as soon as there is room; when too much waits already, not at all. */
  add(push: Push): void {
    if (this.#waiting >= limits.pushesWaiting || this.#waitingBytes + push.sizeBytes > limits.pushWaitingBytes) return
    const { nodeId } = this.#peer
    this.#waiting++
    this.#waitingBytes += push.sizeBytes
    push.sentTo(nodeId)
    const settle = (lacking: ReadonlySet<Row> | null) => {
      this.#waiting--
      this.#waitingBytes -= push.sizeBytes
      push.settledAt(nodeId, lacking)
    }
    this.#batch.add(push, push.sizeBytes).then(settle, (error: unknown) => {
      settle(null)
      if (!isEngineError(error)) throw error
    })
  }

  /** One message, and what it takes after it to bring the segments that did not fit. Answers the rows that are not durable. */
  async #send(pushes: readonly Push[]): Promise<ReadonlySet<Row>[]> {
    const lacking = new Map<Push, Set<Row>>(pushes.map((push) => [push, new Set()]))
    const lacks = ({ push, row }: PendingRow) => lacking.get(push)?.add(row)
    let pending = pushes.flatMap((push) =>
      push.rows.map((row, index) => ({ push, row, bytes: push.bytes[index] as Buffer })),
    )
    let segments: Uint8Array[] = pushes.flatMap((push) => push.segments.map((segment) => segment.bytes))
    for (let round = 1; pending.length > 0; round++) {
      const { body } = await this.#peer.request(pushRows, { rows: pending.map((each) => each.bytes), segments })
      const refused = new Set(body.refused.map(([index]) => index))
      const missing = new Set(unpackSegmentIds(body.missing))
      const unfinished: PendingRow[] = []
      for (const [index, each] of pending.entries()) {
        if (refused.has(index)) lacks(each)
        else if (isUnfinished(each.row, missing)) unfinished.push(each)
      }
      if (unfinished.length > 0 && (round === roundsMax || !(await this.#sendSegments([...missing])))) {
        unfinished.forEach(lacks)
        break
      }
      pending = unfinished
      segments = []
    }
    return pushes.map((push) => lacking.get(push) as Set<Row>)
  }

  /** False if none of them is here. */
  async #sendSegments(ids: readonly SegmentId[]): Promise<boolean> {
    let batch: Uint8Array[] = []
    let sizeBytes = 0
    let sent = 0
    const send = async () => {
      if (batch.length > 0) await this.#peer.request(pushRows, { rows: [], segments: batch })
      sent += batch.length
      batch = []
      sizeBytes = 0
    }
    for (const id of ids) {
      const bytes = this.#segment(id)
      if (bytes === undefined) continue
      if (sizeBytes + bytes.length > limits.batchMaxBytes || batch.length === limits.segmentsPerFetch) await send()
      batch.push(bytes)
      sizeBytes += bytes.length
    }
    await send()
    return sent > 0
  }
}

/** The receiver lacks a segment of this row, or may lack one that its answer had no room to name. */
function isUnfinished(row: Row, missing: ReadonlySet<SegmentId>): boolean {
  if (missing.size === 0) return false
  const named = namedSegments(row)
  return missing.size >= limits.segmentsPerFetch ? named.length > 0 : named.some((id) => missing.has(id))
}
