/**
 * A conversation over one wire: says plain values, hears the next one, and ends after a fixed time whatever happens. What
 * the other end sends unasked is bounded; a wire that says more than that is closed.
 */
import type { z } from 'zod'
import { type Deferred, deferred } from '../base/async.ts'
import { decodeCbor, encodeCbor } from '../base/cbor.ts'
import { EngineError } from '../base/error.ts'
import { limits } from '../limits.ts'
import type { Clock, Wire } from '../ports.ts'

export class Talk implements Disposable {
  readonly #wire: Wire
  readonly #expiry: Disposable
  readonly #heard: Buffer[] = []
  #heardBytes = 0
  #waiting: Deferred<Buffer> | undefined
  #ended: EngineError | undefined

  /** Takes the wire over; disposing the conversation closes it once what was said is sent. */
  constructor(wire: Wire, clock: Clock, timeoutMs: number) {
    this.#wire = wire
    this.#expiry = clock.timer(timeoutMs, () => this.#end('the other machine took too long'))
    wire.onClose((reason) => this.#end(reason))
    wire.onMessage((message) => this.#hear(message))
  }

  /** Sends a value. On a wire that is closed nothing happens: whoever waits for the answer hears of it. */
  say(value: unknown): void {
    if (this.#ended === undefined) this.#wire.send(encodeCbor(value))
  }

  /** Waits until little is left in the wire's buffer. Throws `unreachable`. */
  async drained(): Promise<void> {
    if (this.#ended === undefined) await this.#wire.drained().catch(() => this.#end('the connection broke'))
    if (this.#ended !== undefined) throw this.#ended
  }

  /** The next thing that the other end says. Throws `unreachable` when nothing comes any more, `bad-message`, `bad-cbor`. */
  async next<T>(schema: z.ZodType<T>): Promise<T> {
    const parsed = schema.safeParse(decodeCbor(await this.#take()))
    if (!parsed.success) throw new EngineError('bad-message', 'the other machine said something unexpected')
    return parsed.data
  }

  [Symbol.dispose](): void {
    this.#expiry[Symbol.dispose]()
    this.#end('done')
  }

  async #take(): Promise<Buffer> {
    const message = this.#heard.shift()
    if (message !== undefined) {
      this.#heardBytes -= message.length
      return message
    }
    if (this.#ended !== undefined) throw this.#ended
    this.#waiting = deferred()
    return await this.#waiting.promise
  }

  #hear(message: Buffer): void {
    if (this.#waiting !== undefined) {
      this.#waiting.resolve(message)
      this.#waiting = undefined
      return
    }
    this.#heard.push(message)
    this.#heardBytes += message.length
    if (this.#heardBytes > 4 * limits.wireMessageMaxBytes) this.#end('the other machine said too much')
  }

  #end(reason: string): void {
    if (this.#ended !== undefined) return
    this.#ended = new EngineError('unreachable', `the conversation ended early: ${reason}`, {
      hint: 'Try again with the same code; both machines must stay on.',
      retryable: true,
    })
    this.#waiting?.reject(this.#ended)
    this.#waiting = undefined
    this.#wire.close(reason)
  }
}
