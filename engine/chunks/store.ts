/**
 * The chunk store of a node: small chunks in SQLite, large ones in files, one verified entrance. A put that resolved is durable
 * with its lease, whatever happens then: bytes first, the row only after them, the row away before the bytes. So a crash
 * leaves at worst a file without a row, which the next start adopts, and never a row without its bytes.
 * All bytes in SQLite was rejected: each byte would be written twice, and deleted chunks would not give their space back.
 */
import { EngineError, isEngineError, messageOf } from '../base/error.ts'
import { blake3Hex } from '../base/hash.ts'
import { bytesOf } from '../base/bytes.ts'
import { addToSums, takeFromSums } from '../base/idSums.ts'
import type { ChunkId, NodeId, VersionId } from '../base/ids.ts'
import { KiB, limits } from '../limits.ts'
import type { Clock, Disk } from '../ports.ts'
import { ChunkFiles } from './chunkFiles.ts'
import { ChunkTable } from './chunkTable.ts'
import { GroupCommit } from './groupCommit.ts'
import { Keeping } from './keeping.ts'
import { reconcile } from './reconcile.ts'
import { Room } from './room.ts'
import type { ChunkStore, ChunkStoreEvents, Lease } from './types.ts'

/** What the rows of a chunk weigh in a transaction, roughly. */
const ROW_BYTES = 1 * KiB

export interface ChunkStoreOptions {
  readonly disk: Disk
  readonly clock: Clock
  /** What this machine gives to the pool. */
  readonly quotaBytes: number
  /** What must stay free on the disk; default limits.minimumFreeBytes. */
  readonly minimumFreeBytes?: number
  /** Background failures and damage found, for the log. */
  readonly report?: (problem: string) => void
}

interface DropOptions {
  /** Leaves the file for the next start to look at. */
  readonly keepFile?: boolean
  readonly unlessLeased?: boolean
  /** Only if the replica is leaving under this mark. */
  readonly onlyMarked?: number
}

export interface OpenChunkStore extends ChunkStore {
  /** Resolves when files and rows have been compared after a start that followed a crash; the store works meanwhile. */
  readonly reconciled: Promise<void>
}

/** Opens (makes) the store in `disk`: chunks.db, chunks/ and quarantine/. Throws `newer-database`, `damaged-database`. */
export async function openChunkStore(options: ChunkStoreOptions): Promise<OpenChunkStore> {
  const table = new ChunkTable(options.disk.openDatabase('chunks.db'))
  const files = new ChunkFiles(options.disk)
  const doomed = table.doomed()
  for (const id of doomed) await files.remove(id)
  table.begin()
  for (const id of doomed) table.undoom(id)
  table.unmarkAll()
  const compare = !table.closedOrderly()
  table.noteOrderly(false)
  table.commit()
  return new DiskChunkStore(options, table, files, compare)
}

class DiskChunkStore implements OpenChunkStore {
  readonly reconciled: Promise<void>
  readonly #table: ChunkTable
  readonly #files: ChunkFiles
  readonly #room: Room
  readonly #commits: GroupCommit
  readonly #keeping: Keeping
  readonly #report: (problem: string) => void
  readonly #listeners = new Set<Partial<ChunkStoreEvents>>()
  /** The last thing under way with the file of a chunk. */
  readonly #busy = new Map<ChunkId, Promise<unknown>>()
  /** Made at the first use, then kept up. */
  #sums: BigUint64Array | undefined
  #count: number
  #added: ChunkId[] = []
  #removed: ChunkId[] = []
  #closed = false

  constructor(options: ChunkStoreOptions, table: ChunkTable, files: ChunkFiles, compare: boolean) {
    const { disk, clock, quotaBytes, minimumFreeBytes = limits.minimumFreeBytes } = options
    this.#table = table
    this.#files = files
    this.#report = options.report ?? (() => {})
    const { count, usedBytes } = table.totals()
    this.#count = count
    this.#room = new Room({ disk, clock, quotaBytes, minimumFreeBytes }, usedBytes)
    this.#commits = new GroupCommit(table, clock, () => this.#tell())
    this.#keeping = new Keeping(table, this.#commits)
    this.reconciled = compare ? this.#reconcile() : Promise.resolve()
  }

