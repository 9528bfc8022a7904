/**
 * One wire as the two ends use it: small messages that are ready together leave in one bundle and before any bulk, bulk
 * leaves frame by frame, payload after payload in turn, as fast as the wire drains. So a heartbeat waits at most for what
 * the wire has buffered. What comes in is decoded here and handed to the sink; anything malformed closes the wire.
 */
import { deferred, type Deferred } from '../base/async.ts'
import { EngineError, isEngineError } from '../base/error.ts'
import { limits } from '../limits.ts'
import type { Clock, Wire } from '../ports.ts'
import { bundle, bundleMax, decodeEnvelopes, type Envelope, encodeEnvelope, kinds } from './envelope.ts'

/** Receives what comes in. What it throws as EngineError closes the lane with that reason. */
export interface LaneSink {
  /** Where the frame that was just announced should go, if that is known. */
  place(kind: number, id: number): Buffer | undefined
  envelope(envelope: Envelope): void
  /** One frame; `kind` is kinds.requestFrame or kinds.answerFrame. */
  frame(kind: number, id: number, bytes: Buffer): void
  closed(reason: string): void
}

/** A payload on its way out. */
export interface OutgoingPayload {
  readonly kind: number
  readonly id: number
  readonly bytes: Uint8Array
  sentBytes: number
  /** Called after each frame; at the last one `sentBytes` is all. */
  readonly progress: () => void
}

export class Lane {
  readonly wire: Wire
  /** What is kept before there is a sink; little from a stranger. */
  holdMaxBytes = 2 * limits.controlMessageMaxBytes
  readonly #clock: Clock
  #sink: LaneSink | undefined
  /** Messages that came before there was a sink. */
  #held: Buffer[] = []
  #heldBytes = 0
  #waiting: Deferred<Envelope> | undefined
  /** What came in one bundle with a greeting. */
  #rest: Envelope[] = []
  #closeReason: string | undefined
  /** True if the wire is gone without our doing: it sends nothing any more. */
  #lost = false
  #small: Buffer[] = []
  #smallBytes = 0
  readonly #payloads: OutgoingPayload[] = []
  #flushing = false
  #draining = false
  #frameOf: Envelope | undefined
  /** Bytes handed to the wire so far. */
  #handedBytes = 0
  #receivedBytes = 0
  /** When the last message came, monotonic. */
  heardMs: number

