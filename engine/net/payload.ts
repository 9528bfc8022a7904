/**
 * Payloads under way, the memory they lie in, and the credit that bounds them. Requests and answers have windows of their
 * own. A request's credit comes back when its handler settles, and a handler may first fetch from the asker (a repair order
 * does): with one window for both, the asker's requests would hold the credit that its answers to those fetches need, and
 * the two would stand still. Answers are always taken in, so their window drains whatever else is stuck.
 */
import assert from 'node:assert/strict'
import { EngineError } from '../base/error.ts'
import { limits } from '../limits.ts'

/** Memory of large payloads that was given back; shared by all peers of a node. */
export class PayloadPool {
  /** By size. */
  readonly #free: ArrayBuffer[] = []
  #freeBytes = 0

  /** A buffer of exactly this size, of memory that may be larger and was used before. */
  take(sizeBytes: number): Buffer {
    const index = this.#free.findIndex((each) => each.byteLength >= sizeBytes)
    const [memory] = index < 0 ? [] : this.#free.splice(index, 1)
    if (memory !== undefined) {
      this.#freeBytes -= memory.byteLength
      return Buffer.from(memory, 0, sizeBytes)
    }
    // Rounded up, so that it serves the next one of about this size; memory that is never touched costs nothing.
    const roundedBytes = Math.ceil(sizeBytes / limits.frameBytes) * limits.frameBytes
    return Buffer.allocUnsafeSlow(roundedBytes).subarray(0, sizeBytes)
  }

  /**
   * Takes memory back; what is too much goes to the garbage collector, the smallest first: large memory serves small payloads too,
   * but a pool full of what the beginning of a file needed would serve none of its rest.
   */
  give(buffer: Buffer): void {
    const memory = buffer.buffer
    if (!(memory instanceof ArrayBuffer)) return
    const index = this.#free.findIndex((each) => each.byteLength >= memory.byteLength)
    this.#free.splice(index < 0 ? this.#free.length : index, 0, memory)
    this.#freeBytes += memory.byteLength
    while (this.#freeBytes > limits.payloadPoolBytes) this.#freeBytes -= this.#free.shift()?.byteLength ?? 0
  }
}

/** A payload coming in: gathered into one buffer of exactly its size, or only counted when nobody wants it any more. */
export class IncomingPayload {
  readonly sizeBytes: number
  readonly #pool: PayloadPool
  #received = 0
  #buffer: Buffer | undefined
  #wanted: boolean
  #released = false

  constructor(sizeBytes: number, wanted: boolean, pool: PayloadPool) {
    this.sizeBytes = sizeBytes
    this.#wanted = wanted
    this.#pool = pool
  }

  get complete(): boolean {
    return this.#received === this.sizeBytes
  }

  /** The whole payload; call once it is complete. */
  get bytes(): Buffer {
    assert(this.complete && !this.#released, 'a payload that is whole and was not given back')
    return this.#buffer ?? Buffer.alloc(0)
  }

  /** Where the next frame should go, if a sender like ours cut it; undefined if that is not worth it. */
  place(): Buffer | undefined {
    if (!this.#wanted || this.complete || !this.#pooled) return undefined
    this.#buffer ??= this.#pool.take(this.sizeBytes)
    return this.#buffer.subarray(this.#received, this.#received + limits.frameBytes)
  }

  /** Takes the next frame in; throws `bad-message` if it is more than was announced. */
  add(frame: Buffer): void {
    const left = this.sizeBytes - this.#received
    if (frame.length === 0 || frame.length > left) {
      throw new EngineError('bad-message', `a frame of ${frame.length} bytes where ${left} were left`)
    }
    if (this.#wanted) this.#keep(frame)
    this.#received += frame.length
  }

  /** Nobody wants it any more: the rest is only counted. The place of a frame under way may still be written to. */
  forget(): void {
    this.#wanted = false
    this.#buffer = undefined
  }

  /** Nobody refers to the bytes any more. */
  release(): void {
    if (this.#released || !this.complete) return
    this.#released = true
    if (this.#buffer !== undefined && this.#pooled) this.#pool.give(this.#buffer)
    this.#buffer = undefined
  }

  get #pooled(): boolean {
    return this.sizeBytes >= limits.pooledPayloadBytes
  }

  #keep(frame: Buffer): void {
    if (this.#pooled) {
      this.#buffer ??= this.#pool.take(this.sizeBytes)
      const inPlace =
        frame.buffer === this.#buffer.buffer && frame.byteOffset === this.#buffer.byteOffset + this.#received
      if (!inPlace) this.#buffer.set(frame, this.#received)
    } else if (frame.length === this.sizeBytes && frame.buffer.byteLength === frame.length) {
      // A frame that is the whole payload and alone in its memory is the payload.
      this.#buffer = frame
    } else {
      this.#buffer ??= Buffer.allocUnsafeSlow(this.sizeBytes)
      this.#buffer.set(frame, this.#received)
    }
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
