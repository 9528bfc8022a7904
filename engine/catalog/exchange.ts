/**
 * The exchange of catalogs between connected members: what is authored here is pushed at once, what differs is found and
 * swapped by walks, segments that versions name are fetched. Guarantees that two members which stay connected and whose
 * clocks agree become equal (invariant 5), whatever was lost on the way. A peer whose clock is far off waits: neither side
 * takes the other's rows until the clocks agree again, since stamps decide who wins.
 */
import { isEngineError, messageOf } from '../base/error.ts'
import type { NodeId } from '../base/ids.ts'
import type { Peer, PeerNetwork } from '../net/index.ts'
import type { Clock } from '../ports.ts'
import { clockAgrees, serveCatalog } from './answers.ts'
import { cutPushes, PeerPushes, type Push } from './push.ts'
import { type CountOptions, countDurable, type Durable } from './receipt.ts'
import { SegmentSearch } from './segmentSearch.ts'
import type { Catalog, CompletedWalk, Row, Segment } from './types.ts'
import { Walks } from './walks.ts'

export interface CatalogExchangeDeps {
  readonly catalog: Catalog
  readonly network: PeerNetwork
  readonly clock: Clock
  readonly identity: { readonly nodeId: NodeId; readonly startNumber: number }
  /** Told in words of what went wrong unexpectedly. */
  readonly report: (problem: string) => void
}

/** A connected member whose catalog waits. */
export interface ExchangeProblem {
  readonly node: NodeId
  readonly code: 'clock-skew'
  /** Its clock minus ours. */
  readonly clockOffsetMs: number
}

export interface ExchangeEvents {
  walked(walk: CompletedWalk): void
}

export interface CatalogExchange {
  /**
   * Waits until rows that this node authored are durable, with all their segments, at `want` other nodes, or no more answers
   * are to be expected; the pushes themselves began when the rows were committed and go on. Never rejects.
   */
  pushAndCount(rows: readonly Row[], segments: readonly Segment[], options: CountOptions): Promise<Durable>
  /** The last complete walk with a node, in whichever direction; kept over restarts. */
  lastWalk(node: NodeId): CompletedWalk | undefined
  /** Walks with every connected member again, begun after now: after keys came whose rows had been refused. */
  walkAgain(): void
  /**
   * Has this node and a connected member walk, begun after this call: true when that is complete, false when it does not come within
   * `timeoutMs`, when the member goes, or while it has rows that are refused here. Calls that wait share walks.
   */
  walkNow(node: NodeId, timeoutMs: number): Promise<boolean>
  problems(): ExchangeProblem[]
  on(events: Partial<ExchangeEvents>): Disposable
  stop(): Promise<void>
}

/** Starts at once; registers its handlers with the network, so there is one exchange per network. */
export function createCatalogExchange(deps: CatalogExchangeDeps): CatalogExchange {
  return new Exchange(deps)
}

class Exchange implements CatalogExchange {
  readonly #deps: CatalogExchangeDeps
  readonly #walks: Walks
  readonly #search: SegmentSearch
  readonly #pushes = new Map<NodeId, PeerPushes>()
  /** By row, for as long as somebody holds the row. */
  readonly #pushOf = new WeakMap<Row, Push>()
  readonly #listeners = new Set<Partial<ExchangeEvents>>()
  readonly #subscriptions = new DisposableStack()
  /** Counts what happens, so that "begun after" needs no clock. */
  #place = 0
  readonly #walkWaiters = new Map<NodeId, Set<{ readonly after: number; readonly settle: (walked: boolean) => void }>>()
  #restamping = false

