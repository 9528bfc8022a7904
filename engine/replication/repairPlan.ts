/**
 * What repair decides: which groups of chunks need copies, who plans a chunk, and which holder should send it to whom. Pure, and
 * what it answers can be printed. Nobody leads: every node computes the same from what it sees, the first live full member in a
 * chunk's rendezvous order acts, and the next one only when that brings nothing (repairProgress.ts).
 */
import type { ChunkId, NodeId } from '../base/ids.ts'
import type { ChunkFacts, HolderPattern } from '../catalog/index.ts'
import { type Place, place, rendezvousOrder } from '../placement/index.ts'

/** A member as repair sees it. */
export interface RepairMember {
  readonly place: Place
  /** A full member: may plan. */
  readonly plans: boolean
  /** Can send and receive now. */
  readonly connected: boolean
  /** Online or suspect. */
  readonly reachable: boolean
  /** Its replicas count: it is there, or its wait has not ended. */
  readonly counts: boolean
  /** The same for chunks of which one replica is left within reach. */
  readonly countsIfOneLeft: boolean
  /** Its replicas are about to go: copies elsewhere are wanted before it gives them up. */
  readonly draining: boolean
  /** On battery or a metered network: only what is at risk comes and goes. */
  readonly careful: boolean
}

/** Whether its replicas count for good: it is there or within its wait, and keeps them. */
export function isStaying(member: RepairMember | undefined): boolean {
  return member?.counts === true && !member.draining
}

export interface RepairView {
  readonly self: NodeId
  readonly members: ReadonlyMap<NodeId, RepairMember>
  /** Whoever is gone counts, however long. */
  readonly frozen: boolean
}

/** What all chunks of a group need, since it depends on nothing but their holders. */
export interface Need {
  /** Replicas within reach. */
  readonly live: number
  /** Copies to make, as far as there are machines for them. */
  readonly missing: number
  /** Copies to make for which no machine is open. */
  readonly without: number
  /** Holders that can send. */
  readonly sources: readonly NodeId[]
  /** Holders that count, one per computer. */
  readonly kept: readonly NodeId[]
  /** Machines that can take a copy; none where nothing is missing. */
  readonly open: readonly NodeId[]
}

/** Only one replica or none is within reach: nothing else is as urgent. */
export function isAtRisk(need: Pick<Need, 'live'>): boolean {
  return need.live <= 1
}

/** Whether copies may come from or go to a member now. */
function mayMove(member: RepairMember, atRisk: boolean): boolean {
  return member.connected && (!member.careful || atRisk)
}

function isOpen(member: RepairMember | undefined, atRisk: boolean): boolean {
  return member !== undefined && mayMove(member, atRisk) && member.place.accepts && !member.draining
}

/** What a group needs. Copies on one computer are one as long as another computer could take one. */
export function needOf(group: Pick<HolderPattern, 'holders' | 'wanted'>, view: RepairView): Need {
  const { members, frozen } = view
  const holders = group.holders.filter((holder) => members.has(holder))
  const at = (nodeId: NodeId) => members.get(nodeId) as RepairMember
  const live = holders.filter((holder) => at(holder).reachable).length
  const atRisk = isAtRisk({ live })
  const counted = holders.filter((holder) => {
    const { draining, counts, countsIfOneLeft } = at(holder)
    return !draining && (frozen || (atRisk ? countsIfOneLeft : counts))
  })
  const computerOf = (nodeId: NodeId) => at(nodeId).place.machineHash
  const kept = counted.filter(
    (holder, index) => counted.findIndex((other) => computerOf(other) === computerOf(holder)) === index,
  )
  const sources = holders.filter((holder) => mayMove(at(holder), atRisk))
  // Nearly all groups end here: what follows looks at every member.
  if (kept.length >= group.wanted) return { live, missing: 0, without: 0, sources, kept, open: [] }
  const open = [...members].filter(([nodeId, each]) => isOpen(each, atRisk) && !holders.includes(nodeId))
  const taken = new Set(kept.map(computerOf))
  const computersLeft = new Set(open.map(([nodeId]) => computerOf(nodeId)).filter((each) => !taken.has(each))).size
  const apart = Math.min(Math.max(0, group.wanted - kept.length), computersLeft)
  const beside = Math.max(0, group.wanted - counted.length - apart)
  const missing = apart + Math.min(beside, open.length - apart)
  return {
    live,
    missing,
    without: apart + beside - missing,
    sources,
    kept,
    open: open.map(([nodeId]) => nodeId),
  }
}

