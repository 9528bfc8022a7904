/**
 * The pledging side of giving up: "I hold this chunk and will not give it up without pledges of others". A pledge is given only after a
 * walk with the asker begun after its request (so after its mark: no clock is compared), if this node's own catalog names the
 * chunk and wants no more copies than the asker asked for, after the replica was read and verified, and while it is not leaving.
 *
 * Why it holds without being stored: who pledged and later wants to give up marks later than the asker did, and needs pledges of
 * replicas that are not leaving. Of all replicas ever deleted take the one marked last: its pledgers were unmarked then, so none
 * of them is among the deleted ones, and there are as many of them as copies are wanted. A member that leaves the pool gives up
 * without pledges; so before it leaves it pledges nothing more, and waits until what it pledged is settled.
 */
import { Semaphore } from '../base/async.ts'
import { EngineError, isEngineError } from '../base/error.ts'
import type { ChunkId, NodeId } from '../base/ids.ts'
import { freeNow } from '../base/memory.ts'
import type { Catalog, CatalogExchange } from '../catalog/index.ts'
import type { ChunkStore } from '../chunks/index.ts'
import { limits } from '../limits.ts'
import { type PeerNetwork, peerOf } from '../net/index.ts'
import type { Clock } from '../ports.ts'
import { pledgeChunks, settlePledges, unpackIds } from './messages.ts'

export interface PledgerDeps {
  readonly self: NodeId
  readonly catalog: Catalog
  readonly store: ChunkStore
  readonly exchange: Pick<CatalogExchange, 'walkNow'>
  readonly network: PeerNetwork
  readonly clock: Clock
}

/** Why there is no pledge. */
export type Refusal =
  | 'stopping'
  | 'draining'
  | 'no-walk'
  | 'segment-missing'
  | 'not-named'
  | 'more-wanted'
  | 'not-here'
  | 'leaving'

export class Pledger {
  readonly #deps: PledgerDeps
  /** Reading for pledges must not crowd out people's reads. */
  readonly #reading = new Semaphore(1)
  /** Who was given pledges since this node started, and when last. */
  readonly #pledgedMs = new Map<NodeId, number>()
  #closed = false

  /** Answers the members' questions from now on. */
  constructor(deps: PledgerDeps) {
    this.#deps = deps
    deps.network.handle(pledgeChunks, async (body, { peer, signal }) => {
      const ids = unpackIds(body.ids)
      if (ids.length !== body.wanted.length) throw new EngineError('bad-message', 'not one number for each chunk')
      return { answers: await this.#answer(ids, body.wanted, peer.nodeId, signal) }
    })
  }

  /** Pledges nothing more; resolves when nobody relies on what was pledged. Before this node's replicas stop counting. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#pledgedMs].map(([asker, pledgedMs]) => this.#settle(asker, pledgedMs)))
    // Whatever news has come by now is in the claims.
    await this.#deps.catalog.transact(() => {})
  }

  /** Until the asker says that it relies on nothing, at the longest as long as it may. */
  async #settle(asker: NodeId, pledgedMs: number): Promise<void> {
    const { clock, network } = this.#deps
    const leftMs = pledgedMs + limits.pledgeTimeoutMs - clock.monotonicMs()
    if (leftMs <= 0) return
    try {
      await peerOf(network, asker).request(settlePledges, {}, { timeoutMs: leftMs })
    } catch (error) {
      if (!isEngineError(error)) throw error
      await clock.sleep(Math.max(0, pledgedMs + limits.pledgeTimeoutMs - clock.monotonicMs()))
    }
  }

  /** Members that may hold less than they claim: they were given pledges, and went before anybody could hear what came of them. */
  doubtful(): ReadonlySet<NodeId> {
    return new Set([...this.#pledgedMs.keys()].filter((node) => this.#deps.network.peer(node) === undefined))
  }

  /** Pledges again: leaving was called off. */
  reopen(): void {
    this.#closed = false
  }

  async #answer(
    ids: readonly ChunkId[],
    wanted: readonly number[],
    asker: NodeId,
    signal: AbortSignal,
  ): Promise<('pledged' | Refusal)[]> {
    const { exchange, store, clock } = this.#deps
    const judgeAll = () => ids.map((id, index) => this.#judge(id, wanted[index] ?? 0))
    if (judgeAll().every((refusal) => refusal === 'stopping' || refusal === 'draining'))
      return judgeAll().map(orPledged)
    if (!(await exchange.walkNow(asker, limits.pledgeTimeoutMs / 2))) return ids.map(() => 'no-walk')
    const give = await this.#reading.take(1, signal)
    try {
      for (const [index, refusal] of judgeAll().entries()) {
        signal.throwIfAborted()
        // What is damaged is withdrawn by this, and so is not here below.
        if (refusal !== undefined) continue
        const sealed = await store.get(ids[index] as ChunkId, { verify: true })
        if (sealed !== undefined) freeNow(sealed)
      }
    } finally {
      give()
    }
    // What counts is this moment, in which nothing else happens.
    const answers = judgeAll().map(orPledged)
    if (answers.includes('pledged')) this.#pledgedMs.set(asker, clock.monotonicMs())
    return answers
  }

  #judge(id: ChunkId, wanted: number): Refusal | undefined {
    const { self, catalog, store } = this.#deps
    if (this.#closed) return 'stopping'
    if (catalog.read.profile(self)?.drain === true) return 'draining'
    if (catalog.missingSegments(1).length > 0) return 'segment-missing'
    const facts = catalog.chunks.facts(id)
    if (facts === undefined || facts.wanted === 0) return 'not-named'
    if (facts.wanted > wanted) return 'more-wanted'
    if (!store.has(id)) return 'not-here'
    return store.isLeaving(id) ? 'leaving' : undefined
  }
}

function orPledged(refusal: Refusal | undefined): 'pledged' | Refusal {
  return refusal ?? 'pledged'
}
