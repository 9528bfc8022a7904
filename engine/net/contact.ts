/**
 * Keeps trying to reach one wanted node: all its addresses side by side, a little staggered, then again after a capped,
 * jittered, doubling delay, so that a pool that comes back after a power cut does not dial in step. A new address or a
 * reset tries at once. While there is a connection, whoever made it, nothing is dialled.
 */
import { EngineError } from '../base/error.ts'
import type { NodeId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import type { Clock, Random, Transport, Wire } from '../ports.ts'

export interface ContactHost {
  readonly clock: Clock
  readonly random: Random
  readonly transport: Transport
  /** True while there is a connection, or no network yet. */
  unneeded(nodeId: NodeId): boolean
  /** Makes a connection over a fresh control wire; throws what went wrong. */
  establish(wire: Wire, signal: AbortSignal): Promise<void>
  failed(nodeId: NodeId, error: unknown): void
}

export class Contact {
  readonly #nodeId: NodeId
  readonly #host: ContactHost
  #addresses: string[] = []
  #failures = 0
  #timer: Disposable | undefined
  /** Set while dialling; aborted to give the attempt up. */
  #attempt: AbortController | undefined
  /** True from the first wire on: a new address changes nothing then. */
  #reached = false
  #stopped = false

  constructor(nodeId: NodeId, host: ContactHost) {
    this.#nodeId = nodeId
    this.#host = host
  }

  /** Where it may be, most likely first. An address that is new is tried at once. */
  setAddresses(addresses: readonly string[]): void {
    const known = new Set(this.#addresses)
    this.#addresses = [...new Set(addresses)].slice(0, limits.addressesPerNode)
    if (this.#addresses.some((address) => !known.has(address)) && !this.#reached) this.tryNow('new-address')
  }

  /** Dials at once, with the delays beginning anew. */
  tryNow(reason: string): void {
    if (this.#stopped) return
    this.#failures = 0
    this.#giveUpAttempt(reason)
    this.#dial()
  }

  /** There is a connection now, ours or the other's. */
  connected(): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
    this.#giveUpAttempt('connected')
  }

  /** The connection is gone after so long. One that never lasts does not begin the delays anew. */
  disconnected(lastedMs: number): void {
    if (this.#stopped) return
    this.#failures = lastedMs > limits.offlineAfterMs ? 0 : this.#failures + 1
    this.#schedule()
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.[Symbol.dispose]()
    this.#giveUpAttempt('stopped')
  }

  #giveUpAttempt(reason: string): void {
    const attempt = this.#attempt
    this.#attempt = undefined
    this.#reached = false
    attempt?.abort(new EngineError('given-up', reason))
  }

  #schedule(): void {
    this.#timer?.[Symbol.dispose]()
    const doubled = limits.reconnectMinMs * 2 ** Math.min(this.#failures, 16)
    const delayMs = Math.min(limits.reconnectMaxMs, doubled) * (0.5 + this.#host.random.fraction() / 2)
    this.#timer = this.#host.clock.timer(delayMs, () => this.#dial())
  }

  #dial(): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
    if (this.#stopped || this.#attempt !== undefined || this.#host.unneeded(this.#nodeId)) return
    if (this.#addresses.length === 0) return
    const attempt = new AbortController()
    this.#attempt = attempt
    this.#try(attempt).then(
      () => this.#ended(attempt, undefined),
      (error: unknown) => this.#ended(attempt, error),
    )
  }

  async #try(attempt: AbortController): Promise<void> {
    const wire = await dialAny(this.#host, this.#nodeId, this.#addresses, attempt.signal)
    if (attempt.signal.aborted) {
      wire.close('given up')
      throw attempt.signal.reason
    }
    this.#reached = true
    await this.#host.establish(wire, attempt.signal)
  }

  #ended(attempt: AbortController, error: unknown): void {
    // An attempt that was given up has been replaced or is not needed.
    if (this.#attempt !== attempt) return
    this.#attempt = undefined
    this.#reached = false
    if (this.#stopped || this.#host.unneeded(this.#nodeId)) return
    this.#host.failed(this.#nodeId, error)
    this.#schedule()
    this.#failures += 1
  }
}

/** The first wire that any of the addresses gives; throws the last failure when none does. */
async function dialAny(host: ContactHost, nodeId: NodeId, addresses: string[], signal: AbortSignal): Promise<Wire> {
  const race = new AbortController()
  const forward = () => race.abort(signal.reason)
  signal.addEventListener('abort', forward, { once: true })
  try {
    return await new Promise<Wire>((resolve, reject) => {
      let pending = 0
      let nextIndex = 0
      let won = false
      let stagger: Disposable | undefined
      race.signal.addEventListener(
        'abort',
        () => {
          stagger?.[Symbol.dispose]()
          reject(race.signal.reason)
        },
        { once: true },
      )
      const launch = () => {
        stagger?.[Symbol.dispose]()
        const address = addresses[nextIndex]
        if (address === undefined || won || race.signal.aborted) return
        nextIndex += 1
        pending += 1
        if (nextIndex < addresses.length) stagger = host.clock.timer(limits.dialStaggerMs, launch)
        host.transport.dial(address, 'control', { expect: nodeId, signal: race.signal }).then(
          (wire) => {
            if (won || race.signal.aborted) {
              wire.close('another address was faster')
              return
            }
            won = true
            resolve(wire)
            race.abort(new EngineError('given-up', 'another address was faster'))
          },
          (error: unknown) => {
            pending -= 1
            if (nextIndex < addresses.length) launch()
            else if (pending === 0) reject(error)
          },
        )
      }
      launch()
    })
  } finally {
    signal.removeEventListener('abort', forward)
  }
}
