/**
 * The members as placement, replication and people see them now: who is connected, alive, how full, where, whose replicas count.
 * It joins what rows say (members, profiles), what heartbeats say (pulses) and what claims say (bytes held by those that are
 * away); nothing here is stored, and every judgement is made by the pure functions of membership, placement and standing.
 */
import type { NodeId } from '../base/ids.ts'
import type { Catalog, NodeProfile } from '../catalog/index.ts'
import { type Former, type Liveness, livenessOf, type Membership } from '../membership/index.ts'
import type { Peer, PeerNetwork, Pulse } from '../net/index.ts'
import { type Offer, type Place, pullsOf } from '../placement/index.ts'
import type { Clock } from '../ports.ts'
import { isStaying, type RepairMember } from './repairPlan.ts'
import {
  afterSleep,
  agreedNowMs,
  type KeptSilence,
  keptSilence,
  nextSilence,
  restoredSilence,
  type Silence,
  type WaitFacts,
  waitEndsMs,
} from './standing.ts'

interface Seen {
  readonly pulse: Pulse
  readonly atMonotonicMs: number
  readonly atMs: number
}

export interface OwnSpace {
  readonly usedBytes: number
  /** What quota and the disk's free space allow together. */
  readonly quotaBytes: number
}

export interface RosterDeps {
  readonly self: NodeId
  readonly membership: Membership
  readonly network: PeerNetwork
  readonly catalog: Catalog
  readonly clock: Clock
  readonly ownSpace: () => OwnSpace
  /** From before this start. */
  readonly silences: readonly KeptSilence[]
}

/** Everything that is asked many times per write, judged once per moment. */
interface Snapshot {
  readonly untilMs: number
  readonly places: Place[]
  readonly connected: ReadonlySet<NodeId>
  readonly reachable: ReadonlySet<NodeId>
  readonly durable: ReadonlySet<NodeId>
  readonly staying: ReadonlySet<NodeId>
  readonly members: ReadonlySet<NodeId>
  readonly standings: ReadonlyMap<NodeId, RepairMember>
}

/** How long a judgement may be reused; whatever is heard or changes ends it at once. */
const snapshotMs = 100
/** New chunks keep away from a node that is this full. */
const fullAt = 0.98
const unknownSite = 'unknown'
/** Until the pool's settings are here. */
const defaultCopies = 2

export class Roster {
  readonly #deps: RosterDeps
  readonly #seen = new Map<NodeId, Seen>()
  readonly #subscriptions = new DisposableStack()
  readonly #listeners = new Set<(nodeId: NodeId) => void>()
  readonly #silences = new Map<NodeId, Silence>()
  #watchingSinceMs: number
  /** Since when most others may be expected to be heard: the last start, wake, or end of an outage of this node's own. */
  #expectingSinceMs: number
  #alone = false
  #lookedMs: number
  /** This machine runs on battery or pays for its bytes. */
  #careful = false
  #last = new Map<NodeId, Liveness>()
  /** What the members pull, for the offers that it was worked out for. */
  #pulls: { readonly offers: string; readonly of: ReadonlyMap<NodeId, number> } | undefined
  #snapshot: Snapshot | undefined

