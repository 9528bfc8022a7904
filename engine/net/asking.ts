/**
 * Requests to one peer that wait for their answers. Each settles exactly once: with the answer, the peer's error, `timeout`
 * (nothing moved for that long: frames count), `peer-gone`, or its signal's reason. A payload's memory is out of use when
 * its request settles, also after an early failure, so that the caller may reuse it.
 */
import { EngineError } from '../base/error.ts'
import { limits } from '../limits.ts'
import type { Clock } from '../ports.ts'
import { type Envelope, kinds, restoreError, wholeNumber } from './envelope.ts'
import type { Lane, OutgoingPayload } from './lane.ts'
import { IncomingCredit, IncomingPayload, OutgoingCredit, type PayloadPool } from './payload.ts'
import type { Answer, Message, RequestOptions } from './types.ts'

interface Asked {
  readonly id: number
  readonly message: Message<unknown, unknown>
  readonly lane: Lane
  readonly resolve: (answer: Answer<unknown>) => void
  readonly reject: (reason: unknown) => void
  readonly timeoutMs: number
  progressMs: number
  claim: Disposable | undefined
  payload: OutgoingPayload | undefined
  answer: { readonly body: unknown; readonly payload: IncomingPayload } | undefined
  forgetSignal: (() => void) | undefined
}

export interface AskingHooks {
  /** Grants the peer answer bytes again. */
  credit(answerBytes: number): void
  /** A malformed answer came. */
  malformed(): void
}

export class Asking {
  readonly #clock: Clock
  readonly #pool: PayloadPool
  readonly #hooks: AskingHooks
  readonly #asked = new Map<number, Asked>()
  /** Payloads of answers that nobody waits for any more. */
  readonly #unwanted = new Map<number, IncomingPayload>()
  /** Credit for our requests' payloads. */
  readonly credit: OutgoingCredit
  readonly #answerCredit = new IncomingCredit(limits.payloadWindowBytes)
  #lastId = 0
  #closeReason: string | undefined
  #timer: Disposable | undefined
  #timerMs = Number.POSITIVE_INFINITY

  constructor(clock: Clock, pool: PayloadPool, windowBytes: number, hooks: AskingHooks) {
    this.#clock = clock
    this.#pool = pool
    this.#hooks = hooks
    this.credit = new OutgoingCredit(windowBytes)
  }

  ask<Req, Res>(lane: Lane, message: Message<Req, Res>, body: Req, options: RequestOptions): Promise<Answer<Res>> {
    return new Promise((resolve, reject) => {
      const { payload, signal } = options
      if (this.#closeReason !== undefined) throw gone(this.#closeReason)
      if (signal?.aborted) throw signal.reason
      if (this.#asked.size >= limits.requestsPerPeer || lane.queuedBytes > limits.laneQueueBytes) {
        throw new EngineError('too-busy', 'too many requests to this machine wait for answers', { retryable: true })
      }
      if (payload !== undefined && payload.length > limits.chunkMaxBytes) {
        throw new EngineError('too-large', `a payload of ${payload.length} bytes is more than the wire takes`)
      }
      this.#lastId += 1
      const asked: Asked = {
        id: this.#lastId,
        message,
        lane,
        resolve: resolve as (answer: Answer<unknown>) => void,
        reject,
        timeoutMs: options.timeoutMs ?? limits.requestTimeoutMs,
        progressMs: this.#clock.monotonicMs(),
        claim: undefined,
        payload: undefined,
        answer: undefined,
        forgetSignal: undefined,
      }
      if (payload === undefined) lane.post([kinds.request, asked.id, message.name, body])
      this.#asked.set(asked.id, asked)
      if (payload !== undefined) this.#sendWithPayload(asked, body, payload)
      if (signal !== undefined) {
        const abort = () => this.#giveUp(asked, signal.reason)
        signal.addEventListener('abort', abort, { once: true })
        asked.forgetSignal = () => signal.removeEventListener('abort', abort)
      }
      this.#watch(asked.progressMs + asked.timeoutMs)
    })
  }

  #sendWithPayload(asked: Asked, body: unknown, bytes: Uint8Array): void {
    asked.claim = this.credit.claim(bytes.length, () => {
      try {
        asked.lane.post([kinds.request, asked.id, asked.message.name, body, bytes.length])
      } catch (error) {
        this.#settle(asked)
        asked.reject(error)
        this.credit.give(bytes.length)
        return
      }
      const payload: OutgoingPayload = {
        kind: kinds.requestFrame,
        id: asked.id,
        bytes,
        sentBytes: 0,
        progress: () => this.#progress(asked),
      }
      asked.payload = payload
      this.#progress(asked)
      asked.lane.start(payload)
    })
  }

