/**
 * One node: identity, membership, the peer network and, while it is in a pool, what runs on the pool. It owns the order of
 * starting and stopping, joining and leaving; everything else is in the layers below. No HTTP here: the service that it offers
 * is called by the gateway, the tests and the simulation alike.
 */
import { Diary } from './activity/index.ts'
import { Semaphore } from './base/async.ts'
import { EngineError, isEngineError, messageOf } from './base/error.ts'
import type { NodeId } from './base/ids.ts'
import type { PoolSettings } from './catalog/index.ts'
import { diagnose } from './diagnosis.ts'
import { createService, type NodeParts, type Notice, type PoolParts, type Service } from './gateway/index.ts'
import type { Identity } from './identity/index.ts'
import { assertLimits, limits } from './limits.ts'
import { codeMatchesHint, createMembership, type Invite, type PoolMembership } from './membership/index.ts'
import { createPeerNetwork, type PeerNetwork, PROTOCOL_VERSION } from './net/index.ts'
import { type OwnProfile, PoolRuntime } from './poolRuntime.ts'
import type { Announcement, Disk, LocalFiles, Ports, Sighting } from './ports.ts'

export interface EngineOptions {
  readonly ports: Ports
  readonly identity: Identity
  readonly profile: OwnProfile
  readonly listen: { readonly host?: string; readonly port?: number }
  /** Announce and look for others by mDNS. */
  readonly discovery: boolean
  /** Must stay free on the disk; default limits.minimumFreeBytes. */
  readonly minimumFreeBytes?: number
  /** Told of what went wrong in the background. */
  readonly report: (problem: string) => void
  /** Files of this computer that may be read in; none in a simulation. */
  readonly localFiles?: LocalFiles
}

/** Settings of a new pool until somebody changes them. */
const minuteMs = 60_000
const hourMs = 60 * minuteMs
const newPoolSettings = {
  graceMs: { 'always-on': 30 * minuteMs, desktop: 24 * hourMs, laptop: 24 * hourMs },
  trashDays: 30,
  versionDays: 30,
  versionCount: 10,
  upBytesPerSec: 0,
  downBytesPerSec: 0,
}
/** What belongs to the pool and not to the node: forgotten when the node leaves. */
const poolFiles = ['catalog.db', 'chunks.db', 'transfers.db'].flatMap((name) => [name, `${name}-wal`, `${name}-shm`])
const poolFolders = [
  { path: 'chunks', depth: 2 },
  { path: 'quarantine', depth: 0 },
]

export class Engine implements NodeParts, AsyncDisposable {
  readonly service: Service
  readonly self: NodeId
  readonly identity: Identity
  readonly membership: PoolMembership
  readonly #options: EngineOptions
  readonly #diary: Diary
  readonly #listeners = new Set<(notice: Notice) => void>()
  readonly #sightings = new Map<NodeId, { sighting: Sighting; atMs: number }>()
  /** One change of the node's own state at a time. */
  readonly #turn = new Semaphore(1)
  #network: PeerNetwork
  #attached = new DisposableStack()
  #runtime: PoolRuntime | null = null
  #discovering = false
  #leavingReplaced = false
  #addressEpoch = 1
  /** The port that the node got at its first start, kept when the network is made anew. */
  #port: number | undefined

  private constructor(options: EngineOptions, membership: PoolMembership) {
    this.#options = options
    this.identity = options.identity
    this.self = options.identity.nodeId
    this.membership = membership
    const { clock, disk } = options.ports
    this.#diary = new Diary(disk.openDatabase('activity.db'), clock, (item) => this.#notify({ type: 'activity', item }))
    this.#port = options.listen.port
    this.#network = this.#makeNetwork()
    this.service = createService(this)
  }

  static async start(options: EngineOptions): Promise<Engine> {
    assertLimits()
    const membership = await createMembership({
      ports: options.ports,
      identity: options.identity,
      fault: (error) => options.report(String(error)),
    })
    const engine = new Engine(options, membership)
    await engine.#enter(null)
    if (options.discovery) await engine.#discover()
    return engine
  }

  get localFiles(): LocalFiles | null {
    return this.#options.localFiles ?? null
  }
  get clock() {
    return this.#options.ports.clock
  }
  get random() {
    return this.#options.ports.random
  }
  get network(): PeerNetwork {
    return this.#network
  }

  pool(): PoolParts | null {
    return this.#runtime?.parts ?? null
  }

  // -------------------------------------------------------------- the pool

