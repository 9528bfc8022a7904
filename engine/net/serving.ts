/**
 * Requests from one peer: validated, refused or handed to their handlers, and answered. Bounds what the peer can make us
 * hold: requests at once, payload bytes by credit, and malformed messages by number. A cancelled request is never
 * answered; its credit comes back all the same, once its handler has settled and its last frame has been counted.
 */
import { EngineError, isEngineError } from '../base/error.ts'
import { limits } from '../limits.ts'
import { describeError, type Envelope, kinds, text, wholeNumber } from './envelope.ts'
import type { Lane, OutgoingPayload } from './lane.ts'
import { IncomingCredit, IncomingPayload, OutgoingCredit, type PayloadPool } from './payload.ts'
import type { Handler, Incoming, Message, PayloadAnswer, Peer } from './types.ts'

export interface Registered {
  readonly message: Message<unknown, unknown>
  readonly handler: Handler<unknown, unknown>
}

export interface ServingHooks {
  handler(name: string): Registered | undefined
  /** Grants the peer request bytes again. */
  credit(requestBytes: number): void
  /** The peer sent a body that its schema refuses. */
  malformed(): void
  /** A handler failed with what is no EngineError. */
  fault(error: unknown, name: string): void
}

/** One request being served. */
class Served implements Incoming {
  readonly id: number
  readonly lane: Lane
  readonly peer: Peer
  readonly registered: Registered
  readonly body: unknown
  readonly incoming: IncomingPayload | undefined
  cancelled = false
  running = false
  claim: Disposable | undefined
  answerPayload: OutgoingPayload | undefined
  #controller: AbortController | undefined

  constructor(
    id: number,
    lane: Lane,
    peer: Peer,
    registered: Registered,
    body: unknown,
    incoming: IncomingPayload | undefined,
  ) {
    this.id = id
    this.lane = lane
    this.peer = peer
    this.registered = registered
    this.body = body
    this.incoming = incoming
  }

  get payload(): Buffer | undefined {
    return this.incoming?.bytes
  }

  /** Made when first asked for: most handlers never look, and it costs more than the rest of a small request. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.cancelled) this.#controller.abort(cancelled())
    }
    return this.#controller.signal
  }

  /** A function of its own, since handlers take this object apart. */
  get release(): () => void {
    return () => this.incoming?.release()
  }

  cancel(): void {
    this.cancelled = true
    this.#controller?.abort(cancelled())
  }
}

export class Serving {
  readonly #peer: Peer
  readonly #pool: PayloadPool
  readonly #hooks: ServingHooks
  readonly #served = new Map<number, Served>()
  /** Payloads of refused requests, which are only counted. */
  readonly #unwanted = new Map<number, IncomingPayload>()
  readonly #requestCredit = new IncomingCredit(limits.payloadWindowBytes)
  /** Credit for our answers' payloads. */
  readonly credit: OutgoingCredit
  #closed = false

  constructor(peer: Peer, pool: PayloadPool, windowBytes: number, hooks: ServingHooks) {
    this.#peer = peer
    this.#pool = pool
    this.#hooks = hooks
    this.credit = new OutgoingCredit(windowBytes)
  }

