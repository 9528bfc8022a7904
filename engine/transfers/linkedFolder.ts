/**
 * One linked folder: hears of changes, looks at what changed, and brings the pool to the same. Everything is decided by looking, never by
 * what was heard: at the start, when hearing failed, and now and then, all of it is looked at. A folder that is not there, or another
 * one in its place (a drive that is not plugged in), is no folder whose files were deleted: nothing is done until it is back.
 */
import { join } from 'node:path'
import { nameProblem } from '../../shared/index.ts'
import { Semaphore } from '../base/async.ts'
import { EngineError, isEngineError, messageOf } from '../base/error.ts'
import { makeFolder } from '../files/index.ts'
import { limits } from '../limits.ts'
import type { LocalFacts } from '../ports.ts'
import type { Failure } from './importRun.ts'
import { ignoring } from './ignore.ts'
import { basisOf, type LinkedDeps, namesOf, removeItem, renameItem, twinOf } from './linkedChanges.ts'
import { fileStep, isRenamed, type Unsettled } from './linkedPlan.ts'
import { type LinkedItem, type LinkRow, parentOf } from './linkedTable.ts'
import { absenceOf } from './linkedRoot.ts'
import { badName, nameTwin } from './localWalk.ts'
import { isFatal, storeFile } from './storeFile.ts'

export interface LinkedFolderDeps extends LinkedDeps {
  readonly report: (problem: string) => void
  /** Something was heard: the next step is due now. */
  readonly wake: () => void
}

export class LinkedFolder {
  readonly link: LinkRow
  /** Why nothing goes on; null while it does. */
  problem: EngineError | null = null
  /** When something last went into the pool; ms since 1970. */
  lastChangeMs: number | null = null
  lastLookMs: number | null = null
  readonly #deps: LinkedFolderDeps
  readonly #ignores: (path: string) => boolean
  /** Paths to look at. */
  #heard = new Set<string>()
  #nextFullMs = 0
  readonly #unsettled = new Map<string, Unsettled>()
  /** Paths that were there, and since when they are not. */
  readonly #missing = new Map<string, number>()
  readonly #failures = new Map<string, { readonly error: EngineError; readonly againMs: number }>()
  readonly #room = new Semaphore(limits.linkedFilesAtOnce)
  readonly #storing = new Map<string, Promise<void>>()
  #noted: LinkedItem[] = []
  #watch: AsyncDisposable | null = null
  #isDeaf = false
  /** Changes heard since it last began to listen. */
  #heardCount = 0
  #lastHeardMs = 0
  #signal: AbortSignal | undefined
  /** Ended the storing of a file and would end that of every other. */
  #fatal: { readonly error: unknown } | null = null

  constructor(deps: LinkedFolderDeps, link: LinkRow) {
    this.#deps = deps
    this.link = link
    this.#ignores = ignoring(link.ignored)
  }

  get filesWaiting(): number {
    return this.#unsettled.size + this.#storing.size
  }

