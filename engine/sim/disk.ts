/**
 * A node's disk in memory, with the ways in which real ones fail: what was not flushed is lost or torn at a crash, space
 * runs out, bits flip, operations fail. Database files are real SQLite files in a temporary folder; a simulated crash
 * copies them as they are and cuts the write-ahead log at or after the last commit that had returned.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { bufferOf } from '../base/bytes.ts'
import { EngineError } from '../base/error.ts'
import { GiB } from '../limits.ts'
import { openSqlite } from '../platform/index.ts'
import type { Database, Disk } from '../ports.ts'
import type { EventOwner, Schedule } from './clock.ts'
import { SimDatabase } from './database.ts'
import type { SeededRandom } from './random.ts'
import { cutWal, readWal, type WalState } from './wal.ts'

export type DiskOperation = 'read' | 'writeDurable' | 'write' | 'remove' | 'list' | 'sizeBytes' | 'commit'

/** `power`: what was not flushed may be lost. `kill`: the process dies, the operating system and its cache live on. */
export type CrashKind = 'power' | 'kill'

/** One database file and where its log stood when the last commit had surely returned. */
export interface CommitMark {
  readonly path: string
  readonly log: WalState | undefined
}

/** What a disk held at a moment. */
export interface DiskImage {
  readonly files: ReadonlyMap<string, Buffer>
  readonly databases: ReadonlyMap<string, Buffer>
}

const databaseFiles = ['', '-wal', '-shm']

export class SimDisk {
  /** Set by a test: the error with which an operation fails, if any. */
  fault: ((operation: DiskOperation, path: string) => EngineError | undefined) | undefined
  /** How long an operation takes before its bytes count. */
  latencyMs = 0.1
  rateBytesPerMs = 1_000_000
  readonly #files = new Map<string, Buffer>()
  readonly #modes = new Map<string, number>()
  /** What a path held at its last flush, where that differs from now. */
  readonly #unflushed = new Map<string, Buffer | undefined>()
  readonly #databasePaths = new Set<string>()
  readonly #connections = new Set<SimDatabase>()
  readonly #root: string
  readonly #random: SeededRandom
  readonly #schedule: Schedule
  readonly #crashNode: () => void
  #capacityBytes = 1024 * GiB
  #generation = 0
  #crashCountdown: number | undefined

