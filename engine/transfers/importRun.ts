/**
 * One run of an import: one walk counts, another stores, hundreds of small files and a few large ones at once, so that commits and
 * messages are shared as they are for many clients. What fails is told by name and the rest goes on; what would fail every
 * file alike ends the run. It keeps no place to go on from: the next run looks at everything again and skips what is there.
 */
import { basename } from 'node:path'
import { nameProblem } from '../../shared/index.ts'
import { Semaphore } from '../base/async.ts'
import { EngineError, isEngineError, messageOf } from '../base/error.ts'
import type { EntryId } from '../base/ids.ts'
import { makeFolder } from '../files/index.ts'
import { limits, MiB } from '../limits.ts'
import { badName, nameTwin, walkLocal } from './localWalk.ts'
import { Progress } from './progress.ts'
import { isFatal, type StoreDeps, storeFile } from './storeFile.ts'

export interface Failure {
  readonly path: string
  readonly code: string
  readonly text: string
}

export interface ImportRequest {
  /** Absolute, on this computer. */
  readonly paths: readonly string[]
  /** Names of the folder in the pool that they go into. */
  readonly folder: readonly string[]
}

export interface ImportDeps extends StoreDeps {
  readonly report: (problem: string) => void
}

const mediumBytes = 1 * MiB
const largeBytes = 16 * MiB

export class ImportRun {
  readonly progress = new Progress()
  /** The first limits.importFailuresListed. */
  readonly failures: Failure[] = []
  readonly #deps: ImportDeps
  readonly #request: ImportRequest
  readonly #told: () => void
  readonly #awaited: (entry: EntryId) => void
  readonly #all = new Semaphore(limits.importFilesAtOnce)
  /** In bytes: what is small goes many at once, but a disk that fills is filled with whole files. */
  readonly #small = new Semaphore(limits.importBytesAtOnce)
  readonly #medium = new Semaphore(limits.importMediumAtOnce)
  readonly #large = new Semaphore(limits.importLargeAtOnce)
  readonly #running = new Set<Promise<void>>()
  /** Ends the two walks; files that are being stored get on, or fail by themselves. */
  readonly #end = new AbortController()
  #fatal: EngineError | undefined
  #stop: AbortSignal | undefined

  /** `told`: counts have changed. `awaited`: a file is stored and has not all its copies yet. */
  constructor(deps: ImportDeps, request: ImportRequest, told: () => void, awaited: (entry: EntryId) => void) {
    this.#deps = deps
    this.#request = request
    this.#told = told
    this.#awaited = awaited
  }

