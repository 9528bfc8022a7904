/**
 * A simulated world: nodes with disks and clocks, a network between them and virtual time, all under one seed. Real time
 * passes only while code runs; a test moves virtual time on with `run`, `until` or `wait`. Between two events everything
 * that the first one set off is finished (promises, ticks), so the order of events is the seed's and nothing else's.
 */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { NodeId } from '../base/ids.ts'
import type { Compute, Ports } from '../ports.ts'
import { type ClockSettings, Schedule, type ScheduledEvent, SimClock } from './clock.ts'
import { type CrashKind, SimDisk } from './disk.ts'
import { SimDiscovery } from './discovery.ts'
import { SeededRandom } from './random.ts'
import { SimNetwork } from './transport.ts'
import type { NetworkOwner } from './wire.ts'

export interface SimWorldOptions {
  readonly seed: number
  /** True time at the start, milliseconds since 1970. */
  readonly epochMs?: number
  /** The Compute port of each process. */
  readonly compute?: () => Compute
}

export interface SimPortsOptions {
  /** What the other ends see as proved; default: a made-up identity, the same at each start of the node. */
  readonly identity?: { readonly nodeId: NodeId; readonly certificate: Uint8Array }
  readonly compute?: Compute
}

/** One node's process: from its start to its stop or crash. */
class SimProcess implements NetworkOwner {
  readonly name: string
  readonly host: string
  readonly identity: { readonly nodeId: NodeId; readonly certificate: Uint8Array }
  readonly #node: SimNode
  alive = true

  constructor(node: SimNode, identity: { readonly nodeId: NodeId; readonly certificate: Uint8Array }) {
    this.#node = node
    this.name = node.name
    this.host = node.host
    this.identity = identity
  }

  get asleep(): ScheduledEvent[] | null {
    return this.#node.asleep
  }
}

interface SimNode {
  readonly name: string
  readonly host: string
  readonly disk: SimDisk
  readonly clock: ClockSettings
  readonly random: SeededRandom
  asleep: ScheduledEvent[] | null
  asleepSinceMs: number
  process: SimProcess | undefined
}

export class SimWorld implements AsyncDisposable {
  readonly seed: number
  readonly random: SeededRandom
  readonly network: SimNetwork
  readonly #schedule = new Schedule()
  readonly #discovery: SimDiscovery
  readonly #nodes = new Map<string, SimNode>()
  readonly #folder: string
  readonly #epochMs: number
  readonly #compute: (() => Compute) | undefined
  #outside = 0
  #running = false

  constructor(options: SimWorldOptions) {
    this.seed = options.seed
    this.random = new SeededRandom(options.seed)
    this.network = new SimNetwork(this.#schedule, this.random.fork('network'))
    this.#discovery = new SimDiscovery(this.network)
    this.#epochMs = options.epochMs ?? Date.UTC(2026, 0, 1)
    this.#compute = options.compute
    this.#folder = mkdtempSync(join(tmpdir(), 'hadahoop-sim-'))
  }

  /** Virtual milliseconds since the world began. */
  get nowMs(): number {
    return this.#schedule.nowMs
  }

  // -------------------------------------------------------------- time

  /** Lets so much virtual time pass. */
  async run(forMs: number): Promise<void> {
    const endMs = this.nowMs + forMs
    await this.#advance(() => false, endMs)
    // Time itself moves on even if nothing happens in it.
    this.#schedule.at(endMs, null, () => {})
    await this.#advance(() => this.nowMs >= endMs, endMs)
  }

  /** Lets time pass until the condition holds; throws when it does not within `withinMs` of virtual time. */
  async until(condition: () => boolean, what = 'the condition', withinMs = 600_000): Promise<void> {
    if (!(await this.#advance(condition, this.nowMs + withinMs))) {
      throw new Error(`${what} did not come within ${withinMs} ms of virtual time (seed ${this.seed})`)
    }
  }

  /** Lets time pass until nothing is left to happen; throws when that does not come within `withinMs`. */
  async idle(withinMs = 600_000): Promise<void> {
    await this.until(() => this.#schedule.nextMs() === undefined, 'idleness', withinMs)
  }

  /** Lets time pass until the promise settles and answers as it does. */
  async wait<T>(promise: Promise<T>, withinMs = 600_000): Promise<T> {
    let settled = false
    const settle = () => {
      settled = true
    }
    promise.then(settle, settle)
    await this.until(() => settled, 'the awaited promise', withinMs)
    return promise
  }

  /** A script that may await the nodes' promises and `sleep`; time passes while it waits. */
  async play<T>(script: () => Promise<T>, withinMs = 3_600_000): Promise<T> {
    return await this.wait(script(), withinMs)
  }

  /** Virtual waiting inside a script that `play` runs. */
  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#schedule.at(this.nowMs + delayMs, null, resolve)
    })
  }

  /** Holds virtual time until real work outside the simulation (a thread, a real file) is done. */
  outside<T>(work: Promise<T>): Promise<T> {
    this.#outside += 1
    const done = () => {
      this.#outside -= 1
    }
    work.then(done, done)
    return work
  }

