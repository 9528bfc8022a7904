/**
 * Chunks by id: size and pattern. The table is keyed by the first 47 bits of the id, so it is its own index in order of id.
 * Where two ids share them (by chance once in 100 million chunks, or because someone tried), the later takes the next
 * free number, and looking up goes on from number to number until the id fits or none is there; therefore a chunk is only
 * removed while nothing stands behind it.
 */
import type { ChunkId } from '../../base/ids.ts'
import { bytesOf } from '../../base/bytes.ts'
import type { Database, Statement } from '../../ports.ts'
import type { GroupMarks } from './groupMarks.ts'
import type { Pattern, Patterns } from './patterns.ts'
import { slotOf } from './slots.ts'

export interface ChunkRow {
  readonly number: number
  readonly id: Buffer
  readonly size: number
  readonly pattern: number
  /** One of the segments that name it. */
  readonly segment: number | null
}

const chunkColumns = 'number, id, size, pattern, segment'
/** Rows read ahead per pattern when several are merged. */
const mergeMargin = 16

export class ChunkTable {
  readonly #patterns: Patterns
  readonly #marks: GroupMarks
  readonly #get: Statement
  readonly #insert: Statement
  readonly #setPattern: Statement
  readonly #name: Statement
  readonly #link: Statement
  readonly #unlinkOnly: Statement
  readonly #unlink: Statement
  readonly #segmentsOf: Statement
  readonly #delete: Statement
  readonly #between: Statement
  readonly #after: Statement
  readonly #ofPattern: Statement
  readonly #patternOf: Statement
  readonly #patternsOf: Statement
  readonly #lanesAfter: Statement
  readonly #firstOfPattern: Statement
  readonly #wantedBySegments: Statement