/** One chunk to copy: from the first of `sources` that can, to all of `targets`. */
export interface CopyOrder {
  readonly chunk: ChunkId
  readonly sizeBytes: number
  readonly sources: readonly NodeId[]
  readonly targets: readonly NodeId[]
  readonly atRisk: boolean
}

/**
 * Where one chunk of a group should be copied, or undefined if nowhere. This node sends itself what it holds; `stuck` ones are
 * asked last.
 */
export function orderFor(
  facts: ChunkFacts,
  need: Need,
  view: RepairView,
  stuck: readonly NodeId[] = [],
): CopyOrder | undefined {
  if (need.sources.length === 0) return undefined
  const placeOf = (nodeId: NodeId) => (view.members.get(nodeId) as RepairMember).place
  const open = [...need.kept, ...need.open].map(placeOf)
  const wish = { chunk: facts.chunkId, copies: need.kept.length + need.missing, already: need.kept }
  const targets = need.missing > 0 ? place(wish, open).slice(need.kept.length) : []
  for (const pinned of facts.pinnedTo) {
    const has = facts.holders.includes(pinned) || targets.includes(pinned)
    if (!has && isOpen(view.members.get(pinned), isAtRisk(need))) targets.push(pinned)
  }
  if (targets.length === 0) return undefined
  const order = rendezvousOrder(facts.chunkId, need.sources.map(placeOf)).map(({ nodeId }) => nodeId)
  const rankOf = (nodeId: NodeId) => (nodeId === view.self ? 0 : stuck.includes(nodeId) ? 2 : 1)
  const sources = order.sort((one, other) => rankOf(one) - rankOf(other))
  return { chunk: facts.chunkId, sizeBytes: facts.sizeBytes, sources, targets, atRisk: isAtRisk(need) }
}

/** Who may plan now: full members within reach. */
function plannersOf(view: RepairView): Place[] {
  return [...view.members.values()].filter((each) => each.plans && each.reachable).map((each) => each.place)
}

/** Whose turn a chunk is. */
export interface Turn {
  /** Undefined where nobody can plan. */
  readonly planner: NodeId | undefined
  /** This node is the next should the planner be stuck: nobody else takes it over meanwhile. */
  readonly isNext: boolean
}

/** What one node makes of a page of chunks. */
export interface RepairPlan {
  /** What this node orders. */
  readonly orders: readonly CopyOrder[]
  /** In the order of the chunks. */
  readonly turns: readonly Turn[]
}

/**
 * Whose turn each chunk is, and what this node orders of its own: the first planner in a chunk's rendezvous order that is not
 * `stuck` acts. The replicas of those that were passed over are asked for last.
 */
export function planRepair(chunks: readonly ChunkFacts[], stuck: ReadonlySet<NodeId>, view: RepairView): RepairPlan {
  const planners = plannersOf(view)
  const needs = new Map<string, Need>()
  const orders: CopyOrder[] = []
  const turns = chunks.map((facts) => {
    const order = rendezvousOrder(facts.chunkId, planners)
    const [planner, next] = order.filter(({ nodeId }) => !stuck.has(nodeId)).map(({ nodeId }) => nodeId)
    if (planner !== view.self) return { planner, isNext: next === view.self }
    const key = groupKey(facts)
    const need = needs.get(key) ?? needOf(facts, view)
    needs.set(key, need)
    const passedOver = order.map(({ nodeId }) => nodeId).filter((nodeId) => stuck.has(nodeId))
    const copies = orderFor(facts, need, view, passedOver)
    if (copies !== undefined) orders.push(copies)
    return { planner, isNext: false }
  })
  return { orders, turns }
}

/** The same for all chunks of a group. */
export function groupKey(group: Pick<HolderPattern, 'holders' | 'wanted'>): string {
  return `${group.wanted} ${group.holders.join(' ')}`
}
