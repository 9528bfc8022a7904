/**
 * Weighted rendezvous hashing (Thaler and Ravishankar 1998; weights after Schindelhauer and Schomaker 2005): every node
 * computes alone, in one step, in which order the members are wanted for a chunk. A join or leave moves only what the new or
 * gone member wins; no ring, no table, nothing to agree on. Consistent-hash rings were rejected: they need many virtual
 * nodes for an even fill and still move more.
 */
import type { ChunkId, NodeId } from '../base/ids.ts'

/** Uniform in (0, 1), from 64 bits of the chunk's id (a hash already) mixed with 64 bits of the node's. */
function draw(chunkHigh: number, chunkLow: number, nodeHigh: number, nodeLow: number): number {
  const high = mix(chunkHigh ^ mix(nodeHigh ^ 0x9e3779b9))
  const low = mix(chunkLow ^ mix(nodeLow ^ high))
  // 21 bits of `high` and 32 of `low` fill a double's 53; the half keeps zero out.
  return ((high >>> 11) * 0x1_0000_0000 + (low >>> 0) + 0.5) / 0x20_0000_0000_0000
}

/** The finaliser of MurmurHash3: every input bit reaches every output bit. */
function mix(value: number): number {
  let hash = value | 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

/** 32 bits of an id from hexadecimal digit `from` on. */
function bits(id: string, from: number): number {
  return Number.parseInt(id.slice(from, from + 8), 16)
}

/**
 * The members in the order in which they are wanted for a chunk, best first. A member wins a share of all chunks in
 * proportion to its weight; weight 0 comes last. Equal on every node for equal input, in any order.
 */
export function rendezvousOrder<Member extends { readonly nodeId: NodeId; readonly weight: number }>(
  chunk: ChunkId,
  members: readonly Member[],
): Member[] {
  const chunkHigh = bits(chunk, 0)
  const chunkLow = bits(chunk, 8)
  const scored = members.map((member) => {
    const uniform = draw(chunkHigh, chunkLow, bits(member.nodeId, 0), bits(member.nodeId, 8))
    // -ln(u)/weight is exponential with rate `weight`: the smallest of several wins in proportion to the weights.
    return { member, cost: member.weight > 0 ? -Math.log(uniform) / member.weight : Number.POSITIVE_INFINITY }
  })
  scored.sort((a, b) => a.cost - b.cost || (a.member.nodeId < b.member.nodeId ? -1 : 1))
  return scored.map(({ member }) => member)
}
