/**
 * Who holds what. Each holder's inventory is the truth about its own replicas; the others keep one bit per member and chunk,
 * fed by numbered batches of news. After a gap, a new start or a connect, sums over buckets of ids are compared and only
 * unequal buckets are read, so a lost batch or a restored disk image cannot leave a claim wrong for long. Replicas as
 * catalog rows were rejected: millions of rows with last-writer-wins would say what was, not what is.
 */
import { messageOf } from '../base/error.ts'
import type { ChunkId, NodeId } from '../base/ids.ts'
import type { Catalog } from '../catalog/index.ts'
import type { ChunkStore } from '../chunks/index.ts'
import { limits } from '../limits.ts'
import type { Peer, PeerNetwork } from '../net/index.ts'
import type { Clock } from '../ports.ts'
import { inventoryBucket, inventorySums, packIds, pushInventory, unpackIds } from './messages.ts'

const groups = 256
const bucketsPerGroup = limits.fingerprintBuckets / groups
const sumBytes = 8

interface Heard {
  readonly peer: Peer
  /** Last batch applied in unbroken order; undefined until the first comparison has begun. */
  sequence: number | undefined
  comparing: boolean
}

export interface InventoryDeps {
  readonly self: NodeId
  readonly catalog: Catalog
  readonly store: ChunkStore
  readonly network: PeerNetwork
  readonly clock: Clock
  /** Background failures, for the log. */
  readonly report: (problem: string) => void
}

export class InventoryExchange {
  readonly #deps: InventoryDeps
  readonly #heard = new Map<NodeId, Heard>()
  readonly #subscriptions = new DisposableStack()
  #added = new Set<ChunkId>()
  #removed = new Set<ChunkId>()
  /** Sent, and not recorded here yet. */
  readonly #told: { readonly added: readonly ChunkId[]; readonly removed: readonly ChunkId[] }[] = []
  #flushAt: Disposable | undefined
  #flushed: Promise<void> = Promise.resolve()
  #sequence = 0
  #stopped = false