  // -------------------------------------------------------------- in

  async put(id: ChunkId, sealed: Uint8Array, lease: Lease | null): Promise<'stored' | 'had'> {
    this.#checkOpen()
    if (sealed.length > limits.chunkMaxBytes || blake3Hex(sealed) !== id) {
      throw new EngineError('wrong-chunk', `these ${sealed.length} bytes are not chunk ${id}`)
    }
    if (sealed.length <= limits.smallChunkBytes) return await this.#putNow(id, sealed, true, lease)
    return await this.#exclusive(id, () => this.#putNow(id, sealed, false, lease))
  }

  async #putNow(id: ChunkId, sealed: Uint8Array, inRow: boolean, lease: Lease | null): Promise<'stored' | 'had'> {
    if (this.has(id) && (await this.#keeping.keep(id, lease))) return 'had'
    const sizeBytes = sealed.length
    await this.#room.reserve(sizeBytes)
    let stored = false
    try {
      if (!inRow) await this.#files.write(id, sealed)
      stored = await this.#commits.run(
        ROW_BYTES + (inRow ? sizeBytes : 0),
        () => this.#addRows(id, sizeBytes, inRow ? sealed : null, lease),
        (added) => {
          if (!added) return
          this.#room.fill(sizeBytes)
          this.#noteAdded(id)
        },
      )
    } catch (error) {
      if (!inRow) await this.#discard(id)
      throw error
    } finally {
      if (!stored) this.#room.giveUp(sizeBytes)
    }
    return stored ? 'stored' : 'had'
  }