  /** The peer granted credit again: those that wait for some are not forgotten. */
  granted(sizeBytes: number): void {
    const nowMs = this.#clock.monotonicMs()
    for (const asked of this.#asked.values()) {
      if (asked.claim !== undefined && asked.payload === undefined) asked.progressMs = nowMs
    }
    this.credit.give(sizeBytes)
  }

  // -------------------------------------------------------------- what comes back

  answered(lane: Lane, envelope: Envelope): void {
    const id = wholeNumber(envelope[1], Number.MAX_SAFE_INTEGER, 'request id')
    const sizeBytes = envelope[3] === undefined ? undefined : wholeNumber(envelope[3], limits.chunkMaxBytes, 'payload')
    const asked = this.#onLane(lane, id)
    if (sizeBytes !== undefined) this.#answerCredit.take(sizeBytes)
    const payload =
      sizeBytes === undefined ? undefined : new IncomingPayload(sizeBytes, asked !== undefined, this.#pool)
    if (asked === undefined) {
      this.#swallow(id, payload)
      return
    }
    const body = asked.message.response.safeParse(envelope[2])
    if (!body.success) {
      payload?.forget()
      this.#swallow(id, payload)
      this.#fail(
        asked,
        new EngineError(
          'bad-message',
          `malformed answer to ${asked.message.name}: ${body.error.message.slice(0, 500)}`,
        ),
      )
      this.#hooks.malformed()
    } else if (payload === undefined) {
      this.#settle(asked)
      asked.resolve({ body: body.data, payload: undefined, release: nothing })
    } else {
      this.#progress(asked)
      asked.answer = { body: body.data, payload }
      this.#finishIfWhole(asked, body.data, payload)
    }
  }

  failed(lane: Lane, envelope: Envelope): void {
    const id = wholeNumber(envelope[1], Number.MAX_SAFE_INTEGER, 'request id')
    const error = restoreError(envelope[2])
    const asked = this.#onLane(lane, id)
    if (asked === undefined) return
    if (asked.answer !== undefined) throw new EngineError('bad-message', 'a failure after an answer')
    this.#cutOwnPayload(asked)
    this.#fail(asked, error)
  }

  place(id: number): Buffer | undefined {
    return this.#asked.get(id)?.answer?.payload.place()
  }

  frame(id: number, bytes: Buffer): void {
    const asked = this.#asked.get(id)
    if (asked?.answer !== undefined) {
      this.#progress(asked)
      asked.answer.payload.add(bytes)
      this.#finishIfWhole(asked, asked.answer.body, asked.answer.payload)
      return
    }
    const unwanted = this.#unwanted.get(id)
    if (unwanted === undefined) throw new EngineError('bad-message', 'a frame of an answer that was not announced')
    unwanted.add(bytes)
    if (unwanted.complete) this.#dropUnwanted(id, unwanted)
  }

  /** The peer ended an answer's payload because we cancelled. */
  cut(envelope: Envelope): void {
    const id = wholeNumber(envelope[1], Number.MAX_SAFE_INTEGER, 'request id')
    const unwanted = this.#unwanted.get(id)
    if (unwanted === undefined) throw new EngineError('bad-message', 'the end of an answer that was not cancelled')
    this.#dropUnwanted(id, unwanted)
  }

