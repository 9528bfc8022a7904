/**
 * The Disk port over a folder of the file system. A durable write that resolved survives a power cut: temporary name in
 * the same folder, fsync, rename, fsync of the folder and of the parents of folders it made. So a reader sees the old
 * bytes or the new ones, never a part. libuv's fsync is F_FULLFSYNC on macOS already (uv__fs_fsync), so it needs no
 * care here; Windows can flush no folder and refuses a rename while a virus scanner holds the file, so it is retried.
 * O_TMPFILE with link was rejected: Linux only, and link cannot replace a file.
 */
import { mkdirSync } from 'node:fs'
import { type FileHandle, mkdir, open, opendir, readdir, rename, rm, stat, statfs, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { EngineError, messageOf } from '../base/error.ts'
import type { Database, Disk } from '../ports.ts'
import { systemRandom } from './random.ts'
import { openSqlite } from './sqlite.ts'

const TEMPORARY = /^~[0-9a-f]{12}-\d+\.tmp$/
const FOLDER_MODE = 0o700
const FILE_MODE = 0o600

/** The port, and what only a real disk needs. */
export interface FolderDisk extends Disk {
  /**
   * Removes temporary files that earlier processes left below `path` when they died; gives their number. Files that this
   * process is writing now stay, so it may run at any time.
   */
  removeLeftovers(path?: string): Promise<number>
  /** Makes files readable by their owner alone, for secrets; gives the paths of those that were not. Missing ones and Windows: nothing. */
  protect(paths: readonly string[]): Promise<string[]>
}

/** The disk of one data folder, which is made if missing (for its owner only). */
export function createDisk(folder: string): FolderDisk {
  return new RealDisk(resolve(folder))
}

class RealDisk implements FolderDisk {
  readonly #root: string
  readonly #token = systemRandom.bytes(6).toString('hex')
  #written = 0
  /** Folders being made now: nothing inside them is durable before they are. */
  readonly #making = new Map<string, Promise<void>>()
  /** The flush of a folder that has not begun yet: renames that are done may join it. */
  readonly #flushes = new Map<string, Promise<void>>()

  constructor(root: string) {
    this.#root = root
    guardedSync(root, () => mkdirSync(root, { recursive: true, mode: FOLDER_MODE }))
  }

  read(path: string): Promise<Buffer> {
    return this.#guarded(path, async (absolute) => {
      await using file = await open(absolute, 'r')
      const { size } = await file.stat()
      const bytes = Buffer.allocUnsafeSlow(size)
      let filled = 0
      while (filled < size) {
        const { bytesRead } = await file.read(bytes, filled, size - filled, filled)
        if (bytesRead === 0) break
        filled += bytesRead
      }
      return filled === size ? bytes : bytes.subarray(0, filled)
    })
  }

  writeDurable(path: string, data: Uint8Array, options: { readonly mode?: number } = {}): Promise<void> {
    return this.#guarded(path, (absolute) => this.#replace(absolute, data, options.mode ?? FILE_MODE, true))
  }

  write(path: string, data: Uint8Array, options: { readonly mode?: number } = {}): Promise<void> {
    return this.#guarded(path, (absolute) => this.#replace(absolute, data, options.mode ?? FILE_MODE, false))
  }

  remove(path: string): Promise<void> {
    return this.#guarded(path, async (absolute) => {
      await unlink(absolute)
      await this.#flushFolder(dirname(absolute))
    })
  }

  async list(path: string): Promise<string[]> {
    try {
      return await this.#guardedFolder(path, async (absolute) =>
        (await readdir(absolute)).filter((name) => !TEMPORARY.test(name)).sort(),
      )
    } catch (error) {
      if (error instanceof EngineError && error.code === 'no-file') return []
      throw error
    }
  }

  sizeBytes(path: string): Promise<number> {
    return this.#guarded(path, async (absolute) => (await stat(absolute)).size)
  }

  freeBytes(): Promise<number> {
    return this.#guardedFolder('', async (absolute) => {
      const volume = await statfs(absolute)
      return volume.bavail * volume.bsize
    })
  }

  openDatabase(path: string): Database {
    const absolute = this.#absolute(path)
    guardedSync(absolute, () => mkdirSync(dirname(absolute), { recursive: true, mode: FOLDER_MODE }))
    return openSqlite(absolute)
  }

  removeLeftovers(path = ''): Promise<number> {
    return this.#guardedFolder(path, (absolute) => this.#removeBelow(absolute))
  }

  /** Entry by entry: a chunk store has more files than memory should hold names. */
  async #removeBelow(folder: string): Promise<number> {
    let removed = 0
    for await (const found of await opendir(folder)) {
      const absolute = join(folder, found.name)
      if (found.isDirectory()) {
        removed += await this.#removeBelow(absolute)
      } else if (TEMPORARY.test(found.name) && !found.name.startsWith(`~${this.#token}`)) {
        await rm(absolute, { force: true })
        removed += 1
      }
    }
    return removed
  }

  async protect(paths: readonly string[]): Promise<string[]> {
    const repaired: string[] = []
    if (process.platform === 'win32') return repaired
    for (const path of paths) {
      try {
        const wasOpen = await this.#guarded(path, async (absolute) => {
          await using file = await open(absolute, 'r')
          if (((await file.stat()).mode & 0o077) === 0) return false
          await file.chmod(FILE_MODE)
          return true
        })
        if (wasOpen) repaired.push(path)
      } catch (error) {
        if (!(error instanceof EngineError && error.code === 'no-file')) throw error
      }
    }
    return repaired
  }

  async #replace(absolute: string, data: Uint8Array, mode: number, durable: boolean): Promise<void> {
    const folder = dirname(absolute)
    this.#written += 1
    const temporary = join(folder, `~${this.#token}-${this.#written}.tmp`)
    const file = await this.#create(temporary, folder, mode)
    try {
      await using _closing = file
      await writeAll(file, data)
      if (durable) await file.sync()
    } catch (error) {
      await discard(temporary)
      throw error
    }
    try {
      await renameStubborn(temporary, absolute)
    } catch (error) {
      await discard(temporary)
      throw error
    }
    if (durable) await this.#flushFolder(folder)
    // Another write may have made the folder a moment ago and still be flushing its parents.
    if (durable && this.#making.size > 0) await Promise.all(this.#making.values())
  }

  async #create(temporary: string, folder: string, mode: number): Promise<FileHandle> {
    try {
      return await open(temporary, 'wx', mode)
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error
    }
    let making = this.#making.get(folder)
    if (making === undefined) {
      making = this.#makeFolder(folder).finally(() => this.#making.delete(folder))
      this.#making.set(folder, making)
    }
    await making
    return await open(temporary, 'wx', mode)
  }

  /** Makes a folder with its parents, and makes them durable. */
  async #makeFolder(folder: string): Promise<void> {
    const first = await mkdir(folder, { recursive: true, mode: FOLDER_MODE })
    if (first === undefined) return
    for (let made = folder; made.length >= first.length; made = dirname(made)) await this.#flushFolder(dirname(made))
  }

  /** Flushes of one folder that are asked for at the same time are one. */
  #flushFolder(folder: string): Promise<void> {
    const joined = this.#flushes.get(folder)
    if (joined !== undefined) return joined
    const flush = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      this.#flushes.delete(folder)
      return syncFolder(folder)
    })
    this.#flushes.set(folder, flush)
    return flush
  }

  /** As #guarded, for folders: the data folder itself is ''. */
  #guardedFolder<T>(path: string, work: (absolute: string) => Promise<T>): Promise<T> {
    return path === '' ? this.#coded(this.#root, work) : this.#guarded(path, work)
  }

  async #guarded<T>(path: string, work: (absolute: string) => Promise<T>): Promise<T> {
    return await this.#coded(this.#absolute(path), work)
  }

  async #coded<T>(absolute: string, work: (absolute: string) => Promise<T>): Promise<T> {
    try {
      return await work(absolute)
    } catch (error) {
      throw codedDiskError(absolute, error)
    }
  }

  #absolute(path: string): string {
    const names = path.split('/')
    if (names.some((name) => name === '' || name === '.' || name === '..' || /[\0\\:]/.test(name))) {
      throw new EngineError('bad-path', `${JSON.stringify(path)} is not a path inside the data folder`)
    }
    return join(this.#root, ...names)
  }
}

