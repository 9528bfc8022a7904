/**
 * The linked folders of this node: made, changed, paused and taken away by people, each followed in a loop of its own so that a slow one
 * holds up no other. Taking a link away deletes nothing, neither here nor in the pool.
 */
import { isAbsolute } from 'node:path'
import { joinPath, parseJsonPath } from '../../shared/index.ts'
import { EngineError, messageOf } from '../base/error.ts'
import { limits } from '../limits.ts'
import type { LocalFiles } from '../ports.ts'
import type { Failure } from './importRun.ts'
import type { LinkedDeps } from './linkedChanges.ts'
import { LinkedFolder } from './linkedFolder.ts'
import { rootIdOf } from './linkedRoot.ts'
import type { LinkedTable, LinkRow } from './linkedTable.ts'

export interface LinkedFoldersDeps extends Omit<LinkedDeps, 'local'> {
  readonly table: LinkedTable
  /** Null where the node reads no files of its computer. */
  readonly local: LocalFiles | null
  readonly report: (problem: string) => void
}

export interface LinkWish {
  /** Absolute, on this computer. */
  readonly path: string
  /** In the pool, `/` first. */
  readonly folder: string
  readonly deletes: boolean
  readonly ignored: readonly string[]
}

/** A linked folder as people see it. */
export interface LinkView extends Omit<LinkRow, 'number' | 'rootId'> {
  readonly state: 'following' | 'paused' | 'failed'
  readonly problem: EngineError | null
  readonly files: number
  /** Changed, and still being written or stored. */
  readonly filesWaiting: number
  readonly failures: readonly Failure[]
  readonly lastChangeMs: number | null
  readonly lastLookMs: number | null
}

interface Followed {
  readonly link: LinkRow
  /** Null while paused. */
  following: { readonly folder: LinkedFolder; readonly abort: AbortController; readonly over: Promise<void> } | null
}

export class LinkedFolders {
  readonly #deps: LinkedFoldersDeps
  readonly #followed = new Map<string, Followed>()
  #isStarted = false

  constructor(deps: LinkedFoldersDeps) {
    this.#deps = deps
    for (const link of deps.table.links()) this.#followed.set(link.id, { link, following: null })
  }

  start(): void {
    this.#isStarted = true
    for (const each of this.#followed.values()) this.#follow(each)
  }

  async stop(): Promise<void> {
    this.#isStarted = false
    await Promise.all([...this.#followed.values()].map(async (each) => await this.#leave(each)))
  }

  /** Newest first. */
  views(): LinkView[] {
    return [...this.#followed.values()].toReversed().map((each) => this.#viewOf(each))
  }

  /** Throws `bad-path`, `not-found`, `wrong-kind`, `exists`, `source-unreadable`, `too-many`. */
  async add({ path, folder, deletes, ignored }: LinkWish): Promise<LinkView> {
    const { local, table, random, clock, catalog } = this.#deps
    if (local === null) throw new EngineError('source-unreadable', 'this node reads no files of its computer')
    if (!isAbsolute(path)) throw new EngineError('bad-path', `${path} does not begin at the root of this computer`)
    const root = await local.look(path)
    if (root === undefined) throw new EngineError('not-found', `nothing is at ${path}`)
    if (root.kind !== 'folder') throw new EngineError('wrong-kind', `${path} is no folder that can be linked`)
    const into = parseJsonPath(folder)
    if (catalog.read.at(into)?.kind === 'file') throw new EngineError('wrong-kind', `${folder} is a file in the pool`)
    const links = [...this.#followed.values()].map(({ link }) => link)
    if (links.some((link) => link.path === path)) {
      throw new EngineError('exists', `${path} is linked already`, { hint: 'Take that link away first.' })
    }
    if (links.length >= limits.linkedFolders) throw new EngineError('too-many', `${links.length} folders are linked`)
    const id = random.bytes(16).toString('hex')
    const facts = { rootId: rootIdOf(root), folder: joinPath(into), createdMs: clock.nowMs() }
    const each: Followed = { link: table.add({ id, path, deletes, ignored, ...facts }), following: null }
    this.#followed.set(id, each)
    this.#follow(each)
    return this.#viewOf(each)
  }

  /** Throws `not-found`. */
  async change(id: string, change: Partial<Pick<LinkRow, 'deletes' | 'paused' | 'ignored'>>): Promise<LinkView> {
    const each = this.#must(id)
    Object.assign(each.link, change)
    this.#deps.table.save(each.link)
    await this.#leave(each)
    this.#follow(each)
    return this.#viewOf(each)
  }

  /** Follows it no more. Throws `not-found`. */
  async remove(id: string): Promise<void> {
    const each = this.#must(id)
    this.#followed.delete(id)
    await this.#leave(each)
    this.#deps.table.forget(each.link)
  }

  #viewOf({ link, following }: Followed): LinkView {
    const { number, rootId, ...shown } = link
    const folder = following?.folder
    const problem = folder?.problem ?? null
    return {
      ...shown,
      state: link.paused ? 'paused' : problem === null ? 'following' : 'failed',
      problem,
      files: this.#deps.table.countFiles(link),
      filesWaiting: folder?.filesWaiting ?? 0,
      failures: folder?.failures ?? [],
      lastChangeMs: folder?.lastChangeMs ?? null,
      lastLookMs: folder?.lastLookMs ?? null,
    }
  }

  #follow(each: Followed): void {
    const { local } = this.#deps
    if (!this.#isStarted || each.link.paused || each.following !== null || local === null) return
    const abort = new AbortController()
    let wake = () => {}
    const folder = new LinkedFolder({ ...this.#deps, local, wake: () => wake() }, each.link)
    const loop = async () => {
      while (!abort.signal.aborted) {
        let isWoken = false
        const sleep = new AbortController()
        wake = () => {
          isWoken = true
          sleep.abort()
        }
        const atMs = await folder.step(abort.signal).catch((error: unknown) => {
          this.#deps.report(`${each.link.path}: ${messageOf(error)}`)
          return this.#deps.clock.monotonicMs() + limits.linkedRetryMs
        })
        if (abort.signal.aborted) break
        // Changes come in bursts: a moment of rest gathers them.
        const restMs = isWoken ? 0 : atMs - this.#deps.clock.monotonicMs()
        const either = AbortSignal.any([sleep.signal, abort.signal])
        await this.#deps.clock.sleep(Math.max(0, restMs), either).catch(() => undefined)
        await this.#deps.clock.sleep(limits.linkedGatherMs, abort.signal).catch(() => undefined)
      }
    }
    const over = loop()
      .catch((error: unknown) => this.#deps.report(`${each.link.path}: ${messageOf(error)}`))
      .then(async () => await folder.stop())
    each.following = { folder, abort, over }
  }

  async #leave(each: Followed): Promise<void> {
    const { following } = each
    each.following = null
    following?.abort.abort(new EngineError('stopped', 'the folder is followed no more', { retryable: true }))
    await following?.over
  }

  #must(id: string): Followed {
    const found = this.#followed.get(id)
    if (found === undefined) throw new EngineError('not-found', `no linked folder has the id ${id}`)
    return found
  }
}
