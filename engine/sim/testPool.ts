/**
 * Whole pools of real engines in one simulated world: the engine's own code from the service down, under virtual time, with
 * faulty disks and networks. Scripts read like the sentence that they prove.
 */
import assert from 'node:assert/strict'
import { createInlineCompute } from '../chunks/index.ts'
import { Engine } from '../engine.ts'
import type { Service } from '../gateway/index.ts'
import { loadIdentity } from '../identity/index.ts'
import { memoryDisk } from '../identity/testMemoryDisk.ts'
import { GiB } from '../limits.ts'
import type { OwnProfile } from '../poolRuntime.ts'
import type { Disk } from '../ports.ts'
import { createSimWorld, simPorts, type SimWorld } from './index.ts'

export interface SimPoolOptions {
  readonly nodes: number
  readonly copies?: number
  readonly seed: number
  /** Computers that nodes stand on, by index; each on its own if missing. */
  readonly computers?: readonly number[]
  /** What each node says of itself, by index; else a desktop at home that gives 1 GiB. */
  readonly profiles?: readonly Partial<OwnProfile>[]
}

export class SimPool implements AsyncDisposable {
  readonly world: SimWorld
  readonly #options: SimPoolOptions
  readonly #engines = new Map<string, Engine>()
  /** Keys survive every crash here: losing them is no subject of these simulations. */
  readonly #keys = new Map<string, Disk>()
  readonly problems: string[] = []

  private constructor(options: SimPoolOptions) {
    this.#options = options
    this.world = createSimWorld({ seed: options.seed })
  }

  /** A pool whose nodes all know each other. */
  static async start(options: SimPoolOptions): Promise<SimPool> {
    const pool = new SimPool(options)
    for (let index = 0; index < options.nodes; index++) await pool.boot(index)
    await pool.world.play(async () => {
      await pool.service(0).createPool({ name: 'Simulated', copies: options.copies ?? 2 })
      for (let index = 1; index < options.nodes; index++) {
        const { code, address } = await pool.service(0).invite()
        await pool.service(index).joinPool({ code, address })
      }
    })
    await pool.settle()
    return pool
  }

  static nameOf(index: number): string {
    return `node${index}`
  }

  engine(index: number): Engine {
    const engine = this.#engines.get(SimPool.nameOf(index))
    assert(engine !== undefined, `node ${index} does not run`)
    return engine
  }

  service(index: number): Service {
    return this.engine(index).service
  }

  /** Starts a node, at first or again after a crash. */
  async boot(index: number): Promise<void> {
    const name = SimPool.nameOf(index)
    const keys = this.#keys.get(name) ?? memoryDisk()
    this.#keys.set(name, keys)
    const computer = this.#options.computers?.[index] ?? index
    const machineHash = computer.toString(16).padStart(32, '0')
    const identity = await loadIdentity({ disk: keys, random: this.world.random }, machineHash, { repeatable: true })
    const ports = simPorts(this.world, name, { identity, compute: createInlineCompute() })
    const engine = await this.world.wait(
      Engine.start({
        ports,
        identity,
        profile: { name, site: 'home', deviceClass: 'desktop', quotaBytes: GiB, ...this.#options.profiles?.[index] },
        listen: {},
        discovery: true,
        minimumFreeBytes: 0,
        report: (problem) => this.problems.push(`${name}: ${problem}`),
      }),
    )
    this.#engines.set(name, engine)
  }

  /** A further node starts and joins. */
  async join(index: number): Promise<void> {
    await this.boot(index)
    await this.world.play(async () => {
      const { code, address } = await this.service(0).invite()
      await this.service(index).joinPool({ code, address })
    })
    await this.settle()
  }

  /** The node is shut down in order: the others hear that it leaves. */
  async stop(index: number): Promise<void> {
    const name = SimPool.nameOf(index)
    const engine = this.engine(index)
    this.#engines.delete(name)
    await this.world.wait(engine[Symbol.asyncDispose]())
    this.world.stopped(name)
  }

  /** The power goes. */
  crash(index: number): void {
    const name = SimPool.nameOf(index)
    this.#engines.delete(name)
    this.world.crash(name)
  }

  get running(): Engine[] {
    return [...this.#engines.values()]
  }

  /** Until all running nodes are connected with each other and have equal catalogs with all segments. */
  async settle(withinMs = 600_000): Promise<void> {
    await this.world.until(
      () =>
        this.running.every((engine) => engine.network.peers().length === this.running.length - 1) &&
        new Set(this.running.map((engine) => engine.pool()?.catalog.root())).size === 1 &&
        this.running.every((engine) => engine.pool()?.catalog.missingSegments(1).length === 0),
      'equal catalogs',
      withinMs,
    )
  }

  /** Until every chunk has its copies, as every running node sees it. */
  async protect(withinMs = 600_000): Promise<void> {
    await this.world.until(
      () =>
        this.running.every((engine) =>
          engine
            .pool()
            ?.catalog.chunks.patterns()
            .every((each) => each.holders.length >= each.wanted),
        ),
      'all copies',
      withinMs,
    )
  }

  /** Bytes of replicas on each running node. */
  usedBytes(): number[] {
    return this.running.map((engine) => engine.pool()?.store.usedBytes ?? 0)
  }

  async write(index: number, path: string, content: Uint8Array) {
    return await this.world.play(
      async () =>
        await this.service(index).putFile(path.split('/'), once(content), { signal: new AbortController().signal }),
    )
  }

  async read(index: number, path: string): Promise<Buffer> {
    return await this.world.play(async () => {
      const file = await this.service(index).openFile(path.split('/'))
      const parts: Uint8Array[] = []
      for await (const part of file.read(0, file.sizeBytes, new AbortController().signal)) parts.push(part)
      return Buffer.concat(parts)
    })
  }

  /** Names in the root folder as a node sees them. */
  async names(index: number): Promise<string[]> {
    return await this.world.play(async () => {
      const page = await this.service(index).listFolder([], { limit: 1000, cursor: null, sort: 'name', order: 'asc' })
      return page.items.map((entry) => entry.name)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world[Symbol.asyncDispose]()
  }
}

export async function* once(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content
}