  get failures(): Failure[] {
    return [...this.#failures].map(([path, { error }]) => ({
      path: join(this.link.path, path),
      code: error.code,
      text: error.message,
    }))
  }

  /** Looks at everything at the next step. */
  lookAgain(): void {
    this.#nextFullMs = 0
  }

  async stop(): Promise<void> {
    await this.#stopListening()
  }

  /** Brings the pool up to what is there now; answers when to look again (monotonic). */
  async step(signal: AbortSignal): Promise<number> {
    const { clock } = this.#deps
    this.#signal = signal
    const absent = await absenceOf(this.#deps.local, this.link)
    if (absent !== null) {
      this.problem = absent
      this.lookAgain()
      await this.#stopListening()
      return clock.monotonicMs() + limits.linkedAbsentMs
    }
    if (this.#calmAtMs() <= clock.monotonicMs()) await this.#stopListening()
    await this.#listen()
    try {
      await this.#look(signal)
      this.problem = null
    } catch (error) {
      if (signal.aborted) return 0
      if (!isEngineError(error)) this.#deps.report(`${this.link.path}: ${messageOf(error)}`)
      this.problem = isEngineError(error) ? error : new EngineError('internal', messageOf(error), { cause: error })
      this.lookAgain()
      return clock.monotonicMs() + limits.linkedRetryMs
    } finally {
      await Promise.all(this.#storing.values())
      this.#flush()
    }
    return this.#nextMs()
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps
    const startMs = clock.monotonicMs()
    this.#fatal = null
    const heard = this.#heard
    this.#heard = new Set()
    if (startMs >= this.#nextFullMs) {
      this.#nextFullMs = startMs + (this.#isDeaf ? limits.linkedDeafRescanMs : limits.linkedRescanMs)
      await this.#lookInto('', true, signal)
    } else {
      for (const [path, { sinceMs }] of this.#unsettled) {
        if (startMs - sinceMs >= limits.linkedSettleMs) heard.add(path)
      }
      for (const [path, { againMs }] of this.#failures) if (startMs >= againMs) heard.add(path)
      // Folders come before what is in them.
      for (const path of [...heard].sort()) {
        signal.throwIfAborted()
        await this.#lookAt(path, signal)
      }
    }
    await this.#settled()
    for (const [path, sinceMs] of this.#missing) {
      if (clock.monotonicMs() - sinceMs < limits.linkedSettleMs) continue
      signal.throwIfAborted()
      await this.#remove(path)
    }
    this.lastLookMs = clock.nowMs()
  }

  // -------------------------------------------------------------- looking

  /** One path of which something was heard. */
  async #lookAt(path: string, signal: AbortSignal): Promise<void> {
    if (path === '') return await this.#lookInto('', false, signal)
    if (this.#isIgnored(path)) return
    const parent = parentOf(path)
    // Of what is in a folder that is new itself, the folder is looked at.
    if (parent !== '' && this.#deps.table.at(this.link, parent)?.kind !== 'folder') {
      return await this.#lookAt(parent, signal)
    }
    const wasKnown = this.#deps.table.at(this.link, path)?.kind === 'folder'
    let isFolder = false
    await this.#failing(path, async () => {
      const facts = await this.#deps.local.look(join(this.link.path, path))
      if (facts === undefined) this.#miss(path)
      else if (facts.isLink && facts.kind !== 'file') return
      else isFolder = await this.#meet(path, facts, signal)
    })
    if (isFolder) await this.#lookInto(path, !wasKnown, signal)
  }

  /** Everything in a folder, and `deep` in those below too; what is not there any more is missed. */
  async #lookInto(folder: string, deep: boolean, signal: AbortSignal): Promise<void> {
    const { local, table } = this.#deps
    const known = new Map(table.children(this.link, folder).map((item) => [item.path, item]))
    const spelled = new Set<string>()
    const below: string[] = []
    const isWhole = await this.#failing(folder, async () => {
      for await (const batch of local.children(join(this.link.path, folder))) {
        for (const { name, kind } of batch) {
          signal.throwIfAborted()
          const path = folder === '' ? name : `${folder}/${name}`
          if (this.#ignores(path)) continue
          known.delete(path)
          await this.#failing(path, async () => {
            refuseName(join(this.link.path, path), name, kind === 'unreadable', spelled)
            const facts = await local.look(join(this.link.path, path))
            if (facts === undefined) return kind === 'link' ? undefined : this.#miss(path)
            if (kind === 'link' && facts.kind !== 'file') return
            const isKnown = table.at(this.link, path)?.kind === 'folder'
            if ((await this.#meet(path, facts, signal)) && (deep || !isKnown)) below.push(path)
          })
        }
      }
    })
    if (isWhole) for (const path of known.keys()) if (!this.#ignores(path)) this.#miss(path)
    for (const path of below) await this.#lookInto(path, true, signal)
  }

  /** What stands at a path is brought into the pool; true for folders that are worth looking into. */
  async #meet(path: string, facts: LocalFacts, signal: AbortSignal): Promise<boolean> {
    this.#missing.delete(path)
    if (facts.kind === 'other' || facts.kind === 'own') return false
    let known = this.#deps.table.at(this.link, path)
    if (known !== undefined && known.kind !== facts.kind) {
      await this.#remove(path)
      known = undefined
    }
    if (known === undefined && (await this.#renamed(path, facts.kind, facts))) {
      known = this.#deps.table.at(this.link, path)
    }
    if (facts.kind === 'folder') {
      if (known === undefined) await this.#makeFolder(path, facts)
      return true
    }
    if (!this.#storing.has(path)) await this.#meetFile(path, facts, known, signal)
    return false
  }

  async #meetFile(path: string, facts: LocalFacts, known: LinkedItem | undefined, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps
    const now = { nowMs: clock.nowMs(), monotonicMs: clock.monotonicMs() }
    const next = fileStep(known, facts, this.#unsettled.get(path), now)
    if (next.step !== 'wait') this.#unsettled.delete(path)
    else if (this.#unsettled.size < limits.linkedChanges || this.#unsettled.has(path)) {
      this.#unsettled.set(path, next.unsettled)
    } else this.#nextFullMs = Math.min(this.#nextFullMs, now.monotonicMs + limits.linkedSettleMs)
    if (next.step !== 'store') return
    const leave = await this.#room.take(1, signal)
    if (this.#fatal !== null) return leave()
    const storing = this.#failing(path, () => this.#store(path, facts, signal))
      .catch((error: unknown) => {
        this.#fatal ??= { error }
      })
      .finally(() => {
        leave()
        this.#storing.delete(path)
      })
      .then(() => undefined)
    this.#storing.set(path, storing)
  }

  async #store(path: string, { fileId }: LocalFacts, signal: AbortSignal): Promise<void> {
    await this.#refuseTwin(path)
    const stored = await storeFile(this.#deps, {
      path: join(this.link.path, path),
      names: namesOf(this.link, path),
      signal,
      basis: () => basisOf(this.#deps, this.link, path),
      room: async () => () => undefined,
      moved: () => undefined,
    })
    const { sizeBytes, modifiedMs, entry, version } = stored
    this.#note({ path, kind: 'file', fileId, sizeBytes, modifiedMs, entry, version })
    if (stored.isNew) this.lastChangeMs = this.#deps.clock.nowMs()
  }

  /** Two spellings of one name are one in the pool: the second would take the place of the first. */
  async #refuseTwin(path: string): Promise<void> {
    const spelling = path.normalize('NFC')
    const under = [...this.#storing.keys(), ...this.#noted.map((item) => item.path)]
    const isTwin = under.some((other) => other !== path && other.normalize('NFC') === spelling)
    if (isTwin || (await twinOf(this.#deps, this.link, path)) !== undefined) throw nameTwin(join(this.link.path, path))
  }

  async #makeFolder(path: string, { fileId }: LocalFacts): Promise<void> {
    await this.#refuseTwin(path)
    const { value } = await makeFolder(this.#deps, namesOf(this.link, path))
    this.#note({ path, kind: 'folder', fileId, sizeBytes: 0, modifiedMs: 0, entry: value.entry, version: null })
    this.#flush()
  }

  /** True if what is new at this path is something that stood elsewhere in the folder, and the pool has renamed it as well. */
  async #renamed(path: string, kind: 'file' | 'folder', facts: LocalFacts): Promise<boolean> {
    const { local, table } = this.#deps
    if (table.ofFile(this.link, facts.fileId).length === 0) return false
    // What is still being stored under the old name must be there to be renamed.
    await this.#settled()
    for (const item of table.ofFile(this.link, facts.fileId)) {
      if (!isRenamed(item, kind, facts)) continue
      const there = await local.look(join(this.link.path, item.path))
      if (there?.fileId === facts.fileId || !(await renameItem(this.#deps, this.link, item, path))) continue
      this.#missing.delete(item.path)
      this.lastChangeMs = this.#deps.clock.nowMs()
      return true
    }
    return false
  }

  // -------------------------------------------------------------- what is gone

  #miss(path: string): void {
    this.#unsettled.delete(path)
    if (this.#deps.table.at(this.link, path) === undefined) {
      this.#failures.delete(path)
      return
    }
    if (this.#missing.has(path)) return
    if (this.#missing.size < limits.linkedChanges) this.#missing.set(path, this.#deps.clock.monotonicMs())
    else this.#nextFullMs = Math.min(this.#nextFullMs, this.#deps.clock.monotonicMs() + limits.linkedSettleMs)
  }

  async #remove(path: string): Promise<void> {
    const item = this.#deps.table.at(this.link, path)
    this.#missing.delete(path)
    if (item === undefined) return
    let facts: LocalFacts | undefined
    // What cannot be looked at is not known to be gone.
    if (
      !(await this.#failing(path, async () => void (facts = await this.#deps.local.look(join(this.link.path, path)))))
    )
      return
    if (facts?.kind === item.kind) return this.#hear([path])
    // A whole tree may seem gone in the moment in which its drive is.
    const gone = await absenceOf(this.#deps.local, this.link)
    if (gone !== null) throw gone
    await this.#failing(path, async () => {
      await removeItem(this.#deps, this.link, item)
      if (this.link.deletes) this.lastChangeMs = this.#deps.clock.nowMs()
    })
  }

  // -------------------------------------------------------------- hearing

  async #listen(): Promise<void> {
    if (this.#watch !== null) return
    try {
      this.#watch = await this.#deps.local.watch(this.link.path, (changed) => {
        if (changed === 'lost') this.lookAgain()
        else this.#hear(changed)
        this.#deps.wake()
      })
      this.#isDeaf = false
      this.#heardCount = 0
      // What happened before it could be heard.
      this.lookAgain()
    } catch (error) {
      if (!isEngineError(error)) throw error
      if (!this.#isDeaf) this.#deps.report(error.message)
      this.#isDeaf = true
    }
  }

  /**
   * When a burst of changes will have been over for a while; never if there was none. The system drops what is not read in time
   * and nobody tells (Linux), among it folders that are then not listened to: so it looks and listens anew.
   */
  #calmAtMs(): number {
    return this.#heardCount < limits.linkedBurst ? Number.POSITIVE_INFINITY : this.#lastHeardMs + limits.linkedCalmMs
  }

  #hear(changed: readonly string[]): void {
    this.#heardCount += changed.length
    this.#lastHeardMs = this.#deps.clock.monotonicMs()
    if (this.#heard.size + changed.length > limits.linkedChanges) {
      this.#heard.clear()
      return this.lookAgain()
    }
    for (const path of changed) if (!path.startsWith('../')) this.#heard.add(path)
  }

  async #stopListening(): Promise<void> {
    const watch = this.#watch
    this.#watch = null
    await watch?.[Symbol.asyncDispose]()
  }

  #isIgnored(path: string): boolean {
    const names = path.split('/')
    return names.some((_, at) => this.#ignores(names.slice(0, at + 1).join('/')))
  }

  // -------------------------------------------------------------- keeping account

  /** False if the work failed for this path alone; what would fail every path alike is thrown. */
  async #failing(path: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await work()
      this.#failures.delete(path)
      return true
    } catch (error) {
      if (!isEngineError(error) || isFatal(error) || this.#signal?.aborted === true) throw error
      if (this.#failures.size < limits.linkedFailures || this.#failures.has(path)) {
        this.#failures.set(path, { error, againMs: this.#deps.clock.monotonicMs() + limits.linkedRetryMs })
      }
      return false
    }
  }

  /** All that is being stored is stored and known. */
  async #settled(): Promise<void> {
    await Promise.all(this.#storing.values())
    this.#flush()
    if (this.#fatal !== null) throw this.#fatal.error
  }

  #note(item: LinkedItem): void {
    this.#noted.push(item)
    if (this.#noted.length >= limits.linkedFilesAtOnce) this.#flush()
  }

  #flush(): void {
    const noted = this.#noted
    this.#noted = []
    this.#deps.table.put(this.link, noted)
  }

  #nextMs(): number {
    if (this.#heard.size > 0) return 0
    // Nobody tells that the folder itself went away.
    const soonMs = this.#deps.clock.monotonicMs() + limits.linkedAbsentMs
    const waits = [
      soonMs,
      this.#nextFullMs,
      this.#calmAtMs(),
      ...[...this.#failures.values()].map(({ againMs }) => againMs),
    ]
    for (const { sinceMs } of this.#unsettled.values()) waits.push(sinceMs + limits.linkedSettleMs)
    for (const sinceMs of this.#missing.values()) waits.push(sinceMs + limits.linkedSettleMs)
    return waits.reduce((first, each) => Math.min(first, each))
  }
}

function refuseName(path: string, name: string, isUnreadable: boolean, spelled: Set<string>): void {
  const problem = isUnreadable ? 'the name is not Unicode text' : nameProblem(name)
  if (problem !== null) throw badName(path, problem)
  if (!/[^\0-\x7f]/.test(name)) return
  const spelling = name.normalize('NFC')
  if (spelled.has(spelling)) throw nameTwin(path)
  spelled.add(spelling)
}
