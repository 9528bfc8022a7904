/**
 * Carries chunks between this node and its peers: puts, fetches and touches, small ones many to a message, large ones alone.
 * It knows messages and batching, not who should hold what. The serving side is `serveChunks`, whose only way into the
 * store is the verified entrance.
 */
import { NaturalBatch } from '../base/batch.ts'
import { bytesOf, hexOf } from '../base/bytes.ts'
import { EngineError, isEngineError } from '../base/error.ts'
import type { ChunkId, NodeId, VersionId } from '../base/ids.ts'
import { freeNow } from '../base/memory.ts'
import type { ChunkStore, Lease } from '../chunks/index.ts'
import { limits } from '../limits.ts'
import { type Peer, type PeerNetwork, peerOf } from '../net/index.ts'
import type { Foreground } from './foreground.ts'
import { abandonUpload, fetchChunks, packIds, storeChunks, touchChunks, unpackIds } from './messages.ts'

interface Parcel {
  readonly id: ChunkId
  readonly sealed: Uint8Array
  readonly lease: Lease | null
}

/** A chunk as a node sent it. */
export interface Fetched {
  readonly sealed: Buffer
  /** Nobody refers to the bytes any more: their memory takes in the next chunk. Not calling it is no harm. */
  readonly release: () => void
}

interface Lanes {
  readonly peer: Peer
  readonly stores: NaturalBatch<Parcel, string>
  readonly fetches: NaturalBatch<ChunkId, Fetched | undefined>
}

export interface CourierOptions {
  /** Fail after this long without any progress. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

const smallBatches = { maxItems: limits.chunksPerBatch, maxBytes: limits.chunkBatchBytes, inFlight: 2 } as const

export class Courier {
  readonly #network: PeerNetwork
  readonly #foreground: Foreground
  readonly #lanes = new Map<NodeId, Lanes>()

  constructor(network: PeerNetwork, foreground: Foreground) {
    this.#network = network
    this.#foreground = foreground
  }

  /**
   * Resolves once the chunk is durable at the node. Throws `peer-gone`, `timeout`, `quota-full`, `disk-full`, `wrong-chunk`.
   * `sealed` must not change until settled.
   */
  async store(node: NodeId, parcel: Parcel, options: CourierOptions): Promise<'stored' | 'had'> {
    if (parcel.lease !== null) this.#foreground.note()
    const lanes = this.#lanesTo(node)
    const result =
      parcel.sealed.length <= limits.smallChunkBytes
        ? await lanes.stores.add(parcel, parcel.sealed.length)
        : (await sendParcels(lanes.peer, [parcel], options))[0]
    if (result === 'stored' || result === 'had') return result
    throw new EngineError(result ?? 'bad-message', `${node} did not take chunk ${parcel.id}: ${result}`)
  }

  /** The sealed bytes as the node has them (their hash is not checked here), or undefined if it has none. Throws `peer-gone`, `timeout`. */
  async fetch(node: NodeId, id: ChunkId, sizeBytes: number, options: CourierOptions): Promise<Fetched | undefined> {
    this.#foreground.note()
    const lanes = this.#lanesTo(node)
    if (sizeBytes <= limits.smallChunkBytes) return await lanes.fetches.add(id, sizeBytes)
    return (await fetchFrom(lanes.peer, [id], options))[0]
  }

  /** Leases chunks at the node; tells which it holds. Throws `peer-gone`, `timeout`. */
  async touch(node: NodeId, ids: readonly ChunkId[], lease: Lease): Promise<boolean[]> {
    const { peer } = this.#lanesTo(node)
    const held: boolean[] = []
    for (let from = 0; from < ids.length; from += limits.chunksPerBatch) {
      const part = ids.slice(from, from + limits.chunksPerBatch)
      const answer = await peer.request(touchChunks, { ids: packIds(part), lease: packLease(lease) })
      held.push(...part.map((_, index) => answer.body.held[index] ?? false))
    }
    return held
  }

  /** Tells the node that an upload of this node was given up. Throws `peer-gone`, `timeout`. */
  async abandon(node: NodeId, upload: VersionId, ids: readonly ChunkId[]): Promise<void> {
    const { peer } = this.#lanesTo(node)
    for (let from = 0; from < ids.length; from += limits.inventoryBatch) {
      const part = ids.slice(from, from + limits.inventoryBatch)
      await peer.request(abandonUpload, { upload: bytesOf(upload), ids: packIds(part) })
    }
  }

  #lanesTo(node: NodeId): Lanes {
    const peer = peerOf(this.#network, node)
    const known = this.#lanes.get(node)
    if (known !== undefined && known.peer === peer) return known
    const options = { timeoutMs: limits.requestTimeoutMs }
    const lanes: Lanes = {
      peer,
      stores: new NaturalBatch(smallBatches, (parcels) => sendParcels(peer, parcels, options)),
      fetches: new NaturalBatch(smallBatches, (ids) => fetchFrom(peer, ids, options)),
    }
    this.#lanes.set(node, lanes)
    return lanes
  }
}

