/** A chunk store over a temporary folder for tests, with a clock that can be moved and a disk that can be meddled with. */
import { mkdtempSync, rmSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { GiB } from '../limits.ts'
import { createDisk, openSqlite, systemClock } from '../platform/index.ts'
import type { Clock, Disk } from '../ports.ts'
import { type ChunkStoreOptions, type OpenChunkStore, openChunkStore } from './store.ts'

export interface StoreFolder extends AsyncDisposable {
  /** The store that is open now. */
  readonly store: OpenChunkStore
  readonly options: ChunkStoreOptions
  readonly disk: Disk
  /** What the store reported. */
  readonly problems: readonly string[]
  /** Paths of all files but the database's, sorted. */
  files(): Promise<string[]>
  /** Runs a statement on the database behind the store's back. */
  sql(statement: string): void
  clockMoves(byMs: number): void
  /** The store is left as a dying process leaves it. */
  crash(): Promise<void>
  /** Closes the store unless it has crashed or is closed, and opens it again. */
  restart(): Promise<void>
}

export async function storeFolder(
  options: Partial<ChunkStoreOptions> = {},
  meddle: (disk: Disk) => Disk = (disk) => disk,
): Promise<StoreFolder> {
  const path = mkdtempSync(join(tmpdir(), 'hadahoop-chunks-'))
  const disk = createDisk(path)
  const problems: string[] = []
  let movedMs = 0
  const clock: Clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + movedMs }
  const all: ChunkStoreOptions = {
    disk: meddle(plain(disk)),
    clock,
    quotaBytes: 1 * GiB,
    minimumFreeBytes: 0,
    report: (problem) => void problems.push(problem),
    ...options,
  }
  let store = await openChunkStore(all)
  const sql = (statement: string) => {
    const database = openSqlite(join(path, 'chunks.db'))
    database.exec(statement)
    database.close()
  }
  const close = async () => {
    try {
      await store.close()
    } catch {
      // It is closed already.
    }
  }
  return {
    get store() {
      return store
    },
    options: all,
    disk,
    problems,
    async files() {
      const found = await readdir(path, { recursive: true, withFileTypes: true })
      return found
        .filter((file) => file.isFile() && !file.name.startsWith('chunks.db'))
        .map((file) => relative(path, join(file.parentPath, file.name)).replaceAll('\\', '/'))
        .toSorted()
    },
    sql,
    clockMoves(byMs) {
      movedMs += byMs
    },
    async crash() {
      await close()
      sql('UPDATE closing SET orderly = 0')
    },
    async restart() {
      await close()
      store = await openChunkStore(all)
    },
    async [Symbol.asyncDispose]() {
      await close()
      rmSync(path, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

/** The disk's port as a plain object, so that a test can replace single functions. */
function plain(disk: Disk): Disk {
  return {
    read: (path) => disk.read(path),
    writeDurable: (path, data, options) => disk.writeDurable(path, data, options),
    write: (path, data, options) => disk.write(path, data, options),
    remove: (path) => disk.remove(path),
    list: (path) => disk.list(path),
    sizeBytes: (path) => disk.sizeBytes(path),
    freeBytes: () => disk.freeBytes(),
    openDatabase: (path) => disk.openDatabase(path),
  }
}
