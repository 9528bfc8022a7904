/**
 * Entries by id and by local number: the registers that rows have set and what is derived from them. Only reads and writes
 * table rows; the rules are in tree.ts and places.ts. Rows are never deleted (a number is never reused): an entry
 * that ended becomes one that is not born.
 */
import assert from 'node:assert/strict'
import { bytesOf, hexOf } from '../../base/bytes.ts'
import { type EntryId, ROOT_ENTRY } from '../../base/ids.ts'
import { limits } from '../../limits.ts'
import type { Database, SqlValue, Statement } from '../../ports.ts'
import type { GroupMarks } from './groupMarks.ts'
import { Kept } from './kept.ts'
import { slotOf } from './slots.ts'

/** Local number of an entry. */
export const ROOT = 0
export const RECOVERED = 1
/** The id of /Recovered while no real folder of that name is in the root; no row ever carries it. */
export const RECOVERED_ENTRY = `${'0'.repeat(31)}1` as EntryId

export const UNBORN = 0
export const FOLDER = 1
export const FILE = 2

/** `wanted` of what follows the pool's default. */
export const AS_DEFAULT = 1

export interface EntryRow {
  readonly number: number
  readonly id: Buffer
  kind: number
  parent: number | null
  name: string | null
  locationStamp: Buffer | null
  moved: number
  trashStamp: Buffer | null
  trashed: number | null
  trashVersion: Buffer | null
  trashBy: Buffer | null
  trashMs: number | null
  place: number | null
  fold: string | null
  sortKey: string | null
  touched: Buffer | null
  version: Buffer | null
  heads: number
  size: number
  modified: number
  binned: Buffer | null
  wanted: number
}

export const entryColumns = `number, id, kind, parent, name, location_stamp AS locationStamp, moved, trash_stamp AS trashStamp,
  trashed, trash_version AS trashVersion, trash_by AS trashBy, trash_ms AS trashMs, place, fold, sort_key AS sortKey, touched, version,
  heads, size, modified, binned, wanted`

/** As much of an entry as is shown. */
export type ShownRow = Pick<
  EntryRow,
  'number' | 'id' | 'kind' | 'place' | 'name' | 'fold' | 'sortKey' | 'version' | 'heads' | 'size' | 'modified'
>

export const shownColumns = 'number, id, kind, place, name, fold, sort_key AS sortKey, version, heads, size, modified'

/** An entry of which nothing is known but that others name it. */
export function unborn(number: number, id: Buffer): EntryRow {
  return {
    number,
    id,
    kind: UNBORN,
    parent: null,
    name: null,
    locationStamp: null,
    moved: 0,
    trashStamp: null,
    trashed: null,
    trashVersion: null,
    trashBy: null,
    trashMs: null,
    place: null,
    fold: null,
    sortKey: null,
    touched: null,
    version: null,
    heads: 0,
    size: 0,
    modified: 0,
    binned: null,
    wanted: AS_DEFAULT,
  }
}

export function entryIdOf(row: { readonly id: Buffer }): EntryId {
  return hexOf(row.id) as EntryId
}

/** True for the two entries that have no rows of their own. */
export function isPseudo(id: EntryId): boolean {
  return id === ROOT_ENTRY || id === RECOVERED_ENTRY
}

/** As much of an entry as decides about its name. */
export interface Sibling {
  readonly number: number
  readonly id: Buffer
  readonly kind: number
  readonly name: string
  readonly locationStamp: Buffer
  readonly place: number
}

/** Names of one place that fold alike. */
export function placeKey(place: number, fold: string): string {
  return `${place}/${fold}`
}

export class EntryTable {
  readonly nextNumber: Kept<number>
  /** Folders that new entries were put into lately; dropped when any row but a new one is written. */
  readonly parents = new Kept<Map<EntryId, Readonly<EntryRow>>>(() => new Map())
  /**
   * Folders found alone under their name lately, by `placeKey`; dropped when any row but a new one is written, and a new
   * one takes out its own key.
   */
  readonly lone = new Kept<Map<string, Sibling>>(() => new Map())
  readonly #marks: GroupMarks
  readonly #byNumber: Statement
  readonly #byId: Statement
  readonly #insert: Statement
  readonly #update: Statement
  readonly #setPlace: Statement
  readonly #setWanted: Statement