  constructor(deps: InventoryDeps) {
    this.#deps = deps
    const { network, store, catalog } = deps
    network.handle(pushInventory, async (body, { peer }) => {
      const heard = this.#hear(peer)
      if (heard.sequence === undefined) return { ok: true } // the comparison under way includes this batch
      if (body.sequence !== heard.sequence + 1) {
        void this.#compare(heard)
        return { ok: false }
      }
      heard.sequence = body.sequence
      try {
        await this.#claim(peer.nodeId, unpackIds(body.added), unpackIds(body.removed))
      } catch (error) {
        heard.sequence = undefined // our disk is full: this news is lost, and only a comparison brings it again
        throw error
      }
      return { ok: true }
    })
    network.handle(inventorySums, async ({ group }) => ({
      sums: packSums(store.sums(), group),
      sequence: this.#sequence,
    }))
    network.handle(inventoryBucket, async ({ bucket }) => ({ ids: packIds(store.idsInBucket(bucket)) }))
    // With the rows: were they to come alone and this machine to die, their content would seem to be nowhere.
    this.#subscriptions.use(catalog.on({ authored: () => this.#tell() }))
    this.#subscriptions.use(store.on({ changed: (added, removed) => this.#note(added, removed) }))
    this.#subscriptions.use(
      network.on({
        connected: (peer) => void this.#compare(this.#hear(peer)),
        disconnected: (nodeId) => void this.#heard.delete(nodeId),
        pulse: (peer, pulse) => {
          const heard = this.#hear(peer)
          // Without a number a comparison has failed, and what was pushed since is not known either.
          if (heard.sequence === undefined || pulse.inventorySequence < heard.sequence) void this.#compare(heard)
        },
      }),
    )
  }

  /** Brings this node's own claims in step with its store (after a crash between the two), then compares with whoever is connected. */
  async start(): Promise<void> {
    const { store, catalog, self, network } = this.#deps
    await this.#settleBuckets(self, unequal(store.sums(), catalog.chunks.claimSums(self)), async (bucket) =>
      store.idsInBucket(bucket),
    )
    for (const peer of network.peers()) void this.#compare(this.#hear(peer))
  }

  /** Number of the last batch sent since this start; goes into the pulse. */
  get sequence(): number {
    return this.#sequence
  }

  /** True while what a connected peer holds is still being asked: what nobody claims may then be there all the same. */
  get isComparing(): boolean {
    return this.#deps.network.peers().some((peer) => {
      const heard = this.#heard.get(peer.nodeId)
      return heard === undefined || heard.comparing || heard.sequence === undefined
    })
  }

  /**
   * Sends what is waiting now; resolves when it is recorded here (peers are told, not waited for). Throws `disk-full`; then
   * it is recorded later.
   */
  async flush(): Promise<void> {
    this.#flushAt?.[Symbol.dispose]()
    this.#flushAt = undefined
    const flushing = this.#flushed.then(() => this.#flushOnce())
    this.#flushed = flushing.catch(() => this.#flushLater(limits.inventoryRetryMs))
    await flushing
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#subscriptions.dispose()
    this.#flushAt?.[Symbol.dispose]()
    await this.#flushed
  }

  #note(added: readonly ChunkId[], removed: readonly ChunkId[]): void {
    for (const id of added) {
      this.#removed.delete(id)
      this.#added.add(id)
    }
    for (const id of removed) {
      this.#added.delete(id)
      this.#removed.add(id)
    }
    if (this.#added.size + this.#removed.size >= limits.inventoryBatch) this.#flushUnasked()
    else this.#flushLater(limits.inventoryDelayMs)
  }

  #flushLater(delayMs: number): void {
    if (this.#stopped) return
    this.#flushAt ??= this.#deps.clock.timer(delayMs, () => this.#flushUnasked())
  }

  #flushUnasked(): void {
    this.flush().catch((error: unknown) => this.#deps.report(`recording what is held here: ${messageOf(error)}`))
  }

  async #flushOnce(): Promise<void> {
    this.#tell()
    for (let news = this.#told[0]; news !== undefined; news = this.#told[0]) {
      await this.#claim(this.#deps.self, news.added, news.removed)
      this.#told.shift()
    }
  }

  /** Sends what is waiting to whoever is connected. */
  #tell(): void {
    while (this.#added.size + this.#removed.size > 0 && !this.#stopped) {
      const added = takeFirst(this.#added, limits.inventoryBatch)
      const removed = takeFirst(this.#removed, limits.inventoryBatch)
      this.#sequence++
      const body = { sequence: this.#sequence, added: packIds(added), removed: packIds(removed) }
      for (const peer of this.#deps.network.peers()) {
        // Unanswered news is no loss: the number's gap makes the peer compare.
        peer
          .request(pushInventory, body)
          .catch((error: unknown) => this.#deps.report(`inventory news to ${peer.nodeId}: ${messageOf(error)}`))
      }
      this.#told.push({ added, removed })
    }
  }

  #hear(peer: Peer): Heard {
    const known = this.#heard.get(peer.nodeId)
    if (known !== undefined && known.peer === peer) return known
    const heard: Heard = { peer, sequence: undefined, comparing: false }
    this.#heard.set(peer.nodeId, heard)
    return heard
  }

  /** Makes our claims for a peer equal to its inventory; harmless to repeat. */
  async #compare(heard: Heard): Promise<void> {
    if (heard.comparing || this.#stopped) return
    heard.comparing = true
    const { peer } = heard
    try {
      const top = (await peer.request(inventorySums, { group: null })).body
      // News up to this number is in the sums; later news comes after this answer on the same wire.
      heard.sequence = top.sequence
      const ours = this.#deps.catalog.chunks.claimSums(peer.nodeId)
      const theirGroups = unpackSums(top.sums)
      const ourGroups = unpackSums(packSums(ours, null))
      const buckets: number[] = []
      for (const group of unequal(theirGroups, ourGroups)) {
        const theirs = unpackSums((await peer.request(inventorySums, { group })).body.sums)
        const ourPart = ours.subarray(group * bucketsPerGroup, (group + 1) * bucketsPerGroup)
        buckets.push(...unequal(theirs, ourPart).map((index) => group * bucketsPerGroup + index))
      }
      await this.#settleBuckets(peer.nodeId, buckets, async (bucket) =>
        unpackIds((await peer.request(inventoryBucket, { bucket })).body.ids),
      )
    } catch (error) {
      heard.sequence = undefined
      if (this.#heard.get(peer.nodeId) === heard)
        this.#deps.report(`comparing the inventory of ${peer.nodeId}: ${messageOf(error)}`)
    } finally {
      heard.comparing = false
    }
  }

  async #settleBuckets(
    holder: NodeId,
    buckets: readonly number[],
    read: (bucket: number) => Promise<readonly ChunkId[]>,
  ): Promise<void> {
    const settle = async (bucket: number) => {
      const theirs = new Set(await read(bucket))
      const ours = new Set(this.#deps.catalog.chunks.claimsInBucket(holder, bucket))
      await this.#claim(
        holder,
        [...theirs].filter((id) => !ours.has(id)),
        [...ours].filter((id) => !theirs.has(id)),
      )
    }
    // Many at once share journeys and commits: after an absence thousands of buckets differ.
    for (let at = 0; at < buckets.length; at += limits.inventoryBucketsAtOnce) {
      await Promise.all(buckets.slice(at, at + limits.inventoryBucketsAtOnce).map(settle))
    }
  }

  async #claim(holder: NodeId, added: readonly ChunkId[], removed: readonly ChunkId[]): Promise<void> {
    if (added.length + removed.length === 0) return
    await this.#deps.catalog.transact(() => this.#deps.catalog.chunks.claim(holder, added, removed))
  }
}

function takeFirst(from: Set<ChunkId>, count: number): ChunkId[] {
  const taken: ChunkId[] = []
  for (const id of from) {
    if (taken.length === count) break
    taken.push(id)
    from.delete(id)
  }
  return taken
}

/** Sums of the 256 groups, or of the buckets of one group, as they travel. */
function packSums(sums: BigUint64Array, group: number | null): Buffer {
  const packed = Buffer.alloc(groups * sumBytes)
  if (group !== null) {
    for (let index = 0; index < bucketsPerGroup; index++)
      packed.writeBigUInt64LE(sums[group * bucketsPerGroup + index] ?? 0n, index * sumBytes)
    return packed
  }
  for (let index = 0; index < groups; index++) {
    let sum = 0n
    for (let bucket = index * bucketsPerGroup; bucket < (index + 1) * bucketsPerGroup; bucket++)
      sum += sums[bucket] ?? 0n
    packed.writeBigUInt64LE(BigInt.asUintN(64, sum), index * sumBytes)
  }
  return packed
}

function unpackSums(packed: Uint8Array): BigUint64Array {
  const bytes = Buffer.from(packed)
  return BigUint64Array.from({ length: bytes.length / sumBytes }, (_, index) => bytes.readBigUInt64LE(index * sumBytes))
}

function unequal(a: BigUint64Array, b: BigUint64Array): number[] {
  const indexes: number[] = []
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) indexes.push(index)
  return indexes
}