/** FileHandle.write may write less than asked, and takes views on shared memory as they are. */
async function writeAll(file: FileHandle, data: Uint8Array): Promise<void> {
  for (let at = 0; at < data.length; ) {
    const { bytesWritten } = await file.write(data, at, data.length - at)
    at += bytesWritten
  }
}

/** A temporary file that cannot be removed now is a leftover for the next start; the first error matters more. */
async function discard(temporary: string): Promise<void> {
  await rm(temporary, { force: true }).catch(() => undefined)
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  await using handle = await open(folder, 'r')
  await handle.sync()
}

/** Waits between attempts of a rename on Windows: 1.3 seconds in all, longer than a scanner holds a file of 12 MiB. */
const RENAME_WAITS_MS = [10, 20, 40, 80, 160, 320, 640]

/** Renames; where the target is held by another program (EBUSY, EPERM, EACCES on Windows) tries again for a while. */
export async function renameStubborn(
  from: string,
  to: string,
  attempt: (from: string, to: string) => Promise<void> = rename,
  platform: NodeJS.Platform = process.platform,
): Promise<void> {
  for (const waitMs of RENAME_WAITS_MS) {
    try {
      await attempt(from, to)
      return
    } catch (error) {
      const held = ['EBUSY', 'EPERM', 'EACCES'].includes(codeOf(error) ?? '')
      if (platform !== 'win32' || !held) throw error
    }
    await wait(waitMs)
  }
  await attempt(from, to)
}

function guardedSync<T>(absolute: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw codedDiskError(absolute, error)
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** What the operating system says, as the codes of the port; EngineErrors and mistakes of ours pass through. */
export function codedDiskError(absolute: string, error: unknown): unknown {
  switch (codeOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new EngineError('no-file', `there is no ${absolute}`, { cause: error })
    case 'ENOSPC':
    case 'EDQUOT':
      return new EngineError('disk-full', `no space left for ${absolute}`, {
        hint: 'Free some space on that disk, or give this machine a smaller quota.',
        retryable: true,
        cause: error,
      })
    case 'EIO':
      return new EngineError('disk-failing', `the disk failed at ${absolute}: ${messageOf(error)}`, {
        hint: 'Check the cable and the health of that disk.',
        cause: error,
      })
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new EngineError('not-permitted', `not permitted: ${messageOf(error)}`, {
        hint: 'Make the data folder belong to the account that runs Hadahoop, and writable.',
        cause: error,
      })
    default:
      return error
  }
}
