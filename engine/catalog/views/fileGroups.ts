/**
 * Files by where their content lies: all files whose chunks fall into the same patterns and that want the same copies are one
 * group. What is asked about all files (how many are safe, what would be lost with a machine) is answered group by group and counted in
 * memory, without looking at files or chunks.
 *
 * Held in memory, 12 bytes per file, made in bounded steps when it is first asked for (some three seconds per million files), and from then on
 * kept by looking again at what the tables have marked as changed. Columns of the database were rejected: they would be written
 * with every claim, on the way of every small file. One aggregate over the tables at each question was rejected as well:
 * three random look-ups per chunk take seconds.
 */
import { bytesOf } from '../../base/bytes.ts'
import type { EntryId } from '../../base/ids.ts'
import { limits } from '../../limits.ts'
import type { Database, Statement } from '../../ports.ts'
import type { FileGroup, FileGroups, HolderPattern } from '../types.ts'
import { AS_DEFAULT, FILE, RECOVERED, ROOT } from './entryTable.ts'
import type { GroupMarks } from './groupMarks.ts'
import { Numbers } from './numbers.ts'
import { EMPTY_SET, PatternSets, UNKNOWN_SET } from './patternSets.ts'
import { chunksIn } from './segmentTable.ts'
import { slotOf } from './slots.ts'
import { idsIn } from './versionTable.ts'

export interface FileGroupDeps {
  readonly marks: GroupMarks
  /** The patterns of chunks by their ids. */
  readonly patternsOf: (chunks: readonly Buffer[]) => Iterable<number>
  /** Holders by pattern. */
  readonly holdersByPattern: () => Map<number, HolderPattern['holders']>
  readonly holdersOf: (pattern: number) => HolderPattern['holders']
  /** Copies that bits of `wanted` ask for. */
  readonly copiesOf: (wantedBits: number) => number
}

interface GroupKey {
  readonly set: number
  readonly wanted: number
}

interface EntryLook {
  readonly kind: number
  readonly place: number | null
  readonly wanted: number
  readonly segments: Buffer | null
}

/** Bits of `wanted` are fewer than this. */
const wantedSpan = 64
const noGroup = 0

export class FileGroupViews implements FileGroups {
  readonly #deps: FileGroupDeps
  readonly #chunkScan: Statement
  readonly #sharedScan: Statement
  readonly #entryScan: Statement
  readonly #namingScan: Statement
  readonly #versionScan: Statement
  readonly #segmentsOfChunk: Statement
  readonly #segmentBytes: Statement
  readonly #entriesOfSegment: Statement
  readonly #look: Statement
  readonly #segmentNumber: Statement
  readonly #entryNumber: Statement
  #sets = new PatternSets()
  /** 0 is no group. */
  #keys: GroupKey[] = [{ set: UNKNOWN_SET, wanted: AS_DEFAULT }]
  #byKey = new Map<number, number>()
  /** By number of the segment: the set of patterns of its chunks. */
  #setOfSegment = new Numbers()
  /** By number of the entry: its group; 0 for what is no file. */
  #groupOf = new Numbers()
  /** By number of the entry: one more than the number of the folder it hangs in; 0 if it hangs nowhere. */
  #placeOf = new Numbers()
  #work: Generator<undefined, void> | undefined
  #changes = 0
  #isMade = false

