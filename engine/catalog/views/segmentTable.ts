/**
 * Segments, and through them which chunks the versions name. A segment's chunks are in the index while some version names the
 * segment; one that is named and not here is missing. A segment may come before or after its version, and may be here
 * without any. Sizes and piece hashes come from its sealed part; where its key is not here yet, they follow later.
 */
import { bytesOf, hexOf } from '../../base/bytes.ts'
import { isEngineError } from '../../base/error.ts'
import type { SegmentId } from '../../base/ids.ts'
import type { Keyring } from '../../identity/types.ts'
import { limits } from '../../limits.ts'
import type { ChunkReference, Database, Statement } from '../../ports.ts'
import { chunkIdBytesOf, openSegment } from '../segments.ts'
import type { Segment } from '../types.ts'
import type { ChunkTable } from './chunkTable.ts'
import type { GroupMarks } from './groupMarks.ts'
import { Kept } from './kept.ts'
import { slotOf } from './slots.ts'

interface SegmentRow {
  readonly number: number
  readonly id: Buffer
  readonly wanted: number
  /** 1 if its bytes are here. */
  readonly here: number
}

export class SegmentTable {
  readonly nextNumber: Kept<number>
  readonly #keyring: () => Keyring | null
  readonly #chunks: ChunkTable
  readonly #marks: GroupMarks
  readonly #find: Statement
  readonly #bytes: Statement
  readonly #bytesByNumber: Statement
  readonly #insert: Statement
  readonly #fill: Statement
  readonly #setWanted: Statement
  readonly #setNamed: Statement
  readonly #setOpened: Statement
  readonly #link: Statement
  readonly #unlink: Statement
  readonly #entries: Statement
  readonly #wantedByEntries: Statement
  readonly #idByNumber: Statement
  readonly #addPiece: Statement
  readonly #removePiece: Statement
  readonly #chunksOfPiece: Statement
  readonly #missing: Statement
  readonly #unopened: Statement
  readonly #forget: Statement[]
  /** Segments opened last, by id, so it can never be wrong. */
  readonly #opened = new Map<string, readonly ChunkReference[]>()

