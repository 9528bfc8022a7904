/**
 * Decides when to walk with whom, and walks. Of two nodes the one with the smaller id walks, as soon as they are connected
 * and whenever heartbeats show unequal roots that no rows on their way explain. One walk at a time: after it the others
 * find little left to swap.
 */
import type { NodeId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import type { Message, Peer } from '../net/index.ts'
import type { Clock } from '../ports.ts'
import { clockAgrees } from './answers.ts'
import { askWalk, beginWalk, endWalk, getRows, listBuckets, lowerSums, pushRows } from './messages.ts'
import { decodeRow, encodeRow } from './row.ts'
import type { Catalog, CompletedWalk, Row } from './types.ts'
import { walk, type WalkPartner } from './walk.ts'

export interface WalksDeps {
  readonly catalog: Catalog
  readonly clock: Clock
  readonly self: NodeId
  readonly startNumber: number
  /** A complete walk, begun here or there, at this place among all events of this process. */
  readonly walked: (walk: CompletedWalk, begunAt: number) => void
  readonly nextPlace: () => number
  readonly failed: (error: unknown, what: string) => void
}

/** Two roots: ours, then theirs. */
type Roots = readonly [string, string]

interface Partner {
  readonly peer: Peer
  /** A walk is due whatever the roots are: none has been completed since it connected, or somebody wants one. */
  fresh: boolean
  /** As of its last pulse. */
  seen: Roots
  /** Monotonic time since which the roots have been unequal. */
  unequalSinceMs: number | null
  /** A walk ended here with rows refused: until when these roots are no reason for another one. */
  vain: { readonly untilMs: number; roots: Roots | null } | null
}

export class Walks {
  readonly #deps: WalksDeps
  readonly #partners = new Map<NodeId, Partner>()
  readonly #stopping = new AbortController()
  #walking: Promise<void> | undefined

  constructor(deps: WalksDeps) {
    this.#deps = deps
  }

  connected(peer: Peer): void {
    this.#partners.set(peer.nodeId, { peer, fresh: true, seen: ['', ''], unequalSinceMs: null, vain: null })
    this.#next()
  }

  disconnected(node: NodeId): void {
    this.#partners.delete(node)
  }

  /** A heartbeat says which root the peer has. */
  pulse(peer: Peer, theirRoot: string): void {
    const partner = this.#partners.get(peer.nodeId)
    if (partner?.peer !== peer) return
    const roots: Roots = [this.#deps.catalog.root(), theirRoot]
    if (partner.fresh || this.#isReason(partner, roots)) this.#walkWith(partner)
    partner.seen = roots
  }

  /** Has every pair of this node and a connected peer walk, one after the other, whatever the roots are. */
  again(): void {
    for (const node of this.#partners.keys()) this.againWith(node)
  }

  /** The same with one of them; nothing if it is not connected. */
  againWith(node: NodeId): void {
    const peer = this.#partners.get(node)?.peer
    if (peer === undefined) return
    if (peer.nodeId > this.#deps.self) this.askedBy(peer)
    else if (clockAgrees(peer)) {
      peer.request(askWalk, {}).catch((error: unknown) => this.#deps.failed(error, `asking ${peer.nodeId} to walk`))
    }
  }

  /** The peer wants a walk, and it is ours to begin. */
  askedBy(peer: Peer): void {
    const partner = this.#partners.get(peer.nodeId)
    if (partner === undefined) return
    partner.fresh = true
    partner.vain = null
    this.#next()
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('stopped'))
    this.#partners.clear()
    await this.#walking
  }

  /** A walk that the peer began here is complete. */
  async foreignEnded(peer: Peer, begunMs: number, begunAt: number): Promise<void> {
    await this.#record(peer, begunMs, begunAt)
    this.#next()
  }

  /** Are these roots unequal for another reason than rows that are still on their way? */
  #isReason(partner: Partner, roots: Roots): boolean {
    const { clock } = this.#deps
    const nowMs = clock.monotonicMs()
    const [ours, theirs] = roots
    if (ours === theirs) {
      partner.unequalSinceMs = null
      partner.vain = null
      return false
    }
    partner.unequalSinceMs ??= nowMs
    if (partner.vain !== null && nowMs < partner.vain.untilMs) {
      partner.vain.roots ??= roots
      if (same(partner.vain.roots, roots)) return false
    }
    // Rows under way change a root between two pulses. If they never stop, patience does.
    return same(partner.seen, roots) || nowMs - partner.unequalSinceMs >= limits.walkPatienceMs
  }

  #next(): void {
    for (const partner of this.#partners.values()) if (partner.fresh) this.#walkWith(partner)
  }

  #walkWith(partner: Partner): void {
    const { peer } = partner
    if (this.#walking !== undefined || this.#stopping.signal.aborted) return
    if (peer.nodeId < this.#deps.self || !clockAgrees(peer)) return
    this.#walking = this.#walk(partner)
      .then(
        () => true,
        (error: unknown) => {
          this.#deps.failed(error, `walking with ${peer.nodeId}`)
          return false
        },
      )
      .then((done) => {
        this.#walking = undefined
        // One that failed is tried again at its next pulse, not at once.
        if (done) this.#next()
      })
  }

  async #walk(partner: Partner): Promise<void> {
    const { catalog, clock } = this.#deps
    const { peer } = partner
    const begunMs = clock.nowMs()
    const begunAt = this.#deps.nextPlace()
    const { signal } = this.#stopping
    const self = { reads: catalog.walk, merge: (rows: readonly Row[]) => this.#merge(rows) }
    // Cleared before it begins: who asks for a walk meanwhile gets another one.
    partner.fresh = false
    try {
      const { refused } = await walk(self, overNetwork(peer, signal), signal)
      partner.unequalSinceMs = null
      if (refused.length > 0) {
        partner.vain = { untilMs: clock.monotonicMs() + limits.walkRetryMs, roots: null }
        return
      }
      await peer.request(endWalk, {}, { signal })
    } catch (error) {
      partner.fresh = true
      throw error
    }
    await this.#record(peer, begunMs, begunAt)
  }

  async #merge(rows: readonly Row[]): Promise<string[]> {
    const { refused } = await this.#deps.catalog.merge(rows, [])
    return refused.map((each) => each.code)
  }

  async #record(peer: Peer, begunMs: number, begunAt: number): Promise<void> {
    const { catalog, clock, startNumber } = this.#deps
    const walk = {
      node: peer.nodeId,
      ourStart: startNumber,
      theirStart: peer.startNumber,
      begunMs,
      endedMs: clock.nowMs(),
    }
    await catalog.walks.record(walk)
    this.#deps.walked(walk, begunAt)
  }
}

function same(left: Roots, right: Roots): boolean {
  return left[0] === right[0] && left[1] === right[1]
}

/** The other side of a walk, over messages. */
function overNetwork(peer: Peer, signal: AbortSignal): WalkPartner {
  const ask = async <Req, Res>(message: Message<Req, Res>, body: Req) =>
    (await peer.request(message, body, { signal })).body
  return {
    begin: async () => (await ask(beginWalk, {})).upper,
    lower: async (uppers) => (await ask(lowerSums, { uppers: [...uppers] })).lower,
    list: (buckets, after) => ask(listBuckets, { buckets: [...buckets], after }),
    rows: async (keys) => {
      const { rows, done } = await ask(getRows, { keys: [...keys] })
      return { rows: rows.map((bytes) => decodeRow(bytes).row), done }
    },
    push: async (rows) => {
      const { refused } = await ask(pushRows, { rows: rows.map(encodeRow), segments: [] })
      return refused.map(([, code]) => code)
    },
  }
}
