/**
 * Background work in one shape, run by one runner that wakes, stops and reports on all of it. A worker does one bounded
 * step at a time and says when it wants the next; errors are reported and retried later, never swallowed.
 */
import { messageOf } from '../base/error.ts'
import type { Clock } from '../ports.ts'

export type Next = { readonly next: 'now' } | { readonly next: 'at'; readonly atMs: number }

export interface Worker {
  readonly name: string
  /** One bounded step; `atMs` is on the monotonic clock. */
  step(signal: AbortSignal): Promise<Next>
}

const retryAfterErrorMs = 5_000

export class WorkerRunner {
  readonly #clock: Clock
  readonly #report: (problem: string) => void
  readonly #abort = new AbortController()
  readonly #loops: Promise<void>[] = []
  readonly #wakes = new Map<string, () => void>()

  constructor(clock: Clock, report: (problem: string) => void) {
    this.#clock = clock
    this.#report = report
  }

  run(worker: Worker): void {
    this.#loops.push(this.#loop(worker))
  }

  /** Makes a sleeping worker take its next step now. */
  wake(name: string): void {
    this.#wakes.get(name)?.()
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    await Promise.all(this.#loops)
  }

  async #loop(worker: Worker): Promise<void> {
    const { signal } = this.#abort
    let woken = false
    let wakeSleeper = () => {}
    this.#wakes.set(worker.name, () => {
      woken = true
      wakeSleeper()
    })
    while (!signal.aborted) {
      woken = false
      let atMs: number
      try {
        const next = await worker.step(signal)
        if (next.next === 'now') continue
        atMs = next.atMs
      } catch (error) {
        if (signal.aborted) return
        this.#report(`${worker.name}: ${messageOf(error)}`)
        atMs = this.#clock.monotonicMs() + retryAfterErrorMs
      }
      if (woken) continue
      const sleeper = new AbortController()
      wakeSleeper = () => sleeper.abort()
      const either = AbortSignal.any([sleeper.signal, signal])
      await this.#clock.sleep(Math.max(0, atMs - this.#clock.monotonicMs()), either).catch(() => undefined)
    }
  }
}
