/**
 * The copies that this node has ordered and not heard of yet: who sends what, and which machines are left alone for a while
 * because they refused, stalled or went. A holder gets a few orders at a time, so that a stuck one costs no more than these,
 * and no chunk is ordered twice while an answer is due. What was copied is claimed for its target at once, since the target's own
 * news may come later than the next look.
 */
import { isEngineError, messageOf } from '../base/error.ts'
import type { ChunkId, NodeId } from '../base/ids.ts'
import type { Catalog } from '../catalog/index.ts'
import { limits } from '../limits.ts'
import type { PeerNetwork } from '../net/index.ts'
import type { Clock } from '../ports.ts'
import { type Copy, type Copying, orderCopies } from './copying.ts'
import type { CopyOrder } from './repairPlan.ts'

export interface OrdersDeps {
  readonly self: NodeId
  readonly catalog: Catalog
  readonly network: PeerNetwork
  readonly copying: Copying
  readonly clock: Clock
  readonly report: (problem: string) => void
  /** Called when an order is done and there is room for another. */
  readonly settled: () => void
}

type Wanted = Copy & { readonly sizeBytes: number }

/** Answers that say nothing against anyone. */
const harmless = new Set(['stored', 'had', 'missing', 'stopped'])
/** Answers that are about the holder; all others are about the target. */
const ofHolder = new Set(['careful', 'too-busy'])

export class Orders {
  readonly #deps: OrdersDeps
  readonly #underWay = new Set<ChunkId>()
  readonly #ordersAt = new Map<NodeId, number>()
  readonly #avoidedUntilMs = new Map<NodeId, number>()
  readonly #running = new Set<Promise<void>>()
  #copiedChunks = 0
  #copiedBytes = 0

  constructor(deps: OrdersDeps) {
    this.#deps = deps
  }

  /** Copies made by order of this node since it started. */
  get copied(): { readonly chunks: number; readonly bytes: number } {
    return { chunks: this.#copiedChunks, bytes: this.#copiedBytes }
  }

  get idle(): boolean {
    return this.#running.size === 0
  }

  isUnderWay(chunk: ChunkId): boolean {
    return this.#underWay.has(chunk)
  }

  /** True for a machine that refused or stalled a short time ago. */
  isAvoided(nodeId: NodeId): boolean {
    return (this.#avoidedUntilMs.get(nodeId) ?? 0) > this.#deps.clock.monotonicMs()
  }

  hasRoom(holder: NodeId): boolean {
    return (this.#ordersAt.get(holder) ?? 0) < limits.ordersPerHolder && !this.isAvoided(holder)
  }

  /** Hands orders to the first of their sources that has room; answers those that found none. Each holds few enough for one message. */
  give(orders: readonly CopyOrder[]): CopyOrder[] {
    const batches = new Map<NodeId, Wanted[]>()
    const left: CopyOrder[] = []
    for (const order of orders) {
      const fits = (source: NodeId) =>
        this.hasRoom(source) && (batches.get(source)?.length ?? 0) + order.targets.length <= limits.copiesPerOrder
      const source = order.sources.find(fits)
      if (source === undefined) {
        left.push(order)
        continue
      }
      const batch = batches.get(source) ?? []
      batches.set(source, batch)
      const { chunk, sizeBytes, atRisk } = order
      for (const target of order.targets) batch.push({ chunk, target, sizeBytes, atRisk })
    }
    for (const [source, batch] of batches) this.#send(source, batch)
    return left
  }

  async stop(): Promise<void> {
    await Promise.all(this.#running)
  }

  #send(source: NodeId, copies: readonly Wanted[]): void {
    for (const { chunk } of copies) this.#underWay.add(chunk)
    this.#ordersAt.set(source, (this.#ordersAt.get(source) ?? 0) + 1)
    const running: Promise<void> = this.#carryOut(source, copies)
      .catch((error: unknown) => this.#deps.report(`repair through ${source}: ${messageOf(error)}`))
      .then(() => {
        this.#running.delete(running)
        for (const { chunk } of copies) this.#underWay.delete(chunk)
        this.#ordersAt.set(source, (this.#ordersAt.get(source) ?? 1) - 1)
        this.#deps.settled()
      })
    this.#running.add(running)
  }

  async #carryOut(source: NodeId, copies: readonly Wanted[]): Promise<void> {
    const { self, copying, network } = this.#deps
    try {
      const results =
        source === self
          ? await copying.run(copies)
          : await orderCopies(network, source, copies, this.#timeoutMs(copies))
      await this.#note(source, copies, results)
    } catch (error) {
      if (!isEngineError(error)) throw error
      // One that let an order lie may let the next one lie as well.
      this.#avoid(source, error.code === 'timeout' ? limits.takeOverMs : limits.copyRetryMs)
    }
  }

  #timeoutMs(copies: readonly Wanted[]): number {
    // The other machine's day may be another one: the limits count here whatever the hour is.
    const settings = this.#deps.catalog.read.settings()
    const rates = [settings?.upBytesPerSec ?? 0, settings?.downBytesPerSec ?? 0].filter((rate) => rate > 0)
    if (rates.length === 0) return limits.orderTimeoutMs
    const bytes = copies.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    return limits.orderTimeoutMs + limits.throttleAheadMs + Math.ceil((2000 * bytes) / Math.min(...rates))
  }

  async #note(source: NodeId, copies: readonly Wanted[], results: readonly string[]): Promise<void> {
    const { catalog } = this.#deps
    const claims = new Map<NodeId, ChunkId[]>()
    const missing: ChunkId[] = []
    for (const [index, { chunk, target, sizeBytes }] of copies.entries()) {
      const result = results[index] ?? 'missing'
      if (result === 'stored') {
        this.#copiedChunks++
        this.#copiedBytes += sizeBytes
      }
      if (result === 'stored' || result === 'had') claims.set(target, [...(claims.get(target) ?? []), chunk])
      else if (result === 'missing') missing.push(chunk)
      if (!harmless.has(result)) this.#avoid(ofHolder.has(result) ? source : target, limits.copyRetryMs)
    }
    await catalog.transact(() => {
      for (const [target, chunks] of claims) catalog.chunks.claim(target, chunks, [])
      if (missing.length > 0) catalog.chunks.claim(source, [], missing)
    })
  }

  #avoid(nodeId: NodeId, forMs: number): void {
    this.#avoidedUntilMs.set(nodeId, this.#deps.clock.monotonicMs() + forMs)
  }
}
