/**
 * Weighted rendezvous hashing (Thaler and Ravishankar 1998): every node computes alone, in one step, in which order the members are
 * wanted for a chunk. A join or leave moves little more than what the new or gone member wins; no ring, no table, nothing to
 * agree on. The weights are those of Pareto order sampling, see pulls.ts; plain ones (Schindelhauer and Schomaker 2005) are right
 * for the first copy only. Consistent-hash rings were rejected: many virtual nodes for an even fill, and still more moves.
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

export interface Drawn {
  readonly nodeId: NodeId
  /** Bytes offered; stands in where no pull is known. */
  readonly weight: number
  /** See pulls.ts. */
  readonly pull?: number
}

/**
 * The members in the order in which they are wanted for a chunk, best first; who pulls nothing comes last. Equal on every node for
 * equal input, in any order.
 */
export function rendezvousOrder<Member extends Drawn>(chunk: ChunkId, members: readonly Member[]): Member[] {
  const costs = new Drawing(members).costs(chunk)
  const scored = members.map((member, index) => ({ member, cost: costs[index] ?? Number.POSITIVE_INFINITY }))
  scored.sort((a, b) => a.cost - b.cost || (a.member.nodeId < b.member.nodeId ? -1 : 1))
  return scored.map(({ member }) => member)
}

/** Members made ready for drawing many chunks. */
export class Drawing {
  readonly #high: Int32Array
  readonly #low: Int32Array
  readonly #pulls: Float64Array
  readonly #costs: Float64Array

  constructor(members: readonly Drawn[]) {
    this.#high = Int32Array.from(members, ({ nodeId }) => bits(nodeId, 0))
    this.#low = Int32Array.from(members, ({ nodeId }) => bits(nodeId, 8))
    this.#pulls = Float64Array.from(members, ({ weight, pull = weight }) => pull)
    this.#costs = new Float64Array(members.length)
  }

  /** What each member asks, in the members' order: the least wins, of equals the smaller id. The answer is overwritten by the next call. */
  costs(chunk: ChunkId): Float64Array {
    const chunkHigh = bits(chunk, 0)
    const chunkLow = bits(chunk, 8)
    for (let index = 0; index < this.#costs.length; index++) {
      const uniform = draw(chunkHigh, chunkLow, this.#high[index] ?? 0, this.#low[index] ?? 0)
      const pull = this.#pulls[index] ?? 0
      this.#costs[index] = pull > 0 ? uniform / (1 - uniform) / pull : Number.POSITIVE_INFINITY
    }
    return this.#costs
  }
}
