/**
 * From paths to entries and back, and how an entry looks. Paths are read top-down and never stored: a folder that moves takes
 * its content along without a row being touched. From an entry upward the places are followed to the root, then names are
 * read on the way down, since what an entry is called depends on who else is in the (possibly merged) folder.
 */
import assert from 'node:assert/strict'
import { hexOf } from '../../base/bytes.ts'
import { type EntryId, ROOT_ENTRY, type VersionId } from '../../base/ids.ts'
import type { Database, Statement } from '../../ports.ts'
import type { EntryView } from '../types.ts'
import {
  type EntryRow,
  type EntryTable,
  entryColumns,
  entryIdOf,
  FILE,
  FOLDER,
  RECOVERED,
  RECOVERED_ENTRY,
  ROOT,
  type ShownRow,
} from './entryTable.ts'
import { digitsInName, foldName, keyOfName } from './names.ts'
import { realMembers, type Sibling, type Siblings, type Unit } from './siblings.ts'
import { slotsOfPrefix } from './slots.ts'
import type { VersionTable } from './versionTable.ts'

/** A live folder as a place to be in: all folders that show as this one, and where they show. */
export interface Folder {
  readonly numbers: readonly number[]
  /** '' for the root. */
  readonly path: string
}

const root: Folder = { numbers: [ROOT], path: '' }
export const recoveredName = 'Recovered'

export class Paths {
  readonly #entries: EntryTable
  readonly #versions: VersionTable
  readonly #siblings: Siblings
  readonly #bySlots: Statement

  constructor(database: Database, entries: EntryTable, versions: VersionTable, siblings: Siblings) {
    this.#entries = entries
    this.#versions = versions
    this.#siblings = siblings
    this.#bySlots = database.prepare(`SELECT ${entryColumns} FROM entry WHERE slot BETWEEN ? AND ?`)
  }

  at(path: readonly string[]): EntryView | undefined {
    let folder = root
    let view: EntryView | undefined = this.rootView()
    for (const [index, name] of path.entries()) {
      const unit = this.#unitNamed(folder, name)
      if (unit === undefined) return undefined
      const isLast = index === path.length - 1
      if (isLast) view = this.viewOfUnit(unit, folder)
      else if (unit.members[0]?.kind !== FOLDER) return undefined
      else folder = into(folder, unit)
    }
    return view
  }

