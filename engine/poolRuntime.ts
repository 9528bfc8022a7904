/**
 * What runs while a node belongs to a pool: catalog, chunk store, exchange, replication and the views over them, put together and
 * taken apart as one. Between the layers only this file connects events: a row that arrives ends leases, a claim or a member
 * that changes makes the census stale and wakes repair, and whatever people can see becomes a notice.
 */
import { type Diary, PoolWatch } from './activity/index.ts'
import { messageOf } from './base/error.ts'
import type { NodeId } from './base/ids.ts'
import {
  type Catalog,
  type CatalogExchange,
  createCatalogExchange,
  type NodeProfile,
  openCatalog,
  type PoolSettings,
} from './catalog/index.ts'
import { type ChunkStore, openChunkStore } from './chunks/index.ts'
import { Census, commit, holdsLastCopies, Reader, replaceNode } from './files/index.ts'
import type { Notice, PoolParts } from './gateway/index.ts'
import type { Identity, Keyring } from './identity/index.ts'
import { limits } from './limits.ts'
import type { PoolMembership } from './membership/index.ts'
import type { PeerNetwork, Pulse } from './net/index.ts'
import type { LocalFiles, Ports } from './ports.ts'
import {
  Copying,
  Courier,
  Fetcher,
  Foreground,
  GiveUp,
  InventoryExchange,
  type KeptSilence,
  LeaseEnds,
  loadSilences,
  Orders,
  Pinning,
  type OwnSpace,
  Pledger,
  Repair,
  Roster,
  Shedding,
  serveChunks,
  WorkerRunner,
} from './replication/index.ts'
import { Transfers } from './transfers/index.ts'
import { Upkeep } from './upkeep.ts'

export interface PoolRuntimeDeps {
  readonly ports: Ports
  readonly identity: Identity
  readonly membership: PoolMembership
  readonly network: PeerNetwork
  readonly profile: OwnProfile
  readonly diary: Diary
  readonly notify: (notice: Notice) => void
  readonly report: (problem: string) => void
  /** This node is being replaced and holds nothing any more that a file needs. */
  readonly replaced: () => void
  /** Settings of a pool that is being made; null when it exists already. */
  readonly founding: PoolSettings | null
  /** Must stay free on the disk; default limits.minimumFreeBytes. */
  readonly minimumFreeBytes?: number
  /** Files of this computer that may be read in; null for none. */
  readonly localFiles: LocalFiles | null
}

/** What this machine says of itself until somebody changes it. */
export interface OwnProfile {
  readonly name: string
  readonly site: string
  readonly deviceClass: NodeProfile['deviceClass']
  /** Bytes given to the pool; null: a part of what the disk has free when the node joins. */
  readonly quotaBytes: number | null
}

/** The part of the free disk that a node gives when nobody said how much. */
const defaultQuotaShare = 0.5

export class PoolRuntime implements AsyncDisposable {
  readonly parts: PoolParts
  readonly #deps: PoolRuntimeDeps
  readonly #catalog: Catalog
  readonly #store: ChunkStore
  readonly #exchange: CatalogExchange
  readonly #inventory: InventoryExchange
  readonly #roster: Roster
  readonly #copying: Copying
  readonly #repair: Repair
  readonly #pledger: Pledger
  readonly #shedding: Shedding
  readonly #leaseEnds: LeaseEnds
  readonly #census: Census
  readonly #transfers: Transfers
  readonly #runner: WorkerRunner
  readonly #upkeep: Upkeep
  readonly #subscriptions = new DisposableStack()
  readonly #quotaBytes: number

