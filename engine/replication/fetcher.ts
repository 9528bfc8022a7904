/**
 * Brings the bytes of a chunk to whoever reads: from this disk, else from the connected member that claims it and has
 * least to do for us. A holder that stalls, lacks it or sends damaged bytes is passed over for the next, so that a read goes
 * on when its source dies. It never gives up while a holder is connected that has not been tried.
 */
import { EngineError, isEngineError } from '../base/error.ts'
import { blake3Hex } from '../base/hash.ts'
import type { ChunkId, NodeId } from '../base/ids.ts'
import type { Catalog } from '../catalog/index.ts'
import type { ChunkStore } from '../chunks/index.ts'
import { limits } from '../limits.ts'
import type { PeerNetwork } from '../net/index.ts'
import type { ChunkReference, Compute } from '../ports.ts'
import type { Courier, Fetched } from './courier.ts'

export interface FetcherDeps {
  readonly self: NodeId
  readonly catalog: Catalog
  readonly store: ChunkStore
  readonly courier: Courier
  readonly network: PeerNetwork
  readonly compute: Compute
}

export class Fetcher {
  readonly #deps: FetcherDeps
  readonly #busy = new Map<NodeId, number>()

  constructor(deps: FetcherDeps) {
    this.#deps = deps
  }

  /** The plain bytes of a piece. Throws `unreachable` (with the machines that hold it) when no connected holder gave good bytes. */
  async open(reference: ChunkReference, signal?: AbortSignal): Promise<Uint8Array> {
    const { store, compute } = this.#deps
    const local = await store.get(reference.chunkId)
    if (local !== undefined) {
      try {
        return await compute.open(local, reference, { own: true })
      } catch (error) {
        if (!isEngineError(error, 'damaged')) throw error
        await store.get(reference.chunkId, { verify: true }) // quarantines and withdraws what is rotten
      }
    }
    return await this.#fromPeers(reference.chunkId, reference.sizeBytes, signal, async ({ sealed, release }) => {
      try {
        return await compute.open(sealed, reference)
      } finally {
        release()
      }
    })
  }

  /** The sealed bytes, checked against the id. Throws `unreachable`. */
  async sealed(id: ChunkId, sizeBytes: number, signal?: AbortSignal): Promise<Uint8Array> {
    const local = await this.#deps.store.get(id, { verify: true })
    if (local !== undefined) return local
    return await this.#fromPeers(id, sizeBytes, signal, async ({ sealed }) => {
      if (blake3Hex(sealed) !== id) throw new EngineError('damaged', `chunk ${id} came damaged`)
      return sealed
    })
  }

  async #fromPeers<T>(
    id: ChunkId,
    sizeBytes: number,
    signal: AbortSignal | undefined,
    accept: (fetched: Fetched) => Promise<T>,
  ): Promise<T> {
    // A second round with more patience: a holder that stalled may just have been slow.
    for (const timeoutMs of [limits.fetchStallMs, limits.requestTimeoutMs]) {
      const tried = new Set<NodeId>()
      for (let holder = this.#next(id, tried); holder !== undefined; holder = this.#next(id, tried)) {
        signal?.throwIfAborted()
        tried.add(holder)
        const fetched = await this.#try(holder, id, sizeBytes, timeoutMs, signal)
        if (fetched === undefined) continue
        try {
          return await accept(fetched)
        } catch (error) {
          if (!isEngineError(error, 'damaged')) throw error
        }
      }
    }
    const holders = this.#deps.catalog.chunks.facts(id)?.holders ?? []
    throw new EngineError('unreachable', `no machine that is switched on has all of it`, {
      hint: holders.length > 0 ? 'Switch on a machine that has a copy.' : 'Nothing claims to have a copy any more.',
      facts: { chunk: id, holders },
      retryable: true,
    })
  }

  async #try(
    holder: NodeId,
    id: ChunkId,
    sizeBytes: number,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<Fetched | undefined> {
    this.#busy.set(holder, (this.#busy.get(holder) ?? 0) + sizeBytes)
    try {
      return await this.#deps.courier.fetch(
        holder,
        id,
        sizeBytes,
        signal === undefined ? { timeoutMs } : { timeoutMs, signal },
      )
    } catch (error) {
      signal?.throwIfAborted()
      if (!isEngineError(error)) throw error
      return undefined // the next holder, or `unreachable` in the end, answers for this one
    } finally {
      this.#busy.set(holder, (this.#busy.get(holder) ?? 0) - sizeBytes)
    }
  }

  /** The connected holder with least under way for us; members that claim nothing come last, since claims may lag behind. */
  #next(id: ChunkId, tried: ReadonlySet<NodeId>): NodeId | undefined {
    const claimed = new Set(this.#deps.catalog.chunks.facts(id)?.holders)
    let best: { nodeId: NodeId; cost: number } | undefined
    for (const peer of this.#deps.network.peers()) {
      if (tried.has(peer.nodeId)) continue
      const cost =
        (claimed.has(peer.nodeId) ? 0 : Number.MAX_SAFE_INTEGER / 2) +
        (this.#busy.get(peer.nodeId) ?? 0) +
        peer.roundTripMs
      if (best === undefined || cost < best.cost) best = { nodeId: peer.nodeId, cost }
    }
    return best?.nodeId
  }
}