  constructor(database: Database, deps: FileGroupDeps) {
    this.#deps = deps
    const page = limits.groupStep
    this.#chunkScan = database.prepare(
      `SELECT number, pattern, segment FROM chunk WHERE number > ? ORDER BY number LIMIT ${page}`,
    )
    this.#sharedScan = database.prepare(
      `SELECT chunk_segment.chunk, chunk_segment.segment, chunk.pattern FROM chunk_segment
       JOIN chunk ON chunk.number = chunk_segment.chunk
       WHERE (chunk_segment.chunk, chunk_segment.segment) > (?, ?) ORDER BY 1, 2 LIMIT ${page}`,
    )
    this.#entryScan = database.prepare(
      `SELECT number, kind, place, wanted FROM entry WHERE number > ? ORDER BY number LIMIT ${page}`,
    )
    this.#namingScan = database.prepare(
      `SELECT segment, entry FROM segment_entry WHERE (segment, entry) > (?, ?) ORDER BY 1, 2 LIMIT ${page}`,
    )
    this.#versionScan = database
      .prepare(`SELECT entry FROM version INDEXED BY version_by_entry WHERE entry > ? ORDER BY entry LIMIT ${page}`)
      .pluck()
    this.#segmentsOfChunk = database
      .prepare(
        `SELECT segment FROM chunk WHERE number = ? AND segment IS NOT NULL
         UNION ALL SELECT segment FROM chunk_segment WHERE chunk = ?`,
      )
      .pluck()
    this.#segmentBytes = database.prepare('SELECT bytes FROM segment WHERE number = ?').pluck()
    this.#entriesOfSegment = database.prepare('SELECT entry FROM segment_entry WHERE segment = ?').pluck()
    this.#look = database.prepare(
      `SELECT kind, place, wanted, (SELECT segments FROM version
         WHERE version.entry = entry.number AND version.id = entry.version ORDER BY stamp DESC LIMIT 1) AS segments
       FROM entry WHERE number = ?`,
    )
    this.#segmentNumber = database.prepare('SELECT number FROM segment WHERE slot = ? AND id = ?').pluck()
    this.#entryNumber = database.prepare('SELECT number FROM entry WHERE slot = ? AND id = ?').pluck()
  }

  // -------------------------------------------------------------- answers

  get changes(): number {
    return this.#changes
  }

  get isMade(): boolean {
    return this.#isMade
  }

  get isDone(): boolean {
    return this.#work === undefined && this.#isMade && this.#deps.marks.isEmpty
  }

  holdersByPattern(): Map<number, HolderPattern['holders']> {
    return this.#deps.holdersByPattern()
  }

  holdersOf(pattern: number): HolderPattern['holders'] {
    return this.#deps.holdersOf(pattern)
  }

  group(number: number): FileGroup | undefined {
    const key = number === noGroup ? undefined : this.#keys[number]
    return key === undefined ? undefined : this.#told(key)
  }

  groups(): FileGroup[] {
    return this.#keys.map((key) => this.#told(key))
  }

  #told({ set, wanted }: GroupKey): FileGroup {
    return { copies: this.#deps.copiesOf(wanted), patterns: set === UNKNOWN_SET ? null : this.#sets.get(set) }
  }

  entryNumber(entry: EntryId): number | undefined {
    const id = bytesOf(entry)
    return this.#entryNumber.get<number>(slotOf(id), id)
  }

  groupOf(entryNumber: number): number {
    return this.#groupOf.get(entryNumber)
  }

  *tally(within?: readonly EntryId[]): Generator<undefined, Uint32Array> {
    const counts = new Uint32Array(this.#keys.length)
    const length = this.#groupOf.length
    const roots = within?.map((id) => this.entryNumber(id)) ?? [ROOT, RECOVERED]
    // 0: not looked at, 1: hangs below a root, 2: does not.
    const fates = new Uint8Array(Math.max(this.#placeOf.length, RECOVERED + 1))
    for (const root of roots) if (root !== undefined) fates[root] = 1
    for (let number = 0; number < length; number++) {
      if (number % limits.groupScan === limits.groupScan - 1) yield
      const group = this.#groupOf.get(number)
      if (group === noGroup || !this.#isBelow(number, fates)) continue
      counts[group] = (counts[group] ?? 0) + 1
    }
    return counts
  }

  #isBelow(number: number, fates: Uint8Array): boolean {
    const passed: number[] = []
    let place = this.#placeOf.get(number)
    while (place !== 0 && fates[place - 1] === 0 && passed.length <= limits.groupStep) {
      passed.push(place - 1)
      place = this.#placeOf.get(place - 1)
    }
    const isBelow = place !== 0 && fates[place - 1] === 1
    for (const folder of passed) fates[folder] = isBelow ? 1 : 2
    return isBelow
  }

  *worstByFolder(codes: Uint8Array): Generator<undefined, Uint8Array> {
    const worst = new Uint8Array(Math.max(this.#placeOf.length, RECOVERED + 1))
    const length = this.#groupOf.length
    for (let number = 0; number < length; number++) {
      if (number % limits.groupScan === limits.groupScan - 1) yield
      const group = this.#groupOf.get(number)
      const code = group === noGroup ? 0 : (codes[group] ?? 0)
      if (code === 0) continue
      for (let at = this.#placeOf.get(number); at !== 0 && (worst[at - 1] ?? code) < code; ) {
        worst[at - 1] = code
        at = this.#placeOf.get(at - 1)
      }
    }
    return worst
  }

  // -------------------------------------------------------------- keeping them

  step(): boolean {
    const { marks } = this.#deps
    if (this.#work === undefined) {
      const anew = !this.#isMade || marks.overflowed || this.#sets.count > limits.patternSets
      if (!anew && marks.isEmpty) return false
      this.#work = anew ? this.#make() : this.#follow()
    }
    this.#changes++
    if (this.#work.next().done === true) this.#work = undefined
    return this.#work !== undefined || !marks.isEmpty
  }

  /** All of it from the tables. What changes on the way is marked and looked at afterwards. */
  *#make(): Generator<undefined, void> {
    this.#isMade = false
    this.#deps.marks.follow()
    this.#sets = new PatternSets()
    this.#keys = [{ set: UNKNOWN_SET, wanted: AS_DEFAULT }]
    this.#byKey = new Map()
    this.#setOfSegment = new Numbers()
    this.#groupOf = new Numbers()
    this.#placeOf = new Numbers()
    yield* this.#scanSegments()
    yield* this.#scanEntries()
    this.#isMade = true
  }

  *#scanSegments(): Generator<undefined, void> {
    for (let after = -1; ; ) {
      const rows = this.#chunkScan.all<{ number: number; pattern: number; segment: number | null }>(after)
      for (const { pattern, segment } of rows) if (segment !== null) this.#join(segment, pattern)
      if (rows.length < limits.groupStep) break
      after = rows.at(-1)?.number ?? after
      yield
    }
    for (let after: { chunk: number; segment: number } = { chunk: -1, segment: -1 }; ; ) {
      const rows = this.#sharedScan.all<typeof after & { pattern: number }>(after.chunk, after.segment)
      for (const { segment, pattern } of rows) this.#join(segment, pattern)
      if (rows.length < limits.groupStep) return
      after = rows.at(-1) ?? after
      yield
    }
  }

  #join(segment: number, pattern: number): void {
    const set = this.#setOfSegment.get(segment)
    this.#setOfSegment.set(segment, this.#sets.with(set === UNKNOWN_SET ? EMPTY_SET : set, pattern))
  }

  *#scanEntries(): Generator<undefined, void> {
    // One more than the set; 0 while no segment of the entry has been seen.
    const sets = new Numbers()
    for (let after = { segment: -1, entry: -1 }; ; ) {
      const rows = this.#namingScan.all<typeof after>(after.segment, after.entry)
      for (const { segment, entry } of rows) {
        const joined = this.#sets.union((sets.get(entry) || EMPTY_SET + 1) - 1, this.#setOfSegment.get(segment))
        sets.set(entry, joined + 1)
      }
      if (rows.length < limits.groupStep) break
      after = rows.at(-1) ?? after
      yield
    }
    for (let after = -1; ; ) {
      const rows = this.#entryScan.all<EntryLook & { number: number }>(after)
      for (const { number, kind, place, wanted } of rows) {
        this.#placeOf.set(number, place === null ? 0 : place + 1)
        if (kind === FILE) this.#groupOf.set(number, this.#group((sets.get(number) || EMPTY_SET + 1) - 1, wanted))
      }
      if (rows.length < limits.groupStep) break
      after = rows.at(-1)?.number ?? after
      yield
    }
    yield* this.#markEdited()
  }

  /** Segments are told by entry, whichever of its versions names them: what has several versions is looked at one by one. */
  *#markEdited(): Generator<undefined, void> {
    for (let after = -1; ; ) {
      const entries = this.#versionScan.all<number>(after)
      for (const [index, entry] of entries.entries()) {
        if (entry === entries[index - 1]) this.#deps.marks.entry(entry)
      }
      const last = entries.at(-1)
      if (last === undefined || entries.length < limits.groupStep) return
      // The page may end among the versions of one.
      this.#deps.marks.entry(last)
      after = last
      yield
    }
  }

  /** Looks again at what is marked. */
  *#follow(): Generator<undefined, void> {
    const { chunks, segments, entries } = this.#deps.marks
    let looked = 0
    for (const [marks, look] of [
      [chunks, (number: number) => this.#lookAtChunk(number)],
      [segments, (number: number) => this.#lookAtSegment(number)],
      [entries, (number: number) => this.#lookAtEntry(number)],
    ] as const) {
      for (const number of marks) {
        marks.delete(number)
        looked += look(number)
        if (looked < limits.groupLooks) continue
        looked = 0
        yield
        if (this.#deps.marks.overflowed) return
      }
    }
  }

  #lookAtChunk(number: number): number {
    for (const segment of this.#segmentsOfChunk.all<number>(number, number)) this.#deps.marks.segments.add(segment)
    return 1
  }

  #lookAtSegment(number: number): number {
    const bytes = this.#segmentBytes.get<Buffer | null>(number) ?? undefined
    const ids = bytes === undefined ? [] : chunksIn(bytes)
    let set = EMPTY_SET
    for (const pattern of this.#deps.patternsOf(ids)) set = this.#sets.with(set, pattern)
    if (set === EMPTY_SET) set = UNKNOWN_SET
    if (set !== this.#setOfSegment.get(number) || set === UNKNOWN_SET) {
      this.#setOfSegment.set(number, set)
      for (const entry of this.#entriesOfSegment.all<number>(number)) this.#deps.marks.entries.add(entry)
    }
    return 2 + Math.ceil(ids.length / 2)
  }

  #lookAtEntry(number: number): number {
    const row = this.#look.get<EntryLook>(number)
    this.#placeOf.set(number, row === undefined || row.place === null ? 0 : row.place + 1)
    if (row?.kind !== FILE) {
      this.#groupOf.set(number, noGroup)
      return 1
    }
    const ids = row.segments === null ? [] : idsIn(row.segments, 32)
    let set = row.segments === null ? UNKNOWN_SET : EMPTY_SET
    for (const id of ids) {
      const segment = this.#segmentNumber.get<number>(slotOf(id), id)
      set = this.#sets.union(set, segment === undefined ? UNKNOWN_SET : this.#setOfSegment.get(segment))
    }
    this.#groupOf.set(number, this.#group(set, row.wanted))
    return 2 + ids.length
  }

  #group(set: number, wanted: number): number {
    const key = set * wantedSpan + wanted
    let group = this.#byKey.get(key)
    if (group === undefined) {
      group = this.#keys.length
      this.#keys.push({ set, wanted })
      this.#byKey.set(key, group)
    }
    return group
  }
}
