/**
 * The tree follows the rows. Each row of an entry sets one of its registers; from them is derived what the entry is (current
 * version, greatest stamp, deleted or not) and then, in places.ts, where it hangs. Rows come in any order: whatever is
 * not known yet has an entry that is not born. A folder's rename, move or deletion touches its own row only.
 *
 * A file's trash row deletes it while the version it names is current; one that names none, while it is the latest that was
 * said of the file. A restore is a trash row too, and counts like a move: what was restored after a folder above it was
 * deleted shows in /Recovered.
 */
import { bytesOf } from '../../base/bytes.ts'
import type { EntryId, VersionId } from '../../base/ids.ts'
import { limits } from '../../limits.ts'
import type { Change, Version } from '../types.ts'
import type { Changes } from './changes.ts'
import type { Counts } from './counts.ts'
import { type EntryRow, type EntryTable, entryIdOf, FILE, FOLDER, isPseudo, unborn, UNBORN } from './entryTable.ts'
import type { NameIndex } from './nameIndex.ts'
import { foldName, sortKeyOf } from './names.ts'
import type { Places } from './places.ts'
import type { SegmentTable } from './segmentTable.ts'
import { idsIn, type VersionRow, type VersionTable } from './versionTable.ts'
import type { Wanted } from './wanted.ts'

type ChangeOf<What extends Change['what']> = Extract<Change, { what: What }>

export interface TreeDeps {
  readonly entries: EntryTable
  readonly versions: VersionTable
  readonly places: Places
  readonly counts: Counts
  readonly segments: SegmentTable
  readonly wanted: Wanted
  readonly names: NameIndex
  readonly changed: Changes<EntryId>
  /** Versions whose row and segments are all here. */
  readonly completed: Changes<VersionId>
}

export class Tree {
  readonly #deps: TreeDeps

  constructor(deps: TreeDeps) {
    this.#deps = deps
  }

  birth(change: ChangeOf<'birth'>, stamp: Buffer): void {
    if (isPseudo(change.entry)) return
    this.#deps.changed.add(change.entry)
    const before = this.#deps.entries.byId(change.entry)
    if (before !== undefined) this.#giveBirth(before, change, stamp)
    else if (change.parent !== change.entry) this.#addEntry(change, stamp)
    else this.#giveBirth(this.#deps.entries.ensure(change.entry), change, stamp)
  }

