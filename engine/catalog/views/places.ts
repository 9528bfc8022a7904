/**
 * Where entries hang. A row of an entry says its parent; what is derived is its place: the parent, or /Recovered, or nothing.
 *
 * An entry that its own trash row deletes has no place. A folder's trash row says nothing about what is inside: the chain of
 * places ends at the deleted folder, so all of it is dead without a row being touched. What was stamped after the row
 * that deletes a folder above it (the nearest such row counts) hangs in /Recovered, as does what has no known folder as
 * parent. In a circle of concurrent moves the member with the smallest id hangs in /Recovered and the others below it.
 *
 * So the place of an entry follows from rows alone (`placeOf`), in whatever order they came, and only entries in /Recovered
 * may have to be hung elsewhere when a folder above them lives, dies, appears or ends. They are few, and so, in common
 * life, is what was stamped after a deletion; where both are many, the folder's content is searched for them.
 */
import assert from 'node:assert/strict'
import { limits } from '../../limits.ts'
import type { Database, Statement } from '../../ports.ts'
import type { Counts } from './counts.ts'
import { type EntryRow, type EntryTable, FILE, FOLDER, RECOVERED, ROOT, UNBORN } from './entryTable.ts'
import { Kept } from './kept.ts'

/** Of a folder: live, deleted with all that has no later stamp than this, or no known folder at all. */
export type Fate = 'live' | 'unknown' | Buffer

interface Step {
  readonly number: number
  readonly id: Buffer
  readonly kind: number
  readonly parent: number | null
  readonly place: number | null
  readonly touched: Buffer | null
  readonly binned: Buffer | null
}

/** Up to so many entries are looked at one by one before a folder's content is searched instead. */
const fewCandidates = 1000

export class Places {
  readonly #entries: EntryTable
  readonly #counts: Counts
  /** The entry hung from there (null: nowhere) until now. */
  readonly #moved: (row: EntryRow, from: number | null) => void
  readonly fates = new Kept<Map<number, Fate>>(() => new Map())
  readonly #step: Statement
  readonly #someRecovered: Statement
  readonly #recovered: Statement
  readonly #touchedSince: Statement
  readonly #recoveredBelow: Statement
  readonly #touchedBelow: Statement
  readonly #childrenOf: Statement
  readonly #waitingFor: Statement

  constructor(
    database: Database,
    entries: EntryTable,
    counts: Counts,
    moved: (row: EntryRow, from: number | null) => void,
  ) {
    this.#entries = entries
    this.#counts = counts
    this.#moved = moved
    this.#step = database.prepare('SELECT number, id, kind, parent, place, touched, binned FROM entry WHERE number = ?')
    this.#someRecovered = database.prepare(`SELECT 1 FROM entry WHERE place = ${RECOVERED} LIMIT 1`).pluck()
    this.#recovered = database.prepare(`SELECT number FROM entry WHERE place = ${RECOVERED} LIMIT ?`).pluck()
    this.#touchedSince = database
      .prepare('SELECT number FROM entry WHERE substr(touched, 1, 6) >= ? AND touched > ? LIMIT ?')
      .pluck()
    const hangs = 'entry INDEXED BY entry_by_modified ON entry.place = below.number'
    const isRecovered = `entry INDEXED BY entry_detached
      ON entry.parent = below.number AND entry.place IS NOT entry.parent AND entry.place = ${RECOVERED}`
    const below = `WITH RECURSIVE below (number) AS (
        SELECT CAST(? AS INTEGER)
        UNION SELECT entry.number FROM below CROSS JOIN ${hangs} AND entry.kind = ${FOLDER}
        UNION SELECT entry.number FROM below CROSS JOIN ${isRecovered} AND entry.kind = ${FOLDER})`
    this.#recoveredBelow = database.prepare(`${below} SELECT entry.number FROM below CROSS JOIN ${isRecovered}`).pluck()
    this.#touchedBelow = database
      .prepare(`${below} SELECT entry.number FROM below CROSS JOIN ${hangs} AND entry.touched > ?`)
      .pluck()
    this.#childrenOf = database.prepare('SELECT number FROM entry WHERE place = ?').pluck()
    this.#waitingFor = database.prepare('SELECT number FROM entry WHERE parent = ? AND place IS NOT parent').pluck()
  }

