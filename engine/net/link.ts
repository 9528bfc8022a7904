/**
 * A pair of wires to one node from the first hello to the connection: the dialler opens control, both greet and judge, the
 * dialler opens data, and then the node with the smaller id alone decides whether this link becomes the connection. One
 * decider means that two nodes which dial each other at once always agree; electing by rule at both ends was rejected,
 * since a link that only one end takes for dead would block its successor.
 */
import { type Deferred, deferred } from '../base/async.ts'
import { EngineError, isEngineError } from '../base/error.ts'
import type { NodeId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import type { Clock, Transport, Wire } from '../ports.ts'
import { type Envelope, kinds, text, wholeNumber } from './envelope.ts'
import { type Greeted, type GreetingFacts, greet, isTheirRefusal, next, refuse } from './hello.ts'
import { Lane } from './lane.ts'

export interface LinkHost {
  readonly clock: Clock
  readonly transport: Transport
  readonly ownId: NodeId
  greeting(linkId: string): GreetingFacts
  /** The control wire has greeted. */
  greeted(link: Link): void
  /** Both wires stand and we decide: connects, or throws `duplicate`. */
  decide(link: Link): Promise<void>
  /** The other node chose this link. */
  adopted(link: Link): void
}

export class Link {
  readonly control: Lane
  /** True if we dialled it. */
  readonly dialled: boolean
  readonly remoteId: NodeId
  linkId: string
  #greeted: Greeted | undefined
  #data: Lane | undefined
  #finished = false
  readonly #host: LinkHost
  readonly #dataArrived: Deferred<Lane> = deferred()
  readonly #stop = new AbortController()

  constructor(host: LinkHost, wire: Wire, linkId: string) {
    this.#host = host
    this.linkId = linkId
    this.dialled = wire.dialled
    this.remoteId = wire.remote.nodeId
    this.control = new Lane(wire, host.clock)
    // Whoever waits for the data wire learns of the failure; if nobody does yet, it is no stray rejection.
    this.#dataArrived.promise.catch(() => {})
  }

  /** What the other end said; once greeted. */
  get other(): Greeted {
    if (this.#greeted === undefined) throw new EngineError('peer-gone', 'this link has not greeted')
    return this.#greeted
  }

  get data(): Lane {
    if (this.#data === undefined) throw new EngineError('peer-gone', 'this link has no data wire')
    return this.#data
  }

  /** Resolves once this link is the connection; throws the refusal (code kept), `peer-gone` or `timeout`; all is closed then. */
  async establish(): Promise<void> {
    using _deadline = this.#host.clock.timer(limits.handshakeTimeoutMs, () => this.close('handshake-timeout'))
    try {
      this.#greeted = await greet(this.control, this.#host.greeting(this.linkId))
      if (!this.dialled) this.linkId = this.#greeted.hello.linkId
      this.#host.greeted(this)
      this.#data = this.dialled ? await this.#dialData(this.#greeted) : await this.#dataArrived.promise
      // From here on both ends know each other; what comes early on a wire is what a member may send.
      this.control.holdMaxBytes = 2 * limits.payloadWindowBytes
      this.#data.holdMaxBytes = 2 * limits.payloadWindowBytes
      if (this.#host.ownId < this.remoteId) await this.#host.decide(this)
      else {
        await next(this.control, kinds.adopt)
        this.#host.adopted(this)
      }
    } catch (error) {
      if (isEngineError(error) && !isTheirRefusal(error)) this.refuse(error)
      else this.close('refused')
      throw error
    }
  }

  /** The dialler's second wire, which has said hello. */
  dataWire(lane: Lane): void {
    if (this.#greeted === undefined || this.#data !== undefined) refuse(lane, noLink())
    else {
      lane.post([kinds.welcome])
      this.#dataArrived.resolve(lane)
    }
  }

  /** This link is the connection now, which owns both lanes; `tell` if the other end waits to hear it. */
  finish(tell: boolean): void {
    this.#finished = true
    if (tell) this.control.post([kinds.adopt])
  }

  refuse(error: EngineError): void {
    refuse(this.control, error)
    this.close(error.code)
  }

  /** Gives the link up; does nothing once it is the connection. */
  close(reason: string): void {
    if (this.#finished) return
    const gone = new EngineError(
      reason === 'handshake-timeout' ? 'timeout' : 'peer-gone',
      `the connection could not be made: ${reason}`,
      { retryable: true },
    )
    this.#dataArrived.reject(gone)
    this.#stop.abort(gone)
    this.control.close(reason)
    this.#data?.close(reason)
  }

  async #dialData(greeted: Greeted): Promise<Lane> {
    const { transport, clock, ownId } = this.#host
    const { address } = this.control.wire.remote
    const wire = await transport.dial(address, 'data', { expect: this.remoteId, signal: this.#stop.signal })
    const lane = new Lane(wire, clock)
    // Known from now on, so that closing the link closes it.
    this.#data = lane
    if (this.#stop.signal.aborted) throw this.#stop.signal.reason
    lane.post([kinds.dataHello, this.linkId, ownId, greeted.protocol])
    await next(lane, kinds.welcome)
    return lane
  }
}

/** Reads the hello of a data wire and hands it to its link; refuses it if there is none. */
export async function acceptData(
  wire: Wire,
  clock: Clock,
  find: (nodeId: NodeId, linkId: string) => Link | undefined,
): Promise<void> {
  const lane = new Lane(wire, clock)
  using _deadline = clock.timer(limits.handshakeTimeoutMs, () => lane.close('handshake-timeout'))
  try {
    const envelope = await next(lane, kinds.dataHello)
    const linkId = checkDataHello(envelope, wire.remote.nodeId)
    const link = find(wire.remote.nodeId, linkId)
    if (link === undefined) throw noLink()
    link.dataWire(lane)
  } catch (error) {
    if (!isEngineError(error)) throw error
    refuse(lane, error)
  }
}

function checkDataHello(envelope: Envelope, nodeId: NodeId): string {
  if (envelope[2] !== nodeId) throw new EngineError('wrong-identity', 'the hello names another node than the wire')
  wholeNumber(envelope[3], 1_000_000, 'protocol')
  return text(envelope[1], 64, 'link id')
}

function noLink(): EngineError {
  return new EngineError('no-link', 'this data wire belongs to no control wire', { retryable: true })
}