  constructor(root: string, schedule: Schedule, random: SeededRandom, crashNode: () => void) {
    this.#root = root
    this.#schedule = schedule
    this.#random = random
    this.#crashNode = crashNode
    mkdirSync(this.#folder(), { recursive: true })
  }

  // -------------------------------------------------------------- for tests

  get usedBytes(): number {
    let used = 0
    for (const data of this.#files.values()) used += data.length
    for (const path of this.#databasePaths) used += databaseBytes(this.#real(path))
    return used
  }

  /** How much the disk holds; from then on more fails `disk-full`, in databases as well. */
  setCapacity(bytes: number): void {
    this.#capacityBytes = bytes
    this.#limitDatabases()
  }

  /** Paths of all files, databases not included, sorted. */
  paths(): string[] {
    return [...this.#files.keys()].sort()
  }

  /** Bytes of a file as they lie there, or undefined. */
  peek(path: string): Buffer | undefined {
    return this.#files.get(path)
  }

  modeOf(path: string): number | undefined {
    return this.#modes.get(path)
  }

  /** Puts bytes there behind the node's back: an old disk image, a damaged file. */
  plant(path: string, data: Uint8Array): void {
    this.#files.set(path, Buffer.from(data))
    this.#unflushed.delete(path)
  }

  /** Flips one bit of a file or database file: the given one, else a random one. */
  flip(path: string, bit?: number): void {
    const held = this.#files.get(path)
    const data = held === undefined ? readFileSync(this.#real(path)) : Buffer.from(held)
    const at = bit ?? this.#random.between(0, data.length * 8 - 1)
    data[at >> 3] = (data[at >> 3] ?? 0) ^ (1 << (at & 7))
    if (held === undefined) writeFileSync(this.#real(path), data)
    else this.#files.set(path, data)
  }

  /** All that lies there now, files and databases. Only while the node does not run. */
  image(): DiskImage {
    const databases = new Map<string, Buffer>()
    for (const path of this.#databasePaths) {
      for (const suffix of databaseFiles) {
        const real = this.#real(path) + suffix
        if (existsSync(real)) databases.set(path + suffix, readFileSync(real))
      }
    }
    return { files: new Map(this.#files), databases }
  }

  /** Makes the disk what it was when the image was taken. Only while the node does not run. */
  restore({ files, databases }: DiskImage): void {
    this.wipe(() => true)
    for (const [path, data] of files) this.plant(path, data)
    for (const [path, data] of databases) writeFileSync(this.#real(path), data)
  }

  /** Deletes the files and databases whose path passes. Only while the node does not run. */
  wipe(test: (path: string) => boolean): void {
    for (const path of [...this.#files.keys()]) if (test(path)) this.#files.delete(path)
    for (const path of [...this.#unflushed.keys()]) if (test(path)) this.#unflushed.delete(path)
    for (const path of this.#databasePaths) {
      if (test(path)) for (const suffix of databaseFiles) rmSync(this.#real(path) + suffix, { force: true })
    }
  }

  /** The node crashes in the middle of the `count`th writing operation (durable or not, removal, commit) from now. */
  crashAfter(count: number): void {
    this.#crashCountdown = count
  }

  // -------------------------------------------------------------- for the world

  /** The Disk port for one process of the node. */
  port(owner: EventOwner): Disk {
    return {
      read: (path) => this.#run(owner, 'read', path, 0, () => Buffer.from(this.#existing(path))),
      writeDurable: (path, data, options) =>
        this.#run(owner, 'writeDurable', path, data.length, () => this.#store(path, data, options?.mode, true)),
      write: (path, data, options) =>
        this.#run(owner, 'write', path, data.length, () => this.#store(path, data, options?.mode, false)),
      remove: (path) => this.#run(owner, 'remove', path, 0, () => this.#remove(path)),
      list: (path) => this.#run(owner, 'list', path, 0, () => this.#list(path)),
      sizeBytes: (path) => this.#run(owner, 'sizeBytes', path, 0, () => this.#existing(path).length),
      freeBytes: () => Promise.resolve(Math.max(0, this.#capacityBytes - this.usedBytes)),
      openDatabase: (path) => this.#openDatabase(owner, path),
    }
  }

  /** The process is gone. After a crash the disk holds what a real one might hold. */
  abandon(kind: CrashKind | 'stopped', unfinished?: CommitMark): void {
    this.#crashCountdown = undefined
    const old = this.#folder()
    if (kind !== 'stopped') {
      this.#generation += 1
      for (const path of this.#databasePaths) this.#copyCrashed(old, path, kind, unfinished)
    }
    for (const connection of this.#connections) connection.abandon()
    this.#connections.clear()
    if (kind !== 'stopped') rmSync(old, { recursive: true, force: true })
    if (kind === 'power') this.#loseUnflushed()
    else this.#unflushed.clear()
  }

  // -------------------------------------------------------------- files

  #run<T>(owner: EventOwner, operation: DiskOperation, path: string, bytes: number, apply: () => T): Promise<T> {
    checkPath(path)
    return new Promise((resolve, reject) => {
      if (!owner.alive) return
      const delayMs = this.latencyMs * (0.5 + this.#random.fraction()) + bytes / this.rateBytesPerMs
      this.#schedule.at(this.#schedule.nowMs + delayMs, owner, () => {
        try {
          const fault = this.fault?.(operation, path)
          if (fault !== undefined) throw fault
          const crashes = writing.has(operation) && this.#countsDown()
          if (crashes && this.#random.chance(0.5)) {
            this.#crashNode()
            return
          }
          const result = apply()
          if (crashes) this.#crashNode()
          else resolve(result)
        } catch (error) {
          reject(error)
        }
      })
    })
  }

  #countsDown(): boolean {
    if (this.#crashCountdown === undefined) return false
    this.#crashCountdown -= 1
    return this.#crashCountdown <= 0
  }

  #existing(path: string): Buffer {
    const data = this.#files.get(path)
    if (data !== undefined) return data
    if (this.#databasePaths.has(path) && existsSync(this.#real(path))) return readFileSync(this.#real(path))
    throw new EngineError('no-file', `there is no file ${path}`)
  }

  #store(path: string, data: Uint8Array, mode: number | undefined, durable: boolean): void {
    const before = this.#files.get(path)
    if (this.usedBytes - (before?.length ?? 0) + data.length > this.#capacityBytes) {
      throw new EngineError('disk-full', `no space left for ${path}`, { retryable: true })
    }
    if (durable) this.#unflushed.delete(path)
    else if (!this.#unflushed.has(path)) this.#unflushed.set(path, before)
    this.#files.set(path, Buffer.from(bufferOf(data)))
    if (mode !== undefined) this.#modes.set(path, mode)
    if (this.#capacityBytes < 1024 * GiB) this.#limitDatabases()
  }

  #remove(path: string): void {
    if (this.#databasePaths.delete(path)) {
      for (const suffix of ['', '-wal', '-shm']) rmSync(this.#real(path) + suffix, { force: true })
      return
    }
    this.#existing(path)
    this.#unflushed.delete(path)
    this.#files.delete(path)
  }

  #list(path: string): string[] {
    const prefix = path === '' || path === '.' ? '' : `${path}/`
    const names = new Set<string>()
    for (const known of [...this.#files.keys(), ...this.#databasePaths]) {
      if (known.startsWith(prefix)) names.add(known.slice(prefix.length).split('/')[0] as string)
    }
    return [...names].sort()
  }

  #loseUnflushed(): void {
    for (const [path, flushed] of this.#unflushed) {
      const fate = this.#random.pick(['kept', 'lost', 'torn'] as const)
      const now = this.#files.get(path)
      if (fate === 'lost') {
        if (flushed === undefined) this.#files.delete(path)
        else this.#files.set(path, flushed)
      } else if (fate === 'torn' && now !== undefined && now.length > 0) {
        const kept = this.#random.between(0, now.length - 1)
        this.#files.set(path, this.#random.chance(0.5) ? now.subarray(0, kept) : Buffer.from(now).fill(0, kept))
      }
    }
    this.#unflushed.clear()
  }

  // -------------------------------------------------------------- databases

  #openDatabase(owner: EventOwner, path: string): Database {
    checkPath(path)
    const real = this.#real(path)
    mkdirSync(dirname(real), { recursive: true })
    const native = openSqlite(real)
    // The copy made at a simulated crash reads through the operating system's cache, so flushing would prove nothing.
    native.exec('PRAGMA synchronous = OFF')
    this.#databasePaths.add(path)
    const connection = new SimDatabase(native, owner, {
      fault: () => this.fault?.('commit', path),
      crashes: () => this.#countsDown(),
      mark: () => ({ path, log: readWal(`${real}-wal`) }),
      crash: (mark) => this.#crashInCommit(mark),
      closed: () => this.#connections.delete(connection),
    })
    this.#connections.add(connection)
    if (this.#capacityBytes < 1024 * GiB) this.#limitDatabases()
    return connection
  }

  #unfinished: CommitMark | undefined

  #crashInCommit(mark: CommitMark): void {
    this.#unfinished = mark
    this.#crashNode()
    this.#unfinished = undefined
  }

  #copyCrashed(old: string, path: string, kind: CrashKind, given: CommitMark | undefined): void {
    const from = join(old, path)
    const to = this.#real(path)
    mkdirSync(dirname(to), { recursive: true })
    if (!existsSync(from)) return
    copyFileSync(from, to)
    if (!existsSync(`${from}-wal`)) return
    copyFileSync(`${from}-wal`, `${to}-wal`)
    const log = readWal(`${to}-wal`)
    if (log === undefined || kind === 'kill') return
    const mark = given ?? this.#unfinished
    let syncedFrames = log.committedFrames
    if (mark?.path === path) {
      // The commit had not returned: any part of it may be missing, unless SQLite has begun a new log meanwhile.
      if (mark.log === undefined) syncedFrames = 0
      else if (mark.log.salts === log.salts) syncedFrames = mark.log.committedFrames
    }
    cutWal(`${to}-wal`, log, syncedFrames, this.#random)
  }

  #limitDatabases(): void {
    for (const connection of this.#connections) connection.limitBytes(this.#capacityBytes - this.usedBytes)
  }

  #folder(): string {
    return join(this.#root, String(this.#generation))
  }

  #real(path: string): string {
    return join(this.#folder(), path)
  }
}

const writing: ReadonlySet<DiskOperation> = new Set(['writeDurable', 'write', 'remove'])

function databaseBytes(real: string): number {
  let bytes = 0
  for (const suffix of ['', '-wal']) {
    if (existsSync(real + suffix)) bytes += statSync(real + suffix).size
  }
  return bytes
}

function checkPath(path: string): void {
  if (path.startsWith('/') || path.split('/').includes('..')) {
    throw new EngineError('bad-path', `${path} leaves the data folder`)
  }
}
