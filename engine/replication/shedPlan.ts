/**
 * What giving up decides: whom to ask for pledges, who trims a chunk with more copies than wanted, what moves to a member that has
 * just joined. Pure, and computed alike by every member from what it sees; where two see different things, pledges (giveUp.ts)
 * keep both from deleting too much.
 */
import type { NodeId } from '../base/ids.ts'
import type { ChunkFacts, HolderPattern } from '../catalog/index.ts'
import { type Place, place, rendezvousOrder } from '../placement/index.ts'
import { isStaying, type RepairMember } from './repairPlan.ts'

export interface ShedView {
  readonly self: NodeId
  readonly members: ReadonlyMap<NodeId, RepairMember>
}

/** A member gets chunks as long as its fill is this far below the pool's average, or this part of a low average. */
const fillMargin = 0.05
const fillMarginShare = 0.2

/**
 * True if these keepers are copies enough: as many as wanted, on as many computers as wanted, or as the members that could hold
 * the chunk have.
 */
function isEnough(keepers: readonly NodeId[], group: Pick<HolderPattern, 'holders' | 'wanted'>, view: ShedView) {
  if (keepers.length < group.wanted) return false
  const able = [...view.members]
    .filter(([nodeId, member]) => isStaying(member) && (member.place.accepts || group.holders.includes(nodeId)))
    .map(([nodeId]) => nodeId)
  const computers = Math.min(group.wanted, computersOf(able, view).size)
  return computersOf(keepers, view).size >= computers
}

/**
 * Other holders whose pledges together let this node give a replica up: as many as copies are wanted, on different computers
 * first. Undefined if those connected are not enough.
 */
export function pledgersFor(
  group: Pick<HolderPattern, 'holders' | 'wanted'>,
  view: ShedView,
): readonly NodeId[] | undefined {
  const others = group.holders.filter(
    (holder) =>
      holder !== view.self && isStaying(view.members.get(holder)) && view.members.get(holder)?.connected === true,
  )
  const chosen: NodeId[] = []
  const taken = new Set<string>()
  for (const holder of others) {
    const computer = placeOf(holder, view).machineHash
    if (chosen.length === group.wanted || taken.has(computer)) continue
    taken.add(computer)
    chosen.push(holder)
  }
  for (const holder of others) if (chosen.length < group.wanted && !chosen.includes(holder)) chosen.push(holder)
  return isEnough(chosen, group, view) ? chosen : undefined
}

/** Which holder starts to trim the chunk: the last live one in rendezvous order that may go. Undefined if none may. */
export function trimmerOf(facts: Pick<ChunkFacts, 'chunkId' | 'holders' | 'wanted' | 'pinnedTo'>, view: ShedView) {
  const counted = facts.holders.filter((holder) => isStaying(view.members.get(holder)))
  const isPinned = (holder: NodeId) => facts.pinnedTo.includes(holder)
  if (counted.filter((holder) => !isPinned(holder)).length <= facts.wanted) return undefined
  const sites = Math.min(2, facts.wanted, sitesOf(counted, view).size)
  const mayGo = counted.filter((holder) => {
    if (isPinned(holder) || view.members.get(holder)?.connected !== true) return false
    const rest = counted.filter((each) => each !== holder)
    return isEnough(rest, facts, view) && sitesOf(rest, view).size >= sites
  })
  return rendezvousOrder(
    facts.chunkId,
    mayGo.map((holder) => placeOf(holder, view)),
  ).at(-1)?.nodeId
}

/** Members that are clearly emptier than the pool and can take chunks now, the emptiest first. */
export function emptyMembers(view: ShedView): Place[] {
  const places = stayingPlaces(view)
  const quota = places.reduce((sum, each) => sum + each.weight, 0)
  const average = places.reduce((sum, each) => sum + each.weight * each.fill, 0) / Math.max(quota, 1)
  const margin = Math.min(fillMargin, average * fillMarginShare)
  return places
    .filter(({ nodeId, accepts, fill }) => {
      const member = view.members.get(nodeId)
      return accepts && fill < average - margin && member?.connected === true && !member.careful
    })
    .sort((a, b) => a.fill - b.fill)
}

/**
 * The member to which this node should move its replica, if any: one of `empty` that is among the first wanted in placement, while
 * this node is the one that would trim with the member's copy made. Each move goes up in the chunk's rendezvous order, so
 * moving comes to an end whatever the fills say.
 */
export function moveTarget(facts: ChunkFacts, empty: readonly Place[], view: ShedView): NodeId | undefined {
  const fill = view.members.get(view.self)?.place.fill ?? 0
  const open = empty.filter((each) => each.fill < fill && !facts.holders.includes(each.nodeId))
  if (open.length === 0) return undefined
  const first = place({ chunk: facts.chunkId, copies: facts.wanted }, stayingPlaces(view))
  return open.find(({ nodeId }) => {
    if (!first.includes(nodeId)) return false
    return trimmerOf({ ...facts, holders: [...facts.holders, nodeId] }, view) === view.self
  })?.nodeId
}

/** Where copies must go before this node can give its replica up (its quota shrank): none if others have enough. */
export function shedTargets(facts: ChunkFacts, view: ShedView): NodeId[] {
  const others = facts.holders.filter((holder) => holder !== view.self && isStaying(view.members.get(holder)))
  const open = stayingPlaces(view).filter(
    ({ nodeId, accepts }) =>
      nodeId !== view.self && (others.includes(nodeId) || (accepts && view.members.get(nodeId)?.connected === true)),
  )
  const targets = place({ chunk: facts.chunkId, copies: facts.wanted, already: others }, open)
  return targets.filter((nodeId) => !facts.holders.includes(nodeId))
}

/** Why a group cannot be given up, ever or now; undefined if copies on their way are all that is missing. */
export function obstacleOf(
  group: Pick<HolderPattern, 'holders' | 'wanted'>,
  view: ShedView,
): 'too-few-machines' | 'no-room' | 'machines-off' | undefined {
  const others = stayingPlaces(view).filter(({ nodeId }) => nodeId !== view.self)
  if (others.length < group.wanted) return 'too-few-machines'
  const holding = others.filter(({ nodeId }) => group.holders.includes(nodeId))
  const able = others.filter((each) => each.accepts || holding.includes(each))
  const keepers = able.map(({ nodeId }) => nodeId)
  if (!isEnough(keepers, group, view)) return able.length === others.length ? 'too-few-machines' : 'no-room'
  const isOn = (each: Place) => view.members.get(each.nodeId)?.connected === true
  const on = able.filter(isOn).map(({ nodeId }) => nodeId)
  return isEnough(on, group, view) ? undefined : 'machines-off'
}

function stayingPlaces(view: ShedView): Place[] {
  return [...view.members].filter(([, member]) => isStaying(member)).map(([, member]) => member.place)
}

function placeOf(nodeId: NodeId, view: ShedView): Place {
  return (view.members.get(nodeId) as RepairMember).place
}

function computersOf(nodes: readonly NodeId[], view: ShedView): Set<string> {
  return new Set(nodes.map((nodeId) => placeOf(nodeId, view).machineHash))
}

function sitesOf(nodes: readonly NodeId[], view: ShedView): Set<string> {
  return new Set(nodes.map((nodeId) => placeOf(nodeId, view).site))
}
