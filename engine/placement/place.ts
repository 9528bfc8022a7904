/**
 * Placement: which nodes should hold a chunk. Pure; every node computes the same from the same members. Copies go to
 * different computers and the second to another site where there are any; a full node is passed over for the next in rendezvous
 * order; pinned nodes are added. Where fewer computers than copies exist, a second node on a computer is better than
 * nothing and is used, but only then.
 */
import type { ChunkId, NodeId } from '../base/ids.ts'
import { rendezvousOrder } from './rendezvous.ts'

/** What placement knows of a member. */
export interface Place {
  readonly nodeId: NodeId
  /** Quota in bytes: the share of chunks that it should get. */
  readonly weight: number
  /** How strongly it draws chunks to get that share: see pulls.ts. */
  readonly pull?: number
  readonly site: string
  /** Two nodes with one hash stand on one computer. */
  readonly machineHash: string
  /** Used part of the quota, 0 to 1 and beyond. */
  readonly fill: number
  /** False: gets nothing new (full, draining, leaving, a bucket that no policy sends to). */
  readonly accepts: boolean
}

/** The writer keeps a copy while its fill is at most this far above the pool's. */
const writerFillMargin = 0.1

export interface Wish {
  readonly chunk: ChunkId
  /** Copies wanted, pinned ones not counted. */
  readonly copies: number
  readonly pinnedTo?: readonly NodeId[]
  /** Nodes that hold or get a copy in any case; they count as copies and the others keep away from their computers. */
  readonly already?: readonly NodeId[]
}

/** Nodes that should hold the chunk, best first, `already` ones leading. Fewer than wanted only if fewer accept. */
export function place(wish: Wish, places: readonly Place[]): NodeId[] {
  const byId = new Map(places.map((each) => [each.nodeId, each]))
  const chosen: Place[] = []
  for (const nodeId of wish.already ?? []) {
    const known = byId.get(nodeId)
    if (known !== undefined && !chosen.includes(known)) chosen.push(known)
  }
  const candidates = rendezvousOrder(wish.chunk, places).filter((each) => each.accepts && !chosen.includes(each))
  while (chosen.length < wish.copies) {
    const next = pick(candidates, chosen)
    if (next === undefined) break
    chosen.push(next)
    candidates.splice(candidates.indexOf(next), 1)
  }
  const nodes = chosen.map((each) => each.nodeId)
  for (const pinned of wish.pinnedTo ?? []) if (byId.has(pinned) && !nodes.includes(pinned)) nodes.push(pinned)
  return nodes
}

/** The best candidate beside those chosen: another computer before all, for the second copy another site too. */
function pick(candidates: readonly Place[], chosen: readonly Place[]): Place | undefined {
  if (chosen.length === 0) return candidates[0]
  const computers = new Set(chosen.map((each) => each.machineHash))
  const elsewhere = candidates.filter((each) => !computers.has(each.machineHash))
  if (chosen.length === 1) {
    const otherSite = elsewhere.find((each) => each.site !== chosen[0]?.site)
    if (otherSite !== undefined) return otherSite
  }
  return elsewhere[0] ?? candidates[0]
}

/** True if the writing node should keep one of the copies: local reads stay fast as long as that does not fill it before the others. */
export function writerKeeps(writer: NodeId, places: readonly Place[]): boolean {
  const own = places.find((each) => each.nodeId === writer)
  if (own === undefined || !own.accepts) return false
  const quota = places.reduce((sum, each) => sum + each.weight, 0)
  const used = places.reduce((sum, each) => sum + each.weight * each.fill, 0)
  return own.fill <= used / Math.max(quota, 1) + writerFillMargin
}