  constructor(database: Database, marks: GroupMarks) {
    this.#marks = marks
    this.#byNumber = database.prepare(`SELECT ${entryColumns} FROM entry WHERE number = ?`)
    this.#byId = database.prepare(`SELECT ${entryColumns} FROM entry WHERE slot = ? AND id = ?`)
    this.#insert = database.prepare(
      `INSERT INTO entry (number, slot, id, kind, parent, name, location_stamp, moved, trash_stamp, trashed, trash_version,
         trash_by, trash_ms, place, fold, sort_key, touched, version, heads, size, modified, binned, wanted)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#update = database.prepare(
      `UPDATE entry SET kind = ?, parent = ?, name = ?, location_stamp = ?, moved = ?, trash_stamp = ?, trashed = ?,
         trash_version = ?, trash_by = ?, trash_ms = ?, fold = ?, sort_key = ?, touched = ?, version = ?, heads = ?, size = ?,
         modified = ?, binned = ? WHERE number = ?`,
    )
    this.#setPlace = database.prepare('UPDATE entry SET place = ? WHERE number = ?')
    this.#setWanted = database.prepare('UPDATE entry SET wanted = ? WHERE number = ?')
    const greatest = database.prepare('SELECT max(number) FROM entry').pluck()
    this.nextNumber = new Kept(() => (greatest.get<number>() ?? RECOVERED) + 1)
  }

  byNumber(number: number): EntryRow | undefined {
    return this.#byNumber.get<EntryRow>(number)
  }

  /** For numbers that another row of the database names. */
  mustBe(number: number): EntryRow {
    const row = this.byNumber(number)
    assert(row !== undefined, `no entry has the number ${number}`)
    return row
  }

  /** The entry and the folders above it by place, up to the root or to one that hangs nowhere; the root is left out. */
  *upFrom(number: number): IterableIterator<EntryRow> {
    const seen = new Set<number>()
    for (let at: number | null = number; at !== null && at !== ROOT; ) {
      assert(!seen.has(at), 'places never form a circle')
      seen.add(at)
      const row = this.mustBe(at)
      yield row
      at = row.place
    }
  }

  byId(id: EntryId): EntryRow | undefined {
    const bytes = bytesOf(id)
    return this.#byId.get<EntryRow>(slotOf(bytes), bytes)
  }

  /** The entry's row, made if this is the first that is heard of it. */
  ensure(id: EntryId): EntryRow {
    return this.byId(id) ?? this.insert(unborn(this.newNumber(), bytesOf(id)))
  }

  /** The same for a folder into which others are put, one after the other. */
  ensureParent(id: EntryId): Readonly<EntryRow> {
    const parents = this.parents.get()
    const known = parents.get(id)
    if (known !== undefined) return known
    const row = this.ensure(id)
    if (parents.size >= limits.parentsRemembered) parents.clear()
    parents.set(id, row)
    this.parents.changed()
    return row
  }

  newNumber(): number {
    const number = this.nextNumber.get()
    this.nextNumber.set(number + 1)
    return number
  }

  insert(row: EntryRow): EntryRow {
    this.#marks.entry(row.number)
    if (row.place !== null) this.lone.peek()?.delete(placeKey(row.place, row.fold ?? ''))
    this.#insert.run(
      row.number,
      slotOf(row.id),
      row.id,
      row.kind,
      ...located(row),
      row.place,
      ...derived(row),
      row.wanted,
    )
    return row
  }

  /** Writes all but place and wanted. */
  update(row: EntryRow): void {
    this.#marks.entry(row.number)
    this.parents.drop()
    this.lone.drop()
    this.#update.run(row.kind, ...located(row), ...derived(row), row.number)
  }

  setPlace(number: number, place: number | null): void {
    this.#marks.entry(number)
    this.parents.drop()
    this.lone.drop()
    this.#setPlace.run(place, number)
  }

  setWanted(number: number, wanted: number): void {
    this.#marks.entry(number)
    this.parents.drop()
    this.#setWanted.run(wanted, number)
  }
}

function located(row: EntryRow): SqlValue[] {
  const { parent, name, locationStamp, moved, trashStamp, trashed, trashVersion, trashBy, trashMs } = row
  return [parent, name, locationStamp, moved, trashStamp, trashed, trashVersion, trashBy, trashMs]
}

function derived(row: EntryRow): SqlValue[] {
  const { fold, sortKey, touched, version, heads, size, modified, binned } = row
  return [fold, sortKey, touched, version, heads, size, modified, binned]
}
