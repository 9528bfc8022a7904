/**
 * The asking side of giving up (invariant 4): marks replicas leaving, durably, asks other holders for pledges, deletes those that have
 * all of them and unmarks the rest. Whatever fails on the way (a partition, a crash, a refusal, time) ends with the replica kept;
 * only a complete set of pledges under one mark ends with it deleted. Who is asked, and why, is decided in shedPlan.ts.
 */
import { isEngineError } from '../base/error.ts'
import type { ChunkId, NodeId } from '../base/ids.ts'
import type { Catalog } from '../catalog/index.ts'
import type { ChunkStore } from '../chunks/index.ts'
import { limits } from '../limits.ts'
import type { PeerNetwork } from '../net/index.ts'
import type { Clock } from '../ports.ts'
import { packIds, pledgeChunks, settlePledges } from './messages.ts'

/** A replica to give up: `wanted` copies must be pledged, by all of `pledgers`. */
export interface Offer {
  readonly chunk: ChunkId
  readonly sizeBytes: number
  readonly wanted: number
  readonly pledgers: readonly NodeId[]
}

export interface GivenUp {
  readonly chunks: readonly ChunkId[]
  readonly bytes: number
  /** Offers that stay, by the answer that kept each. */
  readonly kept: ReadonlyMap<string, number>
}

export interface GiveUpDeps {
  readonly store: ChunkStore
  readonly catalog: Catalog
  readonly network: PeerNetwork
  readonly clock: Clock
  /** Whether replicas of a node count at this moment: a member, not past its wait, not draining. */
  readonly isStaying: (nodeId: NodeId) => boolean
  /** Resolves when this node's own claims follow its store, and their news is sent. */
  readonly claimsSettled: () => Promise<void>
}

export class GiveUp {
  readonly #deps: GiveUpDeps
  readonly #running = new Set<Promise<GivenUp>>()

  constructor(deps: GiveUpDeps) {
    this.#deps = deps
    deps.network.handle(settlePledges, async () => {
      await Promise.allSettled(this.#running)
      await deps.claimsSettled()
      return {}
    })
  }

  /** At most limits.pledgesPerBatch offers. Resolves when each is deleted, and no claim says otherwise, or kept. */
  async run(offers: readonly Offer[], signal: AbortSignal): Promise<GivenUp> {
    const running = this.#run(offers, signal)
    this.#running.add(running)
    try {
      const done = await running
      if (done.chunks.length > 0) await this.#deps.claimsSettled()
      return done
    } finally {
      this.#running.delete(running)
    }
  }

  async #run(offers: readonly Offer[], signal: AbortSignal): Promise<GivenUp> {
    const { store, clock } = this.#deps
    const ids = offers.map(({ chunk }) => chunk)
    const untilMs = clock.monotonicMs() + limits.pledgeTimeoutMs
    const { mark, marked } = await store.markLeaving(ids)
    const asked = offers.filter((_, index) => marked[index])
    const kept = new Map<string, number>()
    if (asked.length < offers.length) kept.set('leased', offers.length - asked.length)
    const gone: Offer[] = []
    try {
      const refusals = await this.#ask(asked, signal)
      const free = asked.filter((offer, index) => {
        const refusal = refusals[index] ?? (signal.aborted ? 'stopped' : this.#refusalNow(offer, untilMs))
        if (refusal !== undefined) kept.set(refusal, (kept.get(refusal) ?? 0) + 1)
        return refusal === undefined
      })
      const removed = await store.removeLeaving(
        free.map(({ chunk }) => chunk),
        mark,
      )
      gone.push(...free.filter((_, index) => removed[index]))
    } finally {
      // What is deleted bears no mark any more.
      await store.unmark(ids, mark)
    }
    return { chunks: gone.map(({ chunk }) => chunk), bytes: gone.reduce((sum, each) => sum + each.sizeBytes, 0), kept }
  }

  /** For each offer the first refusal, or undefined if all have pledged. */
  async #ask(offers: readonly Offer[], signal: AbortSignal): Promise<(string | undefined)[]> {
    const byPledger = new Map<NodeId, number[]>()
    for (const [index, { pledgers }] of offers.entries())
      for (const pledger of pledgers) byPledger.set(pledger, [...(byPledger.get(pledger) ?? []), index])
    const refusals: (string | undefined)[] = offers.map(({ pledgers, wanted }) =>
      new Set(pledgers).size < Math.max(1, wanted) ? 'too-few' : undefined,
    )
    await Promise.all(
      [...byPledger].map(async ([pledger, indexes]) => {
        const answers = await this.#askOne(
          pledger,
          indexes.map((index) => offers[index] as Offer),
          signal,
        )
        for (const [position, index] of indexes.entries()) {
          const answer = answers[position] ?? 'no-answer'
          if (answer !== 'pledged') refusals[index] ??= answer
        }
      }),
    )
    return refusals
  }

  async #askOne(pledger: NodeId, offers: readonly Offer[], signal: AbortSignal): Promise<readonly string[]> {
    const body = { ids: packIds(offers.map(({ chunk }) => chunk)), wanted: offers.map(({ wanted }) => wanted) }
    try {
      const peer = this.#deps.network.peer(pledger)
      if (peer === undefined) return offers.map(() => 'peer-gone')
      return (await peer.request(pledgeChunks, body, { timeoutMs: limits.pledgeTimeoutMs, signal })).body.answers
    } catch (error) {
      if (signal.aborted) return offers.map(() => 'stopped')
      if (!isEngineError(error)) throw error
      return offers.map(() => error.code)
    }
  }

  /** What has changed here since the question was asked. */
  #refusalNow({ chunk, wanted, pledgers }: Offer, untilMs: number): string | undefined {
    const { catalog, clock, network, isStaying } = this.#deps
    if (clock.monotonicMs() >= untilMs) return 'timeout'
    if (pledgers.some((node) => network.peer(node) === undefined || !isStaying(node))) return 'peer-gone'
    const facts = catalog.chunks.facts(chunk)
    return facts !== undefined && facts.wanted > wanted ? 'more-wanted' : undefined
  }
}