  private constructor(
    deps: PoolRuntimeDeps,
    catalog: Catalog,
    store: ChunkStore,
    quotaBytes: number,
    silences: readonly KeptSilence[],
  ) {
    const { ports, identity, membership, network, report } = deps
    const { clock, random, compute } = ports
    const self = identity.nodeId
    this.#deps = deps
    this.#quotaBytes = quotaBytes
    this.#catalog = catalog
    this.#store = store
    this.#exchange = createCatalogExchange({ catalog, network, clock, identity, report })
    this.#inventory = new InventoryExchange({ self, catalog, store, network, clock, report })
    this.#roster = new Roster({ self, membership, network, catalog, clock, ownSpace: () => this.#ownSpace(), silences })
    this.#runner = new WorkerRunner(clock, report)
    const foreground = new Foreground(clock)
    const courier = new Courier(network, foreground)
    const fetcher = new Fetcher({ self, catalog, store, courier, network, compute })
    const roster = this.#roster
    this.#copying = new Copying({ self, catalog, store, courier, network, roster, foreground, clock })
    const wakeRepair = () => this.#runner.wake('repair')
    const orders = new Orders({
      ...{ self, catalog, network, copying: this.#copying, clock, report },
      settled: wakeRepair,
    })
    this.#repair = new Repair({ self, catalog, roster, orders, clock })
    const pinning = new Pinning({ self, catalog, roster, orders, clock })
    this.#pledger = new Pledger({ self, catalog, store, exchange: this.#exchange, network, clock })
    const giveUp = new GiveUp({
      ...{ store, catalog, network, clock },
      isStaying: (node) => roster.staying().has(node),
      claimsSettled: () => this.#inventory.flush(),
    })
    this.#shedding = new Shedding({
      ...{ self, catalog, store, roster, copying: this.#copying, giveUp, clock },
      replaced: () => this.#deps.replaced(),
    })
    this.#leaseEnds = new LeaseEnds({
      ...{ self, startNumber: identity.startNumber, catalog, store },
      isMember: (node) => membership.member(node) !== undefined,
      startOf: (node) => network.peer(node)?.startNumber,
    })
    this.#census = new Census({ catalog, roster: this.#roster, clock, isComparing: () => this.#inventory.isComparing })
    const keyring = () => membership.keyring as Keyring
    const files = {
      self,
      startNumber: identity.startNumber,
      catalog,
      store,
      courier,
      fetcher,
      roster: this.#roster,
      compute,
      keyring,
      exchange: this.#exchange,
      clock,
      random,
      repair: this.#repair,
      shedding: this.#shedding,
      inventory: this.#inventory,
      wakeRepair: wakeRepair,
      census: this.#census,
      reader: new Reader({ catalog, fetcher, keyring, clock }),
    }
    this.#transfers = new Transfers({
      ...{ ...files, local: deps.localFiles, report, database: ports.disk.openDatabase('transfers.db') },
      changed: (id) => deps.notify({ type: 'transfer', id }),
      note: (happening) => deps.diary.note(happening),
    })
    this.parts = { ...files, transfers: this.#transfers }
    serveChunks(network, store, foreground, (id) => catalog.chunks.isNamed(id))
    this.#connectEvents()
    this.#runner.run(this.#repair)
    this.#runner.run(pinning)
    this.#runner.run(this.#shedding)
    this.#upkeep = new Upkeep({
      ...{ self, catalog, store, roster, membership, leaseEnds: this.#leaseEnds, disk: ports.disk, clock },
      write: async (change) => void (await commit(files, (tx) => tx.write(change))),
      copiesChanged: () => {
        this.#census.invalidate()
        // What is wanted of many files follows a policy in the background.
        wakeRepair()
        deps.notify({ type: 'health' })
      },
      wishesChanged: () => {
        for (const worker of ['repair', 'shedding']) this.#runner.wake(worker)
      },
    })
    this.#runner.run(this.#upkeep)
    this.#runner.run(this.#transfers.copies)
    const { diary } = deps
    const changed = (id: NodeId | null) => {
      this.#census.invalidate()
      deps.notify(id === null ? { type: 'health' } : { type: 'node', id })
    }
    this.#runner.run(new PoolWatch({ diary, catalog, membership, repair: this.#repair, roster, clock, changed }))
  }

  /** Opens (or makes) the pool's data in the data folder and starts everything that runs on it. */
  static async open(deps: PoolRuntimeDeps): Promise<PoolRuntime> {
    const { ports, identity, membership } = deps
    const catalog = openCatalog({
      database: ports.disk.openDatabase('catalog.db'),
      clock: ports.clock,
      nodeId: identity.nodeId,
      startNumber: identity.startNumber,
      keyring: () => membership.keyring,
    })
    const stored = catalog.read.profile(identity.nodeId)
    const quotaBytes =
      deps.profile.quotaBytes ?? stored?.quotaBytes ?? Math.floor((await ports.disk.freeBytes()) * defaultQuotaShare)
    const store = await openChunkStore({
      disk: ports.disk,
      clock: ports.clock,
      quotaBytes,
      minimumFreeBytes: deps.minimumFreeBytes ?? limits.minimumFreeBytes,
      report: deps.report,
    })
    const silences = await loadSilences(ports.disk, deps.report)
    const runtime = new PoolRuntime(deps, catalog, store, quotaBytes, silences)
    await runtime.#upkeep.refreshFree()
    await runtime.#inventory.start()
    return runtime
  }

  /** For the heartbeat. */
  pulse(): Omit<Pulse, 'nowMs' | 'leaving'> {
    return {
      catalogRoot: this.#catalog.root(),
      inventorySequence: this.#inventory.sequence,
      careful: this.#roster.careful,
      ...this.#ownSpace(),
    }
  }

  /** How many chunks lie on this node alone: what leaving would lose. */
  onlyHere(): { chunks: number; bytes: number } {
    const doubtful = this.#pledger.doubtful()
    const own = this.#catalog.chunks.patterns().filter(({ holders }) => {
      const sure = holders.filter((holder) => !doubtful.has(holder))
      return sure.length === 1 && sure[0] === this.parts.self
    })
    return {
      chunks: own.reduce((sum, each) => sum + each.chunks, 0),
      bytes: own.reduce((sum, each) => sum + each.bytes, 0),
    }
  }

  /** Before leaving: nobody relies on replicas of this node any more. Up to limits.pledgeTimeoutMs. */
  async endPledges(): Promise<void> {
    await this.#pledger.close()
  }

  resumePledges(): void {
    this.#pledger.reopen()
  }

  /** See files/replace.ts. The old machine is removed at once if it is gone and holds nothing that no other has. */
  async replaceNode(old: NodeId, heir: NodeId): Promise<void> {
    const { self, roster, catalog, store } = this.parts
    const { membership } = this.#deps
    const roomBytes = heir === self ? store.usedBytes + (await this.#deps.ports.disk.freeBytes()) : null
    await replaceNode(this.parts, old, heir, roomBytes)
    const isGone = old !== self && !roster.reachable().has(old)
    if (isGone && !holdsLastCopies(catalog, old)) await membership.remove(old)
    this.parts.wakeRepair()
  }

  /** True if, by all that the connected members know, no file needs what lies here. Asks them. */
  async isEmptied(): Promise<boolean> {
    const { self } = this.parts
    const peers = this.#deps.network.peers()
    const walked = await Promise.all(peers.map(({ nodeId }) => this.#exchange.walkNow(nodeId, limits.pledgeTimeoutMs)))
    if (walked.length === 0 || walked.includes(false) || this.#catalog.missingSegments(1).length > 0) return false
    return this.#catalog.chunks.patterns().every(({ holders }) => !holders.includes(self))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transfers.stop()
    this.#subscriptions.dispose()
    this.#census.stop()
    const stopping = this.#runner.stop()
    await this.#upkeep.keepSilences()
    await this.#copying.stop()
    await stopping
    await this.#repair.stop()
    await this.#inventory.stop()
    await this.#exchange.stop()
    this.#roster.stop()
    await this.#store.close()
    this.#catalog.close()
  }

  #connectEvents(): void {
    const { membership, network, notify } = this.#deps
    this.#subscriptions.use(
      this.#catalog.on({
        changed: (entries) => {
          this.#census.invalidate()
          this.#runner.wake('repair')
          if (entries === 'all') notify({ type: 'reset' })
          else for (const id of entries) notify({ type: 'entry', id })
          notify({ type: 'health' })
        },
        versions: (versions) => {
          this.#census.noteVersions()
          void this.#store.endLeases(versions).catch((error: unknown) => this.#deps.report(messageOf(error)))
        },
      }),
    )
    this.#subscriptions.use(
      this.#roster.onChange((id) => {
        this.#census.invalidate()
        this.#runner.wake('repair')
        notify({ type: 'node', id })
        notify({ type: 'health' })
      }),
    )
    this.#subscriptions.use(this.#exchange.on({ walked: (walk) => this.#leaseEnds.walked(walk) }))
    this.#subscriptions.use(network.on({ woke: () => this.#roster.woke() }))
    this.#subscriptions.use(membership.onChange(() => this.#applyMembership()))
    this.#applyMembership()
  }

  /** Connects to who is a member and forgets what is claimed by who is none any more. */
  #applyMembership(): void {
    const { membership, report } = this.#deps
    const gone = new Set<NodeId>()
    for (const { holders } of this.#catalog.chunks.patterns()) {
      for (const holder of holders) if (membership.member(holder) === undefined) gone.add(holder)
    }
    if (gone.size === 0) return
    this.#catalog
      .transact(() => {
        for (const holder of gone) this.#catalog.chunks.disclaim(holder)
      })
      .then(
        () => this.#runner.wake('repair'),
        (error: unknown) => report(messageOf(error)),
      )
  }

  /** Writes this machine's profile where it is new or has changed, and the settings of a new pool. Call once the network listens. */
  async introduce(): Promise<void> {
    const quotaBytes = this.#quotaBytes
    const { identity, network, profile, founding } = this.#deps
    const node = identity.nodeId
    const stored = this.#catalog.read.profile(node)
    const now: NodeProfile = {
      name: profile.name,
      site: profile.site,
      deviceClass: profile.deviceClass,
      drain: false,
      awayUntilMs: null,
      ...stored,
      ...(profile.quotaBytes === null && stored !== undefined ? {} : { quotaBytes }),
      machineHash: identity.machineHash,
      addresses: network.addresses().slice(0, limits.addressesPerNode),
    } as NodeProfile
    const same = stored !== undefined && JSON.stringify(sorted(stored)) === JSON.stringify(sorted(now))
    if (same && founding === null) return
    await commit(this.parts, (tx) => {
      if (founding !== null) tx.write({ what: 'settings', settings: founding })
      if (!same) tx.write({ what: 'profile', node, profile: now })
    })
  }

  #ownSpace(): OwnSpace {
    const usedBytes = this.#store.usedBytes
    return { usedBytes, quotaBytes: usedBytes + this.#upkeep.freeBytes }
  }
}

function sorted(profile: NodeProfile): [string, unknown][] {
  return Object.entries(profile).sort(([a], [b]) => (a < b ? -1 : 1))
}
