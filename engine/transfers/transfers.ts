/**
 * Imports of this node, and its linked folders beside them: taken on durably, run a few at a time, steered by people, told as they get on. An import is `done` once all of it
 * is stored and acknowledged; its phase goes on from `copying` to `protected` when its files have all their copies. What was
 * under way when the node stopped or died goes on by itself at the next start; what was paused stays paused.
 */
import { basename, isAbsolute } from 'node:path'
import { joinPath, parseJsonPath } from '../../shared/index.ts'
import { EngineError, isEngineError, messageOf } from '../base/error.ts'
import type { EntryId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import type { Worker } from '../replication/index.ts'
import type { Database, LocalFiles } from '../ports.ts'
import { type Failure, type ImportDeps, ImportRun } from './importRun.ts'
import { type ImportRow, ImportTable, type Trouble } from './importTable.ts'
import { LinkedFolders } from './linkedFolders.ts'
import { LinkedTable } from './linkedTable.ts'
import { noLocalFiles } from './noLocalFiles.ts'
import { migrateTransfers } from './schema.ts'
import { atStart, type ImportAction, type ImportState, isEnded, steered, toBegin } from './state.ts'
import { isProtected } from './storeFile.ts'

export interface TransfersDeps extends Omit<ImportDeps, 'local'> {
  readonly database: Database
  /** Null where the node reads no files of its computer. */
  readonly local: LocalFiles | null
  /** An import changed, or is remembered no more. */
  readonly changed: (id: string) => void
  /** For the list of what happened. */
  readonly note: (happening: { readonly code: string; readonly text: string }) => void
}

/** An import as people see it. */
export interface ImportView extends Readonly<Omit<ImportRow, 'number' | 'error'>> {
  readonly name: string
  readonly phase: 'storing' | 'copying' | 'protected'
  /** Stored, and not all copies are made yet. */
  readonly filesAwaited: number
  readonly isCounted: boolean
  readonly rateBytesPerSec: number
  readonly secondsLeft: number | null
  readonly failures: readonly Failure[]
  readonly error: Trouble | null
}

interface Import {
  readonly row: ImportRow
  /** Of a run under way. */
  run: { readonly work: ImportRun; readonly abort: AbortController; readonly over: Promise<void> } | null
  filesAwaited: number
  /** Not written yet. */
  newlyAwaited: EntryId[]
  /** Where the look at awaited files is. */
  cursor: string
  failures: readonly Failure[]
  rest: Disposable | null
  isNews: boolean
}

export class Transfers {
  readonly linkedFolders: LinkedFolders
  readonly #deps: TransfersDeps
  readonly #table: ImportTable
  /** Oldest first. */
  readonly #imports = new Map<string, Import>()
  #starting: Disposable | undefined
  #isStopped = false

  /** Nothing runs before `start`. The database is closed by `stop`. */
  constructor(deps: TransfersDeps) {
    this.#deps = deps
    migrateTransfers(deps.database)
    this.linkedFolders = new LinkedFolders({ ...deps, table: new LinkedTable(deps.database) })
    this.#table = new ImportTable(deps.database)
    for (const row of this.#table.all()) {
      row.state = atStart(row.state)
      const failures = this.#table.failures(row, limits.importFailuresShown)
      this.#imports.set(row.id, { ...idle(row), filesAwaited: this.#table.countAwaited(row), failures })
    }
  }

  /** Goes on with what was under way, once the other machines had a moment to connect: each file then gets its copies at once. */
  start(): void {
    this.#starting = this.#deps.clock.timer(limits.importsStartMs, () => {
      this.#begin()
      this.linkedFolders.start()
    })
  }

  /** Interrupts what runs; it goes on at the next start. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#starting?.[Symbol.dispose]()
    for (const { run } of this.#imports.values()) run?.abort.abort(stopping())
    await Promise.all([...this.#imports.values()].map(async ({ run }) => await run?.over))
    await this.linkedFolders.stop()
    for (const { rest } of this.#imports.values()) rest?.[Symbol.dispose]()
    this.#deps.database.close()
  }

  // -------------------------------------------------------------- what people do

  /** Throws `bad-path`, `not-found`, `source-unreadable`, `too-many`. */
  async import(paths: readonly string[], folder: string): Promise<string> {
    const { local, random, clock } = this.#deps
    if (local === null) throw new EngineError('source-unreadable', 'this node reads no files of its computer')
    const relative = paths.find((path) => !isAbsolute(path))
    if (relative !== undefined) {
      throw new EngineError('bad-path', `${relative} does not begin at the root of this computer`)
    }
    for (const path of paths) {
      if ((await local.look(path)) === undefined) throw new EngineError('not-found', `nothing is at ${path}`)
    }
    const open = [...this.#imports.values()].filter(({ row }) => !isEnded(row.state)).length
    if (open >= limits.importsOpen) {
      throw new EngineError('too-many', `${open} imports wait already`, { hint: 'Wait until some have ended.' })
    }
    const id = random.bytes(16).toString('hex')
    const row = this.#table.add(id, paths, joinPath(parseJsonPath(folder)), clock.nowMs())
    this.#imports.set(id, idle(row))
    this.#tell(this.#must(id))
    this.#begin()
    return id
  }

  /** Throws `not-found`, `conflict`. */
  steer(id: string, action: ImportAction): void {
    const each = this.#must(id)
    const next = steered(each.row.state, action)
    if (next === undefined) {
      throw new EngineError('conflict', `the import is ${each.row.state}; that cannot be done with it now`)
    }
    if (action === 'retry') each.row.startedMs = this.#deps.clock.nowMs()
    // A run that is still ending (paused and resumed at once) is followed by the next one.
    each.run?.abort.abort(stopping())
    this.#become(each, next, null)
    this.#begin()
  }

  /** Forgets an import that has ended; the files stay. Throws `not-found`, `conflict`. */
  remove(id: string): void {
    const each = this.#must(id)
    if (!isEnded(each.row.state)) {
      throw new EngineError('conflict', 'the import has not ended', { hint: 'Cancel it first.' })
    }
    this.#forget(each)
  }

  /** Forgets all that have ended. */
  removeEnded(): void {
    for (const each of this.#imports.values()) if (isEnded(each.row.state)) this.#forget(each)
  }

  // -------------------------------------------------------------- what people see

  /** Newest first. */
  views(): ImportView[] {
    return [...this.#imports.values()].toReversed().map((each) => this.#viewOf(each))
  }

  /** Throws `not-found`. */
  view(id: string): ImportView {
    return this.#viewOf(this.#must(id))
  }

  #viewOf({ row, run, filesAwaited, newlyAwaited, failures }: Import): ImportView {
    const nowMs = this.#deps.clock.monotonicMs()
    const awaited = filesAwaited + newlyAwaited.length
    const { number, ...shown } = row
    const progress = row.state === 'running' ? run?.work.progress : undefined
    return {
      ...shown,
      name: nameOf(row),
      phase: row.state !== 'done' ? 'storing' : awaited > 0 ? 'copying' : 'protected',
      filesAwaited: awaited,
      isCounted: progress?.isCounted ?? row.state === 'done',
      rateBytesPerSec: progress?.rateBytesPerSec(nowMs) ?? 0,
      secondsLeft: progress?.secondsLeft(nowMs) ?? null,
      failures: (run?.work.failures ?? failures).slice(0, limits.importFailuresShown),
    }
  }

  // -------------------------------------------------------------- running

  #begin(): void {
    if (this.#isStopped) return
    const rows = [...this.#imports.values()].filter(({ row, run }) => run === null || row.state === 'running')
    const states = rows.map((each) => ({ each, state: each.row.state }))
    for (const { each } of toBegin(states, limits.importsAtOnce)) this.#run(each)
  }

  #run(each: Import): void {
    const { local, ...deps } = this.#deps
    const abort = new AbortController()
    const told = () => this.#getOn(each)
    const work = new ImportRun(
      { ...deps, local: local ?? noLocalFiles },
      { paths: this.#table.paths(each.row), folder: parseJsonPath(each.row.folder) },
      told,
      (entry) => this.#await(each, entry),
    )
    const over = this.#follow(each, work, abort.signal)
      .then(() => {
        each.run = null
        this.#begin()
      })
      .catch((error: unknown) => this.#deps.report(`import: ${messageOf(error)}`))
    each.run = { work, abort, over }
    this.#become(each, 'running', null)
  }

  async #follow(each: Import, work: ImportRun, signal: AbortSignal): Promise<void> {
    // Not before the caller has noted the run.
    await this.#deps.clock.soon()
    let error: EngineError | null
    try {
      error = signal.aborted ? null : await work.run(signal)
      this.#flush(each)
    } catch (thrown) {
      error = isEngineError(thrown) ? thrown : new EngineError('internal', messageOf(thrown), { cause: thrown })
      if (!signal.aborted) this.#deps.report(`import: ${messageOf(thrown)}`)
    }
    each.failures = work.failures
    note(each.row, work)
    if (signal.aborted) {
      // Paused, cancelled or stopped: the state is written, the counts are not.
      this.#save(each.row, work.failures)
      return this.#tell(each)
    }
    const failed = error ?? troubleOf(work)
    this.#become(each, failed === null ? 'done' : 'failed', failed, work.failures)
    this.#noteEnd(each.row, failed)
    this.#forgetOldest()
  }

  #become(each: Import, state: ImportState, error: EngineError | null, failures?: readonly Failure[]): void {
    const { row } = each
    if (each.run !== null) note(row, each.run.work)
    row.state = state
    row.finishedMs = isEnded(state) ? this.#deps.clock.nowMs() : null
    row.error = error === null ? null : { code: error.code, text: error.message, hint: error.hint ?? null }
    if (state === 'queued') each.failures = []
    this.#save(row, failures)
    each.isNews = true
    this.#tell(each)
  }

  #noteEnd(row: ImportRow, failed: EngineError | null): void {
    const { filesDone, filesSkipped, filesFailed } = row
    const files = (count: number) => `${count} ${count === 1 ? 'file' : 'files'}`
    const stored = `${files(filesDone - filesSkipped)} stored`
    const text =
      failed === null
        ? `${nameOf(row)} was imported: ${stored}.`
        : `${nameOf(row)} was not wholly imported: ${stored}, ${files(filesFailed)} not.`
    this.#deps.note({ code: failed === null ? 'import-done' : 'import-failed', text })
  }

  /** What cannot be written now (a full disk) holds until the next start, which then finds an older state and looks again. */
  #save(row: ImportRow, failures?: readonly Failure[]): void {
    try {
      this.#table.save(row, failures)
    } catch (error) {
      this.#deps.report(`import: ${messageOf(error)}`)
    }
  }

  #getOn(each: Import): void {
    if (each.run === null) return
    note(each.row, each.run.work)
    each.run.work.progress.sample(this.#deps.clock.monotonicMs())
    this.#tell(each)
  }

  /** Says that something changed: at once, then at most every limits.transferEventMs. */
  #tell(each: Import): void {
    if (each.rest !== null) {
      each.isNews = true
      return
    }
    each.isNews = false
    this.#deps.changed(each.row.id)
    if (this.#isStopped) return
    each.rest = this.#deps.clock.timer(limits.transferEventMs, () => {
      each.rest = null
      if (each.isNews) this.#tell(each)
    })
  }

  // -------------------------------------------------------------- copies

  #await(each: Import, entry: EntryId): void {
    each.newlyAwaited.push(entry)
    if (each.newlyAwaited.length >= limits.copiesAwaitedPage) this.#flush(each)
  }

  #flush(each: Import): void {
    each.filesAwaited += this.#table.await(each.row, each.newlyAwaited)
    each.newlyAwaited = []
  }

  /** Finds out which files have all their copies now, a page at a time. */
  get copies(): Worker {
    return {
      name: 'transfers',
      step: async () => {
        for (const each of this.#isStopped ? [] : this.#imports.values()) {
          if (each.filesAwaited > 0) this.#lookAtCopies(each)
        }
        return { next: 'at', atMs: this.#deps.clock.monotonicMs() + limits.copiesAwaitedMs }
      },
    }
  }

  #lookAtCopies(each: Import): void {
    const page = this.#table.awaited(each.row, each.cursor, limits.copiesAwaitedPage)
    each.cursor = page.length < limits.copiesAwaitedPage ? '' : (page.at(-1) ?? '')
    const forgotten = this.#table.forget(
      each.row,
      page.filter((entry) => isProtected(this.#deps, entry)),
    )
    if (forgotten === 0) return
    each.filesAwaited -= forgotten
    this.#tell(each)
  }

  // -------------------------------------------------------------- forgetting

  #forgetOldest(): void {
    const ended = [...this.#imports.values()].filter(({ row }) => isEnded(row.state))
    for (const each of ended.slice(0, Math.max(0, ended.length - limits.importsRemembered))) this.#forget(each)
  }

  #forget(each: Import): void {
    this.#imports.delete(each.row.id)
    this.#table.remove(each.row)
    each.rest?.[Symbol.dispose]()
    this.#deps.changed(each.row.id)
  }

  #must(id: string): Import {
    const found = this.#imports.get(id)
    if (found === undefined) throw new EngineError('not-found', `no transfer has the id ${id}`)
    return found
  }
}

