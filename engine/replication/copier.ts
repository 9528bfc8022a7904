/**
 * Makes the copies that a write did not wait for, and those that a restart interrupted: whatever the catalog names, has fewer
 * claims than copies wanted and lies on this disk. The first connected holder in a chunk's rendezvous order does it, so that nobody
 * has to agree on it. It counts claims of all members, switched on or not: a machine that is away does not set copies moving.
 */
import { Semaphore } from '../base/async.ts'
import { isEngineError } from '../base/error.ts'
import type { ChunkId, NodeId } from '../base/ids.ts'
import type { Catalog, ChunkFacts } from '../catalog/index.ts'
import type { ChunkStore } from '../chunks/index.ts'
import { limits } from '../limits.ts'
import { type Place, place, rendezvousOrder } from '../placement/index.ts'
import type { Clock } from '../ports.ts'
import type { Courier } from './courier.ts'
import type { Roster } from './roster.ts'
import type { Next, Worker } from './worker.ts'

export interface CopierDeps {
  readonly self: NodeId
  readonly catalog: Catalog
  readonly store: ChunkStore
  readonly courier: Courier
  readonly roster: Roster
  readonly clock: Clock
}

export interface CopyOrder {
  readonly chunk: ChunkId
  readonly sizeBytes: number
  readonly targets: readonly NodeId[]
}

/**
 * What this node should copy where, or nothing: pure. `holders` are claims; the first of them that is connected, in
 * rendezvous order, is the one to act.
 */
export function planCopies(
  facts: ChunkFacts,
  self: NodeId,
  places: readonly Place[],
  connected: ReadonlySet<NodeId>,
): CopyOrder | undefined {
  const ready = places.filter((each) => connected.has(each.nodeId))
  const actor = rendezvousOrder(
    facts.chunkId,
    ready.filter((each) => facts.holders.includes(each.nodeId)),
  )[0]
  if (actor?.nodeId !== self) return undefined
  const already = facts.holders.filter((holder) => places.some((each) => each.nodeId === holder))
  // Holders that are away still count: only the others' places are looked for among those connected.
  const open = places.filter((each) => connected.has(each.nodeId) || already.includes(each.nodeId))
  const wish = { chunk: facts.chunkId, copies: facts.wanted, pinnedTo: facts.pinnedTo, already }
  const targets = place(wish, open).filter((each) => !already.includes(each) && connected.has(each))
  return targets.length === 0 ? undefined : { chunk: facts.chunkId, sizeBytes: facts.sizeBytes, targets }
}

export class Copier implements Worker {
  readonly name = 'copier'
  readonly #deps: CopierDeps
  readonly #memory = new Semaphore(limits.copyAheadBytes)
  readonly #slots = new Semaphore(limits.copiesAtOnce)
  readonly #shortSinceMs = new Map<ChunkId, number>()
  #cursor: ChunkId | null = null
  #waiting = false
  #refusedUntilMs = new Map<NodeId, number>()

  constructor(deps: CopierDeps) {
    this.#deps = deps
  }

  /** Chunks that this node's own write left short: no need to wait whether claims are still on their way. */
  hurry(chunks: readonly ChunkId[]): void {
    for (const chunk of chunks.slice(0, limits.copyScanBatch)) this.#shortSinceMs.set(chunk, Number.NEGATIVE_INFINITY)
  }

  async step(signal: AbortSignal): Promise<Next> {
    const { catalog, self, roster, clock } = this.#deps
    const now = clock.monotonicMs()
    const places = roster.places().filter((each) => (this.#refusedUntilMs.get(each.nodeId) ?? 0) <= now)
    if (!this.#anythingToDo(places)) {
      this.#shortSinceMs.clear()
      return { next: 'at', atMs: now + limits.copyRetryMs }
    }
    const connected = roster.connected()
    const found = catalog.chunks.short(this.#cursor, limits.copyScanBatch)
    this.#cursor = found.length < limits.copyScanBatch ? null : (found.at(-1)?.chunkId ?? null)
    const copies: Promise<void>[] = []
    for (const facts of found) {
      const order = planCopies(facts, self, places, connected)
      if (order === undefined) continue
      const since = this.#shortSinceMs.get(facts.chunkId) ?? now
      if (now - since < limits.copySettleMs) {
        if (this.#shortSinceMs.size < 4 * limits.copyScanBatch) this.#shortSinceMs.set(facts.chunkId, since)
        this.#waiting = true
        continue
      }
      this.#shortSinceMs.delete(facts.chunkId)
      copies.push(this.#copy(order, signal))
    }
    await Promise.all(copies)
    if (this.#cursor !== null) return { next: 'now' }
    const again = this.#waiting ? limits.copySettleMs : copies.length > 0 ? 0 : limits.copyRetryMs
    this.#waiting = false
    return again === 0 ? { next: 'now' } : { next: 'at', atMs: now + again }
  }

  /** Looks at the groups of chunks instead of every chunk: no group short that could get a copy means no scan. */
  #anythingToDo(places: readonly Place[]): boolean {
    const connected = this.#deps.roster.connected()
    const open = places.filter((each) => each.accepts && connected.has(each.nodeId))
    return this.#deps.catalog.chunks
      .patterns()
      .some(({ holders, wanted }) => holders.length < wanted && open.some((each) => !holders.includes(each.nodeId)))
  }

  async #copy(order: CopyOrder, signal: AbortSignal): Promise<void> {
    const { store, courier, catalog, clock, self } = this.#deps
    const giveSlot = await this.#slots.take(1, signal)
    const giveMemory = await this.#memory.take(order.sizeBytes, signal)
    try {
      const sealed = await store.get(order.chunk, { verify: true })
      if (sealed === undefined) {
        if (!store.has(order.chunk)) await catalog.transact(() => catalog.chunks.claim(self, [], [order.chunk]))
        return
      }
      for (const target of order.targets) {
        try {
          await courier.store(
            target,
            { id: order.chunk, sealed, lease: null },
            { timeoutMs: limits.requestTimeoutMs, signal },
          )
          await catalog.transact(() => catalog.chunks.claim(target, [order.chunk], []))
        } catch (error) {
          if (!isEngineError(error)) throw error
          this.#refusedUntilMs.set(target, clock.monotonicMs() + limits.copyRetryMs)
        }
      }
    } finally {
      giveMemory()
      giveSlot()
    }
  }
}