  async #advance(condition: () => boolean, endMs: number): Promise<boolean> {
    if (this.#running) throw new Error('the world runs already: await one run, until, wait or play at a time')
    this.#running = true
    try {
      for (;;) {
        do await setImmediate()
        while (this.#outside > 0)
        if (condition()) return true
        const nextMs = this.#schedule.nextMs()
        if (nextMs === undefined || nextMs > endMs) return false
        this.#schedule.step()
      }
    } finally {
      this.#running = false
    }
  }

  // -------------------------------------------------------------- nodes

  /** Starts a process of the node (made at its first start): the ports that it runs on. */
  start(name: string, options: SimPortsOptions = {}): Ports {
    const node = this.#node(name)
    if (node.process !== undefined) throw new Error(`${name} runs already`)
    const process = new SimProcess(node, options.identity ?? this.identity(name))
    node.process = process
    return {
      clock: new SimClock(this.#schedule, process, node.clock, this.#epochMs),
      random: node.random,
      disk: node.disk.port(process),
      transport: this.network.port(process),
      discovery: this.#discovery.port(process),
      compute: options.compute ?? this.#compute?.() ?? noCompute,
    }
  }

  /** The identity that a node has unless it is started with another. */
  identity(name: string): { readonly nodeId: NodeId; readonly certificate: Uint8Array } {
    const certificate = createHash('sha512').update(`certificate of ${name}`).digest()
    return { nodeId: createHash('sha256').update(certificate).digest('hex').slice(0, 32) as NodeId, certificate }
  }

  /** The node's host, the first half of its addresses. */
  host(name: string): string {
    return this.#node(name).host
  }

  running(name: string): boolean {
    return this.#node(name).process !== undefined
  }

  disk(name: string): SimDisk {
    return this.#node(name).disk
  }

  /** Sets a node's wall clock that far ahead of the true time. */
  skew(name: string, wallOffsetMs: number): void {
    this.#node(name).clock.wallOffsetMs = wallOffsetMs
  }

  /** The node's process dies at once. `power` (default): what was not flushed may be lost and the others hear nothing. */
  crash(name: string, kind: CrashKind = 'power'): void {
    this.#end(name, kind)
  }

  /** The node's process has been stopped in order; it can be started again. */
  stopped(name: string): void {
    this.#end(name, 'stopped')
  }

  /** The machine sleeps: time passes for the others. */
  suspend(name: string): void {
    const node = this.#node(name)
    node.asleep ??= []
    node.asleepSinceMs = this.nowMs
  }

  /** It wakes: what was due meanwhile happens now. As on Linux its monotonic clock may not have counted the sleep. */
  resume(name: string, options: { readonly monotonicCounts?: boolean } = {}): void {
    const node = this.#node(name)
    const due = node.asleep ?? []
    node.asleep = null
    if (options.monotonicCounts !== true) node.clock.uncountedMs += this.nowMs - node.asleepSinceMs
    for (const event of due) this.#schedule.at(this.nowMs, event.owner, () => this.#schedule.happen(event))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const [name, node] of this.#nodes) if (node.process !== undefined) this.#end(name, 'stopped')
    await setImmediate()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #end(name: string, kind: CrashKind | 'stopped'): void {
    const node = this.#node(name)
    const { process } = node
    if (process === undefined) return
    process.alive = false
    node.process = undefined
    node.asleep = null
    this.network.abandon(process, kind !== 'power')
    this.#discovery.abandon(process)
    node.disk.abandon(kind)
  }

  #node(name: string): SimNode {
    let node = this.#nodes.get(name)
    if (node === undefined) {
      const number = this.#nodes.size + 1
      const disk = new SimDisk(join(this.#folder, name), this.#schedule, this.random.fork(`disk of ${name}`), () =>
        this.crash(name, 'power'),
      )
      node = {
        name,
        host: `10.0.${number >> 8}.${number & 255}`,
        disk,
        clock: { wallOffsetMs: 0, uncountedMs: 0 },
        random: this.random.fork(`random of ${name}`),
        asleep: null,
        asleepSinceMs: 0,
        process: undefined,
      }
      this.#nodes.set(name, node)
    }
    return node
  }
}

const noCompute: Compute = {
  seal() {
    throw new Error('this simulated process has no Compute: pass one to createSimWorld or simPorts')
  },
  sealFrom() {
    throw new Error('this simulated process has no Compute: pass one to createSimWorld or simPorts')
  },
  open() {
    throw new Error('this simulated process has no Compute: pass one to createSimWorld or simPorts')
  },
  async stop() {},
}

export function createSimWorld(options: SimWorldOptions): SimWorld {
  return new SimWorld(options)
}

/** Starts a process of the node `name` in the world: the ports that it runs on. */
export function simPorts(world: SimWorld, name: string, options: SimPortsOptions = {}): Ports {
  return world.start(name, options)
}
