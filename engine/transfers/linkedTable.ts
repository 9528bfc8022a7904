/**
 * Linked folders in the node's own database, and of each what was found in it last and is in the pool: the measure against which a look
 * at the folder tells what is new, changed, renamed or gone. Lost rows do no harm: what they named is found again and, being in the
 * pool with the same size and time, only noted anew.
 */
import type { EntryId, VersionId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import { transact } from '../platform/index.ts'
import type { Database, Statement } from '../ports.ts'

export interface LinkRow {
  readonly number: number
  readonly id: string
  /** Absolute, on this computer. */
  readonly path: string
  readonly rootId: string
  /** In the pool, `/` first. */
  readonly folder: string
  deletes: boolean
  paused: boolean
  ignored: readonly string[]
  readonly createdMs: number
}

export interface LinkedItem {
  /** Below the folder, with `/`; '' is the folder itself. */
  readonly path: string
  readonly kind: 'file' | 'folder'
  readonly fileId: string
  readonly sizeBytes: number
  readonly modifiedMs: number
  readonly entry: EntryId
  /** Null for folders. */
  readonly version: VersionId | null
}

interface LinkColumns {
  readonly number: number
  readonly id: string
  readonly path: string
  readonly root_id: string
  readonly folder: string
  readonly deletes: number
  readonly paused: number
  readonly ignored: string
  readonly created_ms: number
}

interface ItemColumns {
  readonly path: string
  readonly kind: number
  readonly file_id: string
  readonly size: number
  readonly modified_ms: number
  readonly entry: string
  readonly version: string | null
}

const columns = 'path, kind, file_id, size, modified_ms, entry, version'
/** Of a range over all paths below a folder: the sign after `/`. */
const afterSlash = '0'

export class LinkedTable {
  readonly #database: Database
  readonly #insertLink: Statement
  readonly #updateLink: Statement
  readonly #deleteLink: Statement
  readonly #put: Statement
  readonly #at: Statement
  readonly #children: Statement
  readonly #ofFile: Statement
  readonly #below: Statement
  readonly #remove: Statement
  readonly #move: Statement
  readonly #count: Statement
  readonly #last: Statement
  readonly #ofEntry: Statement
  readonly #markGone: Statement
  readonly #removeFolders: Statement
  readonly #countGone: Statement
  readonly #removeGone: Statement

  /** On the migrated database of transfers. */
  constructor(database: Database) {
    this.#database = database
    this.#insertLink = database
      .prepare(
        `INSERT INTO linked_folder (id, path, root_id, folder, deletes, paused, ignored, created_ms)
         VALUES (?, ?, ?, ?, ?, 0, ?, ?) RETURNING number`,
      )
      .pluck()
    this.#updateLink = database.prepare(
      'UPDATE linked_folder SET deletes = ?, paused = ?, ignored = ? WHERE number = ?',
    )
    this.#deleteLink = database.prepare('DELETE FROM linked_folder WHERE number = ?')
    this.#put = database.prepare(
      `INSERT OR REPLACE INTO linked_item (link, parent, ${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#at = database.prepare(`SELECT ${columns} FROM linked_item WHERE link = ? AND path = ? AND size >= 0`)
    this.#children = database.prepare(
      `SELECT ${columns} FROM linked_item WHERE link = ? AND parent = ? AND path <> '' AND size >= 0`,
    )
    this.#ofFile = database.prepare(`SELECT ${columns} FROM linked_item WHERE link = ? AND file_id = ? AND size >= 0`)
    this.#below = database.prepare(
      `SELECT ${columns} FROM linked_item WHERE link = ? AND path >= ? AND path < ? AND size >= 0`,
    )
    this.#remove = database.prepare('DELETE FROM linked_item WHERE link = ? AND (path = ? OR (path >= ? AND path < ?))')
    this.#move = database.prepare(
      `UPDATE linked_item SET path = ? || substr(path, length(?) + 1),
         parent = CASE WHEN path = ? THEN ? ELSE ? || substr(parent, length(?) + 1) END
       WHERE link = ? AND (path = ? OR (path >= ? AND path < ?))`,
    )
    this.#count = database.prepare('SELECT count(*) FROM linked_item WHERE link = ? AND kind = 0 AND size >= 0').pluck()
    this.#last = database.prepare(`SELECT ${columns} FROM linked_item WHERE link = ? AND path = ?`)
    this.#ofEntry = database.prepare(`SELECT link, ${columns} FROM linked_item WHERE entry = ? AND size >= 0`)
    const within = 'link = ? AND (path = ? OR (path >= ? AND path < ?))'
    this.#markGone = database.prepare(`UPDATE linked_item SET file_id = '', size = -1 WHERE ${within} AND kind = 0`)
    this.#removeFolders = database.prepare(`DELETE FROM linked_item WHERE ${within} AND kind = 1`)
    this.#countGone = database.prepare('SELECT count(*) FROM linked_item WHERE link = ? AND size < 0').pluck()
    this.#removeGone = database.prepare('DELETE FROM linked_item WHERE link = ? AND size < 0')
  }

  /** All, oldest first. */
  links(): LinkRow[] {
    return this.#database
      .prepare('SELECT * FROM linked_folder ORDER BY number')
      .all<LinkColumns>()
      .map((row) => ({
        number: row.number,
        id: row.id,
        path: row.path,
        rootId: row.root_id,
        folder: row.folder,
        deletes: row.deletes === 1,
        paused: row.paused === 1,
        ignored: JSON.parse(row.ignored) as string[],
        createdMs: row.created_ms,
      }))
  }

  add(link: Omit<LinkRow, 'number' | 'paused'>): LinkRow {
    const { id, path, rootId, folder, deletes, ignored, createdMs } = link
    const values = [id, path, rootId, folder, deletes ? 1 : 0, JSON.stringify(ignored), createdMs]
    return { ...link, paused: false, number: this.#insertLink.get<number>(...values) as number }
  }

  save({ number, deletes, paused, ignored }: LinkRow): void {
    this.#updateLink.run(deletes ? 1 : 0, paused ? 1 : 0, JSON.stringify(ignored), number)
  }

  forget({ number }: LinkRow): void {
    this.#deleteLink.run(number)
  }

  // -------------------------------------------------------------- what is in a linked folder

  put({ number }: LinkRow, items: readonly LinkedItem[]): void {
    if (items.length === 0) return
    transact(this.#database, () => {
      for (const item of items) {
        const kind = item.kind === 'file' ? 0 : 1
        this.#put.run(
          ...[number, parentOf(item.path), item.path, kind, item.fileId, item.sizeBytes, item.modifiedMs],
          ...[item.entry, item.version],
        )
      }
    })
  }

  at({ number }: LinkRow, path: string): LinkedItem | undefined {
    const row = this.#at.get<ItemColumns>(number, path)
    return row === undefined ? undefined : itemOf(row)
  }

  children({ number }: LinkRow, folder: string): LinkedItem[] {
    return this.#children.all<ItemColumns>(number, folder).map(itemOf)
  }

  ofFile({ number }: LinkRow, fileId: string): LinkedItem[] {
    return this.#ofFile.all<ItemColumns>(number, fileId).map(itemOf)
  }

  /** All below a folder, not the folder itself. */
  below({ number }: LinkRow, folder: string): LinkedItem[] {
    return this.#below.all<ItemColumns>(number, ...rangeOf(folder)).map(itemOf)
  }

  /** What stands at a path or, of a file that is gone here, what stood there last: its size and time say nothing then. */
  last({ number }: LinkRow, path: string): LinkedItem | undefined {
    const row = this.#last.get<ItemColumns>(number, path)
    return row === undefined ? undefined : itemOf(row)
  }

  /** Paths of any link whose content is in that entry of the pool. */
  ofEntry(entry: EntryId): { readonly link: number; readonly path: string }[] {
    return this.#ofEntry.all<ItemColumns & { link: number }>(entry).map(({ link, path }) => ({ link, path }))
  }

  /** A file, or a folder and all below it, is gone here and stays in the pool. */
  leave({ number }: LinkRow, path: string): void {
    if ((this.#countGone.get<number>(number) ?? 0) >= limits.linkedGone) this.#removeGone.run(number)
    this.#markGone.run(number, path, ...rangeOf(path))
    this.#removeFolders.run(number, path, ...rangeOf(path))
  }

  /** A file, or a folder and all below it. */
  remove({ number }: LinkRow, path: string): void {
    this.#remove.run(number, path, ...rangeOf(path))
  }

  /** A file, or a folder and all below it, at its new path; what was known there is forgotten. */
  move(link: LinkRow, from: string, to: string): void {
    this.remove(link, to)
    this.#move.run(...[to, from, from, parentOf(to), to, from], link.number, from, ...rangeOf(from))
  }

  countFiles({ number }: LinkRow): number {
    return this.#count.get<number>(number) ?? 0
  }
}

export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

function rangeOf(folder: string): [string, string] {
  return [`${folder}/`, `${folder}${afterSlash}`]
}

function itemOf(row: ItemColumns): LinkedItem {
  return {
    path: row.path,
    kind: row.kind === 0 ? 'file' : 'folder',
    fileId: row.file_id,
    sizeBytes: row.size,
    modifiedMs: row.modified_ms,
    entry: row.entry as EntryId,
    version: row.version as VersionId | null,
  }
}