  /** Resolves when all is stored or has failed, with what ended it early. Rejects with the signal's reason when aborted. */
  async run(signal: AbortSignal): Promise<EngineError | null> {
    this.#stop = signal
    const either = AbortSignal.any([signal, this.#end.signal])
    const counting = this.#count(either)
    try {
      // What is small is counted before it begins, so that its totals stand from the start.
      await Promise.race([counting, this.#deps.clock.sleep(limits.importCountFirstMs, either)])
      await this.#storeAll(either, signal)
    } finally {
      await Promise.all(this.#running)
      await counting
    }
    if (this.#fatal !== undefined) return this.#fatal
    signal.throwIfAborted()
    return null
  }

  // -------------------------------------------------------------- counting

  async #count(signal: AbortSignal): Promise<void> {
    const looks = new Semaphore(limits.importCountAtOnce)
    const looking = new Set<Promise<void>>()
    for (const { path, names } of this.#targets()) {
      for await (const found of walkLocal({ local: this.#deps.local }, path, names)) {
        if (signal.aborted) return
        if (found.what !== 'file') continue
        const leave = await looks.take(1)
        const look = this.#look(found.path).finally(() => {
          leave()
          looking.delete(look)
        })
        looking.add(look)
      }
    }
    await Promise.all(looking)
    this.progress.isCounted = true
    this.#told()
  }

  async #look(path: string): Promise<void> {
    const facts = await this.#deps.local.look(path).catch(() => undefined) // the other walk tells why
    this.progress.filesFound++
    this.progress.bytesFound += facts?.sizeBytes ?? 0
    this.#told()
  }

  /** What the paths are to become; a name that comes twice only once. */
  #targets(): { path: string; names: readonly string[] }[] {
    const seen = new Set<string>()
    return this.#request.paths.flatMap((path) => {
      const name = basename(path)
      const key = name.normalize('NFC')
      if (nameProblem(name) !== null || seen.has(key)) return []
      seen.add(key)
      return [{ path, names: [...this.#request.folder, name] }]
    })
  }

  // -------------------------------------------------------------- storing

  async #storeAll(ended: AbortSignal, signal: AbortSignal): Promise<void> {
    const targets = this.#targets()
    const taken = new Set(targets.map(({ path }) => path))
    for (const path of this.#request.paths) {
      const problem = nameProblem(basename(path))
      if (problem !== null) this.#failed(path, badName(path, problem))
      else if (!taken.delete(path)) this.#failed(path, nameTwin(path))
    }
    const { local } = this.#deps
    const refuses = (names: readonly string[]) => this.#fileInTheWay(names)
    for (const { path, names } of targets) {
      for await (const found of walkLocal({ local, refuses }, path, names)) {
        if (ended.aborted) return
        if (found.what === 'file') await this.#add(found.path, () => this.#store(found.path, found.names, signal))
        else if (found.what === 'emptyFolder') await this.#add(found.path, () => this.#makeFolder(found.names))
        else if (found.what === 'failed') this.#failed(found.path, found.error)
        else this.progress.filesLeftOut++
      }
    }
  }

  /** Starts work on one file as soon as there is room; resolves then. */
  async #add(path: string, work: () => Promise<void>): Promise<void> {
    const leave = await this.#all.take(1)
    const running = work()
      .catch((error: unknown) => this.#caught(path, error))
      .finally(() => {
        leave()
        this.#running.delete(running)
        this.#told()
      })
    this.#running.add(running)
  }

  async #store(path: string, names: readonly string[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const stored = await storeFile(this.#deps, {
      path,
      names,
      signal,
      room: (sizeBytes) => this.#room(sizeBytes, signal),
      moved: (bytes) => this.#moved(bytes),
    })
    if (stored.isNew) this.progress.stored()
    else this.progress.skipped(stored.sizeBytes)
    if (!stored.isProtected) this.#awaited(stored.entry)
  }

  #moved(bytes: number): void {
    this.progress.moved(bytes)
    this.#told()
  }

  async #makeFolder(names: readonly string[]): Promise<void> {
    if (this.#deps.catalog.read.at(names) === undefined) await makeFolder(this.#deps, names)
  }

  /** Large files keep memory and disks busy by themselves; many at once would only take turns. */
  async #room(sizeBytes: number, signal: AbortSignal): Promise<() => void> {
    if (sizeBytes <= mediumBytes) return await this.#small.take(Math.max(1, sizeBytes), signal)
    return await (sizeBytes > largeBytes ? this.#large : this.#medium).take(1, signal)
  }

  #fileInTheWay(names: readonly string[]): EngineError | undefined {
    const there = this.#deps.catalog.read.at(names)
    if (there?.kind !== 'file') return undefined
    return new EngineError('wrong-kind', `${there.path} is a file in the pool and a folder here`, {
      hint: 'Rename one of them, then try again.',
    })
  }

  #caught(path: string, error: unknown): void {
    // What comes after the signal is its doing.
    if (this.#stop?.aborted === true) return
    if (isEngineError(error) && !isFatal(error)) return this.#failed(path, error)
    if (isEngineError(error)) {
      this.#fatal ??= error
      return this.#end.abort()
    }
    this.#deps.report(`import of ${path}: ${messageOf(error)}`)
    this.#failed(path, new EngineError('internal', `${path} met an error that nobody foresaw: ${messageOf(error)}`))
  }

  #failed(path: string, { code, message }: EngineError): void {
    this.progress.filesFailed++
    if (this.failures.length < limits.importFailuresListed) this.failures.push({ path, code, text: message })
    this.#told()
  }
}
