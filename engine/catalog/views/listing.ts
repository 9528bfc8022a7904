/**
 * Folders page by page, folders before files, each page one range of an index however large the folder is. A folder that
 * is many folders of one name is read as so many ranges, merged. Equal sizes and times are in order of id; folders, which
 * have no size, are in order of name when sorted by size.
 */
import { hexOf } from '../../base/bytes.ts'
import type { EntryId } from '../../base/ids.ts'
import type { Database, SqlValue, Statement } from '../../ports.ts'
import type { EntryView, ListOptions, Page } from '../types.ts'
import { badCursor, bytesInCursor, decodeCursor, encodeCursor, integerInCursor } from './cursors.ts'
import { FILE, FOLDER, type ShownRow, shownColumns } from './entryTable.ts'
import type { Folder, Paths } from './paths.ts'
import type { Siblings, Unit } from './siblings.ts'

type SortKey = 'sortKey' | 'size' | 'modified'
const columns = {
  sortKey: ['sort_key', 'entry_by_name'],
  size: ['size', 'entry_by_size'],
  modified: ['modified', 'entry_by_modified'],
} as const
type Sorting = Pick<ListOptions, 'sort' | 'order'>

/** Entries of one kind in one order, from a position on. */
interface Range {
  readonly key: SortKey
  readonly statement: Statement
  readonly start: SqlValue
  compare(a: ShownRow, b: ShownRow): number
}

interface Position {
  readonly kind: number
  readonly key: SqlValue
  readonly id: Buffer
}

/** A row and how it shows. */
interface Shown {
  readonly row: ShownRow
  readonly view: EntryView
  /** Of all folders that show as this one. */
  readonly numbers: readonly number[]
}

const noId = Buffer.alloc(0)
/** Rows that are read ahead of whoever goes through everything. */
const batchRows = 500

export class Listing {
  readonly #paths: Paths
  readonly #siblings: Siblings
  readonly #ranges = new Map<string, Range>()

  constructor(database: Database, paths: Paths, siblings: Siblings) {
    this.#paths = paths
    this.#siblings = siblings
    for (const key of ['sortKey', 'size', 'modified'] as const) {
      this.#ranges.set(`${key} asc`, rangeOf(database, key, 'asc'))
      this.#ranges.set(`${key} desc`, rangeOf(database, key, 'desc'))
    }
  }

  /** Throws `bad-cursor`. */
  list(view: EntryView, options: ListOptions): Page<EntryView> {
    const position = options.cursor === null ? undefined : this.#positionIn(options.cursor, options)
    const items: EntryView[] = []
    let last: ShownRow | undefined
    for (const shown of this.#shown(this.#paths.folderOf(view), options, options.limit + 1, position)) {
      if (items.length === options.limit && last !== undefined) {
        return { items, next: this.#cursorAfter(last, options) }
      }
      items.push(shown.view)
      last = shown.row
    }
    return { items, next: null }
  }

  /** All live files below a folder. Nothing is held open between two of them: the catalog may change meanwhile. */
  *filesWithin(folder: Folder): IterableIterator<EntryView> {
    const folders = [folder]
    for (let inside = folders.pop(); inside !== undefined; inside = folders.pop()) {
      for (const { view, numbers } of this.#shown(inside, { sort: 'name', order: 'asc' }, batchRows, undefined)) {
        if (view.kind === 'file') yield view
        else folders.push({ numbers, path: view.path })
      }
    }
  }

  *#shown(folder: Folder, sorting: Sorting, batch: number, position: Position | undefined): IterableIterator<Shown> {
    const page = new UnitsOfPage(this.#paths, this.#siblings, folder)
    for (const row of this.#rows(folder, sorting, batch, position)) {
      const shown = page.show(row)
      if (shown !== undefined) yield shown
    }
  }

  *#rows(folder: Folder, sorting: Sorting, batch: number, from: Position | undefined): IterableIterator<ShownRow> {
    for (const kind of from?.kind === FILE ? [FILE] : [FOLDER, FILE]) {
      const range = this.#rangeOf(sorting, kind)
      let position = from?.kind === kind ? from : { kind, key: range.start, id: noId }
      for (;;) {
        const { key, id } = position
        const rows = folder.numbers.flatMap((number) => range.statement.all<ShownRow>(number, kind, key, id, batch))
        if (folder.numbers.length > 1) rows.sort((a, b) => range.compare(a, b)).splice(batch)
        yield* rows
        const last = rows.at(-1)
        if (last === undefined || rows.length < batch) break
        position = { kind, key: last[range.key], id: last.id }
      }
    }
  }