  async createPool(name: string, copies: number): Promise<void> {
    await this.#exclusively(async () => {
      await this.membership.create(name)
      await this.#exit()
      await this.#enter({ name, copies, ...newPoolSettings })
      this.#diary.note({ code: 'pool-created', text: `The pool ${name} was made on this machine.` })
    })
  }

  async invite(): Promise<Invite> {
    return await this.membership.invite()
  }

  async joinPool(code: string, address: string | undefined): Promise<void> {
    await this.#exclusively(async () => {
      this.membership.requireNoPool()
      await this.membership.join(code, address === undefined ? await this.#addressesFor(code) : [address])
      await this.#exit()
      await this.#enter(null)
      await this.#becomeKnown()
      this.#diary.note({ code: 'pool-joined', text: 'This machine joined the pool.' })
    })
  }

  async leavePool(confirm: string | undefined): Promise<void> {
    await this.#exclusively(async () => {
      await this.#leave(confirm)
    })
  }

  /**
   * The new machine takes over what people chose for the old one, which is drained and leaves when it is empty; one that is gone is
   * removed. Throws `no-pool`, `no-such-node`, `conflict`.
   */
  async replaceNode(old: NodeId, heir: NodeId): Promise<void> {
    if (this.#runtime === null) throw new EngineError('no-pool', 'this machine is in no pool')
    await this.#runtime.replaceNode(old, heir)
  }

  /** The computer got, lost or changed a network address: wires may hang, and others must hear the new addresses. */
  interfacesChanged(): void {
    this.#addressEpoch++
    this.#network.reset('the network changed')
    if (this.#discovering) this.#options.ports.discovery.update(this.#announcement())
    this.#runtime?.introduce().catch((error: unknown) => this.#options.report(messageOf(error)))
  }

  async freeDiskBytes(): Promise<number> {
    return await this.#options.ports.disk.freeBytes()
  }

  sightings(): { readonly sighting: Sighting; readonly atMs: number }[] {
    return [...this.#sightings.values()]
  }

  async doctor() {
    return diagnose(this, this.#options.discovery ? this.#options.ports.discovery : null)
  }

  activity(before: string | null, limit: number) {
    return this.#diary.page(before, limit)
  }

  subscribe(listener: (notice: Notice) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** Stops everything in order: peers hear that this node leaves, what is acknowledged is on the disk. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#exclusively(async () => {
      if (this.#discovering) await this.#options.ports.discovery.stop()
      await this.#exit()
      this.membership.close()
      this.#diary.close()
      await this.#options.ports.compute.stop()
    })
  }

  // -------------------------------------------------------------- one stay in a pool, or in none

  #makeNetwork(): PeerNetwork {
    const { ports, identity, listen } = this.#options
    return createPeerNetwork({
      ports,
      identity,
      gatekeeper: this.membership,
      fault: (error) => this.#options.report(messageOf(error)),
      listen: { ...listen, ...(this.#port === undefined ? {} : { port: this.#port }) },
    })
  }

  /**
   * Starts a fresh network and, where the node is in a pool, what runs on it: handlers first, so that no peer asks before there
   * is an answer. `founding`: settings of a pool that is being made.
   */
  async #enter(founding: PoolSettings | null): Promise<void> {
    const { ports, identity, profile, report, minimumFreeBytes } = this.#options
    const network = this.#network
    this.#attached.use(this.membership.attach(network))
    this.#attached.use(
      network.on({
        connected: (peer) => {
          if (peer.dialled) this.membership.addresses.worked(peer.nodeId, peer.address)
          this.#note('machine-connected', peer.nodeId, 'is connected')
        },
        disconnected: (nodeId) => this.#note('machine-gone', nodeId, 'is gone'),
      }),
    )
    if (this.membership.keyring !== null) {
      const runtime = await PoolRuntime.open({
        ports,
        identity,
        membership: this.membership,
        network,
        profile,
        diary: this.#diary,
        notify: (notice) => this.#notify(notice),
        report,
        replaced: () => void this.#leaveReplaced().catch((error: unknown) => report(messageOf(error))),
        founding,
        localFiles: this.localFiles,
        ...(minimumFreeBytes === undefined ? {} : { minimumFreeBytes }),
      })
      network.setPulse(() => ({ ...runtime.pulse(), leaving: false }))
      this.#runtime = runtime
    }
    await network.start()
    this.#port = network.port
    await this.#runtime?.introduce()
    this.#runtime?.parts.transfers.start()
    if (this.#discovering) ports.discovery.update(this.#announcement())
  }

  /** Ends this stay; what comes next is entered on a network of its own. */
  async #exit(): Promise<void> {
    const runtime = this.#runtime
    this.#runtime = null
    await runtime?.[Symbol.asyncDispose]()
    this.#attached.dispose()
    this.#attached = new DisposableStack()
    await this.#network.stop()
    this.#network = this.#makeNetwork()
  }

  /** After joining: until the pool's settings and this node's own profile are known on both sides, or 10 s. */
  async #becomeKnown(): Promise<void> {
    const until = this.clock.monotonicMs() + limits.acknowledgeStallMs
    while (this.#runtime?.parts.catalog.read.settings() === undefined && this.clock.monotonicMs() < until) {
      await this.clock.sleep(limits.joinPollMs)
    }
  }

  async #leave(confirm: string | undefined): Promise<void> {
    const runtime = this.#runtime
    this.#refuseLosing(confirm)
    // Others may be about to delete theirs because of what this node has pledged.
    if (this.membership.members().length > 1) await runtime?.endPledges()
    try {
      this.#refuseLosing(confirm)
    } catch (error) {
      runtime?.resumePledges()
      throw error
    }
    await this.membership.leave()
    await this.#exit()
    await forgetPoolFiles(this.#options.ports.disk)
    this.#diary.forget()
    this.#diary.note({ code: 'pool-left', text: 'This machine left its pool.' })
    await this.#enter(null)
  }

  /** This node was replaced and holds nothing more, as far as it knows: the others are asked, then it leaves. */
  async #leaveReplaced(): Promise<void> {
    if (this.#leavingReplaced) return
    this.#leavingReplaced = true
    try {
      const runtime = this.#runtime
      if (runtime === null || !(await runtime.isEmptied())) return
      await this.#exclusively(async () => {
        if (this.#runtime === runtime) await this.#leave(undefined)
      })
    } finally {
      this.#leavingReplaced = false
    }
  }

  /** Leaving must not lose what lies here alone; in a pool of one that is all there is. */
  #refuseLosing(confirm: string | undefined): void {
    const alone = this.#runtime?.onlyHere()
    if (alone === undefined || alone.chunks === 0 || confirm !== undefined) return
    throw new EngineError('last-copies', 'some files lie on this machine alone', {
      hint: 'Wait until health says that all is protected, then leave.',
      facts: { chunks: alone.chunks, bytes: alone.bytes },
    })
  }

  async #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const give = await this.#turn.take(1)
    try {
      return await work()
    } finally {
      give()
    }
  }

  // -------------------------------------------------------------- discovery

  async #discover(): Promise<void> {
    const { discovery } = this.#options.ports
    this.#discovering = true
    await discovery.start(
      this.#announcement(),
      (sighting) => this.#saw(sighting),
      (nodeId) => void this.#sightings.delete(nodeId),
    )
  }

  #saw(sighting: Sighting): void {
    if (sighting.nodeId === this.self) return
    if (this.#sightings.size >= limits.sightingsMax && !this.#sightings.has(sighting.nodeId)) return
    this.#sightings.set(sighting.nodeId, { sighting, atMs: this.clock.nowMs() })
    this.membership.addresses.replace(sighting.nodeId, sighting.addresses, 'seen')
  }

  #announcement(): Announcement {
    return {
      nodeId: this.self,
      name: this.#options.profile.name,
      poolHint: this.membership.keyring?.poolHint ?? null,
      protocol: PROTOCOL_VERSION,
      port: this.#network.port,
      addressEpoch: this.#addressEpoch,
    }
  }

  /** Addresses of nodes whose pool the code's hint matches; waits a little for the first sightings. */
  async #addressesFor(code: string): Promise<string[]> {
    const until = this.clock.monotonicMs() + limits.joinSearchMs
    for (;;) {
      const matching = [...this.#sightings.values()].filter(
        ({ sighting }) => sighting.poolHint !== null && codeMatchesHint(code, sighting.poolHint),
      )
      const addresses = matching.flatMap(({ sighting }) => sighting.addresses)
      if (addresses.length > 0 || !this.#options.discovery || this.clock.monotonicMs() >= until) return addresses
      await this.clock.sleep(limits.joinPollMs)
    }
  }

  /** One whose name is not known yet is told of when it is in the pool. */
  #note(code: string, nodeId: NodeId, what: string): void {
    const name = this.#runtime?.parts.roster.profile(nodeId)?.name
    if (name !== undefined) this.#diary.note({ code, text: `${name} ${what}.`, nodeId })
  }

  #notify(notice: Notice): void {
    for (const listener of this.#listeners) listener(notice)
  }
}

/** Removes what the pool left in the data folder; folders stay, empty. */
async function forgetPoolFiles(disk: Disk): Promise<void> {
  for (const file of poolFiles) await removeIfThere(disk, file)
  for (const { path, depth } of poolFolders) await removeBelow(disk, path, depth)
}

async function removeBelow(disk: Disk, folder: string, depth: number): Promise<void> {
  for (const name of await disk.list(folder)) {
    const path = `${folder}/${name}`
    if (depth > 0) await removeBelow(disk, path, depth - 1)
    else await removeIfThere(disk, path)
  }
}

async function removeIfThere(disk: Disk, path: string): Promise<void> {
  try {
    await disk.remove(path)
  } catch (error) {
    if (!isEngineError(error, 'no-file')) throw error
  }
}