  constructor(wire: Wire, clock: Clock) {
    this.wire = wire
    this.#clock = clock
    this.heardMs = clock.monotonicMs()
    wire.onMessage((message) => {
      this.#receivedBytes += message.length
      this.#receive(message)
    })
    wire.onClose((reason) => {
      if (this.#closeReason === undefined) this.#lost = true
      this.#closed(reason)
    })
  }

  get closeReason(): string | undefined {
    return this.#closeReason
  }

  /** Bytes of small messages that wait for the wire. */
  get queuedBytes(): number {
    return this.#smallBytes
  }

  /** Bytes that left and came since the lane began, messages' own bytes without TLS around them. */
  get moved(): { readonly sentBytes: number; readonly receivedBytes: number } {
    return { sentBytes: this.#handedBytes, receivedBytes: this.#receivedBytes }
  }

  // -------------------------------------------------------------- in

  /** The next message while there is no sink (handshakes); rejects `peer-gone` when the wire closes. One caller at a time. */
  receive(): Promise<Envelope> {
    const rest = this.#rest.shift()
    if (rest !== undefined) return Promise.resolve(rest)
    const waiting = deferred<Envelope>()
    this.#waiting = waiting
    const held = this.#held.shift()
    if (held !== undefined) {
      this.#heldBytes -= held.length + messageOverheadBytes
      this.#receive(held)
    } else if (this.#closeReason !== undefined) {
      this.#waiting = undefined
      waiting.reject(gone(this.#closeReason))
    }
    return waiting.promise
  }

  /** From now on everything goes to the sink, first what came meanwhile. */
  attach(sink: LaneSink): void {
    this.#sink = sink
    const [rest, held] = [this.#rest, this.#held]
    this.#rest = []
    this.#held = []
    this.#guard(() => this.#take(sink, rest))
    for (const message of held) if (this.#closeReason === undefined) this.#receive(message)
    if (this.#closeReason !== undefined) sink.closed(this.#closeReason)
  }

  #receive(message: Buffer): void {
    if (this.#closeReason !== undefined) return
    this.heardMs = this.#clock.monotonicMs()
    this.#guard(() => {
      if (this.#sink !== undefined) this.#deliver(this.#sink, message)
      else if (this.#waiting !== undefined) {
        const [envelope, ...rest] = decodeEnvelopes(message)
        const waiting = this.#waiting
        this.#waiting = undefined
        this.#rest = rest
        waiting.resolve(envelope as Envelope)
      } else {
        this.#held.push(message)
        this.#heldBytes += message.length + messageOverheadBytes
        if (this.#heldBytes > this.holdMaxBytes) throw new EngineError('bad-message', 'too much before the greeting')
      }
    })
  }

  /** What is wrong with what came in closes the lane. */
  #guard(take: () => void): void {
    try {
      take()
    } catch (error) {
      if (!isEngineError(error)) throw error
      this.close(`${error.code}: ${error.message}`)
    }
  }

  #deliver(sink: LaneSink, message: Buffer): void {
    const frameOf = this.#frameOf
    if (frameOf !== undefined) {
      this.#frameOf = undefined
      sink.frame(frameOf[0], frameOf[1] as number, message)
      return
    }
    this.#take(sink, decodeEnvelopes(message))
  }

  #take(sink: LaneSink, envelopes: readonly Envelope[]): void {
    for (const envelope of envelopes) {
      if (this.#closeReason !== undefined) return
      if (this.#frameOf !== undefined) throw new EngineError('bad-message', 'an envelope where a frame was announced')
      if (envelope[0] === kinds.requestFrame || envelope[0] === kinds.answerFrame) {
        this.#frameOf = envelope
        const place = sink.place(envelope[0], envelope[1] as number)
        if (place !== undefined) this.wire.nextInto?.(place)
      } else sink.envelope(envelope)
    }
  }

  // -------------------------------------------------------------- out

  /** Queues a small message; an urgent one (a beat) before all others. Throws `too-large`; a lane that is closed forgets it. */
  post(envelope: Envelope, urgent = false): void {
    if (this.#closeReason !== undefined) return
    const bytes = encodeEnvelope(envelope)
    if (urgent) this.#small.unshift(bytes)
    else this.#small.push(bytes)
    this.#smallBytes += bytes.length
    if (this.#smallBytes > 4 * limits.laneQueueBytes) {
      this.close('the other end takes nothing in')
      return
    }
    if (this.#flushing) return
    this.#flushing = true
    void this.#clock.soon().then(() => {
      this.#flushing = false
      this.#pump(false)
    })
  }

  /** Queues a payload behind the small messages posted so far. */
  start(payload: OutgoingPayload): void {
    if (payload.bytes.length === 0) {
      payload.progress()
      return
    }
    this.#payloads.push(payload)
    if (this.#flushing) return
    this.#flushing = true
    void this.#clock.soon().then(() => {
      this.#flushing = false
      this.#pump(false)
    })
  }

  /** Takes a payload out of the queue; frames that the wire has are sent all the same. */
  withdraw(payload: OutgoingPayload): void {
    const index = this.#payloads.indexOf(payload)
    if (index >= 0) this.#payloads.splice(index, 1)
  }

  /** Resolves when the wire holds on to nothing that was handed to it before now. A wire that we closed still sends for a while. */
  async flushed(): Promise<void> {
    const mark = this.#handedBytes
    const beganMs = this.#clock.monotonicMs()
    while (!this.#lost && this.#handedBytes - this.wire.bufferedBytes < mark) {
      if (this.#closeReason !== undefined && this.#clock.monotonicMs() - beganMs > limits.wireCloseMs) return
      await this.#clock.sleep(flushPollMs)
    }
  }

  close(reason: string): void {
    if (this.#closeReason !== undefined) return
    if (this.#small.length > 0 && this.#smallBytes < limits.bundleBytes) this.#sendSmall()
    this.wire.close(reason)
    this.#closed(reason)
  }

  #closed(reason: string): void {
    if (this.#closeReason !== undefined) return
    this.#closeReason = reason
    this.#small = []
    this.#smallBytes = 0
    this.#held = []
    this.#payloads.length = 0
    this.#waiting?.reject(gone(reason))
    this.#waiting = undefined
    this.#sink?.closed(reason)
  }

  /** Sends what the wire takes; with `drained` at least one message, since the wire has just said that it has room. */
  #pump(drained: boolean): void {
    let room = drained
    while (this.#closeReason === undefined) {
      if (!room && this.wire.bufferedBytes >= limits.wireBufferBytes) break
      room = false
      if (this.#small.length > 0) this.#sendSmall()
      else {
        const payload = this.#payloads.shift()
        if (payload === undefined) break
        this.#sendFrame(payload)
      }
    }
    if (this.#closeReason === undefined && (this.#small.length > 0 || this.#payloads.length > 0)) this.#waitForRoom()
  }

  #waitForRoom(): void {
    if (this.#draining) return
    this.#draining = true
    this.wire.drained().then(
      () => {
        this.#draining = false
        this.#pump(true)
      },
      // The wire is closed; its onClose tells why.
      () => {
        this.#draining = false
      },
    )
  }

  #sendSmall(): void {
    let count = 0
    let bytes = 0
    for (const part of this.#small) {
      if (count > 0 && (bytes + part.length > limits.bundleBytes || count === bundleMax)) break
      count += 1
      bytes += part.length
    }
    const parts = this.#small.splice(0, count)
    this.#smallBytes -= bytes
    this.#send(bundle(parts))
  }

  #sendFrame(payload: OutgoingPayload): void {
    this.#send(encodeEnvelope([payload.kind, payload.id]))
    const frame = payload.bytes.subarray(payload.sentBytes, payload.sentBytes + limits.frameBytes)
    payload.sentBytes += frame.length
    this.#send(frame)
    // Whoever has more to send goes to the end of the queue: payloads take turns.
    if (payload.sentBytes < payload.bytes.length) this.#payloads.push(payload)
    payload.progress()
  }

  #send(message: Uint8Array): void {
    this.#handedBytes += message.length
    this.wire.send(message)
  }
}

const flushPollMs = 10

/** Keeping a message costs about so much beside its bytes. */
const messageOverheadBytes = 200

function gone(reason: string): EngineError {
  return new EngineError('peer-gone', `the connection closed: ${reason}`, { retryable: true })
}
