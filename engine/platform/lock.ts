/**
 * One process owns a data folder: two would both think that what they last wrote still stands. The lock is SQLite's write
 * lock on a file of its own, which the operating system takes back when the process ends, however it ends (kill -9, power).
 * A file with a process number was rejected: numbers are reused, and a crash leaves it behind; mkdir and O_EXCL likewise.
 */
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import BetterSqlite from 'better-sqlite3'
import { EngineError } from '../base/error.ts'
import { codedDiskError } from './disk.ts'

const NAME = 'lock.db'

/**
 * Owns a data folder (made if missing) until the answer is disposed or the process ends. Throws `folder-in-use` (facts:
 * the other process's number) when another process owns it.
 */
export function lockFolder(folder: string): Disposable {
  const path = join(resolve(folder), NAME)
  let database: BetterSqlite.Database | undefined
  try {
    mkdirSync(resolve(folder), { recursive: true, mode: 0o700 })
    database = new BetterSqlite(path, { timeout: 0 })
    take(database)
    const owned = database
    return { [Symbol.dispose]: () => void owned.close() }
  } catch (error) {
    const pid = isBusy(error) && database !== undefined ? ownerOf(database) : undefined
    database?.close()
    if (!isBusy(error)) throw codedDiskError(path, error)
    throw new EngineError(
      'folder-in-use',
      `another Hadahoop${pid === undefined ? '' : ` (process ${pid})`} runs on ${folder}`,
      {
        hint: 'Use that one, or start with another folder: --data DIR.',
        facts: { pid: pid ?? null },
        cause: error,
      },
    )
  }
}

function take(database: BetterSqlite.Database): void {
  // Not WAL: its locks live in a second file; one plain file has fewer ways to go wrong.
  database.pragma('journal_mode = DELETE')
  database.pragma('synchronous = OFF')
  database.exec('BEGIN IMMEDIATE')
  database.exec('CREATE TABLE IF NOT EXISTS owner (pid INTEGER NOT NULL) STRICT')
  database.exec('DELETE FROM owner')
  database.prepare('INSERT INTO owner VALUES (?)').run(process.pid)
  // Commits for the sake of readers of `owner`, and takes the lock again for good. Who comes between them gets it.
  database.exec('COMMIT')
  database.exec('BEGIN IMMEDIATE')
}

/** Who owns the folder, if it can be read at this moment; only for the words of the error. */
function ownerOf(database: BetterSqlite.Database): number | undefined {
  try {
    const pid = database.prepare('SELECT pid FROM owner').pluck().get()
    return typeof pid === 'number' ? pid : undefined
  } catch (error) {
    if (error instanceof BetterSqlite.SqliteError) return undefined
    throw error
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof BetterSqlite.SqliteError && error.code.startsWith('SQLITE_BUSY')
}
