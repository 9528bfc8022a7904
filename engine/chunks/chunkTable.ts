/**
 * The rows of chunks.db: which chunks are here, the bytes of the small ones, leases, marks. Synchronous and without any policy; the
 * store decides, and runs what changes rows inside its group commits.
 */
import { bytesOf, hexOf } from '../base/bytes.ts'
import { addToSums, SLOTS_PER_BUCKET, slotOf } from '../base/idSums.ts'
import type { ChunkId, NodeId, VersionId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import { migrate, readMigrations } from '../platform/index.ts'
import type { Database } from '../ports.ts'
import type { Lease } from './types.ts'

const MIGRATIONS = ['0001-chunks.sql', '0002-leaving.sql']

export interface ChunkRow {
  readonly number: number
  readonly sizeBytes: number
}

export class ChunkTable {
  readonly #database: Database
  readonly #find
  readonly #sealed
  readonly #addChunk
  readonly #addBody
  readonly #addLease
  readonly #dropChunk
  readonly #dropUpload
  readonly #dropWriter
  readonly #dropWriterBut
  readonly #leases
  readonly #page
  readonly #bucket
  readonly #inFiles
  readonly #addDoomed
  readonly #dropDoomed
  readonly #doomed
  readonly #mark
  readonly #addMark
  readonly #dropMark

  /** Brings the database to the newest schema; throws `newer-database`. */
  constructor(database: Database) {
    migrate(database, readMigrations(new URL('./schema/', import.meta.url), MIGRATIONS))
    this.#database = database
    const prepare = (sql: string) => database.prepare(sql)
    this.#find = prepare('SELECT number, size_bytes AS sizeBytes FROM chunk WHERE slot = ? AND id = ?')
    this.#sealed = prepare('SELECT sealed FROM body WHERE number = ?').pluck()
    this.#addChunk = prepare('INSERT INTO chunk (slot, id, size_bytes) VALUES (?, ?, ?) RETURNING number').pluck()
    this.#addBody = prepare('INSERT INTO body (number, sealed) VALUES (?, ?)')
    this.#addLease = prepare('INSERT OR IGNORE INTO lease (chunk, upload, writer, writer_start) VALUES (?, ?, ?, ?)')
    this.#dropChunk = prepare('DELETE FROM chunk WHERE number = ?')
    this.#dropUpload = prepare('DELETE FROM lease WHERE upload = ?')
    this.#dropWriter = prepare('DELETE FROM lease WHERE writer = ?')
    this.#dropWriterBut = prepare('DELETE FROM lease WHERE writer = ? AND writer_start <> ?')
    this.#leases = prepare('SELECT upload, writer, writer_start AS writerStart FROM lease WHERE chunk = ?')
    this.#page = prepare(
      'SELECT id FROM chunk WHERE slot >= ? AND NOT (slot = ? AND id <= ?) ORDER BY slot, id LIMIT ?',
    ).pluck()
    this.#bucket = prepare('SELECT id FROM chunk WHERE slot >= ? AND slot < ? ORDER BY slot, id').pluck()
    this.#inFiles = prepare(
      `SELECT id FROM chunk LEFT JOIN body USING (number)
       WHERE slot >= ? AND slot < ? AND body.number IS NULL ORDER BY slot, id`,
    ).pluck()
    this.#addDoomed = prepare('INSERT OR IGNORE INTO doomed (id) VALUES (?)')
    this.#dropDoomed = prepare('DELETE FROM doomed WHERE id = ?')
    this.#doomed = prepare('SELECT id FROM doomed').pluck()
    this.#mark = prepare('SELECT mark FROM leaving WHERE chunk = ?').pluck()
    this.#addMark = prepare('INSERT INTO leaving (chunk, mark) VALUES (?, ?)')
    this.#dropMark = prepare('DELETE FROM leaving WHERE chunk = ?')
  }

  begin(): void {
    this.#database.exec('BEGIN IMMEDIATE')
  }

  commit(): void {
    this.#database.exec('COMMIT')
  }

  rollback(): void {
    this.#database.exec('ROLLBACK')
  }

  find(id: ChunkId): ChunkRow | undefined {
    return this.#find.get<{ number: number; sizeBytes: number }>(slotOf(id), bytesOf(id))
  }

  /** The bytes of a small chunk; undefined if it lies in a file. */
  sealed(row: ChunkRow): Buffer | undefined {
    return this.#sealed.get<Buffer>(row.number)
  }

  /** Adds a chunk that is not there; its bytes too if they are given. */
  add(id: ChunkId, sizeBytes: number, sealed: Uint8Array | null): ChunkRow {
    const idBytes = bytesOf(id)
    const number = this.#addChunk.get<number>(slotOf(id), idBytes, sizeBytes) as number
    if (sealed === null) this.#dropDoomed.run(idBytes)
    else this.#addBody.run(number, sealed)
    return { number, sizeBytes }
  }

  /** Removes a chunk with its bytes and leases; one in a file is noted as doomed. */
  drop(id: ChunkId, row: ChunkRow, inFile: boolean): void {
    this.#dropChunk.run(row.number)
    if (inFile) this.#addDoomed.run(bytesOf(id))
  }

  doomed(): ChunkId[] {
    return this.#doomed.all<Buffer>().map(toId)
  }

  undoom(id: ChunkId): void {
    this.#dropDoomed.run(bytesOf(id))
  }

  lease(row: ChunkRow, lease: Lease): void {
    this.#addLease.run(row.number, bytesOf(lease.upload), bytesOf(lease.writer), lease.writerStart)
  }

  leases(row: ChunkRow): Lease[] {
    return this.#leases
      .all<{ upload: Buffer; writer: Buffer; writerStart: number }>(row.number)
      .map(({ upload, writer, writerStart }) => ({
        upload: hexOf(upload) as VersionId,
        writer: hexOf(writer) as NodeId,
        writerStart,
      }))
  }

  /** The writers of all leases, with the starts of theirs that have some. */
  leaseWriters(): { writer: NodeId; writerStart: number }[] {
    return this.#database
      .prepare('SELECT DISTINCT writer, writer_start AS writerStart FROM lease')
      .all<{ writer: Buffer; writerStart: number }>()
      .map(({ writer, writerStart }) => ({ writer: hexOf(writer) as NodeId, writerStart }))
  }

  /** The number under which the replica was marked leaving; undefined if it is not. */
  markOf(row: ChunkRow): number | undefined {
    return this.#mark.get<number>(row.number)
  }

  mark(row: ChunkRow, mark: number): void {
    this.#addMark.run(row.number, mark)
  }

  unmark(row: ChunkRow): void {
    this.#dropMark.run(row.number)
  }

  unmarkAll(): void {
    this.#database.exec('DELETE FROM leaving')
  }

  endUpload(upload: VersionId): void {
    this.#dropUpload.run(bytesOf(upload))
  }

  /** Ends the writer's leases, but those of the start `keep` if one is given. */
  endWriter(writer: NodeId, keep: number | null): void {
    if (keep === null) this.#dropWriter.run(bytesOf(writer))
    else this.#dropWriterBut.run(bytesOf(writer), keep)
  }

  ids(after: ChunkId | null, limit: number): ChunkId[] {
    const slot = after === null ? -1 : slotOf(after)
    return this.#page.all<Buffer>(slot, slot, bytesOf(after ?? ''), limit).map(toId)
  }

  idsInBucket(bucket: number): ChunkId[] {
    return this.#bucket.all<Buffer>(bucket * SLOTS_PER_BUCKET, (bucket + 1) * SLOTS_PER_BUCKET).map(toId)
  }

  /** Those of a bucket that lie in files. */
  idsInFiles(bucket: number): ChunkId[] {
    return this.#inFiles.all<Buffer>(bucket * SLOTS_PER_BUCKET, (bucket + 1) * SLOTS_PER_BUCKET).map(toId)
  }

  /** Whether the process before closed the store in order. */
  closedOrderly(): boolean {
    return this.#database.prepare('SELECT orderly FROM closing').pluck().get<number>() === 1
  }

  noteOrderly(orderly: boolean): void {
    this.#database.prepare('UPDATE closing SET orderly = ?').run(orderly ? 1 : 0)
  }

  totals(): { count: number; usedBytes: number } {
    return this.#database
      .prepare('SELECT count(*) AS count, coalesce(sum(size_bytes), 0) AS usedBytes FROM chunk')
      .get<{ count: number; usedBytes: number }>() as { count: number; usedBytes: number }
  }

  /** The sums of idSums.ts over all ids: a microsecond each. */
  sums(): BigUint64Array {
    const sums = new BigUint64Array(limits.fingerprintBuckets)
    for (const id of this.#database.prepare('SELECT id FROM chunk').pluck().iterate<Buffer>()) addToSums(sums, id)
    return sums
  }

  /** Buckets that have chunks in files, in order. */
  bucketsInFiles(): number[] {
    return this.#database
      .prepare(
        `SELECT DISTINCT slot / ${SLOTS_PER_BUCKET} FROM chunk LEFT JOIN body USING (number)
         WHERE body.number IS NULL ORDER BY 1`,
      )
      .pluck()
      .all<number>()
  }

  close(): void {
    this.#database.close()
  }
}

function toId(bytes: Buffer): ChunkId {
  return hexOf(bytes) as ChunkId
}