  /** The fate of a folder, from the places above it. */
  fateOf(folder: number): Fate {
    const fates = this.fates.get()
    const passed: number[] = []
    const seen = new Set<number>()
    let fate = fates.get(folder)
    for (let at = folder; fate === undefined; ) {
      if (at === ROOT || at === RECOVERED) {
        fate = 'live'
        break
      }
      assert(!seen.has(at), 'places never form a circle')
      seen.add(at)
      passed.push(at)
      const step = this.#step.get<Step>(at)
      if (step?.kind !== FOLDER) fate = 'unknown'
      else if (step.binned !== null) fate = step.binned
      else if (step.place === null)
        fate = 'unknown' // about to be hung
      else {
        at = step.place
        fate = fates.get(at)
      }
    }
    if (fates.size + passed.length > limits.folderFates) fates.clear()
    for (const number of passed.slice(0, limits.folderFates)) fates.set(number, fate)
    // If this work is undone, the numbers may come to stand for other entries.
    if (passed.length > 0) this.fates.changed()
    return fate
  }

  /** True if an entry that hangs at this place is live. */
  isLiveAt(place: number | null): boolean {
    return place !== null && this.fateOf(place) === 'live'
  }

  /** Where an entry without anything below it hangs. */
  placeOfLeaf(row: EntryRow): number | null {
    if (row.kind === UNBORN || row.binned !== null) return null
    assert(row.parent !== null)
    return placeUnder(row, row.parent, this.fateOf(row.parent))
  }