  constructor(deps: CatalogExchangeDeps) {
    const { catalog, network, clock, identity } = deps
    this.#deps = deps
    const failed = (error: unknown, what: string) => this.#failed(error, what)
    this.#search = new SegmentSearch({ catalog, clock, peers: () => this.#agreeing(), failed })
    this.#walks = new Walks({
      catalog,
      clock,
      self: identity.nodeId,
      startNumber: identity.startNumber,
      walked: (walk, begunAt) => this.#walked(walk, begunAt),
      nextPlace: () => ++this.#place,
      failed,
    })
    serveCatalog({
      catalog,
      network,
      clock,
      walked: (peer, begunMs, begunAt) => this.#walks.foreignEnded(peer, begunMs, begunAt),
      nextPlace: () => ++this.#place,
      asked: (peer) => this.#walks.askedBy(peer),
    })
    this.#subscriptions.use(catalog.on({ authored: (rows, segments) => this.#push(rows, segments) }))
    this.#subscriptions.use(
      network.on({
        connected: (peer) => this.#connected(peer),
        disconnected: (node) => {
          this.#pushes.delete(node)
          this.#walks.disconnected(node)
          for (const { settle } of this.#walkWaiters.get(node) ?? []) settle(false)
        },
        pulse: (peer, { catalogRoot }) => {
          this.#walks.pulse(peer, catalogRoot)
          if (clockAgrees(peer)) this.#restamp()
          this.#search.start()
        },
      }),
    )
    for (const peer of network.peers()) this.#connected(peer)
  }

  async pushAndCount(rows: readonly Row[], segments: readonly Segment[], options: CountOptions): Promise<Durable> {
    const unknown = rows.filter((row) => !this.#pushOf.has(row))
    if (unknown.length > 0) this.#push(unknown, segments)
    const pushes = new Map<Row, Push>()
    for (const row of rows) {
      const push = this.#pushOf.get(row)
      if (push !== undefined) pushes.set(row, push)
    }
    return await countDurable(this.#deps.clock, rows, pushes, options)
  }

  lastWalk(node: NodeId): CompletedWalk | undefined {
    return this.#deps.catalog.walks.last(node)
  }

  walkAgain(): void {
    this.#walks.again()
  }

  async walkNow(node: NodeId, timeoutMs: number): Promise<boolean> {
    if (this.#deps.network.peer(node) === undefined) return false
    const waiters = this.#walkWaiters.get(node) ?? new Set()
    this.#walkWaiters.set(node, waiters)
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const waiter = { after: ++this.#place, settle: resolve }
    waiters.add(waiter)
    using _ = this.#deps.clock.timer(timeoutMs, () => resolve(false))
    this.#walks.againWith(node)
    return await promise.finally(() => waiters.delete(waiter))
  }

  problems(): ExchangeProblem[] {
    return this.#deps.network
      .peers()
      .filter((peer) => !clockAgrees(peer))
      .map((peer) => ({ node: peer.nodeId, code: 'clock-skew', clockOffsetMs: peer.clockOffsetMs }))
  }

  on(events: Partial<ExchangeEvents>): Disposable {
    this.#listeners.add(events)
    return { [Symbol.dispose]: () => this.#listeners.delete(events) }
  }

  async stop(): Promise<void> {
    this.#subscriptions.dispose()
    this.#pushes.clear()
    this.#search.stop()
    for (const waiters of this.#walkWaiters.values()) for (const { settle } of waiters) settle(false)
    await this.#walks.stop()
  }

  #connected(peer: Peer): void {
    this.#pushes.set(peer.nodeId, new PeerPushes(peer, (id) => this.#deps.catalog.segment(id)))
    this.#walks.connected(peer)
    this.#search.start()
  }

  #agreeing(): Peer[] {
    return this.#deps.network.peers().filter(clockAgrees)
  }

  #push(rows: readonly Row[], segments: readonly Segment[]): void {
    const peers = this.#agreeing()
    for (const push of cutPushes(rows, segments)) {
      for (const row of push.rows) this.#pushOf.set(row, push)
      for (const peer of peers) this.#pushes.get(peer.nodeId)?.add(push)
    }
  }

  #walked(walk: CompletedWalk, begunAt: number): void {
    for (const { after, settle } of this.#walkWaiters.get(walk.node) ?? []) if (begunAt > after) settle(true)
    this.#search.wake()
    for (const events of this.#listeners) events.walked?.(walk)
  }

  /** Our clock agrees with another member's: rows that it stamped too far ahead before can be put right. */
  #restamp(): void {
    if (this.#restamping) return
    this.#restamping = true
    this.#deps.catalog
      .restampAhead()
      .catch((error: unknown) => this.#failed(error, 'stamping rows anew'))
      .finally(() => {
        this.#restamping = false
      })
  }

  #failed(error: unknown, what: string): void {
    if (isEngineError(error) && expected.has(error.code)) return
    this.#deps.report(`${what}: ${messageOf(error)}`)
  }
}

/** What the network and other nodes do all the time; tried again without anybody's hearing of it. */
const expected: ReadonlySet<string> = new Set(['peer-gone', 'timeout', 'busy', 'no-walk', 'clock-skew', 'stopped'])
