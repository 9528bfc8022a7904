/**
 * Group commit: works that are asked for in one turn of the event loop share one SQLite transaction and one fsync, which is
 * what lets a node take thousands of small files per second. Each work has a savepoint: if it throws, it alone is undone
 * and rejected. If the commit itself fails (full disk), all of them are, and the node goes on. Followers keep what lies
 * in memory equal to what lies in the database, whatever happens to the transaction.
 */
import assert from 'node:assert/strict'
import { type Deferred, deferred } from '../base/async.ts'
import { EngineError, messageOf } from '../base/error.ts'
import { limits } from '../limits.ts'
import type { Clock, Database, Statement } from '../ports.ts'
import type { Follower } from './derived.ts'

interface Work {
  /** Rows that it touches, about: bounds what one commit delays. */
  readonly weight: number
  run(): unknown
  readonly done: Deferred<unknown>
}

interface Outcome {
  readonly work: Work
  readonly value: unknown
}

export interface GroupCommitHooks {
  readonly followers: readonly Follower[]
  /** Last statements of a transaction. */
  beforeCommit(): void
  /** The transaction is durable; promises resolve after this. */
  committed(): void
}

export class GroupCommit {
  readonly #clock: Clock
  readonly #hooks: GroupCommitHooks
  readonly #queue: Work[] = []
  readonly #begin: Statement
  readonly #commit: Statement
  readonly #rollback: Statement
  readonly #savepoint: Statement
  readonly #release: Statement
  readonly #undo: Statement
  #scheduled = false
  /** Why no more works are taken. */
  #ended: EngineError | undefined

  constructor(database: Database, clock: Clock, hooks: GroupCommitHooks) {
    this.#clock = clock
    this.#hooks = hooks
    this.#begin = database.prepare('BEGIN IMMEDIATE')
    this.#commit = database.prepare('COMMIT')
    this.#rollback = database.prepare('ROLLBACK')
    this.#savepoint = database.prepare('SAVEPOINT work')
    this.#release = database.prepare('RELEASE work')
    this.#undo = database.prepare('ROLLBACK TO work')
  }

  /**
   * Runs `work` in the next transaction; resolves with its answer once that is durable. Rejects with what it threw, with
   * `disk-full`, or with `busy` when too much waits already.
   */
  run<T>(weight: number, work: () => T): Promise<T> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    if (this.#queue.length >= limits.commitQueue) {
      return Promise.reject(new EngineError('busy', 'too many changes wait to be written', { retryable: true }))
    }
    const done = deferred<unknown>()
    this.#queue.push({ weight, run: work, done })
    this.#schedule()
    return done.promise as Promise<T>
  }

  /** Takes no more works and rejects those that wait. */
  close(): void {
    this.#end(new EngineError('stopped', 'the catalog is closed'))
  }

  #end(reason: EngineError): void {
    this.#ended ??= reason
    for (const work of this.#queue.splice(0)) work.done.reject(reason)
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    void this.#clock.soon().then(() => {
      this.#scheduled = false
      this.#flush()
      if (this.#queue.length > 0) this.#schedule()
    })
  }

  #flush(): void {
    const works = this.#take()
    if (works.length === 0) return
    try {
      this.#begin.run()
    } catch (error) {
      for (const work of works) work.done.reject(error)
      return
    }
    let outcomes: Outcome[]
    try {
      outcomes = this.#runAll(works)
      this.#hooks.beforeCommit()
      this.#commit.run()
    } catch (error) {
      this.#abandon()
      for (const work of works) work.done.reject(error)
      return
    }
    for (const follower of this.#hooks.followers) follower.commit()
    this.#hooks.committed()
    for (const { work, value } of outcomes) work.done.resolve(value)
  }

  /** As many works as one transaction should hold. */
  #take(): Work[] {
    let weight = 0
    let count = 0
    for (const work of this.#queue) {
      if (count > 0 && weight + work.weight > limits.rowsPerBatch) break
      weight += work.weight
      count++
    }
    return this.#queue.splice(0, count)
  }

  /** Those that succeeded; the others have been undone and rejected. Throws when the whole transaction is lost. */
  #runAll(works: readonly Work[]): Outcome[] {
    const outcomes: Outcome[] = []
    for (const work of works) {
      for (const follower of this.#hooks.followers) follower.mark()
      this.#savepoint.run()
      try {
        const value = work.run()
        assert(!(value instanceof Promise), 'a work is synchronous')
        this.#release.run()
        outcomes.push({ work, value })
      } catch (error) {
        this.#undoWork(error)
        work.done.reject(error)
      }
    }
    return outcomes
  }

  #undoWork(cause: unknown): void {
    try {
      this.#undo.run()
      this.#release.run()
    } catch (error) {
      // A full disk may have made SQLite roll all of it back: then the savepoint is gone with the transaction.
      if (messageOf(error).includes('no such savepoint')) throw cause
      throw error
    }
    for (const follower of this.#hooks.followers) follower.undo()
  }

  #abandon(): void {
    try {
      this.#rollback.run()
    } catch (error) {
      // SQLite has rolled back by itself, or the database is gone: then nothing more can be written in this process.
      if (!messageOf(error).includes('no transaction is active')) {
        this.#end(new EngineError('stopped', `the catalog cannot go on: ${messageOf(error)}`, { cause: error }))
      }
    }
    for (const follower of this.#hooks.followers) follower.rollback()
  }
}
