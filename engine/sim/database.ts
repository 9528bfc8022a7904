/**
 * A real SQLite connection that can die: once its process is dead every call throws `crashed`, and a test can let the
 * node crash inside a commit, with the log cut anywhere in what that commit wrote.
 */
import { EngineError } from '../base/error.ts'
import type { Database, SqlValue, Statement } from '../ports.ts'
import type { EventOwner } from './clock.ts'
import type { CommitMark } from './disk.ts'

/** What the disk contributes at each commit. */
export interface CommitHooks {
  fault(): EngineError | undefined
  /** Counts this commit; true if the node crashes in it. */
  crashes(): boolean
  /** Where the log stands before it. */
  mark(): CommitMark
  crash(mark: CommitMark): void
  closed(): void
}

export class SimDatabase implements Database {
  readonly #native: Database
  readonly #owner: EventOwner
  readonly #hooks: CommitHooks
  #inTransaction = false

  constructor(native: Database, owner: EventOwner, hooks: CommitHooks) {
    this.#native = native
    this.#owner = owner
    this.#hooks = hooks
  }

  prepare(sql: string): Statement {
    this.alive()
    return new SimStatement(this, sql, this.#native.prepare(sql))
  }

  exec(sql: string): void {
    this.step(sql, () => this.#native.exec(sql))
  }

  define(name: string, call: (...values: never[]) => SqlValue): void {
    this.alive()
    this.#native.define(name, call)
  }

  close(): void {
    this.alive()
    this.#native.close()
    this.#hooks.closed()
  }

  /** Throws once the process is dead. */
  alive(): void {
    if (!this.#owner.alive) throw new EngineError('crashed', 'this simulated process is dead')
  }

  /** Runs a statement that may write, as a commit if it ends a transaction or stands alone. */
  step<T>(sql: string, run: () => T): T {
    this.alive()
    const word = /^\s*([a-z]+)/i.exec(sql)?.[1]?.toUpperCase() ?? ''
    if (word === 'BEGIN') {
      const result = run()
      this.#inTransaction = true
      return result
    }
    if (word === 'ROLLBACK' && !/^\s*rollback\s+(transaction\s+)?to\b/i.test(sql)) {
      this.#inTransaction = false
      return run()
    }
    const ends = word === 'COMMIT' || word === 'END'
    if ((this.#inTransaction && !ends) || word === 'PRAGMA' || word === 'SELECT') return run()
    const fault = this.#hooks.fault()
    if (fault !== undefined) throw fault
    if (this.#hooks.crashes()) {
      this.#native.exec('PRAGMA wal_autocheckpoint = 0')
      const mark = this.#hooks.mark()
      run()
      this.#hooks.crash(mark)
      throw new EngineError('crashed', 'this simulated process died in a commit')
    }
    const result = run()
    if (ends) this.#inTransaction = false
    return result
  }

  /** Lets the file grow by at most so much from now. */
  limitBytes(freeBytes: number): void {
    const pages = this.#native.prepare('PRAGMA page_count').pluck().get<number>() ?? 0
    const pageBytes = this.#native.prepare('PRAGMA page_size').pluck().get<number>() ?? 4096
    this.#native.exec(`PRAGMA max_page_count = ${Math.max(1, pages + Math.floor(Math.max(0, freeBytes) / pageBytes))}`)
  }

  /** The process is gone; the file was copied before. */
  abandon(): void {
    try {
      this.#native.close()
    } catch (error) {
      // A statement of the dead process was still being read: the connection goes with the temporary folder.
      if (!(error instanceof TypeError)) throw error
    }
  }
}

class SimStatement implements Statement {
  readonly #database: SimDatabase
  readonly #sql: string
  readonly #native: Statement

  constructor(database: SimDatabase, sql: string, native: Statement) {
    this.#database = database
    this.#sql = sql
    this.#native = native
  }

  run(...values: SqlValue[]): { changes: number } {
    return this.#database.step(this.#sql, () => this.#native.run(...values))
  }

  get<R>(...values: SqlValue[]): R | undefined {
    return this.#database.step(this.#sql, () => this.#native.get<R>(...values))
  }

  all<R>(...values: SqlValue[]): R[] {
    return this.#database.step(this.#sql, () => this.#native.all<R>(...values))
  }

  iterate<R>(...values: SqlValue[]): IterableIterator<R> {
    this.#database.alive()
    return this.#native.iterate<R>(...values)
  }

  pluck(): Statement {
    this.#native.pluck()
    return this
  }

  bigints(): Statement {
    this.#native.bigints()
    return this
  }
}