  constructor(deps: RosterDeps) {
    this.#deps = deps
    this.#watchingSinceMs = deps.clock.monotonicMs()
    this.#expectingSinceMs = this.#watchingSinceMs
    this.#lookedMs = this.#watchingSinceMs
    for (const kept of deps.silences) this.#silences.set(kept.nodeId, restoredSilence(kept, this.#watchingSinceMs))
    this.#subscriptions.use(
      deps.network.on({
        connected: (peer) => this.#tell(peer.nodeId),
        disconnected: (nodeId) => this.#tell(nodeId),
        pulse: (peer, pulse) => this.#hear(peer, pulse),
      }),
    )
    this.#subscriptions.use(deps.membership.onChange(() => this.check()))
  }

  /** Looks whether anyone's liveness changed with time alone; called by the node's loop. */
  check(): void {
    this.#snapshot = undefined
    const now = new Map(this.#deps.membership.members().map((member) => [member.nodeId, this.liveness(member.nodeId)]))
    const before = this.#last
    this.#last = now
    const alone = this.#isAlone(now)
    if (this.#alone && !alone) this.#expectingSinceMs = this.#deps.clock.monotonicMs()
    this.#alone = alone
    this.#listen(now)
    for (const [nodeId, state] of now) if (before.get(nodeId) !== state) this.#notify(nodeId)
    for (const nodeId of before.keys()) if (!now.has(nodeId)) this.#notify(nodeId)
  }

  /** Connected now, this node included: those that a write or a copy may go to. */
  connected(): ReadonlySet<NodeId> {
    return this.#now().connected
  }

  liveness(nodeId: NodeId): Liveness {
    const { self, membership, network, clock } = this.#deps
    if (nodeId === self) return 'online'
    const seen = this.#seen.get(nodeId)
    return livenessOf(
      {
        member: membership.member(nodeId) !== undefined,
        connected: network.peer(nodeId) !== undefined,
        lastHeardMs: seen?.atMonotonicMs ?? null,
        leaving: seen?.pulse.leaving ?? false,
        watchingSinceMs: this.#watchingSinceMs,
      },
      clock.monotonicMs(),
    )
  }

  /** The node's own loop stood still (the computer slept): nobody is called offline for what was not heard meanwhile. */
  woke(): void {
    const now = this.#deps.clock.monotonicMs()
    for (const [nodeId, silence] of this.#silences)
      this.#silences.set(nodeId, afterSleep(silence, now - this.#lookedMs))
    this.#watchingSinceMs = now
    this.#expectingSinceMs = now
    this.check()
  }

  /** For the next start. */
  keptSilences(): KeptSilence[] {
    const nowMs = this.#deps.clock.monotonicMs()
    return [...this.#silences].map(([nodeId, silence]) => keptSilence(nodeId, silence, nowMs))
  }

  /** An outage that hit many at once ends: whoever is not back yet has a little time before it is missed. */
  expectReturns(): void {
    this.#expectingSinceMs = this.#deps.clock.monotonicMs()
    this.#snapshot = undefined
  }

  members(): ReadonlySet<NodeId> {
    return this.#now().members
  }

  /** Members online or suspect: a read can expect their replicas. */
  reachable(): ReadonlySet<NodeId> {
    return this.#now().reachable
  }

  /** Members neither removed nor past their grace: their replicas count as copies. */
  durable(): ReadonlySet<NodeId> {
    return this.#now().durable
  }

  /** Those of `durable()` that are not being drained: repair and whoever gives up replicas count on these only. */
  staying(): ReadonlySet<NodeId> {
    return this.#now().staying
  }

  /** The members as repair sees them. */
  standings(): ReadonlyMap<NodeId, RepairMember> {
    return this.#now().standings
  }

  /** Wall clock at which the replicas of a silent member stop counting, ms since 1970; null for members that are there. */
  waitEndsMs(nodeId: NodeId): number | null {
    const ends = this.waitEndsMonotonicMs(nodeId)
    const { clock } = this.#deps
    return ends === null ? null : Math.round(clock.nowMs() + ends - clock.monotonicMs())
  }

  /** The same on the monotonic clock; `oneLeft` as in standing.ts. */
  waitEndsMonotonicMs(nodeId: NodeId, oneLeft = false): number | null {
    const facts = this.#waitFacts(nodeId)
    return facts === undefined ? null : waitEndsMs(facts, oneLeft, this.#deps.clock.monotonicMs())
  }

  /** What this machine told of itself, on its next heartbeat told to the others. */
  get careful(): boolean {
    return this.#careful
  }

  setCareful(careful: boolean): void {
    this.#careful = careful
    this.#notify(this.#deps.self)
  }

  /** This node's wall clock, corrected by the clocks of those that are connected. */
  agreedNowMs(): number {
    const { network, clock } = this.#deps
    return agreedNowMs(
      clock.nowMs(),
      network.peers().map((peer) => peer.clockOffsetMs),
    )
  }

  /** Wall clock of the last sign of life, ms since 1970; null if none since this node started and no presence is known. */
  lastSeenMs(nodeId: NodeId): number | null {
    if (nodeId === this.#deps.self) return this.#deps.clock.nowMs()
    return this.#seen.get(nodeId)?.atMs ?? this.#deps.catalog.read.presenceMs(nodeId) ?? null
  }

  /** Removed since a time, ms since 1970; the last one first. */
  removedSince(ms: number): Former[] {
    return this.#deps.membership.former().filter((each) => each.removedAtMs >= ms)
  }

  /** Root fingerprint of a member's catalog at its last heartbeat. */
  catalogRoot(nodeId: NodeId): string | undefined {
    return this.#seen.get(nodeId)?.pulse.catalogRoot
  }

  profile(nodeId: NodeId): NodeProfile | undefined {
    return this.#deps.catalog.read.profile(nodeId)
  }

  /** Used and usable bytes; of those away, what they claim and what they offered. */
  space(nodeId: NodeId): OwnSpace {
    if (nodeId === this.#deps.self) return this.#deps.ownSpace()
    const pulse = this.#seen.get(nodeId)?.pulse
    const isConnected = this.#deps.network.peer(nodeId) !== undefined
    if (pulse !== undefined && isConnected) return { usedBytes: pulse.usedBytes, quotaBytes: pulse.quotaBytes }
    // It may have stored more after its last heartbeat.
    const usedBytes = Math.max(pulse?.usedBytes ?? 0, this.#claimedBytes(nodeId))
    return { usedBytes, quotaBytes: pulse?.quotaBytes ?? this.profile(nodeId)?.quotaBytes ?? 0 }
  }

  /** All members as placement sees them; `accepts` says nothing about being connected. */
  places(): readonly Place[] {
    return this.#now().places
  }

  onChange(listener: (nodeId: NodeId) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  stop(): void {
    this.#subscriptions.dispose()
  }

  #now(): Snapshot {
    const nowMs = this.#deps.clock.monotonicMs()
    if (this.#snapshot === undefined || nowMs >= this.#snapshot.untilMs)
      this.#snapshot = this.#judge(nowMs + snapshotMs)
    return this.#snapshot
  }

  #judge(untilMs: number): Snapshot {
    const { self, network, membership } = this.#deps
    const members = membership.members()
    const connected = new Set([self, ...network.peers().map((peer) => peer.nodeId)])
    const standings = new Map<NodeId, RepairMember>()
    const pulls = this.#pullsOf(members.filter(({ role }) => role !== 'cloud').map(({ nodeId }) => nodeId))
    for (const { nodeId, role } of members) {
      if (role === 'cloud') continue
      const profile = this.profile(nodeId)
      standings.set(nodeId, {
        place: this.#placeOf(nodeId, profile, pulls.get(nodeId) ?? 0),
        plans: role === 'full',
        connected: connected.has(nodeId),
        reachable: isThere(this.liveness(nodeId)),
        counts: !this.#pastWait(nodeId, false),
        countsIfOneLeft: !this.#pastWait(nodeId, true),
        draining: profile?.drain === true,
        careful: nodeId === self ? this.#careful : this.#seen.get(nodeId)?.pulse.careful === true,
      })
    }
    // A judgement must not outlive a wait, or whoever looks at its very end sees it unfinished.
    const ends = members.flatMap(({ nodeId }) => [
      this.waitEndsMonotonicMs(nodeId),
      this.waitEndsMonotonicMs(nodeId, true),
    ])
    const nowMs = this.#deps.clock.monotonicMs()
    const nextEndMs = Math.min(...ends.filter((each) => each !== null && each > nowMs).map(Number))
    const idsWhere = (test: (each: RepairMember) => boolean) =>
      new Set([...standings].filter(([, each]) => test(each)).map(([nodeId]) => nodeId))
    return {
      untilMs: Math.min(untilMs, nextEndMs),
      standings,
      places: [...standings.values()].map(({ place }) => place),
      connected,
      reachable: idsWhere((each) => each.reachable),
      members: new Set(members.map((member) => member.nodeId)),
      durable: idsWhere((each) => each.counts),
      staying: idsWhere(isStaying),
    }
  }

  /** Of all that stay, for the copies that the pool wants by default; worked out anew when an offer changes. */
  #pullsOf(members: readonly NodeId[]): ReadonlyMap<NodeId, number> {
    const offers = members.map((nodeId): Offer => {
      const profile = this.profile(nodeId)
      const quotaBytes = profile === undefined || profile.drain ? 0 : profile.quotaBytes
      return { nodeId, quotaBytes, machineHash: profile?.machineHash ?? nodeId }
    })
    // In order of id: sums must come out alike on every node.
    offers.sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1))
    const copies = this.#deps.catalog.read.settings()?.copies ?? defaultCopies
    const key = JSON.stringify([offers, copies])
    if (this.#pulls?.offers !== key) this.#pulls = { offers: key, of: pullsOf(offers, copies) }
    return this.#pulls.of
  }

  #placeOf(nodeId: NodeId, profile: NodeProfile | undefined, pull: number): Place {
    const { usedBytes, quotaBytes } = this.space(nodeId)
    const fill = quotaBytes > 0 ? usedBytes / quotaBytes : 1
    return {
      nodeId,
      weight: profile?.quotaBytes ?? 0,
      pull,
      site: profile?.site ?? unknownSite,
      machineHash: profile?.machineHash ?? nodeId,
      fill,
      accepts: fill < fullAt && profile?.drain !== true,
    }
  }

  #pastWait(nodeId: NodeId, oneLeft: boolean): boolean {
    const ends = this.waitEndsMonotonicMs(nodeId, oneLeft)
    return ends !== null && this.#deps.clock.monotonicMs() >= ends
  }

  /** Undefined for members that are there, and as long as the pool's settings are not here. */
  #waitFacts(nodeId: NodeId): WaitFacts | undefined {
    const silence = this.#silences.get(nodeId)
    const settings = this.#deps.catalog.read.settings()
    if (silence === undefined || silence.backSinceMs !== null || settings === undefined) return undefined
    const profile = this.profile(nodeId)
    const awayUntilMs = profile?.awayUntilMs ?? null
    return {
      silence,
      deviceClass: profile?.deviceClass ?? 'desktop',
      graceMs: settings.graceMs,
      awayLeftMs: awayUntilMs === null ? null : awayUntilMs - this.agreedNowMs(),
      missed: profile?.missed === true,
      expectingSinceMs: this.#expectingSinceMs,
    }
  }

  /** True if others were looked for and none is there: the outage is this node's own, as likely as not. */
  #isAlone(states: ReadonlyMap<NodeId, Liveness>): boolean {
    const { self, network } = this.#deps
    if (states.size < 2 || network.peers().length > 0) return false
    return ![...states].some(([nodeId, state]) => nodeId !== self && isThere(state))
  }

  /** Keeps who is silent since when. */
  #listen(states: ReadonlyMap<NodeId, Liveness>): void {
    const nowMs = this.#deps.clock.monotonicMs()
    this.#lookedMs = nowMs
    for (const nodeId of this.#silences.keys()) if (!states.has(nodeId)) this.#silences.delete(nodeId)
    for (const [nodeId, state] of states) {
      const lastHeardMs = this.#seen.get(nodeId)?.atMonotonicMs ?? null
      const sign = { alive: isThere(state), lastHeardMs, watchingSinceMs: this.#watchingSinceMs }
      const silence = nextSilence(this.#silences.get(nodeId), sign, nowMs)
      if (silence === undefined) this.#silences.delete(nodeId)
      else this.#silences.set(nodeId, silence)
    }
  }

  #claimedBytes(nodeId: NodeId): number {
    return this.#deps.catalog.chunks
      .patterns()
      .reduce((sum, pattern) => (pattern.holders.includes(nodeId) ? sum + pattern.bytes : sum), 0)
  }

  #hear(peer: Peer, pulse: Pulse): void {
    const { clock } = this.#deps
    this.#seen.set(peer.nodeId, { pulse, atMonotonicMs: clock.monotonicMs(), atMs: clock.nowMs() })
    this.check()
  }

  #tell(nodeId: NodeId): void {
    this.check()
    this.#notify(nodeId)
  }

  #notify(nodeId: NodeId): void {
    this.#snapshot = undefined
    for (const listener of this.#listeners) listener(nodeId)
  }
}

function isThere(state: Liveness): boolean {
  return state === 'online' || state === 'suspect'
}
