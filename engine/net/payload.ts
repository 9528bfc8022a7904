/**
 * Payloads under way and the credit that bounds them. Requests and answers have windows of their own: the asker always
 * takes an answer in, so answers drain whatever else is stuck, and a handler that waits to send its answer can never hold
 * up the answer that another handler waits for. With one window for both, two nodes that ask and answer in bulk stand still.
 */
import assert from 'node:assert/strict'
import { EngineError } from '../base/error.ts'

/** A payload coming in: gathered into one buffer of exactly its size, or only counted when nobody wants it any more. */
export class IncomingPayload {
  readonly sizeBytes: number
  #received = 0
  #buffer: Buffer | undefined
  #wanted: boolean

  constructor(sizeBytes: number, wanted: boolean) {
    this.sizeBytes = sizeBytes
    this.#wanted = wanted
  }

  get complete(): boolean {
    return this.#received === this.sizeBytes
  }

  /** The whole payload; call once it is complete. */
  get bytes(): Buffer {
    assert(this.complete)
    return this.#buffer ?? Buffer.alloc(0)
  }

  /** Takes the next frame in; throws `bad-message` if it is more than was announced. */
  add(frame: Buffer): void {
    const left = this.sizeBytes - this.#received
    if (frame.length === 0 || frame.length > left) {
      throw new EngineError('bad-message', `a frame of ${frame.length} bytes where ${left} were left`)
    }
    if (this.#wanted) {
      // A frame that is the whole payload and alone in its memory is the payload.
      if (frame.length === this.sizeBytes && frame.buffer.byteLength === frame.length) this.#buffer = frame
      else {
        this.#buffer ??= Buffer.allocUnsafeSlow(this.sizeBytes)
        this.#buffer.set(frame, this.#received)
      }
    }
    this.#received += frame.length
  }

  /** Nobody wants it any more: the rest is only counted. */
  forget(): void {
    this.#wanted = false
    this.#buffer = undefined
  }
}

interface Claim {
  readonly sizeBytes: number
  readonly start: () => void
}

/** What the peer lets us send: first come, first served. */
export class OutgoingCredit {
  #availableBytes: number
  readonly #waiting: Claim[] = []

  constructor(windowBytes: number) {
    this.#availableBytes = windowBytes
  }

  /** Calls `start` once the credit is there, maybe at once. Disposing withdraws a claim that has not started. */
  claim(sizeBytes: number, start: () => void): Disposable {
    const claim: Claim = { sizeBytes, start }
    if (this.#waiting.length === 0 && sizeBytes <= this.#availableBytes) {
      this.#availableBytes -= sizeBytes
      start()
    } else {
      this.#waiting.push(claim)
    }
    return {
      [Symbol.dispose]: () => {
        const index = this.#waiting.indexOf(claim)
        if (index < 0) return
        this.#waiting.splice(index, 1)
        this.#serve()
      },
    }
  }

  /** The peer grants so much again. */
  give(sizeBytes: number): void {
    this.#availableBytes += sizeBytes
    this.#serve()
  }

  #serve(): void {
    for (
      let next = this.#waiting[0];
      next !== undefined && next.sizeBytes <= this.#availableBytes;
      next = this.#waiting[0]
    ) {
      this.#waiting.shift()
      this.#availableBytes -= next.sizeBytes
      next.start()
    }
  }
}

/** What we let the peer send; a peer that sends more is cut off. */
export class IncomingCredit {
  readonly #windowBytes: number
  #heldBytes = 0

  constructor(windowBytes: number) {
    this.#windowBytes = windowBytes
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Throws `bad-message` when the peer overruns what it was granted. */
  take(sizeBytes: number): void {
    if (this.#heldBytes + sizeBytes > this.#windowBytes) {
      throw new EngineError('bad-message', `more than the ${this.#windowBytes} payload bytes that were granted`)
    }
    this.#heldBytes += sizeBytes
  }

  give(sizeBytes: number): void {
    this.#heldBytes -= sizeBytes
    assert(this.#heldBytes >= 0)
  }
}