  #unitNamed(folder: Folder, name: string): Unit | undefined {
    const key = keyOfName(name)
    const isIt = (unit: Unit) => keyOfName(unit.name) === key
    const plain = this.#siblings.units(folder.numbers, foldName(name)).find(isIt)
    if (plain !== undefined) return plain
    // The name may have been cut, so it is not undone but looked for among those whose id begins so.
    for (const digits of digitsInName(name)) {
      const { first, last } = slotsOfPrefix(digits)
      for (const row of this.#bySlots.all<EntryRow>(first, last)) {
        if (row.place === null || !folder.numbers.includes(row.place)) continue
        const decorated = this.#siblings.units(folder.numbers, row.fold ?? '').find(isIt)
        if (decorated !== undefined) return decorated
      }
    }
    return undefined
  }

  /** A live entry by id; folders that show as one all answer the same view. */
  entry(id: EntryId): EntryView | undefined {
    if (id === ROOT_ENTRY) return this.rootView()
    const row = this.#entries.byId(id)
    return row === undefined ? undefined : this.viewOf(row)
  }

  /** How a row looks if it is live. `known`: folders located before in the same read, by number. */
  viewOf(row: EntryRow, known = new Map<number, Folder | undefined>()): EntryView | undefined {
    if (row.place === null) return undefined
    const inside = this.#folder(row.place, known)
    if (inside === undefined) return undefined
    const unit = this.#unitOf(inside, row)
    return this.viewOfUnit(unit, inside, row)
  }

  /** The live folder with this number. */
  #folder(number: number, known: Map<number, Folder | undefined>): Folder | undefined {
    const chain: EntryRow[] = []
    let folder: Folder | undefined = root
    for (const row of this.#entries.upFrom(number)) {
      if (known.has(row.number)) {
        folder = known.get(row.number)
        break
      }
      chain.push(row)
      if (row.place === null) folder = undefined
    }
    for (const row of chain.reverse()) {
      folder = folder === undefined ? undefined : into(folder, this.#unitOf(folder, row))
      known.set(row.number, folder)
    }
    return folder
  }

  #unitOf(inside: Folder, row: EntryRow): Unit {
    const units = this.#siblings.units(inside.numbers, row.fold ?? '')
    const unit = units.find((each) => each.members.some((member) => member.number === row.number))
    assert(unit !== undefined, 'an entry is among those in its folder')
    return unit
  }

  rootView(): EntryView {
    return {
      id: ROOT_ENTRY,
      kind: 'folder',
      path: '/',
      name: '',
      parent: ROOT_ENTRY,
      ids: [ROOT_ENTRY],
      version: null,
      sizeBytes: null,
      modifiedMs: 0,
      heads: [],
      caseTwin: false,
    }
  }

  /** `row`: the first real member's or only row, if it is at hand. */
  viewOfUnit(unit: Unit, inside: Folder, row?: ShownRow): EntryView {
    const members = realMembers(unit)
    const first = members[0]
    if (first === undefined) return this.#recoveredView(named(unit, inside))
    const firstRow = row?.number === first.number ? row : this.#entries.mustBe(first.number)
    return this.#view(firstRow, members, named(unit, inside), this.parentIdOf(first.place), unit.hasTwin)
  }

  /** /Recovered itself: no entry, so it has no ids that rows could be written for. */
  #recoveredView(names: { name: string; path: string }): EntryView {
    return { ...this.rootView(), id: RECOVERED_ENTRY, ids: [], ...names }
  }

  /** The view of a row that is alone with its name. */
  viewOfSingle(row: ShownRow, inside: Folder, parent: EntryId): EntryView {
    const name = row.name ?? ''
    if (row.number === RECOVERED) return this.#recoveredView({ name, path: `${inside.path}/${name}` })
    return this.#view(row, [row], { name, path: `${inside.path}/${name}` }, parent, false)
  }

  #view(
    row: ShownRow,
    members: readonly { readonly id: Buffer }[],
    names: { name: string; path: string },
    parent: EntryId,
    caseTwin: boolean,
  ): EntryView {
    const isFile = row.kind === FILE
    const version = row.version === null ? null : (hexOf(row.version) as VersionId)
    return {
      id: entryIdOf(row),
      kind: isFile ? 'file' : 'folder',
      ...names,
      parent,
      ids: members.length === 1 ? [entryIdOf(row)] : members.map(entryIdOf),
      version,
      sizeBytes: isFile ? row.size : null,
      modifiedMs: row.modified,
      heads: this.headsOf(row, version),
      caseTwin,
    }
  }

  headsOf(row: Pick<ShownRow, 'number' | 'heads'>, version: VersionId | null): VersionId[] {
    if (version === null) return []
    return row.heads === 1 ? [version] : this.#versions.heads(row.number).map((head) => hexOf(head.id) as VersionId)
  }

  /** The id of what an entry hangs from; the root for what hangs in /Recovered. */
  parentIdOf(place: number | null): EntryId {
    return place === null || place === ROOT || place === RECOVERED ? ROOT_ENTRY : entryIdOf(this.#entries.mustBe(place))
  }

  /** The folder that a view shows. Its ids may have ended since; then there is nothing in it. */
  folderOf(view: EntryView): Folder {
    assert(view.kind === 'folder', `${view.path} is a file`)
    if (view.id === ROOT_ENTRY) return root
    const numbers = view.ids.map((id) => this.#entries.byId(id)?.number).filter((number) => number !== undefined)
    if (view.path === `/${recoveredName}`) numbers.unshift(RECOVERED)
    return { numbers, path: view.path }
  }
}

function into(folder: Folder, unit: Unit): Folder {
  return { numbers: unit.members.map((each: Sibling) => each.number), path: `${folder.path}/${unit.name}` }
}

function named(unit: Unit, inside: Folder): { name: string; path: string } {
  return { name: unit.name, path: `${inside.path}/${unit.name}` }
}
