/**
 * The Database port over better-sqlite3. Guarantees that a COMMIT which returned is on the disk (WAL, synchronous=FULL,
 * on macOS with a full flush of the drive's cache) and that what goes wrong carries one of three stable codes:
 * `disk-full`, `damaged-database`, `newer-database`. node:sqlite was rejected while Node 24 marks it experimental.
 */
import assert from 'node:assert/strict'
import BetterSqlite from 'better-sqlite3'
import { EngineError } from '../base/error.ts'
import { KiB, limits } from '../limits.ts'
import type { Database, SqlValue, Statement } from '../ports.ts'

/** One numbered step of a schema. Versions run from 1 without gaps; a step that was released never changes. */
export interface Migration {
  readonly version: number
  readonly sql: string
}

/**
 * Opens (makes) the database file at an absolute path; its folder must exist. Throws `disk-full`, `damaged-database`
 * (not a database, or one that SQLite finds broken).
 */
export function openSqlite(absolutePath: string): Database {
  return guarded(absolutePath, () => {
    const native = new BetterSqlite(absolutePath, { timeout: limits.databaseBusyMs })
    try {
      configure(native)
    } catch (error) {
      native.close()
      throw error
    }
    return new SqliteDatabase(native, absolutePath)
  })
}

/**
 * Brings a database to the newest of `migrations`, each step in a transaction of its own with its number. Throws
 * `newer-database` if a later release has written it: an old program must not guess at a schema it does not know.
 */
export function migrate(database: Database, migrations: readonly Migration[]): void {
  for (const [index, migration] of migrations.entries()) {
    assert.equal(migration.version, index + 1, 'migrations are numbered from 1 without gaps')
  }
  const present = database.prepare('PRAGMA user_version').pluck().get<number>() ?? 0
  if (present > migrations.length) {
    throw new EngineError(
      'newer-database',
      `the database has schema ${present}, this program knows ${migrations.length}`,
      {
        hint: 'Start the newer release of Hadahoop that wrote this data folder.',
        facts: { present, known: migrations.length },
      },
    )
  }
  for (const migration of migrations.slice(present)) {
    transact(database, () => {
      database.exec(migration.sql)
      database.exec(`PRAGMA user_version = ${migration.version}`)
    })
  }
}

/** Runs `work` in a transaction of its own, durable when this returns. Throws what `work` throws, `disk-full`; then nothing has changed. */
export function transact<T>(database: Database, work: () => T): T {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    try {
      database.exec('ROLLBACK')
    } catch {
      // A full disk has made SQLite roll back by itself. If it was something else, the next transaction cannot begin and says why.
    }
    throw error
  }
}

function configure(native: BetterSqlite.Database): void {
  native.pragma('journal_mode = WAL')
  native.pragma('synchronous = FULL')
  // Only macOS knows these two; elsewhere they do nothing.
  native.pragma('fullfsync = ON')
  native.pragma('checkpoint_fullfsync = ON')
  native.pragma('foreign_keys = ON')
  native.pragma('cell_size_check = ON')
  native.pragma(`cache_size = -${Math.floor(limits.databaseCacheBytes / KiB)}`)
  const pageBytes = native.pragma('page_size', { simple: true })
  assert(typeof pageBytes === 'number')
  native.pragma(`wal_autocheckpoint = ${Math.floor(limits.databaseWalBytes / pageBytes)}`)
  // A batch larger than that leaves a longer log behind; it is cut back at the next checkpoint.
  native.pragma(`journal_size_limit = ${2 * limits.databaseWalBytes}`)
}

class SqliteDatabase implements Database {
  readonly #native: BetterSqlite.Database
  readonly #path: string

  constructor(native: BetterSqlite.Database, path: string) {
    this.#native = native
    this.#path = path
  }

  prepare(sql: string): Statement {
    return new SqliteStatement(
      guarded(this.#path, () => this.#native.prepare(sql)),
      this.#path,
    )
  }

  exec(sql: string): void {
    guarded(this.#path, () => this.#native.exec(sql))
  }

  define(name: string, call: (...values: never[]) => SqlValue): void {
    this.#native.function(name, { deterministic: true }, call)
  }

  close(): void {
    guarded(this.#path, () => this.#native.close())
  }
}

class SqliteStatement implements Statement {
  readonly #native: BetterSqlite.Statement
  readonly #path: string

  constructor(native: BetterSqlite.Statement, path: string) {
    this.#native = native
    this.#path = path
  }

  run(...values: SqlValue[]): { changes: number } {
    try {
      return this.#native.run(...values)
    } catch (error) {
      throw coded(this.#path, error)
    }
  }

  get<R>(...values: SqlValue[]): R | undefined {
    try {
      return this.#native.get(...values) as R | undefined
    } catch (error) {
      throw coded(this.#path, error)
    }
  }

  all<R>(...values: SqlValue[]): R[] {
    try {
      return this.#native.all(...values) as R[]
    } catch (error) {
      throw coded(this.#path, error)
    }
  }

  *iterate<R>(...values: SqlValue[]): IterableIterator<R> {
    try {
      yield* this.#native.iterate(...values) as IterableIterator<R>
    } catch (error) {
      throw coded(this.#path, error)
    }
  }

  pluck(): Statement {
    this.#native.pluck()
    return this
  }

  bigints(): Statement {
    this.#native.safeIntegers()
    return this
  }
}

function guarded<T>(path: string, call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw coded(path, error)
  }
}

/** SQLite's expected failures as EngineErrors; everything else is a mistake in our SQL and stays as it is. */
function coded(path: string, error: unknown): unknown {
  if (!(error instanceof BetterSqlite.SqliteError)) return error
  if (error.code === 'SQLITE_FULL') {
    return new EngineError('disk-full', `no space left for ${path}`, {
      hint: 'Free some space on that disk, or give this machine a smaller quota.',
      retryable: true,
      cause: error,
    })
  }
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(error.code)) {
    return new EngineError('damaged-database', `the database ${path} is damaged: ${error.message}`, {
      hint: 'Check the disk. Move the file away and start again: the pool gives this machine its data anew.',
      cause: error,
    })
  }
  return error
}
