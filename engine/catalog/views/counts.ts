/**
 * How many files, folders and bytes are live, in all and within a folder. The sum over all is counted once and then follows
 * each change of place, at the cost of counting what hangs below an entry that comes to life or dies. Folders of
 * equal name, which show as one, count each.
 */
import type { Database, Statement } from '../../ports.ts'
import { type EntryRow, FILE, FOLDER, RECOVERED, ROOT } from './entryTable.ts'
import { Kept } from './kept.ts'

export interface Totals {
  files: number
  folders: number
  bytes: number
}

export class Counts {
  readonly all: Kept<Totals>
  readonly #below: Statement
  readonly #filesIn: Statement
  readonly #foldersIn: Statement

  constructor(database: Database) {
    // Files are counted in the index that holds their sizes, without touching their rows.
    this.#below = database.prepare(
      `WITH RECURSIVE folder (number) AS MATERIALIZED (
         SELECT value FROM json_each(?)
         UNION ALL
         SELECT entry.number FROM folder JOIN entry ON entry.place = folder.number AND entry.kind = ${FOLDER})
       SELECT (SELECT count(*) FROM folder WHERE number <> ${RECOVERED}) AS folders, count(*) AS files,
         coalesce(sum(size), 0) AS bytes
       FROM folder CROSS JOIN entry INDEXED BY entry_by_size ON entry.place = folder.number AND entry.kind = ${FILE}`,
    )
    this.#filesIn = database.prepare(
      `SELECT count(*) AS entries, coalesce(sum(size), 0) AS bytes FROM entry INDEXED BY entry_by_size
       WHERE place = ? AND kind = ${FILE}`,
    )
    this.#foldersIn = database
      .prepare(`SELECT number FROM entry INDEXED BY entry_by_name WHERE place = ? AND kind = ${FOLDER}`)
      .pluck()
    this.all = new Kept(() => {
      const totals = this.below([ROOT])
      return { ...totals, folders: totals.folders - 1 }
    })
  }

  /** Everything that hangs below these folders, themselves included. */
  below(folders: readonly number[]): Totals {
    return this.#below.get<Totals>(JSON.stringify(folders)) ?? { files: 0, folders: 0, bytes: 0 }
  }

  /** The same without the folders themselves; looks into no further folder once it has counted so many entries. */
  inside(folders: readonly number[], stopAfter: number): { entries: number; bytes: number } {
    if (!Number.isFinite(stopAfter)) {
      const { files, folders: count, bytes } = this.below(folders)
      return { entries: files + count - folders.filter((number) => number !== RECOVERED).length, bytes }
    }
    const counted = { entries: 0, bytes: 0 }
    for (const { files, folders: inner, bytes } of this.walk(folders)) {
      counted.entries += files + inner
      counted.bytes += bytes
      if (counted.entries >= stopAfter) break
    }
    return { ...counted, entries: Math.min(counted.entries, stopAfter) }
  }

  /** What hangs in each of the folders and of those below, one after the other; nothing is held open between two. */
  *walk(folders: readonly number[]): Generator<Totals, void> {
    const rest = [...folders]
    for (let folder = rest.pop(); folder !== undefined; folder = rest.pop()) {
      const files = this.#filesIn.get<{ entries: number; bytes: number }>(folder)
      const inner = this.#foldersIn.all<number>(folder)
      rest.push(...inner)
      yield {
        files: files?.entries ?? 0,
        folders: inner.filter((number) => number !== RECOVERED).length,
        bytes: files?.bytes ?? 0,
      }
    }
  }

  /** True if a change of liveness has to be told. */
  get follows(): boolean {
    return this.all.peek() !== undefined
  }

  /** An entry, with all below it, has come to life (1) or died (-1). */
  flipped(row: EntryRow, sign: 1 | -1): void {
    const totals = this.all.peek()
    if (totals !== undefined) {
      const change = row.kind === FOLDER ? this.below([row.number]) : { files: 1, folders: 0, bytes: row.size }
      totals.files += sign * change.files
      totals.folders += sign * change.folders
      totals.bytes += sign * change.bytes
    }
    this.all.changed()
  }

  /** A live file's current version has another size. */
  resized(changeBytes: number): void {
    const totals = this.all.peek()
    if (totals !== undefined) totals.bytes += changeBytes
    this.all.changed()
  }
}
