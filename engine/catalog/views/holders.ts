/**
 * Members that claim chunks, each with a bit of the patterns. A bit is given at the first claim and is free again when the member's
 * claims are forgotten, so a pool that changes its members never runs out.
 */
import { bytesOf, hexOf } from '../../base/bytes.ts'
import { EngineError } from '../../base/error.ts'
import type { NodeId } from '../../base/ids.ts'
import { limits } from '../../limits.ts'
import type { Database, Statement } from '../../ports.ts'
import { Kept } from './kept.ts'
import { bitsIn } from './patterns.ts'

interface Bits {
  readonly byNode: Map<NodeId, number>
  readonly nodes: (NodeId | undefined)[]
}

export class Holders {
  readonly bits: Kept<Bits>
  readonly #insert: Statement
  readonly #delete: Statement

  constructor(database: Database) {
    const all = database.prepare('SELECT bit, node FROM holder')
    this.#insert = database.prepare('INSERT INTO holder (bit, node) VALUES (?, ?)')
    this.#delete = database.prepare('DELETE FROM holder WHERE bit = ?')
    this.bits = new Kept(() => {
      const bits: Bits = { byNode: new Map(), nodes: [] }
      for (const { bit, node } of all.all<{ bit: number; node: Buffer }>()) {
        const id = hexOf(node) as NodeId
        bits.byNode.set(id, bit)
        bits.nodes[bit] = id
      }
      return bits
    })
  }

  allBits(): Iterable<number> {
    return this.bits.get().byNode.values()
  }

  /** Undefined for one that claims nothing. */
  bitOf(node: NodeId): number | undefined {
    return this.bits.get().byNode.get(node)
  }

  /** The bit of a node, given now if it has none. Throws `too-many-members`. */
  ensure(node: NodeId): number {
    const { byNode, nodes } = this.bits.get()
    const known = byNode.get(node)
    if (known !== undefined) return known
    let bit = 0
    while (nodes[bit] !== undefined) bit++
    if (bit >= limits.membersPerPool) {
      throw new EngineError('too-many-members', `a pool has at most ${limits.membersPerPool} members that hold chunks`)
    }
    this.#insert.run(bit, bytesOf(node))
    byNode.set(node, bit)
    nodes[bit] = node
    this.bits.changed()
    return bit
  }

  release(bit: number): void {
    this.#delete.run(bit)
    this.bits.drop()
  }

  nodesIn(holders: bigint): NodeId[] {
    const { nodes } = this.bits.get()
    return bitsIn(holders)
      .map((bit) => nodes[bit])
      .filter((node) => node !== undefined)
  }

  /** Bits of those nodes that claim anything. */
  maskOf(nodes: Iterable<NodeId>): bigint {
    let mask = 0n
    for (const node of nodes) {
      const bit = this.bitOf(node)
      if (bit !== undefined) mask |= 1n << BigInt(bit)
    }
    return mask
  }
}