async function sendParcels(
  peer: Peer,
  parcels: readonly Parcel[],
  options: CourierOptions,
): Promise<readonly string[]> {
  const uploads: ReturnType<typeof packLease>[] = []
  const indexByUpload = new Map<VersionId, number>()
  const leases = parcels.map(({ lease }) => {
    if (lease === null) return -1
    const known = indexByUpload.get(lease.upload)
    if (known !== undefined) return known
    indexByUpload.set(lease.upload, uploads.length)
    return uploads.push(packLease(lease)) - 1
  })
  const body = {
    ids: packIds(parcels.map((each) => each.id)),
    sizes: parcels.map((each) => each.sealed.length),
    uploads,
    leases,
  }
  const [only] = parcels
  const payload =
    parcels.length === 1 && only !== undefined ? only.sealed : Buffer.concat(parcels.map((each) => each.sealed))
  return (await peer.request(storeChunks, body, { payload, ...options })).body.results
}

async function fetchFrom(
  peer: Peer,
  ids: readonly ChunkId[],
  options: CourierOptions,
): Promise<readonly (Fetched | undefined)[]> {
  const answer = await peer.request(fetchChunks, { ids: packIds(ids) }, options)
  // Chunks that came together share their memory.
  const release = ids.length === 1 ? answer.release : () => {}
  let at = 0
  return ids.map((_, index) => {
    const size = answer.body.sizes[index] ?? 0
    at += size
    if (size === 0 || answer.payload === undefined || at > answer.payload.length) return undefined
    return { sealed: answer.payload.subarray(at - size, at), release }
  })
}

function packLease(lease: Lease): { upload: Buffer; writer: Buffer; writerStart: number } {
  return { upload: bytesOf(lease.upload), writer: bytesOf(lease.writer), writerStart: lease.writerStart }
}

function unpackLease(lease: { upload: Uint8Array; writer: Uint8Array; writerStart: number }): Lease {
  return {
    upload: hexOf(lease.upload) as VersionId,
    writer: hexOf(lease.writer) as NodeId,
    writerStart: lease.writerStart,
  }
}

/** Answers the peers' puts, fetches and touches from a store. `isNamed`: a version names the chunk. */
export function serveChunks(
  network: PeerNetwork,
  store: ChunkStore,
  foreground: Foreground,
  isNamed: (id: ChunkId) => boolean,
): void {
  network.handle(storeChunks, async (body, incoming) => {
    const { payload } = incoming
    const ids = unpackIds(body.ids)
    const parts = cutPayload(payload, body.sizes, ids.length)
    const uploads = body.uploads.map(unpackLease)
    if (uploads.length > 0) foreground.note()
    const results = await Promise.all(
      ids.map(async (id, index) => {
        const lease = uploads[body.leases[index] ?? -1] ?? null
        try {
          return await store.put(id, parts[index] as Buffer, lease)
        } catch (error) {
          if (isEngineError(error)) return error.code
          throw error
        }
      }),
    )
    incoming.release()
    return { results }
  })
  network.handle(fetchChunks, async ({ ids }) => {
    foreground.note()
    const found = await collectWithin(unpackIds(ids), limits.chunkMaxBytes, (id) => store.get(id))
    const present = found.filter((each) => each !== undefined)
    const body = { sizes: found.map((each) => each?.length ?? 0) }
    const [only] = present
    if (only === undefined) return body
    if (present.length > 1) return { body, payload: Buffer.concat(present) }
    return { body, payload: only, release: () => freeNow(only) }
  })
  network.handle(abandonUpload, async (body, { peer }) => {
    const upload = hexOf(body.upload) as VersionId
    const isTheirs = (id: ChunkId) =>
      store.leasesOf(id).some((lease) => lease.upload === upload && lease.writer === peer.nodeId)
    await store.abandon(
      upload,
      unpackIds(body.ids).filter((id) => isTheirs(id) && !isNamed(id)),
    )
    return {}
  })
  network.handle(touchChunks, async (body) => ({
    held: await store.touch(unpackIds(body.ids), unpackLease(body.lease)),
  }))
}

/** Reads in order until the sum would pass `maxBytes`; what no longer fits is answered as absent (the asker asks again). */
async function collectWithin(
  ids: readonly ChunkId[],
  maxBytes: number,
  get: (id: ChunkId) => Promise<Buffer | undefined>,
): Promise<(Buffer | undefined)[]> {
  const found: (Buffer | undefined)[] = []
  let total = 0
  for (const id of ids) {
    const bytes = total < maxBytes ? await get(id) : undefined
    const fits = bytes !== undefined && total + bytes.length <= maxBytes
    if (fits) total += bytes.length
    found.push(fits ? bytes : undefined)
  }
  return found
}

function cutPayload(payload: Buffer | undefined, sizes: readonly number[], count: number): Buffer[] {
  const total = sizes.reduce((sum, size) => sum + size, 0)
  if (payload === undefined || sizes.length !== count || payload.length !== total) {
    throw new EngineError('bad-message', 'the payload does not have the announced sizes')
  }
  let at = 0
  return sizes.map((size) => {
    at += size
    return payload.subarray(at - size, at)
  })
}
