/**
 * One end of a simulated wire: a bounded window in flight, then the sender's buffer fills, as with TCP. A message's memory
 * is read as late as a real network might, so that whoever reuses it too early sends garbage here as well.
 */
import { bufferOf } from '../base/bytes.ts'
import { EngineError } from '../base/error.ts'
import type { NodeId } from '../base/ids.ts'
import { KiB, MiB } from '../limits.ts'
import type { RemoteIdentity, Wire, WirePurpose } from '../ports.ts'
import type { EventOwner, Schedule } from './clock.ts'
import type { SeededRandom } from './random.ts'

/** What the network needs to know of a process. */
export interface NetworkOwner extends EventOwner {
  readonly name: string
  /** The node's host part of `host:port`. */
  readonly host: string
  readonly identity: { readonly nodeId: NodeId; readonly certificate: Uint8Array }
}

/** Behaviour of all links; may be changed at any time. */
export interface NetworkSettings {
  latencyMs: number
  /** Up to so much more, drawn for each message. */
  jitterMs: number
  bytesPerMs: number
  /** Probability that a message kills its wire instead of arriving. */
  deathPerMessage: number
  /** Probability that a dial fails although the other end listens. */
  dialFailure: number
  /** How long a dial into silence takes to fail. */
  dialTimeoutMs: number
}

/** What a wire needs of the network that it belongs to. */
export interface WireNetwork {
  readonly settings: NetworkSettings
  readonly schedule: Schedule
  readonly random: SeededRandom
  /** True while nothing gets from one node to the other. */
  parted(left: string, right: string): boolean
  /** Draws how long a message takes. */
  latencyMs(): number
  /** This end knows that it is closed. */
  forget(wire: SimWire): void
}

/** Bytes on the way before the sender's buffer begins to fill. */
const windowBytes = 4 * MiB
const lowWaterBytes = 256 * KiB

interface Parcel {
  message: Uint8Array | null
  readonly reason: string
  readonly sizeBytes: number
  /** When it has left the sender's buffer. */
  leftAtMs: number
}

export class SimWire implements Wire {
  readonly remote: RemoteIdentity
  readonly purpose: WirePurpose
  readonly dialled: boolean
  readonly owner: NetworkOwner
  far!: SimWire
  /** False once this end knows that it is closed. */
  open = true
  readonly #network: WireNetwork
  readonly #waiting: Parcel[] = []
  readonly #flying: Parcel[] = []
  #waitingBytes = 0
  /** How many at the front of those waiting had left already and were lost. */
  #returned = 0
  #flyingBytes = 0
  #lineFreeAtMs = 0
  #lastArrivalMs = 0
  #drainWaiters: { resolve: () => void; reject: (reason: unknown) => void }[] = []
  #onMessage: ((message: Buffer) => void) | undefined
  #onClose: ((reason: string) => void) | undefined
  #kept: Buffer[] = []
  #target: Buffer | undefined
  #watching = false
  #closeReason: string | undefined

  constructor(
    network: WireNetwork,
    owner: NetworkOwner,
    remote: RemoteIdentity,
    purpose: WirePurpose,
    dialled: boolean,
  ) {
    this.#network = network
    this.owner = owner
    this.remote = remote
    this.purpose = purpose
    this.dialled = dialled
  }

  send(message: Uint8Array): void {
    if (!this.open || !this.owner.alive) return
    this.#enqueue({ message, reason: '', sizeBytes: message.length, leftAtMs: Number.POSITIVE_INFINITY })
  }

  get bufferedBytes(): number {
    const now = this.#network.schedule.nowMs
    let bytes = this.#waitingBytes
    for (const parcel of this.#flying) {
      if (parcel.leftAtMs > now) bytes += parcel.sizeBytes
      // Whoever saw that the buffer let go of its memory may reuse it.
      else parcel.message &&= Buffer.from(parcel.message)
    }
    return bytes
  }