  requested(lane: Lane, isData: boolean, envelope: Envelope): void {
    const id = wholeNumber(envelope[1], Number.MAX_SAFE_INTEGER, 'request id')
    const name = text(envelope[2], 128, 'request name')
    const sizeBytes = envelope[4] === undefined ? undefined : wholeNumber(envelope[4], limits.chunkMaxBytes, 'payload')
    if (sizeBytes !== undefined && !isData) throw new EngineError('bad-message', 'a payload on the control wire')
    if (this.#served.has(id) || this.#unwanted.has(id)) throw new EngineError('bad-message', 'a request id used twice')
    if (sizeBytes !== undefined) this.#requestCredit.take(sizeBytes)

    const registered = this.#hooks.handler(name)
    const body = registered?.message.request.safeParse(envelope[3])
    let refusal: EngineError | undefined
    if (registered === undefined || body === undefined) {
      refusal = new EngineError('unknown-message', `this release does not know the request ${name.slice(0, 64)}`)
    } else if (this.#served.size >= limits.requestsPerPeer || lane.queuedBytes > limits.laneQueueBytes) {
      refusal = tooBusy('too many requests at once')
    } else if (!body.success || (registered.message.lane === 'data') !== isData) {
      const what = body.success ? 'wrong lane' : body.error.message
      refusal = new EngineError('bad-message', `malformed request ${name}: ${what.slice(0, 500)}`)
    }
    const payload =
      sizeBytes === undefined ? undefined : new IncomingPayload(sizeBytes, refusal === undefined, this.#pool)
    if (refusal !== undefined) {
      lane.post([kinds.failure, id, describeError(refusal)])
      if (payload !== undefined) this.#swallow(id, payload)
      if (refusal.code === 'bad-message') this.#hooks.malformed()
      return
    }
    const served = new Served(id, lane, this.#peer, registered as Registered, body?.data, payload)
    this.#served.set(id, served)
    if (payload === undefined || payload.complete) this.#run(served)
  }

  place(id: number): Buffer | undefined {
    return this.#served.get(id)?.incoming?.place()
  }

  frame(id: number, bytes: Buffer): void {
    const served = this.#served.get(id)
    if (served?.incoming !== undefined && !served.running) {
      served.incoming.add(bytes)
      if (served.incoming.complete) this.#run(served)
      return
    }
    const unwanted = this.#unwanted.get(id)
    if (unwanted === undefined) throw new EngineError('bad-message', 'a frame of a request that was not announced')
    unwanted.add(bytes)
    if (unwanted.complete) this.#dropUnwanted(id, unwanted)
  }

  cancelled(envelope: Envelope): void {
    const id = wholeNumber(envelope[1], Number.MAX_SAFE_INTEGER, 'request id')
    const unwanted = this.#unwanted.get(id)
    if (unwanted !== undefined) this.#dropUnwanted(id, unwanted)
    const served = this.#served.get(id)
    if (served === undefined) return
    served.cancel()
    if (!served.running) {
      this.#served.delete(id)
      this.#returnCredit(served)
      return
    }
    const { answerPayload } = served
    if (answerPayload !== undefined) {
      served.lane.withdraw(answerPayload)
      served.lane.post([kinds.cut, id])
      this.#served.delete(id)
    } else if (served.claim !== undefined) {
      served.claim[Symbol.dispose]()
      this.#served.delete(id)
    }
  }

  close(): void {
    this.#closed = true
    for (const served of this.#served.values()) served.cancel()
    this.#served.clear()
    this.#unwanted.clear()
  }

  #run(served: Served): void {
    served.running = true
    const { handler, message } = served.registered
    let outcome: Promise<unknown>
    try {
      outcome = handler(served.body, served)
    } catch (error) {
      outcome = Promise.reject(error)
    }
    outcome.then(
      (result) => this.#answer(served, result),
      (error: unknown) => {
        if (!(error instanceof EngineError) && !served.cancelled) this.#hooks.fault(error, message.name)
        this.#finish(served)
        if (served.cancelled) return
        this.#served.delete(served.id)
        served.lane.post([kinds.failure, served.id, describeError(error)])
      },
    )
  }

  #answer(served: Served, result: unknown): void {
    this.#finish(served)
    if (served.cancelled || this.#closed) return
    if (!hasPayload(result)) {
      this.#served.delete(served.id)
      this.#post(served, [kinds.answer, served.id, result])
      return
    }
    const { body, payload, release } = result
    if (payload.length > limits.chunkMaxBytes || served.registered.message.lane !== 'data') {
      this.#served.delete(served.id)
      served.lane.post([
        kinds.failure,
        served.id,
        describeError(new EngineError('too-large', 'the answer is too large')),
      ])
      return
    }
    // The claim may start at once, before it is known here; then there is nothing to withdraw any more.
    served.claim = this.credit.claim(payload.length, () => {
      if (!this.#post(served, [kinds.answer, served.id, body, payload.length])) {
        this.#served.delete(served.id)
        this.credit.give(payload.length)
        return
      }
      const outgoing: OutgoingPayload = {
        kind: kinds.answerFrame,
        id: served.id,
        bytes: payload,
        sentBytes: 0,
        progress: () => {
          if (outgoing.sentBytes < payload.length) return
          this.#served.delete(served.id)
          if (release !== undefined) void releaseWhenSent(served.lane, release)
        },
      }
      served.answerPayload = outgoing
      served.lane.start(outgoing)
    })
  }

  /** Posts an answer, or the failure to encode it; true if it was the answer. */
  #post(served: Served, envelope: Envelope): boolean {
    try {
      if (served.lane.queuedBytes > 2 * limits.laneQueueBytes) throw tooBusy('too many answers wait for the wire')
      served.lane.post(envelope)
      return true
    } catch (error) {
      if (!isEngineError(error, 'too-busy')) this.#hooks.fault(error, served.registered.message.name)
      served.lane.post([kinds.failure, served.id, describeError(error)])
      return false
    }
  }

  /** The handler has settled: the request's bytes count no more. */
  #finish(served: Served): void {
    if (this.#closed) return
    if (served.cancelled) this.#served.delete(served.id)
    this.#returnCredit(served)
  }

  #swallow(id: number, payload: IncomingPayload): void {
    if (payload.complete) this.#give(payload.sizeBytes)
    else if (this.#unwanted.size >= limits.requestsPerPeer) {
      throw new EngineError('bad-message', 'too many refused payloads at once')
    } else this.#unwanted.set(id, payload)
  }

  #dropUnwanted(id: number, payload: IncomingPayload): void {
    this.#unwanted.delete(id)
    this.#give(payload.sizeBytes)
  }

  #returnCredit(served: Served): void {
    if (served.incoming !== undefined) this.#give(served.incoming.sizeBytes)
  }

  #give(sizeBytes: number): void {
    this.#requestCredit.give(sizeBytes)
    if (sizeBytes > 0) this.#hooks.credit(sizeBytes)
  }
}

function hasPayload(result: unknown): result is PayloadAnswer<unknown> {
  return typeof result === 'object' && result !== null && 'payload' in result && result.payload instanceof Uint8Array
}

async function releaseWhenSent(lane: Lane, release: () => void): Promise<void> {
  await lane.flushed()
  if (lane.closeReason === undefined) release()
}

function tooBusy(words: string): EngineError {
  return new EngineError('too-busy', words, { retryable: true })
}

function cancelled(): EngineError {
  return new EngineError('cancelled', 'the asking machine does not wait for this any more')
}
