/**
 * A rate in bytes per second, kept by promising times: whoever wants to move bytes is told when it may. Debt instead of a queue:
 * nothing waits in here, a chunk larger than a second's worth passes too, and a new rate holds from the next one on.
 */
import { limits } from '../limits.ts'

export class Throttle {
  readonly #rate: () => number
  /** Monotonic time at which all that was promised so far has passed. */
  #clearMs = Number.NEGATIVE_INFINITY

  /** `rate`: bytes per second, 0 for no limit; asked each time. */
  constructor(rate: () => number) {
    this.#rate = rate
  }

  /** How long to wait before moving so many bytes, ms; undefined: too much is promised already, ask again later. */
  reserve(sizeBytes: number, nowMs: number): number | undefined {
    const rate = this.#rate()
    if (rate <= 0) return 0
    const startMs = Math.max(this.#clearMs, nowMs - limits.throttleBurstMs)
    if (startMs - nowMs > limits.throttleAheadMs) return undefined
    this.#clearMs = startMs + (1000 * sizeBytes) / rate
    return Math.max(0, this.#clearMs - nowMs)
  }

  get limited(): boolean {
    return this.#rate() > 0
  }
}