  drained(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!this.owner.alive) return
      if (!this.open) reject(new EngineError('wire-closed', this.#closeReason ?? 'closed', { retryable: true }))
      else if (this.bufferedBytes <= lowWaterBytes) resolve()
      else {
        this.#drainWaiters.push({ resolve, reject })
        this.#watchDrain()
      }
    })
  }

  onMessage(listener: (message: Buffer) => void): void {
    this.#onMessage = listener
    const kept = this.#kept
    this.#kept = []
    for (const message of kept) listener(message)
  }

  onClose(listener: (reason: string) => void): void {
    this.#onClose = listener
    if (this.#closeReason !== undefined) this.#announceClose()
  }

  close(reason: string): void {
    if (!this.open || !this.owner.alive) return
    // Once a wire says that it is closed, its memory belongs to the sender again.
    for (const parcel of [...this.#waiting, ...this.#flying]) parcel.message &&= Buffer.from(parcel.message)
    this.#enqueue({ message: null, reason, sizeBytes: 0, leftAtMs: Number.POSITIVE_INFINITY })
    this.#shut(reason)
  }

  /** Dies at both ends, what was under way is lost. */
  die(reason: string): void {
    for (const end of [this, this.far]) {
      end.silence()
      end.#shut(reason)
    }
  }

  /** This end's process is dead. With `reset` the other end learns of it, after what was sent before. */
  vanish(reset: boolean): void {
    if (!this.open) return
    this.open = false
    this.#kept = []
    this.#network.forget(this)
    if (reset)
      this.#enqueue({ message: null, reason: 'connection reset', sizeBytes: 0, leftAtMs: Number.POSITIVE_INFINITY })
  }

  /** Nothing that waits or flies arrives any more. */
  silence(): void {
    this.#waiting.length = 0
    this.#waitingBytes = 0
    this.#flying.length = 0
    this.#flyingBytes = 0
    this.#returned = 0
  }

  /** Sends on as far as window and partition allow. */
  flow(): void {
    const { schedule, settings } = this.#network
    while (this.#waiting.length > 0 && (this.#flyingBytes < windowBytes || this.#flying.length === 0)) {
      if (this.#network.parted(this.owner.name, this.far.owner.name)) return
      if (this.#returned > 0) {
        // Those that are still flying come before whatever is sent again.
        if (this.#flying.length > 0) return
        this.#returned = 0
      }
      const parcel = this.#waiting.shift() as Parcel
      this.#waitingBytes -= parcel.sizeBytes
      parcel.leftAtMs = Math.max(schedule.nowMs, this.#lineFreeAtMs) + parcel.sizeBytes / settings.bytesPerMs
      this.#lineFreeAtMs = parcel.leftAtMs
      this.#flying.push(parcel)
      this.#flyingBytes += parcel.sizeBytes
      this.#lastArrivalMs = Math.max(this.#lastArrivalMs, parcel.leftAtMs + this.#network.latencyMs())
      schedule.at(this.#lastArrivalMs, this.far.owner, () => this.#arrive(parcel))
    }
    if (this.#drainWaiters.length > 0) this.#watchDrain()
  }

  #enqueue(parcel: Parcel): void {
    this.#waiting.push(parcel)
    this.#waitingBytes += parcel.sizeBytes
    this.flow()
  }

  #arrive(parcel: Parcel): void {
    const index = this.#flying.indexOf(parcel)
    if (index < 0) return
    this.#flying.splice(index, 1)
    this.#flyingBytes -= parcel.sizeBytes
    if (this.#returned > 0 || this.#network.parted(this.owner.name, this.far.owner.name)) {
      // Lost on the way; TCP sends it, and what came after it, again once the link is back.
      this.#waiting.splice(this.#returned, 0, parcel)
      this.#waitingBytes += parcel.sizeBytes
      this.#returned += 1
      this.flow()
      return
    }
    if (this.#network.random.chance(this.#network.settings.deathPerMessage)) {
      this.die('connection lost')
      return
    }
    if (parcel.message === null) this.far.#shut(parcel.reason)
    else this.far.#receive(parcel.message)
    this.flow()
  }

  nextInto(target: Buffer): void {
    this.#target = target
  }

  #receive(message: Uint8Array): void {
    const target = this.#target
    this.#target = undefined
    if (!this.open || !this.owner.alive) return
    let copy: Buffer
    if (target?.length === message.length && message.length > 0) {
      copy = target
      copy.set(message)
    } else copy = Buffer.from(bufferOf(message))
    if (this.#onMessage === undefined) this.#kept.push(copy)
    else this.#onMessage(copy)
  }

  #shut(reason: string): void {
    if (!this.open) return
    this.open = false
    this.#network.forget(this)
    this.#closeReason = reason
    for (const waiter of this.#drainWaiters) {
      waiter.reject(new EngineError('wire-closed', reason, { retryable: true }))
    }
    this.#drainWaiters = []
    this.#announceClose()
  }

  #announceClose(): void {
    const listener = this.#onClose
    if (listener === undefined) return
    this.#onClose = undefined
    const reason = this.#closeReason ?? 'closed'
    this.#network.schedule.at(this.#network.schedule.nowMs, this.owner, () => listener(reason))
  }

  #watchDrain(): void {
    const { schedule } = this.#network
    if (this.bufferedBytes <= lowWaterBytes) {
      const waiters = this.#drainWaiters
      this.#drainWaiters = []
      for (const waiter of waiters) waiter.resolve()
      return
    }
    const next = this.#flying.find((parcel) => parcel.leftAtMs > schedule.nowMs)
    if (next !== undefined && !this.#watching) {
      this.#watching = true
      schedule.at(next.leftAtMs, this.owner, () => {
        this.#watching = false
        if (this.#drainWaiters.length > 0) this.#watchDrain()
      })
    }
  }
}