function stopping(): EngineError {
  return new EngineError('stopped', 'the import was interrupted', { retryable: true })
}

function idle(row: ImportRow): Import {
  return {
    ...{ row, run: null, filesAwaited: 0, newlyAwaited: [], cursor: '', failures: [] },
    ...{ rest: null, isNews: false },
  }
}

/** Counts of the run into the row. */
function note(row: ImportRow, { progress }: ImportRun): void {
  row.filesDone = progress.filesDone
  row.filesSkipped = progress.filesSkipped
  row.filesTotal = progress.filesTotal
  row.filesFailed = progress.filesFailed
  row.filesLeftOut = progress.filesLeftOut
  row.bytesDone = progress.bytesDone
  row.bytesTotal = progress.bytesTotal
}

/** Why an import that went to its end has failed, if it has. */
function troubleOf({ progress, failures }: ImportRun): EngineError | null {
  const [first] = failures
  if (first === undefined) return null
  if (progress.filesFailed === 1) return new EngineError(first.code, first.text)
  return new EngineError('some-failed', `${progress.filesFailed} files were not stored; the first: ${first.text}`, {
    hint: 'Try again when what is said of each is mended.',
  })
}

function nameOf({ paths, pathsTotal }: ImportRow): string {
  const first = basename(paths[0] ?? '') || (paths[0] ?? '')
  return pathsTotal === 1 ? first : `${first} and ${pathsTotal - 1} more`
}
