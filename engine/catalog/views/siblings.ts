/**
 * Entries that meet under one name. Where names are equal, all folders are one unit and each file is one; the unit with the
 * earliest location stamp, then id, has the plain name, the others add the first digits of their id, as many as make the
 * name unique among all in the folder. Nothing of this is stored: whoever reads a name looks who else has it, which is one
 * look into an index. A folder may itself be many folders of one name, so "in a folder" here means in a set of them.
 */
import assert from 'node:assert/strict'
import { hexOf } from '../../base/bytes.ts'
import type { Database, Statement } from '../../ports.ts'
import { limits } from '../../limits.ts'
import { type EntryTable, FILE, FOLDER, placeKey, RECOVERED, ROOT, type Sibling } from './entryTable.ts'
import { decorateName, foldName, keyOfName, minDigits, sortKeyOf } from './names.ts'

export type { Sibling } from './entryTable.ts'

/** What shows as one: a file, or all folders of one name, earliest first. */
export interface Unit {
  readonly members: readonly Sibling[]
  /** As shown, and as addressed. */
  readonly name: string
  /** Another unit beside it differs only in case. */
  readonly hasTwin: boolean
}

const idDigits = 32

export class Siblings {
  readonly #entries: EntryTable
  readonly #count: Statement
  readonly #named: Statement

  constructor(database: Database, entries: EntryTable) {
    this.#entries = entries
    const where = `WHERE place = ? AND kind IN (${FOLDER}, ${FILE}) AND sort_key = ?`
    this.#count = database.prepare(`SELECT count(*) FROM entry INDEXED BY entry_by_name ${where}`).pluck()
    this.#named = database.prepare(
      `SELECT number, id, kind, name, location_stamp AS locationStamp, place
       FROM entry INDEXED BY entry_by_name ${where} AND fold = ?`,
    )
  }

  /** Everything in the folder whose folded name is this. */
  named(folder: readonly number[], fold: string): Sibling[] {
    if (folder.length === 1) return this.#namedIn(folder[0] as number, fold)
    return folder.flatMap((number) => this.#named.all<Sibling>(number, sortKeyOf(fold), fold))
  }

  #namedIn(folder: number, fold: string): Sibling[] {
    const key = placeKey(folder, fold)
    const lone = this.#entries.lone.get()
    const known = lone.get(key)
    if (known !== undefined) return [known]
    const found = this.#named.all<Sibling>(folder, sortKeyOf(fold), fold)
    const [only] = found
    if (only !== undefined && found.length === 1 && only.kind === FOLDER) {
      if (lone.size >= limits.parentsRemembered) lone.clear()
      lone.set(key, only)
      this.#entries.lone.changed()
    }
    return found
  }

  /** False if the entry is not the only one with its folded name. From the index alone: strange names may share a sort key. */
  isAlone(folder: readonly number[], sortKey: string): boolean {
    let count = 0
    for (const number of folder) count += this.#count.get<number>(number, sortKey) ?? 0
    return count === 1
  }

  /** The folders in the folder that show as one with this name, earliest first. */
  foldersNamed(folder: readonly number[], name: string): Sibling[] {
    const key = keyOfName(name)
    return this.named(folder, foldName(name))
      .filter((each) => each.kind === FOLDER && keyOfName(each.name) === key)
      .sort(earliestFirst)
  }

  /** All folders that show as one with this folder, itself included; only itself if it hangs nowhere. */
  merged(folder: number): number[] {
    let set = [ROOT]
    for (const row of [...this.#entries.upFrom(folder)].reverse()) {
      set = row.place === null ? [row.number] : this.foldersNamed(set, row.name ?? '').map((each) => each.number)
    }
    return set
  }

  /** The units in the folder whose folded name is this: usually one. */
  units(folder: readonly number[], fold: string): Unit[] {
    const rows = this.named(folder, fold)
    const only = rows[0]
    if (only !== undefined && rows.length === 1) return [{ members: [only], name: only.name, hasTwin: false }]
    const byKey = Map.groupBy(rows, (row) => keyOfName(row.name))
    const hasTwin = byKey.size > 1
    return [...byKey.values()].flatMap((equal) => this.#unitsOfName(folder, equal, hasTwin))
  }

  #unitsOfName(folder: readonly number[], equal: Sibling[], hasTwin: boolean): Unit[] {
    const folders = equal.filter((each) => each.kind === FOLDER).sort(earliestFirst)
    const groups = equal.filter((each) => each.kind === FILE).map((each) => [each])
    if (folders.length > 0) groups.push(folders)
    groups.sort((a, b) => earliestFirst(firstOf(a), firstOf(b)))
    const ids = groups.slice(1).map((members) => hexOf(firstOf(members).id))
    return groups.map((members, index) => {
      const first = firstOf(members)
      const name = index === 0 ? first.name : this.#decorated(folder, first, ids)
      return { members, name, hasTwin }
    })
  }

  /** `ids`: of all that must be told apart. */
  #decorated(folder: readonly number[], sibling: Sibling, ids: readonly string[]): string {
    const id = hexOf(sibling.id)
    for (let count = minDigits; ; count++) {
      const digits = id.slice(0, count)
      const name = decorateName(sibling.name, digits, sibling.kind === FOLDER)
      const isUnique = ids.filter((other) => other.startsWith(digits)).length === 1 && !this.#isTaken(folder, name)
      if (isUnique || count === idDigits) return name
    }
  }

  #isTaken(folder: readonly number[], name: string): boolean {
    const key = keyOfName(name)
    return this.named(folder, foldName(name)).some((each) => keyOfName(each.name) === key)
  }
}

function firstOf(members: readonly Sibling[]): Sibling {
  const first = members[0]
  assert(first !== undefined)
  return first
}

function earliestFirst(a: Sibling, b: Sibling): number {
  return a.locationStamp.compare(b.locationStamp) || a.id.compare(b.id)
}

/** Members that are entries of their own: /Recovered is shown but is none. */
export function realMembers(unit: Unit): Sibling[] {
  return unit.members.filter((each) => each.number !== RECOVERED)
}
