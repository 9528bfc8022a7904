/**
 * Small tools for asynchronous work with bounds: a semaphore counted in bytes or items, a deferred promise, and
 * settling a set of tasks. Nothing here uses time; waiting for time is the Clock port's.
 */
import assert from 'node:assert/strict'

export interface Deferred<T> {
  readonly promise: Promise<T>
  resolve(value: T): void
  reject(reason: unknown): void
}

/** A promise with its two ends. */
export function deferred<T>(): Deferred<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  return { promise, resolve, reject }
}

/**
 * A counting semaphore over bytes or items, first come first served. A request larger than the whole is
 * granted alone, so that one oversized item cannot wait for ever.
 */
export class Semaphore {
  readonly #capacity: number
  #used = 0
  readonly #waiting: { amount: number; start: () => void }[] = []

  constructor(capacity: number) {
    assert(capacity > 0)
    this.#capacity = capacity
  }

  get used(): number {
    return this.#used
  }

  /** Waits for `amount`; the answer gives it back, once. Rejects with the signal's reason when aborted while waiting. */
  async take(amount: number, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted()
    if (this.#waiting.length > 0 || !this.#fits(amount)) {
      await new Promise<void>((resolve, reject) => {
        const waiter = {
          amount,
          start: () => {
            signal?.removeEventListener('abort', give)
            resolve()
          },
        }
        const give = () => {
          const index = this.#waiting.indexOf(waiter)
          if (index >= 0) this.#waiting.splice(index, 1)
          this.#wake()
          reject(signal?.reason)
        }
        signal?.addEventListener('abort', give, { once: true })
        this.#waiting.push(waiter)
      })
    } else {
      this.#used += amount
    }
    let given = false
    return () => {
      if (given) return
      given = true
      this.#used -= amount
      this.#wake()
    }
  }

  #fits(amount: number): boolean {
    return this.#used === 0 || this.#used + amount <= this.#capacity
  }

  #wake(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#fits(next.amount); next = this.#waiting[0]) {
      this.#waiting.shift()
      this.#used += next.amount
      next.start()
    }
  }
}
