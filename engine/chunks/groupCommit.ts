/**
 * Group commit: works that arrive in one turn of the event loop share one transaction and one fsync. A work that throws
 * fails alone: its batch is undone and its companions are tried again, each by itself.
 */
import { EngineError } from '../base/error.ts'
import { limits } from '../limits.ts'
import type { Clock } from '../ports.ts'

export interface Transactions {
  begin(): void
  commit(): void
  rollback(): void
}

interface Work {
  readonly sizeBytes: number
  /** May run twice; changes rows only. */
  readonly change: () => unknown
  /** Runs right after the commit, before anything else can look. */
  readonly committed: (value: never) => void
  readonly resolve: (value: never) => void
  readonly reject: (error: unknown) => void
}

export class GroupCommit {
  readonly #transactions: Transactions
  readonly #clock: Clock
  /** Called after each commit; must not throw. */
  readonly #afterCommit: () => void
  #waiting: Work[] = []
  #running: Promise<void> | undefined
  #closed = false

  constructor(transactions: Transactions, clock: Clock, afterCommit: () => void) {
    this.#transactions = transactions
    this.#clock = clock
    this.#afterCommit = afterCommit
  }

  /** Runs `change` in the next commit and `committed` after it; resolves with what `change` answered. `sizeBytes` of rows, roughly. */
  run<T>(sizeBytes: number, change: () => T, committed: (value: T) => void = () => {}): Promise<T> {
    if (this.#closed) return Promise.reject(new EngineError('stopped', 'the chunk store is closed'))
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ sizeBytes, change, committed, resolve, reject })
      this.#running ??= this.#runAll()
    })
  }

  /** Commits what waits and takes nothing more. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#running
  }

  async #runAll(): Promise<void> {
    // The end of this turn closes the batch. What comes while a batch is committed waits for the next.
    for (await this.#clock.soon(); this.#waiting.length > 0; await this.#clock.soon()) {
      const batch = this.#takeBatch()
      const values = batch.length > 1 ? this.#transact(batch) : undefined
      if (values?.done === true) this.#settle(batch, values.values)
      else for (const work of batch) this.#runAlone(work)
    }
    this.#running = undefined
  }

  #takeBatch(): Work[] {
    let sizeBytes = 0
    let count = 0
    for (const work of this.#waiting) {
      sizeBytes += work.sizeBytes
      if (count > 0 && (sizeBytes > limits.storeCommitBytes || count === limits.storeCommitWorks)) break
      count++
    }
    return this.#waiting.splice(0, count)
  }

  #runAlone(work: Work): void {
    const outcome = this.#transact([work])
    if (outcome.done) this.#settle([work], outcome.values)
    else work.reject(outcome.error)
  }

  #transact(
    batch: readonly Work[],
  ): { readonly done: true; readonly values: unknown[] } | { readonly done: false; readonly error: unknown } {
    try {
      this.#transactions.begin()
      const values = batch.map((work) => work.change())
      this.#transactions.commit()
      return { done: true, values }
    } catch (error) {
      return { done: false, error: this.#undo(error) }
    }
  }

  #settle(batch: readonly Work[], values: readonly unknown[]): void {
    for (const [index, work] of batch.entries()) {
      work.committed(values[index] as never)
      work.resolve(values[index] as never)
    }
    this.#afterCommit()
  }

  /** Answers what is to be thrown. SQLite undoes a transaction by itself when the disk is full; then nothing is left to undo. */
  #undo(cause: unknown): unknown {
    try {
      this.#transactions.rollback()
      return cause
    } catch (error) {
      if (error instanceof Error && error.message.includes('no transaction is active')) return cause
      return new AggregateError([cause, error], 'a failed commit could not be undone', { cause: error })
    }
  }
}
