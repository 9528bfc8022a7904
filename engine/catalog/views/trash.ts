/**
 * The trash: entries that their own trash row deletes, newest first. What a deleted folder takes with it is inside that one
 * item; what was deleted by itself is an item of its own wherever it was. A path is told as the folders above have it now.
 */
import { hexOf } from '../../base/bytes.ts'
import { type NodeId, ROOT_ENTRY, type VersionId } from '../../base/ids.ts'
import type { Database, Statement } from '../../ports.ts'
import type { EntryView, Page, TrashItem } from '../types.ts'
import { bytesInCursor, decodeCursor, encodeCursor } from './cursors.ts'
import { type EntryRow, type EntryTable, entryColumns, entryIdOf, FILE, RECOVERED, ROOT, UNBORN } from './entryTable.ts'
import { type Paths, recoveredName } from './paths.ts'

const stampBytes = 28
const idBytes = 16

export class Trash {
  readonly #entries: EntryTable
  readonly #paths: Paths
  readonly #page: Statement

  constructor(database: Database, entries: EntryTable, paths: Paths) {
    this.#entries = entries
    this.#paths = paths
    this.#page = database.prepare(
      `SELECT ${entryColumns} FROM entry WHERE binned IS NOT NULL AND (binned, id) < (?, ?)
       ORDER BY binned DESC, id DESC LIMIT ?`,
    )
  }

  /** Throws `bad-cursor`. */
  list(limit: number, cursor: string | null): Page<TrashItem> {
    const [stamp, id] = cursor === null ? [] : decodeCursor('trash', cursor)
    const from =
      cursor === null
        ? [Buffer.alloc(stampBytes, 0xff), Buffer.alloc(idBytes, 0xff)]
        : [bytesInCursor(stamp, stampBytes), bytesInCursor(id, idBytes)]
    const rows = this.#page.all<EntryRow>(...from, limit + 1)
    const items = rows.slice(0, limit)
    const last = items.at(-1)
    const hasMore = rows.length > limit && last !== undefined && last.binned !== null
    return {
      items: items.map((row) => this.itemOf(row)),
      next: hasMore ? encodeCursor('trash', [hexOf(last.binned as Buffer), hexOf(last.id)]) : null,
    }
  }

  itemOf(row: EntryRow): TrashItem {
    const formerPath = this.#formerPath(row)
    return {
      entry: this.#viewOf(row, formerPath),
      formerPath,
      trashedAtMs: row.trashMs ?? 0,
      trashedBy: hexOf(row.trashBy ?? Buffer.alloc(idBytes)) as NodeId,
    }
  }

  #viewOf(row: EntryRow, path: string): EntryView {
    const isFile = row.kind === FILE
    const version = row.version === null ? null : (hexOf(row.version) as VersionId)
    const parent = row.parent === null ? undefined : this.#entries.byNumber(row.parent)
    return {
      id: entryIdOf(row),
      kind: isFile ? 'file' : 'folder',
      path,
      name: row.name ?? '',
      parent: parent === undefined || parent.number === RECOVERED ? ROOT_ENTRY : entryIdOf(parent),
      ids: [entryIdOf(row)],
      version,
      sizeBytes: isFile ? row.size : null,
      modifiedMs: row.modified,
      heads: this.#paths.headsOf(row, version),
      caseTwin: false,
    }
  }

  #formerPath(row: EntryRow): string {
    const names = [row.name ?? '']
    const seen = new Set<number>()
    for (let at = row.parent; at !== ROOT; ) {
      const above = at === null || at === RECOVERED || seen.has(at) ? undefined : this.#entries.byNumber(at)
      if (above === undefined || above.kind === UNBORN) {
        names.push(recoveredName)
        break
      }
      seen.add(above.number)
      names.push(above.name ?? '')
      at = above.place ?? above.parent
    }
    return `/${names.reverse().join('/')}`
  }
}
