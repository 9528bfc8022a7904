/**
 * Versions and heads. A version comes with its entry's birth row or with a row of its own, in any order and before or after its
 * parents and its entry. There is no register for the content: the heads of an entry are those versions that no other known
 * one of it names as parent, and the head with the greatest stamp is current. So every content is one immutable row, and both
 * sides of a concurrent edit stay heads until a version names both. (A register would have to drop one of them.)
 */
import { bytesOf, hexOf } from '../../base/bytes.ts'
import type { EntryId, NodeId, SegmentId, VersionId } from '../../base/ids.ts'
import type { Database, Statement } from '../../ports.ts'
import type { Version } from '../types.ts'
import { Kept } from './kept.ts'
import { slotOf } from './slots.ts'

export interface VersionRow {
  readonly number: number
  readonly id: Buffer
  readonly entry: number
  readonly birth: number
  readonly stamp: Buffer
  readonly size: number
  readonly modified: number
  readonly created: number
  readonly author: Buffer
  readonly segments: Buffer
  readonly parents: Buffer
}

export interface Head {
  readonly id: Buffer
  readonly stamp: Buffer
  readonly size: number
  readonly modified: number
}

const versionColumns = 'number, id, entry, birth, stamp, size, modified, created, author, segments, parents'
const newestFirst = 'ORDER BY stamp DESC, id DESC, birth'

export class VersionTable {
  readonly nextNumber: Kept<number>
  readonly #insert: Statement
  readonly #delete: Statement
  readonly #bySlot: Statement
  readonly #byEntry: Statement
  readonly #heads: Statement
  readonly #segments: Statement
  readonly #ofBirth: Statement
  readonly #addParent: Statement
  readonly #removeParent: Statement
  readonly #isFollowed: Statement
  readonly #setFollowed: Statement
  readonly #hasChildren: Statement

