/**
 * The simulated network: wires with latency, bandwidth and bounded buffers, in order, between nodes that can be parted.
 * Like TCP, a wire across a partition is silent rather than closed: what was sent arrives after the healing unless one
 * end has given up before. Loss is the death of a whole wire, since TCP knows no other.
 */
import { EngineError } from '../base/error.ts'
import type { NodeId } from '../base/ids.ts'
import type { Listening, Transport, Wire, WirePurpose } from '../ports.ts'
import type { EventOwner, Schedule } from './clock.ts'
import type { SeededRandom } from './random.ts'
import { type NetworkOwner, type NetworkSettings, SimWire, type WireNetwork } from './wire.ts'

export class SimNetwork implements WireNetwork {
  readonly settings: NetworkSettings = {
    latencyMs: 1,
    jitterMs: 0.5,
    bytesPerMs: 1_000_000,
    deathPerMessage: 0,
    dialFailure: 0,
    dialTimeoutMs: 10_000,
  }
  readonly schedule: Schedule
  readonly random: SeededRandom
  readonly #listeners = new Map<string, { owner: NetworkOwner; onWire: (wire: Wire) => void }>()
  readonly #groupByName = new Map<string, number>()
  readonly #cuts = new Set<string>()
  readonly #wires = new Set<SimWire>()
  #nextPort = 20_000

  constructor(schedule: Schedule, random: SeededRandom) {
    this.schedule = schedule
    this.random = random
  }

  /** Parts the nodes into groups that hear nothing of each other; who is in no group is alone together with the others of none. */
  partition(...groups: string[][]): void {
    this.#groupByName.clear()
    for (const [index, names] of groups.entries()) for (const name of names) this.#groupByName.set(name, index)
    this.#flow()
  }

  /** Silences the link between two nodes. */
  cut(left: string, right: string): void {
    this.#cuts.add(pairOf(left, right))
  }

  /** Ends all partitions and cuts; what is on its way arrives. */
  heal(): void {
    this.#groupByName.clear()
    this.#cuts.clear()
    this.#flow()
  }

  /** Kills the wires between two nodes at both ends. */
  sever(left: string, right: string): void {
    for (const wire of [...this.#wires]) {
      if (pairOf(wire.owner.name, wire.far.owner.name) === pairOf(left, right)) wire.die('connection reset')
    }
  }

  /** Drops what wires that one end has closed would still tell the other: that end stays half-open. */
  forgetClosed(): void {
    for (const wire of this.#wires) if (!wire.open) wire.silence()
  }

  /** True while nothing gets from one to the other. */
  parted(left: string, right: string): boolean {
    return this.#groupByName.get(left) !== this.#groupByName.get(right) || this.#cuts.has(pairOf(left, right))
  }

  /** Wires open now, each end counted. */
  openWires(): Wire[] {
    return [...this.#wires].filter((wire) => wire.open)
  }

  /** The process is dead: its listeners go, and where its host still runs (`reset`) the other ends see their wires die. */
  abandon(owner: EventOwner, reset: boolean): void {
    for (const [address, listener] of this.#listeners) {
      if (listener.owner === owner) this.#listeners.delete(address)
    }
    for (const wire of [...this.#wires]) {
      if (wire.owner === owner) wire.vanish(reset)
    }
  }

  /** A wire is forgotten once both ends know that it is closed. */
  forget(wire: SimWire): void {
    if (wire.open || wire.far.open) return
    this.#wires.delete(wire)
    this.#wires.delete(wire.far)
  }

  /** The Transport port of one process. */
  port(owner: NetworkOwner): Transport {
    return {
      listen: (options, onWire) => this.#listen(owner, options, onWire),
      dial: (address, purpose, options) => this.#dial(owner, address, purpose, options),
    }
  }

  latencyMs(): number {
    return this.settings.latencyMs + this.random.fraction() * this.settings.jitterMs
  }

  async #listen(
    owner: NetworkOwner,
    options: { readonly host?: string; readonly port?: number },
    onWire: (wire: Wire) => void,
  ): Promise<Listening> {
    let port = options.port ?? 0
    if (port === 0) {
      this.#nextPort += 1
      port = this.#nextPort
    }
    const address = `${options.host === undefined || options.host === '0.0.0.0' ? owner.host : options.host}:${port}`
    if (this.#listeners.has(address)) throw new EngineError('port-taken', `port ${port} is taken`)
    this.#listeners.set(address, { owner, onWire })
    return {
      port,
      addresses: () => [address],
      close: async () => {
        this.#listeners.delete(address)
      },
    }
  }

  #dial(
    owner: NetworkOwner,
    address: string,
    purpose: WirePurpose,
    options: { readonly expect?: NodeId; readonly signal?: AbortSignal },
  ): Promise<Wire> {
    return new Promise((resolve, reject) => {
      const { signal } = options
      if (!owner.alive) return
      if (signal?.aborted) {
        reject(signal.reason)
        return
      }
      const finish = (finishNow: () => void) => {
        attempt[Symbol.dispose]()
        expiry[Symbol.dispose]()
        signal?.removeEventListener('abort', abort)
        finishNow()
      }
      const fail = (code: string, words: string) =>
        finish(() => reject(new EngineError(code, words, { retryable: true })))
      const abort = () => finish(() => reject(signal?.reason))
      signal?.addEventListener('abort', abort, { once: true })
      const now = this.schedule.nowMs
      const expiry = this.schedule.at(now + this.settings.dialTimeoutMs, owner, () =>
        fail('unreachable', `no answer from ${address}`),
      )
      // TCP and TLS take about two round trips.
      const attempt = this.schedule.at(now + 4 * this.latencyMs(), owner, () => {
        const listener = this.#listeners.get(address)
        if (this.random.chance(this.settings.dialFailure)) return fail('unreachable', `${address} is unreachable`)
        if (listener === undefined || !listener.owner.alive)
          return fail('unreachable', `${address} refuses connections`)
        if (this.parted(owner.name, listener.owner.name) || listener.owner.asleep) return undefined
        if (options.expect !== undefined && options.expect !== listener.owner.identity.nodeId) {
          return fail('wrong-identity', `${address} is another node`)
        }
        return finish(() => resolve(this.#join(owner, listener, address, purpose)))
      })
    })
  }

  #join(
    owner: NetworkOwner,
    listener: { owner: NetworkOwner; onWire: (wire: Wire) => void },
    address: string,
    purpose: WirePurpose,
  ): Wire {
    this.#nextPort += 1
    const near = new SimWire(this, owner, { ...listener.owner.identity, address }, purpose, true)
    const remote = { ...owner.identity, address: `${owner.host}:${this.#nextPort}` }
    const far = new SimWire(this, listener.owner, remote, purpose, false)
    near.far = far
    far.far = near
    this.#wires.add(near).add(far)
    this.schedule.at(this.schedule.nowMs + this.latencyMs() / 2, listener.owner, () => {
      if (far.open) listener.onWire(far)
    })
    return near
  }

  #flow(): void {
    for (const wire of this.#wires) wire.flow()
  }
}

function pairOf(left: string, right: string): string {
  return left < right ? `${left}|${right}` : `${right}|${left}`
}
