/**
 * A connected, admitted peer: two lanes, the requests that go out and come in, and the beats that measure it. Heartbeats
 * travel on the control wire, which carries no bulk, so that a busy peer is never taken for a dead one.
 */
import { z } from 'zod'
import { EngineError } from '../base/error.ts'
import type { NodeId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import type { Clock } from '../ports.ts'
import { Asking } from './asking.ts'
import { type Envelope, kinds, wholeNumber } from './envelope.ts'
import type { Lane, LaneSink } from './lane.ts'
import type { PayloadPool } from './payload.ts'
import { type Registered, Serving } from './serving.ts'
import type { Moved } from './traffic.ts'
import type { Answer, Message, Peer, Pulse, RequestOptions } from './types.ts'

export interface ConnectionFacts {
  readonly nodeId: NodeId
  readonly address: string
  readonly startNumber: number
  readonly protocol: number
  readonly software: string
  readonly dialled: boolean
  /** Payload bytes that the peer takes before it grants more, for requests and for answers each. */
  readonly windowBytes: number
  readonly clockOffsetMs: number
}

export interface ConnectionHooks {
  readonly pool: PayloadPool
  handler(name: string): Registered | undefined
  pulse(peer: Peer, pulse: Pulse): void
  closed(connection: Connection, reason: string): void
  fault(error: unknown, where: string): void
}

const pulseSchema: z.ZodType<Pulse> = z.object({
  nowMs: z.number(),
  catalogRoot: z.string().max(128),
  inventorySequence: z.number().int().nonnegative(),
  usedBytes: z.number().nonnegative(),
  quotaBytes: z.number().nonnegative(),
  leaving: z.boolean(),
  careful: z.boolean().exactOptional(),
})

export class Connection implements Peer {
  readonly nodeId: NodeId
  readonly address: string
  readonly startNumber: number
  readonly protocol: number
  readonly software: string
  readonly dialled: boolean
  clockOffsetMs: number
  roundTripMs = 0
  /** Monotonic time of the newest beat of ours that came back. */
  echoedMs = Number.NEGATIVE_INFINITY
  readonly #clock: Clock
  readonly #hooks: ConnectionHooks
  readonly #control: Lane
  readonly #data: Lane
  readonly #asking: Asking
  readonly #serving: Serving
  #malformed = 0
  #closeReason: string | undefined

  constructor(clock: Clock, facts: ConnectionFacts, control: Lane, data: Lane, hooks: ConnectionHooks) {
    this.nodeId = facts.nodeId
    this.address = facts.address
    this.startNumber = facts.startNumber
    this.protocol = facts.protocol
    this.software = facts.software
    this.dialled = facts.dialled
    this.clockOffsetMs = facts.clockOffsetMs
    this.#clock = clock
    this.#hooks = hooks
    this.#control = control
    this.#data = data
    const malformed = () => this.#countMalformed()
    this.#asking = new Asking(clock, hooks.pool, facts.windowBytes, {
      credit: (answerBytes) => this.#data.post([kinds.credit, 0, answerBytes]),
      malformed,
    })
    this.#serving = new Serving(this, hooks.pool, facts.windowBytes, {
      handler: (name) => hooks.handler(name),
      credit: (requestBytes) => this.#data.post([kinds.credit, requestBytes, 0]),
      malformed,
      fault: (error, name) => hooks.fault(error, name),
    })
  }

  /** Begins to take in what comes, first what came meanwhile. Call once the owner knows this connection. */
  open(): void {
    this.#control.attach(this.#sink(this.#control, false))
    if (this.#closeReason === undefined) this.#data.attach(this.#sink(this.#data, true))
  }

  request<Req, Res>(message: Message<Req, Res>, body: Req, options: RequestOptions = {}): Promise<Answer<Res>> {
    if (options.payload !== undefined && message.lane === 'control') {
      return Promise.reject(new EngineError('too-large', 'payloads travel on the data lane only'))
    }
    return this.#asking.ask(message.lane === 'data' ? this.#data : this.#control, message, body, options)
  }

  get closeReason(): string | undefined {
    return this.#closeReason
  }

  get moved(): Moved {
    const [control, data] = [this.#control.moved, this.#data.moved]
    return {
      sentBytes: control.sentBytes + data.sentBytes,
      receivedBytes: control.receivedBytes + data.receivedBytes,
    }
  }

  /** Sends the pulse, before all that waits unless it is the first; the echo tells round trip and clock. */
  beat(pulse: Pulse, urgent = true): void {
    this.#control.post([kinds.pulse, this.#clock.monotonicMs(), pulse], urgent)
    this.#data.post([kinds.beat])
  }

  /** Why this connection must be taken for dead, or undefined. */
  silence(nowMs: number): string | undefined {
    if (nowMs - this.#control.heardMs > limits.offlineAfterMs) return 'silent'
    if (nowMs - this.#data.heardMs > limits.dataSilenceMs) return 'the data wire is silent'
    return undefined
  }

  close(reason: string): void {
    if (this.#closeReason !== undefined) return
    this.#closeReason = reason
    this.#control.close(reason)
    this.#data.close(reason)
    this.#asking.close(reason)
    this.#serving.close()
    this.#hooks.closed(this, reason)
  }

  #sink(lane: Lane, isData: boolean): LaneSink {
    return {
      envelope: (envelope) => this.#take(lane, isData, envelope),
      place: (kind, id) => (kind === kinds.requestFrame ? this.#serving.place(id) : this.#asking.place(id)),
      frame: (kind, id, bytes) => {
        if (!isData) throw new EngineError('bad-message', 'a frame on the control wire')
        const checked = wholeNumber(id, Number.MAX_SAFE_INTEGER, 'request id')
        if (kind === kinds.requestFrame) this.#serving.frame(checked, bytes)
        else this.#asking.frame(checked, bytes)
      },
      closed: (reason) => this.close(reason),
    }
  }

  #take(lane: Lane, isData: boolean, envelope: Envelope): void {
    switch (envelope[0]) {
      case kinds.request:
        return this.#serving.requested(lane, isData, envelope)
      case kinds.answer:
        return this.#asking.answered(lane, envelope)
      case kinds.failure:
        return this.#asking.failed(lane, envelope)
      case kinds.cancel:
        return this.#serving.cancelled(envelope)
      case kinds.cut:
        return this.#asking.cut(envelope)
      case kinds.credit:
        return this.#credit(envelope)
      case kinds.pulse:
        return this.#pulse(envelope)
      case kinds.echo:
        return this.#echo(envelope)
      case kinds.beat:
        return undefined
      default:
        throw new EngineError('bad-message', `a message of kind ${envelope[0]} is not known here`)
    }
  }

  #credit(envelope: Envelope): void {
    const requestBytes = wholeNumber(envelope[1], limits.creditMaxBytes, 'credit')
    const answerBytes = wholeNumber(envelope[2], limits.creditMaxBytes, 'credit')
    if (requestBytes > 0) this.#asking.granted(requestBytes)
    if (answerBytes > 0) this.#serving.credit.give(answerBytes)
  }

  #pulse(envelope: Envelope): void {
    const pulse = pulseSchema.safeParse(envelope[2])
    if (!pulse.success || typeof envelope[1] !== 'number') throw new EngineError('bad-message', 'a malformed pulse')
    this.#control.post([kinds.echo, envelope[1], this.#clock.nowMs()], true)
    this.#hooks.pulse(this, pulse.data)
  }

  #echo(envelope: Envelope): void {
    const [, sentMs, theirNowMs] = envelope
    const nowMs = this.#clock.monotonicMs()
    if (typeof sentMs !== 'number' || typeof theirNowMs !== 'number' || !(sentMs <= nowMs)) {
      throw new EngineError('bad-message', 'a malformed echo')
    }
    this.echoedMs = sentMs
    this.roundTripMs = nowMs - sentMs
    this.clockOffsetMs = Math.round(theirNowMs + this.roundTripMs / 2 - this.#clock.nowMs())
  }

  #countMalformed(): void {
    this.#malformed += 1
    if (this.#malformed > limits.malformedMessagesMax) this.close('bad-message: too many malformed messages')
  }
}