  constructor(database: Database, patterns: Patterns, marks: GroupMarks) {
    this.#patterns = patterns
    this.#marks = marks
    this.#get = database.prepare(`SELECT ${chunkColumns} FROM chunk WHERE number = ?`)
    this.#insert = database.prepare('INSERT INTO chunk (number, id, size, pattern, segment) VALUES (?, ?, ?, ?, ?)')
    this.#setPattern = database.prepare('UPDATE chunk SET pattern = ? WHERE number = ?')
    this.#name = database.prepare('UPDATE chunk SET pattern = ?, size = ?, segment = ? WHERE number = ?')
    this.#link = database.prepare('INSERT OR IGNORE INTO chunk_segment (chunk, segment) VALUES (?, ?)')
    this.#unlinkOnly = database.prepare('UPDATE chunk SET segment = NULL WHERE number = ? AND segment = ?')
    this.#unlink = database.prepare('DELETE FROM chunk_segment WHERE chunk = ? AND segment = ?')
    const segments = `SELECT segment FROM chunk WHERE number = ? AND segment IS NOT NULL
       UNION ALL SELECT segment FROM chunk_segment WHERE chunk = ?`
    this.#segmentsOf = database.prepare(segments).pluck()
    this.#delete = database.prepare(
      'DELETE FROM chunk WHERE number = ? AND NOT EXISTS (SELECT 1 FROM chunk WHERE number = ?)',
    )
    this.#between = database.prepare(`SELECT ${chunkColumns} FROM chunk WHERE number BETWEEN ? AND ?`)
    this.#after = database.prepare(`SELECT ${chunkColumns} FROM chunk WHERE number > ? ORDER BY number LIMIT ?`)
    this.#ofPattern = database.prepare(
      `SELECT ${chunkColumns} FROM chunk INDEXED BY chunk_by_pattern WHERE pattern = ? AND number > ?
       ORDER BY number LIMIT ?`,
    )
    this.#patternOf = database.prepare('SELECT pattern FROM chunk WHERE number = ? AND id = ?').pluck()
    this.#patternsOf = database.prepare(
      `SELECT named.key AS key, chunk.id AS id, chunk.pattern AS pattern
       FROM json_each(?) AS named CROSS JOIN chunk ON chunk.number = named.value`,
    )
    // One text for many chunks: a million ids as a million blobs would take four times as long.
    this.#lanesAfter = database.prepare(
      `SELECT pattern, max(number) AS last, group_concat(hex(substr(id, 1, 2)) || hex(substr(id, 9, 8)), '') AS lanes
       FROM (SELECT number, id, pattern FROM chunk WHERE number > ? ORDER BY number LIMIT ?) GROUP BY pattern`,
    )
    this.#firstOfPattern = database
      .prepare('SELECT number FROM chunk INDEXED BY chunk_by_pattern WHERE pattern = ? LIMIT ?')
      .pluck()
    this.#wantedBySegments = database
      .prepare(
        `SELECT DISTINCT segment.wanted FROM (${segments}) AS naming JOIN segment ON segment.number = naming.segment`,
      )
      .pluck()
  }

  find(id: Buffer): ChunkRow | undefined {
    return this.#look(id).row
  }

  /** The chunk, and the number that it has or would get. */
  #look(id: Buffer): { row: ChunkRow | undefined; number: number } {
    for (let number = slotOf(id); ; number++) {
      const row = this.#get.get<ChunkRow>(number)
      if (row === undefined || row.id.equals(id)) return { row, number }
    }
  }

  /** The number of its pattern. */
  patternOf(id: Buffer): number | undefined {
    return this.#patternOf.get<number>(slotOf(id), id) ?? this.find(id)?.pattern
  }

  /** The numbers of the patterns of many chunks, each once; a third of the time of asking one by one. */
  patternsOf(ids: readonly Buffer[]): Set<number> {
    const patterns = new Set<number>()
    let found = 0
    for (const { key, id, pattern } of this.#patternsOf.all<{ key: number; id: Buffer; pattern: number }>(
      JSON.stringify(ids.map(slotOf)),
    )) {
      if (ids[key]?.equals(id) !== true) continue
      patterns.add(pattern)
      found++
    }
    if (found === ids.length) return patterns
    // Some share their slot with another, or are not here.
    for (const id of ids) {
      const pattern = this.patternOf(id)
      if (pattern !== undefined) patterns.add(pattern)
    }
    return patterns
  }

  get(number: number): ChunkRow | undefined {
    return this.#get.get<ChunkRow>(number)
  }

  #add(row: ChunkRow): void {
    this.#insert.run(row.number, row.id, row.size, row.pattern, row.segment)
    this.#patterns.move(undefined, this.#patterns.get(row.pattern), row.size)
  }

  /** A segment names the chunk; `sizeBytes` is 0 if it could not be opened. The chunk's number. */
  name(id: Buffer, sizeBytes: number, segment: number, wantedBits: number): number {
    const { row, number } = this.#look(id)
    if (row === undefined) {
      this.#add({ number, id, size: sizeBytes, pattern: this.#patterns.find(0n, wantedBits).number, segment })
      return number
    }
    const { holders, wanted } = this.#patterns.get(row.pattern)
    const pattern = this.#patterns.find(holders, wanted | wantedBits)
    if (row.segment !== null && row.segment !== segment) this.#link.run(number, segment)
    this.#put(row, { ...row, pattern: pattern.number, size: row.size || sizeBytes, segment: row.segment ?? segment })
    return number
  }

  #put(before: ChunkRow, after: ChunkRow): void {
    if (before.pattern === after.pattern && before.size === after.size && before.segment === after.segment) return
    this.#name.run(after.pattern, after.size, after.segment, after.number)
    if (before.pattern !== after.pattern) this.#marks.chunk(after.number)
    this.#patterns.move(this.#patterns.get(before.pattern), undefined, before.size)
    this.#patterns.move(undefined, this.#patterns.get(after.pattern), after.size)
  }

  /** A segment names the chunk no more; `reconsider` follows. */
  unname(chunk: number, segment: number): void {
    if (this.#unlinkOnly.run(chunk, segment).changes === 0) this.#unlink.run(chunk, segment)
  }

  /** Numbers of the segments that name the chunk. */
  segmentsOf(chunk: number): number[] {
    return this.#segmentsOf.all<number>(chunk, chunk)
  }

  /** The size of a chunk, told here for the first time. */
  learnSize(row: ChunkRow, sizeBytes: number): void {
    this.#put(row, { ...row, size: row.size || sizeBytes })
  }

  /** The segments that name the chunk want other copies now, or there are others. True if any is left. */
  reconsider(id: Buffer): boolean {
    const row = this.find(id)
    if (row === undefined) return false
    let wanted = 0
    for (const bits of this.#wantedBySegments.all<number>(row.number, row.number)) wanted |= bits
    this.#setPatternOf(row, this.#patterns.find(this.#patterns.get(row.pattern).holders, wanted))
    return wanted !== 0
  }

  /** True if this is news. */
  claim(id: Buffer, holder: bigint): boolean {
    const { row, number } = this.#look(id)
    if (row === undefined) {
      this.#add({ number, id, size: 0, pattern: this.#patterns.find(holder, 0).number, segment: null })
      return true
    }
    const { holders, wanted } = this.#patterns.get(row.pattern)
    if ((holders & holder) !== 0n) return false
    this.#setPatternOf(row, this.#patterns.find(holders | holder, wanted))
    return true
  }

  /** True if this is news. */
  unclaim(id: Buffer, holder: bigint): boolean {
    const row = this.find(id)
    if (row === undefined) return false
    const { holders, wanted } = this.#patterns.get(row.pattern)
    if ((holders & holder) === 0n) return false
    this.#setPatternOf(row, this.#patterns.find(holders & ~holder, wanted))
    return true
  }

  #setPatternOf(row: ChunkRow, pattern: Pattern): void {
    if (pattern.number === row.pattern) return
    const from = this.#patterns.get(row.pattern)
    if (isNothing(pattern) && this.#delete.run(row.number, row.number + 1).changes > 0) {
      this.#patterns.move(from, undefined, row.size)
      return
    }
    this.#setPattern.run(pattern.number, row.number)
    if (row.segment !== null) this.#marks.chunk(row.number)
    this.#patterns.move(from, pattern, row.size)
  }

  /** Removes up to `limit` chunks that nobody claims and nothing names; true while there are more. */
  tidy(limit: number): boolean {
    let removed = 0
    for (const pattern of this.#patterns.all()) {
      if (!isNothing(pattern) || pattern.chunks === 0) continue
      for (const number of this.#firstOfPattern.all<number>(pattern.number, limit - removed)) {
        const row = this.#get.get<ChunkRow>(number)
        if (row === undefined || this.#delete.run(number, number + 1).changes === 0) continue
        this.#patterns.move(pattern, undefined, row.size)
        removed++
      }
      if (removed === limit) return true
    }
    return false
  }

  /** Chunks with numbers in a range, both ends included. */
  between(first: number, last: number): ChunkRow[] {
    return this.#between.all<ChunkRow>(first, last)
  }

  /** Up to `limit` chunks of any pattern behind a number. */
  after(number: number, limit: number): ChunkRow[] {
    return this.#after.all<ChunkRow>(number, limit)
  }

  /** Of up to `limit` chunks behind a number, by pattern: bytes 0 to 2 and 8 to 16 of the ids, as hexadecimal text. */
  lanesAfter(number: number, limit: number): { pattern: number; last: number; lanes: string }[] {
    return this.#lanesAfter.all<{ pattern: number; last: number; lanes: string }>(number, limit)
  }

  /** The number behind which a list goes on. */
  numberOf(after: ChunkId | null): number {
    if (after === null) return -1
    const id = bytesOf(after)
    return this.find(id)?.number ?? slotOf(id) - 1
  }

  /** Chunks of these patterns behind a number, in order of id. */
  ofPatterns(patterns: readonly Pattern[], after: number, limit: number): ChunkRow[] {
    const batch = Math.min(limit, Math.ceil(limit / Math.max(1, patterns.length)) + mergeMargin)
    const runs = patterns.map(({ number }) => ({
      number,
      rows: this.#ofPattern.all<ChunkRow>(number, after, batch),
      next: 0,
    }))
    const merged: ChunkRow[] = []
    while (merged.length < limit) {
      let least: { run: (typeof runs)[number]; row: ChunkRow } | undefined
      for (const run of runs) {
        const row = run.rows[run.next]
        if (row !== undefined && (least === undefined || row.number < least.row.number)) least = { run, row }
      }
      if (least === undefined) break
      const { run, row } = least
      merged.push(row)
      run.next++
      if (run.next === run.rows.length && run.rows.length === batch) {
        run.rows = this.#ofPattern.all<ChunkRow>(run.number, row.number, batch)
        run.next = 0
      }
    }
    return merged
  }
}

function isNothing(pattern: Pattern): boolean {
  return pattern.holders === 0n && pattern.wanted === 0
}