  /** Where an entry hangs, from rows alone. */
  #placeOf(row: EntryRow): number | null {
    if (row.kind === UNBORN || row.binned !== null) return null
    assert(row.parent !== null)
    const { passed, top } = this.#walkUp(row.parent, row.kind === FOLDER ? row.number : undefined)
    if (top === 'circle') return smallest([row, ...passed]).number === row.number ? RECOVERED : row.parent
    let fate = top
    for (const step of passed.reverse()) {
      if (fate === 'unknown' || (fate !== 'live' && isAfter(step.touched, fate))) fate = 'live'
    }
    return placeUnder(row, row.parent, fate)
  }

  /** Follows parents as rows name them: the folders passed, and what ends them. `circle` if that is the folder `from`. */
  #walkUp(start: number, from: number | undefined): { passed: Step[]; top: Fate | 'circle' } {
    const passed: Step[] = []
    const seen = new Set<number>()
    for (let at = start; ; ) {
      if (at === from) return { passed, top: 'circle' }
      // What hangs off a circle is live, like the circle.
      if (at === ROOT || at === RECOVERED || seen.has(at)) return { passed, top: 'live' }
      seen.add(at)
      const step = this.#step.get<Step>(at)
      if (step?.kind !== FOLDER || step.parent === null) return { passed, top: 'unknown' }
      if (step.binned !== null) return { passed, top: step.binned }
      passed.push(step)
      at = step.parent
    }
  }

  /** The member that hangs in /Recovered, if the folder is in a circle. */
  #headOfCircle(row: EntryRow): number | undefined {
    if (row.binned !== null || row.parent === null) return undefined
    const { passed, top } = this.#walkUp(row.parent, row.number)
    return top === 'circle' ? smallest([row, ...passed]).number : undefined
  }

  /** Writes what rows have changed about an entry, and hangs it and whatever depends on it. `after` has the place of `before`. */
  settle(before: EntryRow, after: EntryRow): void {
    if (before.kind !== after.kind && before.kind !== UNBORN) this.#counts.all.drop()
    else if (before.size !== after.size && this.#counts.follows && this.isLiveAt(before.place)) {
      this.#counts.resized(after.size - before.size)
    }
    if (before.kind === FOLDER || after.kind === FOLDER) this.#settleFolder(before, after)
    else {
      this.#entries.update(after)
      this.#hang(after, this.placeOfLeaf(after))
    }
  }

  #settleFolder(before: EntryRow, after: EntryRow): void {
    const { number } = after
    const wasFolder = before.kind === FOLDER
    const isFolder = after.kind === FOLDER
    const fateBefore = wasFolder ? this.fateOf(number) : 'unknown'
    const oldHead = wasFolder ? this.#headOfCircle(before) : undefined
    this.#entries.update(after)
    this.fates.drop()
    // First, so that places never form a circle in between: what was in a folder that has ended leaves it, since the entry
    // may come to hang below; and in a new circle the member with the smallest id moves up.
    if (wasFolder && !isFolder) this.#recheckChildren(number, [fateBefore, 'unknown'])
    const newHead = isFolder ? this.#headOfCircle(after) : undefined
    if (newHead !== undefined && newHead !== number) this.#recheck(newHead)
    this.#hang(after, this.#placeOf(after))
    if (isFolder && !wasFolder) this.#recheckChildren(number, ['unknown', this.fateOf(number)])
    if (oldHead !== undefined && oldHead !== number) this.#recheck(oldHead)
    if (!isFolder || !wasFolder) return
    const fateAfter = this.fateOf(number)
    if (!sameFate(fateBefore, fateAfter)) this.#recheckBelow(number, fateAfter)
  }

  /** A folder has appeared or ended. */
  #recheckChildren(folder: number, fates: readonly Fate[]): void {
    const someDead = fates.some((fate) => fate !== 'live' && fate !== 'unknown')
    const waiting = this.#waitingFor.all<number>(folder)
    for (const number of [...this.#childrenOf.all<number>(folder), ...waiting]) {
      if (number === folder) continue
      const child = this.#recheck(number, true)
      if (someDead && child.kind === FOLDER && child.place !== null) {
        this.#recheckBelow(number, this.fateOf(number))
      }
    }
  }

  /** A folder's fate has changed. */
  #recheckBelow(folder: number, fate: Fate): void {
    const since = fate === 'live' || fate === 'unknown' ? undefined : fate
    const recovered = this.#recovered.all<number>(fewCandidates + 1)
    const touched =
      since === undefined ? [] : this.#touchedSince.all<number>(since.subarray(0, 6), since, fewCandidates + 1)
    const few = recovered.length <= fewCandidates && touched.length <= fewCandidates
    const candidates = new Set(
      few
        ? [...recovered, ...touched]
        : [
            ...this.#recoveredBelow.all<number>(folder),
            ...(since === undefined ? [] : this.#touchedBelow.all<number>(folder, since)),
          ],
    )
    for (const number of candidates) if (number !== folder) this.#recheck(number)
  }

  /** `settledAbove`: the places of all folders above are right already. */
  #recheck(number: number, settledAbove = false): EntryRow {
    const row = this.#entries.mustBe(number)
    this.#hang(row, settledAbove && row.kind === FILE ? this.placeOfLeaf(row) : this.#placeOf(row))
    return row
  }

  #hang(row: EntryRow, place: number | null): void {
    const from = row.place
    if (from === place) return
    const wasLive = this.#counts.follows && this.isLiveAt(from)
    this.#entries.setPlace(row.number, place)
    row.place = place
    if (row.kind === FOLDER) this.fates.drop()
    const isLive = this.#counts.follows && this.isLiveAt(place)
    if (wasLive !== isLive) this.#counts.flipped(row, isLive ? 1 : -1)
    else this.#counts.all.changed()
    if (from === RECOVERED || place === RECOVERED) this.#showRecovered()
    this.#moved(row, from)
  }

  /** An entry has been inserted at its place. */
  arrived(row: EntryRow): void {
    if (row.place === RECOVERED) this.#showRecovered()
  }

  /** /Recovered is there while something hangs in it. */
  #showRecovered(): void {
    const row = this.#entries.mustBe(RECOVERED)
    const place = this.#someRecovered.get<number>() === undefined ? null : ROOT
    if (row.place === place) return
    const from = row.place
    this.#entries.setPlace(RECOVERED, place)
    row.place = place
    this.#moved(row, from)
  }
}

function placeUnder(row: EntryRow, parent: number, fate: Fate): number {
  if (fate === 'live') return parent
  return fate === 'unknown' || isAfter(row.touched, fate) ? RECOVERED : parent
}

function isAfter(stamp: Buffer | null, than: Buffer): boolean {
  return stamp !== null && stamp.compare(than) > 0
}

function sameFate(a: Fate, b: Fate): boolean {
  return typeof a === 'string' || typeof b === 'string' ? a === b : a.equals(b)
}

function smallest<R extends { readonly id: Buffer; readonly number: number }>(rows: readonly R[]): R {
  return rows.reduce((least, row) => (row.id.compare(least.id) < 0 ? row : least))
}
