/**
 * What a put or get did, as its JSON says, and the bounded crowd of files that are moved at once.
 */
import { Semaphore } from '../../engine/base/async.ts'
import { type ApiClient, CONNECTIONS } from '../apiClient.ts'
import { Failure } from '../failure.ts'
import type { Progress } from '../progress.ts'
import { SmallFiles } from './smallFiles.ts'

export interface TransferResult {
  /** Files moved. */
  files: number
  /** Bytes of these. */
  bytes: number
  /** Files that were there already, of the same size and modification time. */
  skipped: number
  failed: { path: string; code: string }[]
  /** Links that stand for no file of their own: to folders, or to nothing. */
  leftOut: { path: string; code: string }[]
}

/** After these, every further file would fail alike. */
const endsAll = new Set([
  'not-running',
  'unauthorized',
  'no-pool',
  'disk-full',
  'quota-full',
  'disk-full-here',
  'stopped',
])
const LARGE_AT_ONCE = 4
/** Small ones among them wait in batches. */
const FILES_AT_ONCE = 1024

export class Crowd {
  readonly result: TransferResult = { files: 0, bytes: 0, skipped: 0, failed: [], leftOut: [] }
  readonly #progress: Progress
  readonly #all = new Semaphore(FILES_AT_ONCE)
  readonly #medium = new Semaphore(CONNECTIONS)
  readonly #large = new Semaphore(LARGE_AT_ONCE)
  readonly #running = new Set<Promise<void>>()
  #small: SmallFiles | undefined
  /** The words of `result.failed`. */
  readonly failures: { readonly path: string; readonly failure: Failure }[] = []
  /** Why it makes no sense to go on. */
  stopped: Failure | undefined

  constructor(progress: Progress) {
    this.#progress = progress
  }

  /** Starts work on one file as soon as there is room; resolves then. `path` names it in `failed`. */
  async add(path: string, work: () => Promise<void>): Promise<void> {
    const leave = await this.#all.take(1)
    if (this.stopped !== undefined) return leave()
    const running = work()
      .catch((error: unknown) => this.failed(path, error))
      .finally(() => {
        leave()
        this.#running.delete(running)
      })
    this.#running.add(running)
  }

  /** Waits for all that was added. */
  async settled(): Promise<void> {
    await Promise.all(this.#running)
  }

  /** Room for one of the files that go alone; the answer gives it back. */
  medium(): Promise<() => void> {
    return this.#medium.take(1)
  }

  /** What carries the small ones. */
  smallFiles(client: ApiClient): SmallFiles {
    this.#small ??= new SmallFiles(client)
    return this.#small
  }

  /** Room for one of the few large files that move at once; the answer gives it back. */
  large(): Promise<() => void> {
    return this.#large.take(1)
  }

  found(bytes: number): void {
    this.#progress.found(1, bytes)
  }

  moved(bytes: number): void {
    this.#progress.done(0, bytes)
  }

  /** A file is through; its bytes were told by `moved`. */
  done(bytes: number): void {
    this.result.files++
    this.result.bytes += bytes
    this.#progress.done(1, 0)
  }

  skipped(): void {
    this.result.skipped++
  }

  leftOut(path: string, code: string): void {
    this.result.leftOut.push({ path, code })
  }

  failed(path: string, error: unknown): void {
    const failure = failureOf(error)
    // Halves of characters, as in names that are no Unicode, are no text to many a reader of JSON.
    this.result.failed.push({ path: path.toWellFormed(), code: failure.code })
    this.failures.push({ path, failure })
    if (endsAll.has(failure.code)) this.stopped ??= failure
  }
}

/** The operating system's codes that have better words here. */
const systemErrors: Readonly<Record<string, readonly [code: string, text: string]>> = {
  EACCES: ['unreadable', 'This user may not open it.'],
  EPERM: ['unreadable', 'The system does not allow it.'],
  ENOENT: ['not-found', 'It does not exist.'],
  ENOSPC: ['disk-full-here', 'The disk of this computer is full.'],
  EDQUOT: ['disk-full-here', 'The disk quota on this computer is used up.'],
  EISDIR: ['wrong-kind', 'It is a folder.'],
  ENOTDIR: ['wrong-kind', 'A file is where a folder is needed.'],
  EEXIST: ['wrong-kind', 'A file is where a folder is needed.'],
}

function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error
  const { code, message } = error as { code?: unknown; message?: string }
  if (typeof code !== 'string') throw error
  const [ours, text] = systemErrors[code] ?? [code.toLowerCase(), `${message ?? code}.`]
  return new Failure(ours, text, { cause: error })
}
