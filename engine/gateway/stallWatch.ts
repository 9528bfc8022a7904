/**
 * Cuts uploads and downloads whose other end moves nothing. One timer for all of them looks round four times per
 * limit, so the hot path only sets a flag; waiting on ourselves (back-pressure from disks or peers) never counts.
 */
import type { Clock } from '../ports.ts'

export interface Stall extends Disposable {
  /** From now on the other end has to move. */
  waiting(): void
  /** It moved. */
  moved(): void
}

const ROUNDS = 4

export class StallWatch {
  readonly #clock: Clock
  readonly #stallMs: number
  readonly #watched = new Set<{ rounds: number | null; cut: () => void }>()
  #timer: Disposable | undefined

  constructor(clock: Clock, stallMs: number) {
    this.#clock = clock
    this.#stallMs = stallMs
  }

  /** Watches one body until disposed; `cut` is called at most once. */
  watch(cut: () => void): Stall {
    const one: { rounds: number | null; cut: () => void } = { rounds: null, cut }
    this.#watched.add(one)
    this.#timer ??= this.#clock.timer(this.#stallMs / ROUNDS, this.#round)
    return {
      waiting() {
        one.rounds = 0
      },
      moved() {
        one.rounds = null
      },
      [Symbol.dispose]: () => {
        this.#watched.delete(one)
      },
    }
  }

  stop(): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
    this.#watched.clear()
  }

  readonly #round = (): void => {
    for (const one of this.#watched) {
      if (one.rounds === null) continue
      one.rounds++
      // The first round may come at once after the wait began, so it does not count.
      if (one.rounds > ROUNDS) {
        this.#watched.delete(one)
        one.cut()
      }
    }
    this.#timer = this.#watched.size === 0 ? undefined : this.#clock.timer(this.#stallMs / ROUNDS, this.#round)
  }
}
