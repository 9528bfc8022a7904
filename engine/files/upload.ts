/**
 * The first half of a write: a content goes in, and when it comes out its chunks are durable on as many nodes as the answer
 * says, under leases of this upload, but no row names them yet. Pieces are stored while later ones are still being cut;
 * memory is bounded by the seal arena. A node that refuses or stalls is passed over for the next in placement order.
 */
import { EngineError, isEngineError } from '../base/error.ts'
import type { ChunkId, NodeId, VersionId } from '../base/ids.ts'
import { type Catalog, type Segment, SegmentBuilder } from '../catalog/index.ts'
import type { ChunkStore, Lease } from '../chunks/index.ts'
import type { Keyring } from '../identity/index.ts'
import { limits } from '../limits.ts'
import { place, writerKeeps } from '../placement/index.ts'
import type { ChunkReference, Compute, SealedPiece } from '../ports.ts'
import type { Courier, Fetcher, Roster } from '../replication/index.ts'

export interface UploadDeps {
  readonly self: NodeId
  readonly startNumber: number
  readonly catalog: Catalog
  readonly store: ChunkStore
  readonly courier: Courier
  readonly fetcher: Fetcher
  readonly roster: Roster
  readonly compute: Compute
  readonly keyring: () => Keyring
}

/** Bytes that come in parts, or that can be read straight into memory. */
export type Content = AsyncIterable<Uint8Array> | { readonly read: (target: Uint8Array) => Promise<number> }

export interface UploadWish {
  readonly upload: VersionId
  readonly copies: number
  readonly pinnedTo: readonly NodeId[]
  readonly signal: AbortSignal
}

export interface Uploaded {
  readonly sizeBytes: number
  readonly segments: readonly Segment[]
  /** Replicas that this upload saw made or touched, by node. */
  readonly confirmed: ReadonlyMap<NodeId, readonly ChunkId[]>
  /** The fewest confirmed replicas of any chunk; Infinity if there are none. */
  readonly durable: number
  /** Chunks with fewer confirmed replicas than wanted. */
  readonly short: readonly ChunkId[]
}

/** How many nodes a write waits for: two, or fewer where fewer are wanted or connected. */
function acknowledgeCount(copies: number, connected: number): number {
  return Math.min(limits.acknowledgeNodes, copies, connected)
}

/**
 * Stores a content. Rejects with what the source threw, the signal's reason, or `quota-full` / `disk-full` when no node took a
 * chunk; then nothing names the chunks that were stored.
 */
export async function uploadContent(deps: UploadDeps, source: Content, wish: UploadWish): Promise<Uploaded> {
  const stop = new AbortController()
  const signal = AbortSignal.any([wish.signal, stop.signal])
  const keys = deps.keyring().current()
  const builder = new SegmentBuilder(keys)
  const segments: Segment[] = []
  const ledger = new Ledger(wish.copies)
  const storing = new Set<Promise<void>>()
  let failure: { error: unknown } | undefined
  let sizeBytes = 0
  try {
    const options = {
      dedupKey: deps.keyring().dedupKey,
      sealKey: keys.chunkSealKey,
      known: (pieceHash: Buffer) => knownPiece(deps, pieceHash),
      signal,
    }
    const { compute } = deps
    const pieces = 'read' in source ? compute.sealFrom(source.read, options) : compute.seal(source, options)
    for await (const piece of pieces) {
      const task: Promise<void> = storePiece(deps, piece, wish)
        .then((nodes) => ledger.confirm(piece.reference.chunkId, nodes))
        .catch((error: unknown) => {
          failure ??= { error }
          stop.abort(error)
        })
        .finally(() => {
          piece.release()
          storing.delete(task)
        })
      storing.add(task)
      sizeBytes += piece.reference.pieceBytes
      const full = builder.push(piece.reference)
      if (full !== undefined) segments.push(full)
    }
  } catch (error) {
    failure ??= { error }
    stop.abort(error)
  }
  await Promise.all(storing)
  if (failure === undefined && wish.signal.aborted) failure = { error: wish.signal.reason }
  if (failure !== undefined) {
    await abandonUpload(deps, wish.upload, ledger.byNode)
    throw failure.error
  }
  const last = builder.finish()
  if (last !== undefined) segments.push(last)
  return { sizeBytes, segments, confirmed: ledger.byNode, durable: ledger.fewest, short: ledger.short }
}

/**
 * Gives up an upload whose row will never be written: its leases end, and chunks that only it needed are deleted where they can
 * be reached. Elsewhere they stay until collected; nothing names them.
 */
export async function abandonUpload(
  deps: UploadDeps,
  upload: VersionId,
  confirmed: ReadonlyMap<NodeId, readonly ChunkId[]>,
): Promise<void> {
  await Promise.all(
    [...confirmed].map(async ([node, chunks]) => {
      const unnamed = chunks.filter((chunk) => !deps.catalog.chunks.isNamed(chunk))
      try {
        if (node === deps.self) await deps.store.abandon(upload, unnamed)
        else await deps.courier.abandon(node, upload, unnamed)
      } catch (error) {
        if (!isEngineError(error)) throw error // gone meanwhile: the lease ends when it has walked with our next start
      }
    }),
  )
}

/** What is confirmed of an upload so far. */
class Ledger {
  readonly byNode = new Map<NodeId, ChunkId[]>()
  readonly short: ChunkId[] = []
  fewest = Number.POSITIVE_INFINITY
  readonly #copies: number

