/** What changed since somebody last asked, in the order of the transaction: undone work leaves no trace. Bounded: beyond the limit only that much changed. */
import type { Follower } from '../derived.ts'

export class Changes<T> implements Follower {
  readonly #max: number
  readonly #items = new Set<T>()
  #sinceMark: T[] = []
  #overflowed = false

  constructor(max: number) {
    this.#max = max
  }

  add(item: T): void {
    if (this.#overflowed || this.#items.has(item)) return
    if (this.#items.size === this.#max) {
      this.#overflowed = true
      return
    }
    this.#items.add(item)
    this.#sinceMark.push(item)
  }

  /** More than can be named. */
  addAll(): void {
    this.#overflowed = true
  }

  /** All since the last call; undefined if they were too many. */
  take(): T[] | undefined {
    const items = this.#overflowed ? undefined : [...this.#items]
    this.#items.clear()
    this.#sinceMark = []
    this.#overflowed = false
    return items
  }

  mark(): void {
    this.#sinceMark = []
  }

  undo(): void {
    for (const item of this.#sinceMark) this.#items.delete(item)
    this.#sinceMark = []
  }

  commit(): void {
    this.#sinceMark = []
  }

  rollback(): void {
    this.take()
  }
}