  constructor(database: Database, keyring: () => Keyring | null, chunks: ChunkTable, marks: GroupMarks) {
    this.#keyring = keyring
    this.#chunks = chunks
    this.#marks = marks
    this.#find = database.prepare(
      'SELECT number, id, wanted, bytes IS NOT NULL AS here FROM segment WHERE slot = ? AND id = ?',
    )
    this.#bytes = database.prepare('SELECT bytes FROM segment WHERE slot = ? AND id = ?').pluck()
    this.#bytesByNumber = database.prepare('SELECT bytes FROM segment WHERE number = ?').pluck()
    this.#insert = database.prepare(
      'INSERT INTO segment (number, slot, id, wanted, opened, bytes) VALUES (?, ?, ?, ?, 0, ?)',
    )
    this.#fill = database.prepare('UPDATE segment SET bytes = ? WHERE number = ?')
    this.#setWanted = database.prepare('UPDATE segment SET wanted = ? WHERE number = ?')
    this.#setNamed = database.prepare('UPDATE segment SET wanted = ?, opened = ? WHERE number = ?')
    this.#setOpened = database.prepare('UPDATE segment SET opened = 1 WHERE number = ?')
    this.#link = database.prepare('INSERT OR IGNORE INTO segment_entry (segment, entry) VALUES (?, ?)')
    this.#unlink = database.prepare('DELETE FROM segment_entry WHERE segment = ? AND entry = ?')
    this.#entries = database.prepare('SELECT entry FROM segment_entry WHERE segment = ?').pluck()
    this.#wantedByEntries = database
      .prepare(
        `SELECT DISTINCT entry.wanted FROM segment_entry JOIN entry ON entry.number = segment_entry.entry
         WHERE segment_entry.segment = ?`,
      )
      .pluck()
    this.#idByNumber = database.prepare('SELECT id FROM segment WHERE number = ?').pluck()
    this.#addPiece = database.prepare('INSERT OR IGNORE INTO piece (slot, chunk) VALUES (?, ?)')
    this.#removePiece = database.prepare('DELETE FROM piece WHERE slot = ? AND chunk = ?')
    this.#chunksOfPiece = database.prepare('SELECT chunk FROM piece WHERE slot = ?').pluck()
    this.#missing = database.prepare('SELECT id FROM segment WHERE bytes IS NULL AND wanted <> 0 LIMIT ?').pluck()
    this.#unopened = database
      .prepare('SELECT number FROM segment WHERE opened = 0 AND bytes IS NOT NULL AND wanted <> 0 LIMIT ?')
      .pluck()
    this.#forget = [
      ...['segment_entry', 'chunk_segment', 'piece'].map((table) => database.prepare(`DELETE FROM ${table}`)),
      database.prepare('UPDATE segment SET wanted = 0'),
      database.prepare('UPDATE chunk SET segment = NULL'),
    ]
    const greatest = database.prepare('SELECT max(number) FROM segment').pluck()
    this.nextNumber = new Kept(() => (greatest.get<number>() ?? 0) + 1)
  }

  #row(id: Buffer): SegmentRow | undefined {
    return this.#find.get<SegmentRow>(slotOf(id), id)
  }

  #new(id: Buffer, wanted: number, bytes: Uint8Array | null): SegmentRow {
    const number = this.nextNumber.get()
    this.nextNumber.set(number + 1)
    this.#insert.run(number, slotOf(id), id, wanted, bytes)
    return { number, id, wanted, here: bytes === null ? 0 : 1 }
  }

  // -------------------------------------------------------------- bytes

  /** Keeps a segment; true if versions that name it were waiting for it. */
  add(segment: Segment): boolean {
    const id = bytesOf(segment.id)
    const row = this.#row(id)
    if (segment.references !== undefined) this.#keepOpened(segment.id, segment.references)
    if (row === undefined) this.#new(id, 0, segment.bytes)
    if (row === undefined || row.here === 1) return false
    this.#fill.run(segment.bytes, row.number)
    if (row.wanted === 0) return false
    if (this.#index(row, segment.bytes, row.wanted)) this.#setOpened.run(row.number)
    return true
  }

  bytesOf(id: SegmentId): Uint8Array | undefined {
    return this.bytesOfPacked(bytesOf(id))
  }

  bytesOfPacked(id: Buffer): Buffer | undefined {
    return this.#bytes.get<Buffer | null>(slotOf(id), id) ?? undefined
  }

  isHere(id: Buffer): boolean {
    return this.#row(id)?.here === 1
  }

  lacks(id: SegmentId): boolean {
    const row = this.#row(bytesOf(id))
    return row !== undefined && row.here === 0 && row.wanted !== 0
  }

  missing(limit: number): SegmentId[] {
    return this.#missing.all<Buffer>(limit).map((id) => hexOf(id) as SegmentId)
  }

  /** Numbers of the entries whose versions name it. */
  entriesOf(id: SegmentId): number[] {
    const row = this.#row(bytesOf(id))
    return row === undefined ? [] : this.#entries.all<number>(row.number)
  }

  // -------------------------------------------------------------- naming

  /** A version of the entry names these; true if all are here. */
  name(ids: readonly Buffer[], entry: number, wanted: number): boolean {
    let areHere = true
    for (const id of ids) {
      const row = this.#row(id) ?? this.#new(id, 0, null)
      this.#link.run(row.number, entry)
      if (row.here === 0) areHere = false
      this.#changeWanted(row, row.wanted | wanted)
    }
    return areHere
  }

  /** No version of the entry names these any more. */
  unname(ids: readonly Buffer[], entry: number): void {
    for (const id of ids) {
      const row = this.#row(id)
      if (row === undefined) continue
      this.#unlink.run(row.number, entry)
      this.#changeWanted(row, this.#wantedOf(row))
    }
  }

  /** The entries that name these segments (ids as text) want other copies now. */
  reconsider(ids: Iterable<string>): void {
    for (const id of ids) {
      const row = this.#row(bytesOf(id))
      if (row !== undefined) this.#changeWanted(row, this.#wantedOf(row))
    }
  }

  #wantedOf(row: SegmentRow): number {
    let wanted = 0
    for (const bits of this.#wantedByEntries.all<number>(row.number)) wanted |= bits
    return wanted
  }

  #changeWanted(row: SegmentRow, wanted: number): void {
    if (wanted === row.wanted) return
    const bytes = row.here === 0 ? undefined : (this.#bytesByNumber.get<Buffer>(row.number) as Buffer)
    if (bytes !== undefined && row.wanted === 0) {
      this.#setNamed.run(wanted, this.#index(row, bytes, wanted) ? 1 : 0, row.number)
      return
    }
    this.#setWanted.run(wanted, row.number)
    if (bytes === undefined) return
    if (wanted === 0) this.#unindex(row, bytes)
    else for (const id of chunksIn(bytes)) this.#chunks.reconsider(id)
  }

  /** Puts the segment's chunks into the index; true if its sealed part was read. */
  #index(segment: SegmentRow, bytes: Uint8Array, wanted: number): boolean {
    this.#marks.segment(segment.number)
    const references = this.#opened.get(hexOf(segment.id)) ?? this.#open(bytes)
    for (const [index, id] of chunksIn(bytes).entries()) {
      const reference = references?.[index]
      const chunk = this.#chunks.name(id, reference?.sizeBytes ?? 0, segment.number, wanted)
      if (reference !== undefined) this.#addPiece.run(slotOf(reference.pieceHash), chunk)
    }
    return references !== undefined
  }

  #unindex(segment: SegmentRow, bytes: Uint8Array): void {
    const references = this.#open(bytes)
    for (const [index, id] of chunksIn(bytes).entries()) {
      const chunk = this.#chunks.find(id)
      if (chunk === undefined) continue
      this.#chunks.unname(chunk.number, segment.number)
      const pieceHash = references?.[index]?.pieceHash
      if (!this.#chunks.reconsider(id) && pieceHash !== undefined) {
        this.#removePiece.run(slotOf(pieceHash), chunk.number)
      }
    }
  }

  /** Opens up to `limit` segments whose key has become known; true while there may be more. */
  openPending(limit: number): boolean {
    if (this.#keyring() === null) return false
    const numbers = this.#unopened.all<number>(limit)
    let opened = 0
    for (const number of numbers) {
      const references = this.#open(this.#bytesByNumber.get<Buffer>(number) as Buffer)
      if (references === undefined) continue
      for (const reference of references) this.#learn(reference)
      this.#setOpened.run(number)
      opened++
    }
    return opened === limit
  }

  #learn(reference: ChunkReference): void {
    const chunk = this.#chunks.find(bytesOf(reference.chunkId))
    if (chunk === undefined) return
    this.#chunks.learnSize(chunk, reference.sizeBytes)
    this.#addPiece.run(slotOf(reference.pieceHash), chunk.number)
  }

  /** The references, none for a segment that is damaged whoever reads it, undefined while its key is not here. */
  #open(bytes: Uint8Array): ChunkReference[] | undefined {
    const keyring = this.#keyring()
    if (keyring === null) return undefined
    try {
      return openSegment(bytes, keyring)
    } catch (error) {
      if (isEngineError(error, 'unknown-epoch')) return undefined
      if (isEngineError(error, 'damaged')) return []
      throw error
    }
  }

  // -------------------------------------------------------------- pieces

  /** The reference under which a piece is stored, among chunks that versions name. */
  referenceOfPiece(pieceHash: Buffer): ChunkReference | undefined {
    for (const number of this.#chunksOfPiece.all<number>(slotOf(pieceHash))) {
      const chunk = this.#chunks.get(number)
      if (chunk === undefined) continue
      const chunkId = hexOf(chunk.id)
      // All segments say the same of it; more than one is asked only in case an author lied.
      for (const segment of this.#chunks.segmentsOf(number).slice(0, 3)) {
        const found = this.#openedSegment(segment)?.find(
          (each) => each.chunkId === chunkId && each.pieceHash.equals(pieceHash),
        )
        if (found !== undefined) return found
      }
    }
    return undefined
  }

  #openedSegment(number: number): readonly ChunkReference[] | undefined {
    const id = this.#idByNumber.get<Buffer>(number)
    const known = id === undefined ? undefined : this.#opened.get(hexOf(id))
    if (id === undefined || known !== undefined) return known
    const bytes = this.bytesOfPacked(id)
    const references = bytes === undefined ? undefined : this.#open(bytes)
    if (references !== undefined) this.#keepOpened(hexOf(id), references)
    return references
  }

  #keepOpened(id: string, references: readonly ChunkReference[]): void {
    const [oldest] = this.#opened.keys()
    if (oldest !== undefined && this.#opened.size >= limits.segmentsOpened) this.#opened.delete(oldest)
    this.#opened.set(id, references)
  }

  // -------------------------------------------------------------- rebuilding

  /** No version names anything any more. */
  unnameAll(): void {
    for (const statement of this.#forget) statement.run()
  }
}

/** Chunk ids of a segment; none if it is damaged, so that one bad segment cannot stop the merging of rows. */
export function chunksIn(bytes: Uint8Array): Buffer[] {
  try {
    return chunkIdBytesOf(bytes)
  } catch (error) {
    if (isEngineError(error, 'damaged')) return []
    throw error
  }
}