  /** False if the chunk came in by another way meanwhile. */
  #addRows(id: ChunkId, sizeBytes: number, sealed: Uint8Array | null, lease: Lease | null): boolean {
    const found = this.#table.find(id)
    const row = found ?? this.#table.add(id, sizeBytes, sealed)
    this.#keeping.keepRow(row, lease)
    return found === undefined
  }

  /** Takes away a file whose rows could not be written. */
  async #discard(id: ChunkId): Promise<void> {
    try {
      if (!this.has(id)) await this.#files.remove(id)
    } catch (error) {
      this.#report(`the file of chunk ${id} stays until the next start: ${messageOf(error)}`)
    }
  }

  async touch(ids: readonly ChunkId[], lease: Lease): Promise<boolean[]> {
    this.#checkOpen()
    return await this.#keeping.touch(ids, lease)
  }

  // -------------------------------------------------------------- look

  has(id: ChunkId): boolean {
    return this.#table.find(id) !== undefined
  }

  sizeBytes(id: ChunkId): number | undefined {
    return this.#table.find(id)?.sizeBytes
  }

  leasesOf(id: ChunkId): Lease[] {
    const row = this.#table.find(id)
    return row === undefined ? [] : this.#table.leases(row)
  }

  leaseWriters(): { writer: NodeId; writerStart: number }[] {
    return this.#table.leaseWriters()
  }

  isLeaving(id: ChunkId): boolean {
    return this.#keeping.isLeaving(id)
  }

  ids(after: ChunkId | null, limit: number): ChunkId[] {
    return this.#table.ids(after, limit)
  }

  idsInBucket(bucket: number): ChunkId[] {
    return this.#table.idsInBucket(bucket)
  }

  sums(): BigUint64Array {
    this.#sums ??= this.#table.sums()
    return this.#sums.slice()
  }

  get count(): number {
    return this.#count
  }

  get usedBytes(): number {
    return this.#room.usedBytes
  }

  async roomBytes(): Promise<number> {
    return await this.#room.bytes()
  }

  setQuotaBytes(quotaBytes: number): void {
    this.#room.quotaBytes = quotaBytes
  }

  async get(id: ChunkId, { verify = false } = {}): Promise<Buffer | undefined> {
    const row = this.#table.find(id)
    if (row === undefined) return undefined
    const inRow = this.#table.sealed(row)
    const sealed = inRow ?? (await this.#readFile(id))
    if (sealed !== undefined && sealed.length === row.sizeBytes && !(verify && blake3Hex(sealed) !== id)) return sealed
    // Something may have been under way with the file: what counts is what is there when nothing else is.
    return await this.#exclusive(id, () => this.#condemn(id))
  }

  // -------------------------------------------------------------- out

  async remove(ids: readonly ChunkId[]): Promise<void> {
    this.#checkOpen()
    await Promise.all(ids.map((id) => this.#exclusive(id, () => this.#drop(id))))
  }

  async markLeaving(ids: readonly ChunkId[]): Promise<{ mark: number; marked: boolean[] }> {
    this.#checkOpen()
    return await this.#keeping.markLeaving(ids)
  }

  async unmark(ids: readonly ChunkId[], mark: number): Promise<void> {
    this.#checkOpen()
    await this.#keeping.unmark(ids, mark)
  }

  async removeLeaving(ids: readonly ChunkId[], mark: number): Promise<boolean[]> {
    this.#checkOpen()
    return await Promise.all(ids.map((id) => this.#exclusive(id, () => this.#drop(id, { onlyMarked: mark }))))
  }

  async abandon(upload: VersionId, ids: readonly ChunkId[]): Promise<void> {
    await this.endLeases([upload])
    await Promise.all(ids.map((id) => this.#exclusive(id, () => this.#drop(id, { unlessLeased: true }))))
  }

  async endLeases(uploads: readonly VersionId[]): Promise<void> {
    this.#checkOpen()
    await this.#keeping.endLeases(uploads)
  }

  async catchUp(): Promise<void> {
    this.#checkOpen()
    await this.#keeping.catchUp()
  }

  async endLeasesOfWriter(writer: NodeId, keepStart: number | null): Promise<void> {
    this.#checkOpen()
    await this.#keeping.endLeasesOfWriter(writer, keepStart)
  }

  /** The row away, durably; then the file. False if there was none that the options mean. */
  async #drop(id: ChunkId, options: DropOptions = {}): Promise<boolean> {
    const { keepFile = false } = options
    const dropped = await this.#commits.run(
      ROW_BYTES,
      () => this.#dropRows(id, options),
      (row) => {
        if (row !== undefined) this.#noteRemoved(id, row.sizeBytes)
      },
    )
    if (dropped?.inFile !== true || keepFile) return dropped !== undefined
    await this.#files.remove(id)
    this.#room.askAnew()
    // Nothing waits for this: a doomed file that is gone already does no harm.
    this.#commits
      .run(ROW_BYTES, () => this.#table.undoom(id))
      .catch((error: unknown) => this.#report(`chunk ${id} stays noted as doomed: ${messageOf(error)}`))
    return true
  }

  #dropRows(
    id: ChunkId,
    { keepFile = false, unlessLeased = false, onlyMarked }: DropOptions,
  ): { readonly sizeBytes: number; readonly inFile: boolean } | undefined {
    const row = this.#table.find(id)
    if (row === undefined || (unlessLeased && this.#table.leases(row).length > 0)) return undefined
    if (onlyMarked !== undefined && this.#keeping.markOf(row) !== onlyMarked) return undefined
    const inFile = this.#table.sealed(row) === undefined
    this.#table.drop(id, row, inFile && !keepFile)
    return { sizeBytes: row.sizeBytes, inFile }
  }

  /** Looks again; withdraws and quarantines what is damaged or missing. */
  async #condemn(id: ChunkId): Promise<Buffer | undefined> {
    const row = this.#table.find(id)
    if (row === undefined) return undefined
    const inRow = this.#table.sealed(row)
    const bytes = inRow ?? (await this.#readFile(id))
    if (bytes !== undefined && bytes.length === row.sizeBytes && blake3Hex(bytes) === id) return bytes
    this.#report(`chunk ${id} is ${bytes === undefined ? 'not to be read' : 'damaged'} on this disk and withdrawn`)
    if (bytes === undefined) await this.#drop(id, { keepFile: true })
    else {
      await this.#files.quarantine(id, bytes)
      await this.#drop(id)
    }
    return undefined
  }

  /** Undefined if the file is missing or the disk cannot read it. */
  async #readFile(id: ChunkId): Promise<Buffer | undefined> {
    try {
      return await this.#files.read(id)
    } catch (error) {
      if (!isEngineError(error, 'disk-failing')) throw error
      this.#report(messageOf(error))
      return undefined
    }
  }

  // -------------------------------------------------------------- start and end

  /** Compares files and rows after a crash, in the background. */
  async #reconcile(): Promise<void> {
    try {
      await reconcile({
        files: this.#files,
        idsInFiles: (bucket) => this.#table.idsInFiles(bucket),
        bucketsInFiles: () => this.#table.bucketsInFiles(),
        adopt: (id) => this.#exclusive(id, () => this.#adopt(id)),
        withdraw: async (id) => void (await this.get(id, { verify: true })),
        stopped: () => this.#closed,
      })
    } catch (error) {
      if (!this.#closed) this.#report(`comparing files and rows of the chunk store: ${messageOf(error)}`)
    }
  }

  /** Takes in a file without a row if it is what its name says; else removes it. */
  async #adopt(id: ChunkId): Promise<void> {
    const row = this.#table.find(id)
    if (row !== undefined) {
      if (this.#table.sealed(row) !== undefined) await this.#files.remove(id)
      return
    }
    const sealed = await this.#readFile(id)
    if (sealed === undefined) return
    if (sealed.length <= limits.smallChunkBytes || sealed.length > limits.chunkMaxBytes || blake3Hex(sealed) !== id) {
      await this.#files.remove(id)
      return
    }
    await this.#commits.run(
      ROW_BYTES,
      () => this.#addRows(id, sealed.length, null, null),
      (added) => {
        if (!added) return
        this.#room.usedBytes += sealed.length
        this.#noteAdded(id)
      },
    )
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.reconciled
    while (this.#busy.size > 0) await Promise.all(this.#busy.values())
    await this.#commits.close()
    this.#table.begin()
    this.#table.noteOrderly(true)
    this.#table.commit()
    this.#table.close()
  }

  // -------------------------------------------------------------- bookkeeping

  on(events: Partial<ChunkStoreEvents>): Disposable {
    this.#listeners.add(events)
    return { [Symbol.dispose]: () => void this.#listeners.delete(events) }
  }

  #noteAdded(id: ChunkId): void {
    this.#count++
    if (this.#sums !== undefined) addToSums(this.#sums, bytesOf(id))
    this.#added.push(id)
  }

  #noteRemoved(id: ChunkId, sizeBytes: number): void {
    this.#count--
    this.#room.usedBytes -= sizeBytes
    if (this.#sums !== undefined) takeFromSums(this.#sums, bytesOf(id))
    this.#removed.push(id)
  }

  /** After each commit: who listens hears what changed. */
  #tell(): void {
    if (this.#added.length + this.#removed.length === 0) return
    const [added, removed] = [this.#added, this.#removed]
    this.#added = []
    this.#removed = []
    for (const { changed } of this.#listeners) {
      try {
        changed?.(added, removed)
      } catch (error) {
        this.#report(`a listener of the chunk store failed: ${messageOf(error)}`)
      }
    }
  }

  /** Runs `work` when nothing else is under way with the file of this chunk. */
  #exclusive<T>(id: ChunkId, work: () => Promise<T>): Promise<T> {
    const before = this.#busy.get(id)
    const run = before === undefined ? work() : before.then(work)
    const ended = run.then(ignore, ignore).then(() => {
      if (this.#busy.get(id) === ended) this.#busy.delete(id)
    })
    this.#busy.set(id, ended)
    return run
  }

  #checkOpen(): void {
    if (this.#closed) throw new EngineError('stopped', 'the chunk store is closed')
  }
}

function ignore(): void {}