  close(reason: string): void {
    this.#closeReason = reason
    this.#timer?.[Symbol.dispose]()
    this.#unwanted.clear()
    for (const asked of [...this.#asked.values()]) {
      this.#fail(asked, gone(reason))
    }
  }

  // -------------------------------------------------------------- settling

  #onLane(lane: Lane, id: number): Asked | undefined {
    const asked = this.#asked.get(id)
    if (asked !== undefined && asked.lane !== lane) throw new EngineError('bad-message', 'an answer on the wrong lane')
    if (asked?.answer !== undefined) throw new EngineError('bad-message', 'two answers to one request')
    return asked
  }

  #finishIfWhole(asked: Asked, body: unknown, payload: IncomingPayload): void {
    if (!payload.complete) return
    this.#returnCredit(payload.sizeBytes)
    this.#settle(asked)
    asked.resolve({ body, payload: payload.bytes, release: () => payload.release() })
  }

  /** The asker does not wait any more. */
  #giveUp(asked: Asked, reason: unknown): void {
    if (!this.#asked.has(asked.id)) return
    const neverSent = asked.claim !== undefined && asked.payload === undefined
    if (asked.payload !== undefined) asked.lane.withdraw(asked.payload)
    if (!neverSent) asked.lane.post([kinds.cancel, asked.id])
    if (asked.answer !== undefined) {
      asked.answer.payload.forget()
      this.#unwanted.set(asked.id, asked.answer.payload)
    }
    this.#fail(asked, reason)
  }

  /** The answer came before our payload was all sent: the peer must not wait for the rest. */
  #cutOwnPayload(asked: Asked): void {
    if (asked.payload === undefined || asked.payload.sentBytes === asked.payload.bytes.length) return
    asked.lane.withdraw(asked.payload)
    asked.lane.post([kinds.cancel, asked.id])
  }

  #fail(asked: Asked, reason: unknown): void {
    this.#settle(asked)
    if (asked.payload === undefined || asked.payload.sentBytes === 0) asked.reject(reason)
    else void asked.lane.flushed().then(() => asked.reject(reason))
  }

  #settle(asked: Asked): void {
    this.#asked.delete(asked.id)
    asked.claim?.[Symbol.dispose]()
    asked.forgetSignal?.()
  }

  #swallow(id: number, payload: IncomingPayload | undefined): void {
    if (payload === undefined) return
    if (payload.complete) this.#returnCredit(payload.sizeBytes)
    else if (this.#unwanted.has(id) || this.#unwanted.size >= limits.requestsPerPeer) {
      throw new EngineError('bad-message', 'answers that nobody asked for')
    } else this.#unwanted.set(id, payload)
  }

  #dropUnwanted(id: number, payload: IncomingPayload): void {
    this.#unwanted.delete(id)
    this.#returnCredit(payload.sizeBytes)
  }

  #returnCredit(sizeBytes: number): void {
    this.#answerCredit.give(sizeBytes)
    if (sizeBytes > 0) this.#hooks.credit(sizeBytes)
  }

  // -------------------------------------------------------------- time

  #progress(asked: Asked): void {
    asked.progressMs = this.#clock.monotonicMs()
  }

  /** One timer serves all: it is set for the earliest deadline and looks again when it fires. */
  #watch(deadlineMs: number): void {
    if (deadlineMs >= this.#timerMs) return
    this.#timer?.[Symbol.dispose]()
    this.#timerMs = deadlineMs
    this.#timer = this.#clock.timer(deadlineMs - this.#clock.monotonicMs(), () => this.#expire())
  }

  #expire(): void {
    const nowMs = this.#clock.monotonicMs()
    this.#timerMs = Number.POSITIVE_INFINITY
    let earliestMs = Number.POSITIVE_INFINITY
    for (const asked of [...this.#asked.values()]) {
      const deadlineMs = asked.progressMs + asked.timeoutMs
      if (deadlineMs > nowMs) earliestMs = Math.min(earliestMs, deadlineMs)
      else {
        const words = `no answer to ${asked.message.name} within ${asked.timeoutMs} ms`
        this.#giveUp(asked, new EngineError('timeout', words, { retryable: true }))
      }
    }
    if (earliestMs < Number.POSITIVE_INFINITY) this.#watch(earliestMs)
  }
}

function nothing(): void {}

function gone(reason: string): EngineError {
  return new EngineError('peer-gone', `the connection closed: ${reason}`, { retryable: true })
}