  /** The common case: nothing was known of the entry. One insertion, everything derived in advance. */
  #addEntry({ entry, parent: parentId, name, version }: ChangeOf<'birth'>, stamp: Buffer): void {
    const { entries, places, counts, wanted } = this.#deps
    const parent = entries.ensureParent(parentId)
    const row = unborn(entries.newNumber(), bytesOf(entry))
    row.kind = version === null ? FOLDER : FILE
    row.parent = parent.number
    row.name = name
    row.fold = foldName(name)
    row.sortKey = sortKeyOf(row.fold)
    row.locationStamp = stamp
    row.touched = stamp
    if (version === null) {
      row.modified = stampMsOf(stamp)
    } else {
      row.version = bytesOf(version.version)
      row.heads = 1
      row.size = version.sizeBytes
      row.modified = version.modifiedMs
    }
    row.place = places.placeOfLeaf(row)
    row.wanted = wanted.ofNewEntry(row.place === parent.number ? parent : entries.mustBe(row.place as number))
    entries.insert(row)
    if (version !== null) {
      this.#deps.versions.add(version, row.number, true, stamp)
      this.#name(version, row)
    }
    if (counts.follows && places.isLiveAt(row.place)) counts.flipped(row, 1)
    else counts.all.changed()
    places.arrived(row)
    if (row.kind !== FOLDER) return
    wanted.changed(row, row)
    wanted.refresh(limits.wantedPerRow)
  }

  #giveBirth(before: EntryRow, change: ChangeOf<'birth'>, stamp: Buffer): void {
    const after = { ...before, kind: change.version === null ? FOLDER : FILE }
    if (before.moved === 0) {
      after.parent = this.#deps.entries.ensure(change.parent).number
      after.name = change.name
      after.locationStamp = stamp
    }
    const old = this.#deps.versions.ofBirth(before.number)
    if (old !== undefined) this.#removeVersion(old)
    if (change.version !== null) {
      this.#deps.versions.add(change.version, before.number, true, stamp)
      this.#name(change.version, before)
    }
    if (old !== undefined) this.#unname(old)
    this.#settle(before, after)
  }

  version({ version }: ChangeOf<'version'>, stamp: Buffer): void {
    if (isPseudo(version.entry)) return
    const { entries, versions, changed } = this.#deps
    changed.add(version.entry)
    const old = versions.ofOwnRow(version.version)
    if (old !== undefined) this.#removeVersion(old)
    const before = entries.ensure(version.entry)
    versions.add(version, before.number, false, stamp)
    this.#name(version, before)
    if (old !== undefined) {
      this.#unname(old)
      if (old.entry !== before.number) this.#resettle(old.entry)
    }
    this.#settle(before, { ...before })
  }

  location({ entry, parent, name }: ChangeOf<'location'>, stamp: Buffer): void {
    if (isPseudo(entry)) return
    const { entries, changed } = this.#deps
    changed.add(entry)
    const above = entries.ensure(parent)
    const before = entries.ensure(entry)
    this.#settle(before, { ...before, parent: above.number, name, locationStamp: stamp, moved: 1 })
  }

  trash({ entry, trashed, version, by, atMs }: ChangeOf<'trash'>, stamp: Buffer): void {
    if (isPseudo(entry)) return
    const { entries, changed } = this.#deps
    changed.add(entry)
    const before = entries.ensure(entry)
    this.#settle(before, {
      ...before,
      trashStamp: stamp,
      trashed: trashed ? 1 : 0,
      trashVersion: version === null ? null : bytesOf(version),
      trashBy: bytesOf(by),
      trashMs: atMs,
    })
  }

  policy({ entry, copies, pinnedTo }: ChangeOf<'policy'>): void {
    const { entries, wanted, changed } = this.#deps
    changed.add(entry)
    wanted.setPolicy(entries.ensure(entry), copies, pinnedTo)
    wanted.refresh(limits.wantedPerRow)
  }

  /** Another row of the entry that shows nowhere in the tree. */
  properties({ entry }: ChangeOf<'properties'>): void {
    this.#deps.changed.add(entry)
  }

  forget(entry: EntryId): void {
    const { entries, versions, wanted, changed } = this.#deps
    const before = isPseudo(entry) ? undefined : entries.byId(entry)
    if (before === undefined) return
    changed.add(entry)
    const rows = versions.rowsOfEntry(before.number)
    for (const row of rows) versions.remove(row)
    for (const row of rows) this.#deps.segments.unname(idsIn(row.segments, 32), before.number)
    const { number, id, place, wanted: bits } = before
    this.#settle(before, { ...unborn(number, id), place, wanted: bits })
    wanted.forget(before)
    wanted.refresh(limits.wantedPerRow)
  }

  /** A segment has come that versions were waiting for. */
  segmentCame(entryNumbers: readonly number[], id: Buffer): void {
    const { versions, segments, completed } = this.#deps
    for (const number of entryNumbers) {
      for (const row of versions.ofEntry(number)) {
        const ids = idsIn(row.segments, 32)
        if (ids.some((each) => each.equals(id)) && ids.every((each) => segments.isHere(each))) {
          completed.add(row.id.toString('hex') as VersionId)
        }
      }
    }
  }

  // -------------------------------------------------------------- versions

  #name(version: Version, entry: EntryRow): void {
    const ids = [...new Set(version.segments)].map(bytesOf)
    if (this.#deps.segments.name(ids, entry.number, entry.wanted)) this.#deps.completed.add(version.version)
  }

  #removeVersion(row: VersionRow): void {
    this.#deps.versions.remove(row)
  }

  /** Lets go of the segments of a removed version, except those that others of the entry name. */
  #unname(removed: VersionRow): void {
    const kept = new Set<string>()
    for (const id of this.#deps.versions.segmentsOf(removed.entry)) kept.add(id.toString('hex'))
    const gone = idsIn(removed.segments, 32).filter((id) => !kept.has(id.toString('hex')))
    this.#deps.segments.unname(gone, removed.entry)
  }

  // -------------------------------------------------------------- deriving

  #resettle(number: number): void {
    const before = this.#deps.entries.mustBe(number)
    this.#deps.changed.add(entryIdOf(before))
    this.#settle(before, { ...before })
  }

  /** `after` has the registers that rows have set; what follows from them is derived here. */
  #settle(before: EntryRow, after: EntryRow): void {
    const { places, wanted, names } = this.#deps
    this.#derive(after)
    places.settle(before, after)
    if (before.fold !== after.fold) names.note(after.number)
    const isElsewhere =
      before.place !== after.place ||
      before.parent !== after.parent ||
      before.name !== after.name ||
      before.kind !== after.kind
    if (isElsewhere) wanted.changed(before, after)
    if (isElsewhere || before.kind === FOLDER || after.kind === FOLDER) wanted.refresh(limits.wantedPerRow)
  }

  #derive(row: EntryRow): void {
    const heads = row.kind === FILE ? this.#deps.versions.heads(row.number) : []
    const current = heads[0]
    row.version = current?.id ?? null
    row.heads = heads.length
    row.size = current?.size ?? 0
    row.modified = current?.modified ?? (row.locationStamp === null ? 0 : stampMsOf(row.locationStamp))
    row.fold = row.name === null ? null : foldName(row.name)
    row.sortKey = row.fold === null ? null : sortKeyOf(row.fold)
    const restored = row.trashed === 0 ? row.trashStamp : null
    row.touched = latest([row.locationStamp, current?.stamp ?? null, restored])
    row.binned = isDeleted(row) ? row.trashStamp : null
  }
}

function isDeleted(row: EntryRow): boolean {
  if (row.kind === UNBORN || row.trashed !== 1 || row.trashStamp === null) return false
  if (row.kind === FOLDER) return true
  if (row.trashVersion === null) return row.touched === null || row.trashStamp.compare(row.touched) > 0
  return row.version !== null && row.trashVersion.equals(row.version)
}

function latest(stamps: readonly (Buffer | null)[]): Buffer | null {
  return stamps.reduce((a, b) => (a === null || (b !== null && b.compare(a) > 0) ? b : a), null)
}

/** Wall clock part of a stamp, milliseconds since 1970. */
function stampMsOf(stamp: Buffer): number {
  return stamp.readUIntBE(0, 6)
}
