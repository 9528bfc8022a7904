/**
 * Imports in the node's own database: what was asked for and what became of it, so that it goes on after a crash and is told after a
 * restart. Of files only those are named that failed or wait for copies; a walk finds all others again.
 */
import { EntryIds, type EntryId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import { transact } from '../platform/index.ts'
import type { Database, Statement } from '../ports.ts'
import type { Failure } from './importRun.ts'
import type { ImportState } from './state.ts'

export interface Trouble {
  readonly code: string
  readonly text: string
  readonly hint: string | null
}

/** What is kept of an import beside its paths. */
export interface ImportRow {
  readonly number: number
  readonly id: string
  /** The first few of them. */
  readonly paths: readonly string[]
  readonly pathsTotal: number
  /** In the pool, `/` first. */
  readonly folder: string
  state: ImportState
  startedMs: number
  finishedMs: number | null
  filesDone: number
  filesSkipped: number
  filesTotal: number
  filesFailed: number
  filesLeftOut: number
  bytesDone: number
  bytesTotal: number
  error: Trouble | null
}

interface Columns {
  readonly number: number
  readonly id: string
  readonly paths: string
  readonly folder: string
  readonly state: string
  readonly started_ms: number
  readonly finished_ms: number | null
  readonly files_done: number
  readonly files_skipped: number
  readonly files_total: number
  readonly files_failed: number
  readonly files_left_out: number
  readonly bytes_done: number
  readonly bytes_total: number
  readonly error: string | null
}

export class ImportTable {
  readonly #database: Database
  readonly #insert: Statement
  readonly #update: Statement
  readonly #delete: Statement
  readonly #paths: Statement
  readonly #insertFailure: Statement
  readonly #deleteFailures: Statement
  readonly #failures: Statement
  readonly #insertAwaited: Statement
  readonly #deleteAwaited: Statement
  readonly #awaited: Statement
  readonly #countAwaited: Statement

  /** On the migrated database of transfers. */
  constructor(database: Database) {
    this.#database = database
    this.#insert = database
      .prepare(
        `INSERT INTO import (id, paths, folder, state, started_ms, files_done, files_skipped, files_total, files_failed,
           files_left_out, bytes_done, bytes_total) VALUES (?, ?, ?, ?, ?, 0, 0, 0, 0, 0, 0, 0) RETURNING number`,
      )
      .pluck()
    this.#update = database.prepare(
      `UPDATE import SET state = ?, started_ms = ?, finished_ms = ?, files_done = ?, files_skipped = ?, files_total = ?,
         files_failed = ?, files_left_out = ?, bytes_done = ?, bytes_total = ?, error = ? WHERE number = ?`,
    )
    this.#delete = database.prepare('DELETE FROM import WHERE number = ?')
    this.#paths = database.prepare('SELECT paths FROM import WHERE number = ?').pluck()
    this.#insertFailure = database.prepare('INSERT INTO failure (import, path, code, text) VALUES (?, ?, ?, ?)')
    this.#deleteFailures = database.prepare('DELETE FROM failure WHERE import = ?')
    this.#failures = database.prepare('SELECT path, code, text FROM failure WHERE import = ? LIMIT ?')
    this.#insertAwaited = database.prepare('INSERT OR IGNORE INTO awaited (import, entry) VALUES (?, ?)')
    this.#deleteAwaited = database.prepare('DELETE FROM awaited WHERE import = ? AND entry = ?')
    this.#awaited = database
      .prepare('SELECT entry FROM awaited WHERE import = ? AND entry > ? ORDER BY entry LIMIT ?')
      .pluck()
    this.#countAwaited = database.prepare('SELECT count(*) FROM awaited WHERE import = ?').pluck()
  }

  /** All, oldest first. */
  all(): ImportRow[] {
    return this.#database.prepare('SELECT * FROM import ORDER BY number').all<Columns>().map(rowOf)
  }

  add(id: string, paths: readonly string[], folder: string, startedMs: number): ImportRow {
    const state = 'queued'
    const number = this.#insert.get<number>(id, JSON.stringify(paths), folder, state, startedMs) as number
    return {
      ...{ number, id, ...shownOf(paths), folder, state, startedMs, finishedMs: null, error: null },
      ...{ filesDone: 0, filesSkipped: 0, filesTotal: 0, filesFailed: 0, filesLeftOut: 0, bytesDone: 0, bytesTotal: 0 },
    }
  }

  paths({ number }: ImportRow): string[] {
    return JSON.parse(this.#paths.get<string>(number) ?? '[]') as string[]
  }

  /** Writes what may have changed; with `failures` also those, in the same transaction. */
  save(row: ImportRow, failures?: readonly Failure[]): void {
    transact(this.#database, () => {
      this.#update.run(
        ...[row.state, row.startedMs, row.finishedMs, row.filesDone, row.filesSkipped, row.filesTotal],
        ...[row.filesFailed, row.filesLeftOut, row.bytesDone, row.bytesTotal],
        row.error === null ? null : JSON.stringify(row.error),
        row.number,
      )
      if (failures === undefined) return
      this.#deleteFailures.run(row.number)
      for (const { path, code, text } of failures) this.#insertFailure.run(row.number, path, code, text)
    })
  }

  remove({ number }: ImportRow): void {
    this.#delete.run(number)
  }

  failures({ number }: ImportRow, limit: number): Failure[] {
    return this.#failures.all<{ path: string; code: string; text: string }>(number, limit)
  }

  /** Answers how many are new. */
  await({ number }: ImportRow, entries: readonly EntryId[]): number {
    return this.#sum(entries, (entry) => this.#insertAwaited.run(number, entry).changes)
  }

  /** Answers how many there were. */
  forget({ number }: ImportRow, entries: readonly EntryId[]): number {
    return this.#sum(entries, (entry) => this.#deleteAwaited.run(number, entry).changes)
  }

  /** Files whose copies are waited for, from `after` on in order of id. */
  awaited({ number }: ImportRow, after: string, limit: number): EntryId[] {
    return this.#awaited.all<string>(number, after, limit).map((id) => EntryIds.parse(id))
  }

  countAwaited({ number }: ImportRow): number {
    return this.#countAwaited.get<number>(number) ?? 0
  }

  #sum(entries: readonly EntryId[], change: (entry: EntryId) => number): number {
    let changes = 0
    if (entries.length === 0) return 0
    transact(this.#database, () => {
      for (const entry of entries) changes += change(entry)
    })
    return changes
  }
}

/** A request may name thousands, and hundreds of requests are remembered. */
function shownOf(paths: readonly string[]): Pick<ImportRow, 'paths' | 'pathsTotal'> {
  return { paths: paths.slice(0, limits.importPathsShown), pathsTotal: paths.length }
}

function rowOf(columns: Columns): ImportRow {
  return {
    number: columns.number,
    id: columns.id,
    ...shownOf(JSON.parse(columns.paths) as string[]),
    folder: columns.folder,
    state: columns.state as ImportState,
    startedMs: columns.started_ms,
    finishedMs: columns.finished_ms,
    filesDone: columns.files_done,
    filesSkipped: columns.files_skipped,
    filesTotal: columns.files_total,
    filesFailed: columns.files_failed,
    filesLeftOut: columns.files_left_out,
    bytesDone: columns.bytes_done,
    bytesTotal: columns.bytes_total,
    error: columns.error === null ? null : (JSON.parse(columns.error) as Trouble),
  }
}