  constructor(copies: number) {
    this.#copies = copies
  }

  confirm(chunk: ChunkId, nodes: readonly NodeId[]): void {
    for (const node of nodes) {
      const chunks = this.byNode.get(node)
      if (chunks === undefined) this.byNode.set(node, [chunk])
      else chunks.push(chunk)
    }
    this.fewest = Math.min(this.fewest, nodes.length)
    if (nodes.length < this.#copies) this.short.push(chunk)
  }
}

/** The reference of a piece that the pool has and that this node can be sure of: held here, or by two that are connected. */
function knownPiece(deps: UploadDeps, pieceHash: Buffer): ChunkReference | undefined {
  const reference = deps.catalog.chunks.referenceOfPiece(pieceHash)
  if (reference === undefined) return undefined
  if (deps.store.has(reference.chunkId)) return reference
  const connected = deps.roster.connected()
  const holders = deps.catalog.chunks.facts(reference.chunkId)?.holders.filter((holder) => connected.has(holder))
  return (holders?.length ?? 0) >= 2 ? reference : undefined
}

/** Makes one piece durable; answers the nodes that confirmed it. */
async function storePiece(deps: UploadDeps, piece: SealedPiece, wish: UploadWish): Promise<NodeId[]> {
  const lease: Lease = { upload: wish.upload, writer: deps.self, writerStart: deps.startNumber }
  const { chunkId, sizeBytes } = piece.reference
  if (piece.sealed !== null) {
    const count = acknowledgeCount(wish.copies, deps.roster.connected().size)
    return await storeOn(deps, chunkId, piece.sealed, lease, candidates(deps, chunkId, wish, []), count, [])
  }
  const touched = await touchHolders(deps, chunkId, lease)
  const missing = acknowledgeCount(wish.copies, deps.roster.connected().size) - touched.length
  if (missing <= 0) return touched
  const sealed = await deps.fetcher.sealed(chunkId, sizeBytes, wish.signal).catch((error: unknown) => {
    if (touched.length > 0 || !isEngineError(error, 'unreachable')) throw error
    throw new EngineError('content-moved', 'a stored piece that this file shares went away while it was written', {
      hint: 'Try again.',
      retryable: true,
      cause: error,
    })
  })
  return await storeOn(deps, chunkId, sealed, lease, candidates(deps, chunkId, wish, touched), missing, touched)
}

/** Connected nodes for a chunk, best first: those that placement wants, then all others as a reserve. */
function candidates(deps: UploadDeps, chunk: ChunkId, wish: UploadWish, holders: readonly NodeId[]): NodeId[] {
  const connected = deps.roster.connected()
  const places = deps.roster.places().filter((each) => connected.has(each.nodeId))
  const already = holders.length > 0 ? holders : writerKeeps(deps.self, places) ? [deps.self] : []
  const wanted = place(
    { chunk, copies: Math.max(wish.copies, places.length), pinnedTo: wish.pinnedTo, already },
    places,
  )
  return wanted.filter((node) => !holders.includes(node))
}

async function storeOn(
  deps: UploadDeps,
  id: ChunkId,
  sealed: Uint8Array,
  lease: Lease,
  nodes: readonly NodeId[],
  count: number,
  confirmedBefore: readonly NodeId[],
): Promise<NodeId[]> {
  const confirmed = [...confirmedBefore]
  const next = nodes[Symbol.iterator]()
  const refusals: EngineError[] = []
  const fillOneSlot = async () => {
    for (let node = next.next(); !node.done; node = next.next()) {
      try {
        if (node.value === deps.self) await deps.store.put(id, sealed, lease)
        else await deps.courier.store(node.value, { id, sealed, lease }, { timeoutMs: limits.acknowledgeStallMs })
        confirmed.push(node.value)
        return
      } catch (error) {
        if (!isEngineError(error)) throw error
        refusals.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: count }, fillOneSlot))
  if (confirmed.length === 0) throw refusedByAll(refusals, deps.roster.connected().size)
  return confirmed
}

/** What a person is told when no machine took a chunk: of one machine what it said, of several what they have in common. */
function refusedByAll(refusals: readonly EngineError[], connected: number): EngineError {
  const full = refusals.filter(({ code }) => code === 'quota-full' || code === 'disk-full')
  const last = refusals.at(-1)
  if (last !== undefined && (connected === 1 || full.length === 0)) return last
  const allDisks = full.length > 0 && full.every((each) => each.code === 'disk-full')
  return new EngineError(
    allDisks ? 'disk-full' : 'quota-full',
    'no machine that is switched on has room for this file',
    {
      hint: 'Give the pool more space on a machine, or add a machine.',
      retryable: true,
      cause: last,
    },
  )
}

async function touchHolders(deps: UploadDeps, id: ChunkId, lease: Lease): Promise<NodeId[]> {
  const connected = deps.roster.connected()
  const holders = deps.catalog.chunks.facts(id)?.holders.filter((holder) => connected.has(holder)) ?? []
  const held = await Promise.all(
    holders.map(async (holder) => {
      try {
        const answers =
          holder === deps.self ? await deps.store.touch([id], lease) : await deps.courier.touch(holder, [id], lease)
        return answers[0] === true
      } catch (error) {
        if (!isEngineError(error)) throw error
        return false // gone in this moment: it does not count
      }
    }),
  )
  return holders.filter((_, index) => held[index])
}
