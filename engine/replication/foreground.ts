/**
 * Whether somebody reads or writes through this node right now, here or from another machine: background copies step back
 * while that is so. Noted by whoever moves chunks for people, so that nobody has to say when they are done.
 */
import { limits } from '../limits.ts'
import type { Clock } from '../ports.ts'

export class Foreground {
  readonly #clock: Clock
  #lastMs = Number.NEGATIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  note(): void {
    this.#lastMs = this.#clock.monotonicMs()
  }

  get busy(): boolean {
    return this.#clock.monotonicMs() - this.#lastMs < limits.foregroundRestMs
  }
}
