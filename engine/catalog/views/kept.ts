/**
 * Memory beside the database that must end up like the database: a value that is read on first use and dropped when a
 * change to it is undone. Dropping was chosen over undoing step by step: every value here can be read again.
 */
import type { Follower } from '../derived.ts'

/** One value read lazily from the database. Whoever changes what it stands for calls `changed`, loaded or not. */
export class Kept<T> implements Follower {
  readonly #load: () => T
  /** Undefined: not read. */
  #value: T | undefined
  #changedSinceMark = false
  #changedSinceCommit = false

  constructor(load: () => T) {
    this.#load = load
  }

  get(): T {
    this.#value ??= this.#load()
    return this.#value
  }

  /** The value if it has been read already. */
  peek(): T | undefined {
    return this.#value
  }

  set(value: T): void {
    this.#value = value
    this.changed()
  }

  /** The database, and the value if it is here, have changed alike. */
  changed(): void {
    this.#changedSinceMark = true
    this.#changedSinceCommit = true
  }

  /** The database has changed and the value has not followed. */
  drop(): void {
    this.#value = undefined
    this.changed()
  }

  mark(): void {
    this.#changedSinceMark = false
  }

  undo(): void {
    if (this.#changedSinceMark) this.#value = undefined
  }

  commit(): void {
    this.#changedSinceMark = false
    this.#changedSinceCommit = false
  }

  rollback(): void {
    if (this.#changedSinceCommit) this.#value = undefined
    this.commit()
  }
}
