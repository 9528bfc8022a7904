/**
 * Brings pinned machines the copies that are meant for them where a chunk has its number of copies already: groups of chunks do
 * not tell pins, so repair does not see these. Goes through what this node holds, a page at a time and with long rests, and only while
 * anything is pinned at all. The first connected holder in a chunk's rendezvous order sends.
 */
import type { ChunkId, NodeId } from '../base/ids.ts'
import type { Catalog, ChunkFacts } from '../catalog/index.ts'
import { limits } from '../limits.ts'
import { rendezvousOrder } from '../placement/index.ts'
import type { Clock } from '../ports.ts'
import type { Orders } from './orders.ts'
import { type CopyOrder, needOf, orderFor, type RepairView } from './repairPlan.ts'
import type { Roster } from './roster.ts'
import type { Next, Worker } from './worker.ts'

export interface PinningDeps {
  readonly self: NodeId
  readonly catalog: Catalog
  readonly roster: Roster
  readonly orders: Orders
  readonly clock: Clock
}

/** Rests this many times as long as a pass took. */
const restFactor = 20

export class Pinning implements Worker {
  readonly name = 'pinning'
  readonly #deps: PinningDeps
  #cursor: ChunkId | null = null
  #passSinceMs = 0

  constructor(deps: PinningDeps) {
    this.#deps = deps
  }

  async step(): Promise<Next> {
    const { self, catalog, roster, orders, clock } = this.#deps
    await clock.soon()
    const now = clock.monotonicMs()
    if (!catalog.chunks.hasPins()) return { next: 'at', atMs: now + limits.copyRetryMs }
    if (!orders.hasRoom(self)) return { next: 'at', atMs: now + limits.foregroundRestMs }
    if (this.#cursor === null) this.#passSinceMs = now
    const view = { self, members: roster.standings(), frozen: false }
    const page = catalog.chunks.heldBy(self, this.#cursor, limits.repairPage)
    const found = page.map((facts) => this.#orderFor(facts, view)).filter((order) => order !== undefined)
    const [refused] = orders.give(found)
    const done = refused === undefined ? page.length : page.findIndex(({ chunkId }) => chunkId === refused.chunk)
    this.#cursor = page[done - 1]?.chunkId ?? this.#cursor
    if (refused !== undefined || page.length === limits.repairPage) return { next: 'now' }
    this.#cursor = null
    return { next: 'at', atMs: now + Math.max(limits.copyRetryMs, restFactor * (now - this.#passSinceMs)) }
  }

  #orderFor(facts: ChunkFacts, view: RepairView): CopyOrder | undefined {
    const { orders } = this.#deps
    const pinnedTo = facts.pinnedTo.filter((nodeId) => !orders.isAvoided(nodeId) && !facts.holders.includes(nodeId))
    if (pinnedTo.length === 0 || orders.isUnderWay(facts.chunkId)) return undefined
    const need = needOf(facts, view)
    const places = need.sources.flatMap((source) => view.members.get(source)?.place ?? [])
    if (rendezvousOrder(facts.chunkId, places)[0]?.nodeId !== view.self) return undefined
    return orderFor({ ...facts, pinnedTo }, { ...need, missing: 0 }, view)
  }
}