  #rangeOf({ sort, order }: Sorting, kind: number): Range {
    const bySize = sort === 'size' && kind === FILE
    const key = bySize ? 'size' : sort === 'modified' ? 'modified' : 'sortKey'
    return this.#ranges.get(`${key} ${order}`) as Range
  }

  #cursorAfter(row: ShownRow, sorting: Sorting): string {
    const key = row[this.#rangeOf(sorting, row.kind).key] ?? ''
    return encodeCursor(listName(sorting), [row.kind, key, hexOf(row.id)])
  }

  #positionIn(cursor: string, sorting: Sorting): Position {
    const [kind, key, id] = decodeCursor(listName(sorting), cursor)
    if (kind !== FOLDER && kind !== FILE) throw badCursor()
    const isText = this.#rangeOf(sorting, kind).key === 'sortKey'
    if (isText && typeof key !== 'string') throw badCursor()
    return { kind, key: isText ? (key as string) : integerInCursor(key), id: bytesInCursor(id, 16) }
  }
}

function listName({ sort, order }: Sorting): string {
  return `${sort} ${order}`
}

function rangeOf(database: Database, key: SortKey, order: ListOptions['order']): Range {
  const [beyond, direction] = order === 'asc' ? (['>', 'ASC'] as const) : (['<', 'DESC'] as const)
  const [column, index] = columns[key]
  // The index of sizes holds files only, so its kind must stand in the statement.
  const kind = key === 'size' ? `kind = ${FILE} AND kind = ?` : 'kind = ?'
  const statement = database.prepare(
    `SELECT ${shownColumns} FROM entry INDEXED BY ${index}
     WHERE place = ? AND ${kind} AND (${column}, id) ${beyond} (?, ?) ORDER BY ${column} ${direction}, id ${direction} LIMIT ?`,
  )
  // Every blob comes after all texts and numbers, and null before them would match nothing.
  const first = key === 'sortKey' ? '' : Number.NEGATIVE_INFINITY
  const sign = order === 'asc' ? 1 : -1
  return {
    key,
    statement,
    start: order === 'asc' ? first : noId,
    compare: (a, b) => sign * (compareKeys(a[key], b[key]) || a.id.compare(b.id)),
  }
}

/** As SQLite does: texts by their UTF-8 bytes. */
function compareKeys(a: string | number | null, b: string | number | null): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return Buffer.from(String(a)).compare(Buffer.from(String(b)))
}

/** Shows the rows of one folder, each unit once: at its first member. */
class UnitsOfPage {
  readonly #paths: Paths
  readonly #siblings: Siblings
  readonly #folder: Folder
  readonly #parents = new Map<number | null, EntryId>()
  /** Of names that meet others; what is alone is not kept. */
  readonly #units = new Map<string, Unit[]>()

  constructor(paths: Paths, siblings: Siblings, folder: Folder) {
    this.#paths = paths
    this.#siblings = siblings
    this.#folder = folder
  }

  /** Undefined if another row of its unit shows it. */
  show(row: ShownRow): Shown | undefined {
    const fold = row.fold ?? ''
    if (this.#siblings.isAlone(this.#folder.numbers, row.sortKey ?? '')) {
      const { number } = row
      return { row, view: this.#paths.viewOfSingle(row, this.#folder, this.#parentOf(row)), numbers: [number] }
    }
    const units = this.#units.get(fold) ?? this.#siblings.units(this.#folder.numbers, fold)
    if (this.#units.size >= batchRows) this.#units.clear()
    this.#units.set(fold, units)
    const unit = units.find((each) => each.members[0]?.number === row.number)
    if (unit === undefined) return undefined
    const view = this.#paths.viewOfUnit(unit, this.#folder, row)
    return { row, view, numbers: unit.members.map((member) => member.number) }
  }

  #parentOf(row: ShownRow): EntryId {
    const known = this.#parents.get(row.place)
    if (known !== undefined) return known
    const parent = this.#paths.parentIdOf(row.place)
    this.#parents.set(row.place, parent)
    return parent
  }
}