  constructor(database: Database) {
    this.#insert = database.prepare(
      `INSERT INTO version (number, slot, id, entry, birth, stamp, size, modified, created, author, segments, parents, followed)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#delete = database.prepare('DELETE FROM version WHERE number = ?')
    this.#bySlot = database.prepare(`SELECT ${versionColumns} FROM version WHERE slot = ? AND id = ? ${newestFirst}`)
    this.#byEntry = database.prepare(`SELECT ${versionColumns} FROM version WHERE entry = ? ${newestFirst}`)
    this.#heads = database.prepare(
      'SELECT id, stamp, size, modified FROM version WHERE entry = ? AND followed = 0 ORDER BY stamp DESC, id DESC',
    )
    this.#segments = database.prepare('SELECT segments FROM version WHERE entry = ?').pluck()
    this.#ofBirth = database.prepare(`SELECT ${versionColumns} FROM version WHERE entry = ? AND birth = 1`)
    this.#addParent = database.prepare('INSERT OR IGNORE INTO version_parent (parent, version) VALUES (?, ?)')
    this.#removeParent = database.prepare('DELETE FROM version_parent WHERE parent = ? AND version = ?')
    this.#hasChildren = database.prepare('SELECT 1 FROM version_parent WHERE parent = ? LIMIT 1').pluck()
    this.#isFollowed = database
      .prepare(
        `SELECT 1 FROM version_parent JOIN version ON version.number = version_parent.version
         WHERE version_parent.parent = ? AND version.entry = ? AND version.id <> ? LIMIT 1`,
      )
      .pluck()
    this.#setFollowed = database.prepare(
      'UPDATE version INDEXED BY version_by_slot SET followed = ? WHERE slot = ? AND id = ? AND entry = ?',
    )
    const greatest = database.prepare('SELECT max(number) FROM version').pluck()
    this.nextNumber = new Kept(() => (greatest.get<number>() ?? 0) + 1)
  }

  /** Adds a version that is not here. */
  add(version: Version, entry: number, birth: boolean, stamp: Buffer): void {
    const id = bytesOf(version.version)
    const number = this.nextNumber.get()
    this.nextNumber.set(number + 1)
    const segments = bytesOf(version.segments.join(''))
    const parents = bytesOf(version.parents.join(''))
    const { sizeBytes, modifiedMs, createdMs } = version
    const followed = this.#hasChildren.get<number>(id) === undefined ? 0 : this.#followed(id, entry)
    const author = bytesOf(version.author)
    this.#insert.run(
      ...[number, slotOf(id), id, entry, birth ? 1 : 0, stamp],
      ...[sizeBytes, modifiedMs, createdMs, author, segments, parents, followed],
    )
    for (const parent of idsIn(parents, 16)) {
      this.#addParent.run(parent, number)
      if (!parent.equals(id)) this.#setFollowed.run(1, slotOf(parent), parent, entry)
    }
  }

  remove(row: VersionRow): void {
    this.#delete.run(row.number)
    for (const parent of idsIn(row.parents, 16)) {
      this.#removeParent.run(parent, row.number)
      this.#setFollowed.run(this.#followed(parent, row.entry), slotOf(parent), parent, row.entry)
    }
  }

  #followed(id: Buffer, entry: number): number {
    return this.#isFollowed.get<number>(id, entry, id) ?? 0
  }

  /** The version that came with the entry's birth row. */
  ofBirth(entry: number): VersionRow | undefined {
    return this.#ofBirth.get<VersionRow>(entry)
  }

  /** The version that came with a row of its own. */
  ofOwnRow(id: VersionId): VersionRow | undefined {
    return this.#rowsOf(id).find((row) => row.birth === 0)
  }

  /** If rows disagree about an id, the latest counts. */
  byId(id: VersionId): VersionRow | undefined {
    return this.#rowsOf(id)[0]
  }

  #rowsOf(id: VersionId): VersionRow[] {
    const bytes = bytesOf(id)
    return this.#bySlot.all<VersionRow>(slotOf(bytes), bytes)
  }

  /** All rows of versions of an entry, newest first. */
  rowsOfEntry(entry: number): VersionRow[] {
    return this.#byEntry.all<VersionRow>(entry)
  }

  /** Ids of the segments that versions of an entry name; some more than once. */
  segmentsOf(entry: number): Buffer[] {
    return this.#segments.all<Buffer>(entry).flatMap((packed) => idsIn(packed, 32))
  }

  /** Heads, the current version first; versions that name each other in a circle all count as heads. */
  heads(entry: number): Head[] {
    const heads = this.#heads.all<Head>(entry)
    return distinct(heads.length > 0 ? heads : this.rowsOfEntry(entry))
  }

  /** Versions of an entry, newest first. */
  ofEntry(entry: number): VersionRow[] {
    return distinct(this.rowsOfEntry(entry))
  }
}

/** One id may come with two rows; the first of a sorted list counts. */
function distinct<R extends { readonly id: Buffer }>(rows: R[]): R[] {
  if (rows.length < 2) return rows
  const seen = new Set<string>()
  return rows.filter((row) => {
    const id = hexOf(row.id)
    return !seen.has(id) && seen.add(id) !== undefined
  })
}

/** Ids that stand one after the other. */
export function idsIn(packed: Buffer, idBytes: number): Buffer[] {
  const ids: Buffer[] = []
  for (let at = 0; at < packed.length; at += idBytes) ids.push(packed.subarray(at, at + idBytes))
  return ids
}

export function versionOf(row: VersionRow, entry: EntryId): Version {
  return {
    version: hexOf(row.id) as VersionId,
    entry,
    segments: idsIn(row.segments, 32).map((id) => hexOf(id) as SegmentId),
    parents: idsIn(row.parents, 16).map((id) => hexOf(id) as VersionId),
    sizeBytes: row.size,
    modifiedMs: row.modified,
    createdMs: row.created,
    author: hexOf(row.author) as NodeId,
  }
}
