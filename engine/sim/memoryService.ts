/**
 * The gateway's Service in memory: one machine, no chunks, no peers. It behaves as the API says, so that the gateway and
 * the command line can be tested without an engine; nothing of it runs in a real node.
 */
import {
  type Entry,
  type EntryPatch,
  type FolderContents,
  type FolderQuery,
  type Health,
  joinPath,
  type Node,
  type Page,
  type PageQuery,
  type Pool,
  parseJsonPath,
  type TrashItem,
} from '../../shared/index.ts'
import { EngineError } from '../base/error.ts'
import type { Notice, OpenFile, PutOptions, SmallFile, SmallFileStored, Service } from '../gateway/index.ts'
import { limits } from '../limits.ts'
import { systemClock } from '../platform/index.ts'
import { memoryContents, memoryHealth, memoryNode, memoryTrashItem, pageOf } from './memoryAnswers.ts'

interface Content {
  readonly id: string
  readonly bytes: Buffer
  readonly modifiedMs: number
  readonly createdMs: number
}

interface Item {
  readonly id: string
  readonly kind: 'file' | 'folder'
  name: string
  parent: Item | null
  /** By NFC name; empty for files. */
  readonly children: Map<string, Item>
  /** Oldest first; the last is current. */
  versions: Content[]
  trashed: { readonly atMs: number; readonly path: string } | null
}

export interface MemoryServiceOptions {
  /** Bytes that fit; more is `disk-full`. */
  readonly capacityBytes?: number
  /** Counts bytes without keeping them: for measuring throughput. */
  readonly discard?: boolean
  readonly withoutPool?: boolean
}

export class MemoryService implements Service {
  readonly nodeId = '1'.repeat(32)
  readonly #options: MemoryServiceOptions
  readonly #root: Item
  readonly #items = new Map<string, Item>()
  readonly #listeners = new Set<(notice: Notice) => void>()
  #pool: { name: string; copies: number } | null
  #ids = 0
  #usedBytes = 0
  /** Uploads that began and neither finished nor were undone. */
  uploadsOpen = 0

  constructor(options: MemoryServiceOptions = {}) {
    this.#options = options
    this.#pool = options.withoutPool ? null : { name: 'home', copies: 2 }
    this.#root = { ...this.#newItem('folder', '', null), id: '0'.repeat(32) }
    this.#items.set(this.#root.id, this.#root)
  }

  get listeners(): number {
    return this.#listeners.size
  }

  notify(notice: Notice): void {
    for (const listener of this.#listeners) listener(notice)
  }

  // ---------------------------------------------------------------- pool

  async pool(): Promise<Pool | null> {
    if (this.#pool === null) return null
    const counts = { files: 0, folders: 0, bytes: 0 }
    for (const item of this.#items.values()) {
      if (item.kind === 'file') counts.files++
      else if (item !== this.#root) counts.folders++
      counts.bytes += item.versions.at(-1)?.bytes.length ?? 0
    }
    return {
      id: '2'.repeat(32),
      ...this.#pool,
      nodeId: this.nodeId,
      nodes: 1,
      nodesOnline: 1,
      ...counts,
      quotaBytes: 1e12,
      usedBytes: this.#usedBytes,
      freeBytes: 1e12,
      room: { bytes: 1e12, copies: 1 },
    }
  }

  async createPool({ name, copies = 2 }: { name: string; copies?: number | undefined }): Promise<Pool> {
    if (this.#pool !== null) throw new EngineError('already-in-pool', 'This node is in a pool already.')
    this.#pool = { name, copies }
    return (await this.pool()) as Pool
  }

  async invite() {
    this.#needPool()
    return { code: 'abcd-efgh-jkmn-pqrs', expiresAt: '2030-01-01T00:10:00.000Z', address: '192.168.1.2:4711' }
  }

  async joinPool({ code }: { code: string }): Promise<Pool> {
    if (code !== 'abcd-efgh-jkmn-pqrs') throw new EngineError('wrong-code', 'The invite code is wrong.')
    return this.createPool({ name: 'joined' })
  }

  async leavePool(): Promise<void> {
    this.#needPool()
    this.#pool = null
  }

  async discovered() {
    return { items: [], next: null }
  }

  // ---------------------------------------------------------------- files and folders

  async putFiles(
    files: readonly SmallFile[],
    { signal }: { readonly signal: AbortSignal },
  ): Promise<SmallFileStored[]> {
    return await Promise.all(
      files.map(async ({ path, bytes, modifiedMs }) => {
        const content = (async function* () {
          yield bytes
        })()
        try {
          const options = { signal, ...(modifiedMs === undefined ? {} : { modifiedMs }) }
          const { entry, created } = await this.putFile(path, content, options)
          return { id: entry.id, version: entry.version ?? '', created, durable: entry.copies.durable }
        } catch (error) {
          if (error instanceof EngineError) return { error }
          throw error
        }
      }),
    )
  }

  async putFile(path: readonly string[], source: AsyncIterable<Uint8Array>, options: PutOptions) {
    this.#needPool()
    const present = this.#find(path)
    if (present?.kind === 'folder') throw new EngineError('wrong-kind', `${joinPath(path)} is a folder.`)
    const current = present?.versions.at(-1)?.id
    const { ifMatch } = options
    if (options.ifNoneMatch && present !== undefined) throw new EngineError('precondition-failed', 'It exists.')
    if (ifMatch !== undefined && (current === undefined || (ifMatch !== '*' && !ifMatch.includes(current)))) {
      throw new EngineError('precondition-failed', 'It has another version.')
    }
    const parent = this.#makeFolders(path.slice(0, -1))
    const parts: Uint8Array[] = []
    let sizeBytes = 0
    this.uploadsOpen++
    try {
      for await (const part of source) {
        if (this.#usedBytes + part.byteLength > (this.#options.capacityBytes ?? Infinity)) {
          throw new EngineError('disk-full', 'The disk is full.', { hint: 'Make room.' })
        }
        this.#usedBytes += part.byteLength
        sizeBytes += part.byteLength
        if (!this.#options.discard) parts.push(part)
      }
      options.signal.throwIfAborted()
    } catch (error) {
      this.#usedBytes -= sizeBytes
      throw error
    } finally {
      this.uploadsOpen--
    }
    const nowMs = systemClock.nowMs()
    const content = {
      id: this.#newId(),
      bytes: Buffer.concat(parts),
      modifiedMs: options.modifiedMs ?? nowMs,
      createdMs: nowMs,
    }
    const name = path.at(-1) as string
    const item = parent.children.get(keyOf(name)) ?? this.#attach(this.#newItem('file', name, parent))
    const created = item.versions.length === 0
    item.versions.push(content)
    this.notify({ type: 'entry', id: item.id })
    return { entry: this.#entryOf(item), created }
  }

  async openFile(path: readonly string[], version?: string): Promise<OpenFile> {
    const item = this.#need(path)
    if (item.kind === 'folder') throw new EngineError('wrong-kind', `${joinPath(path)} is a folder.`)
    const content = version === undefined ? item.versions.at(-1) : item.versions.find(({ id }) => id === version)
    if (content === undefined) throw new EngineError('not-found', 'There is no such version.')
    const { bytes } = content
    return {
      entry: this.#entryOf(item),
      version: content.id,
      sizeBytes: bytes.length,
      modifiedMs: content.modifiedMs,
      async *read(from, to, signal) {
        for (let at = from; at < to; at += 100_000) {
          signal.throwIfAborted()
          yield bytes.subarray(at, Math.min(at + 100_000, to))
        }
      },
    }
  }

  async deleteFile(path: readonly string[]): Promise<void> {
    const item = this.#need(path)
    if (item.kind === 'folder') throw new EngineError('wrong-kind', `${joinPath(path)} is a folder.`)
    this.#toTrash(item)
  }

  async listFolder(path: readonly string[], query: FolderQuery): Promise<Page<Entry>> {
    const folder = this.#need(path)
    if (folder.kind === 'file') throw new EngineError('wrong-kind', `${joinPath(path)} is a file.`)
    const entries = [...folder.children.values()].map((item) => this.#entryOf(item))
    const compare = {
      name: (a: Entry, b: Entry) => Number(a.name > b.name) - Number(a.name < b.name),
      size: (a: Entry, b: Entry) => (a.size ?? -1) - (b.size ?? -1),
      modified: (a: Entry, b: Entry) => Date.parse(a.modified) - Date.parse(b.modified),
    }[query.sort]
    entries.sort((a, b) => (query.order === 'asc' ? compare(a, b) : compare(b, a)))
    return pageOf(entries, query)
  }

  async putFolder(path: readonly string[]) {
    this.#needPool()
    const present = this.#find(path)
    if (present?.kind === 'file') throw new EngineError('exists', `${joinPath(path)} is a file.`)
    return { entry: this.#entryOf(present ?? this.#makeFolders(path)), created: present === undefined }
  }

  async deleteFolder(path: readonly string[], { confirm }: { confirm?: string }): Promise<void> {
    const item = this.#need(path)
    if (item.kind === 'file') throw new EngineError('wrong-kind', `${joinPath(path)} is a file.`)
    if (item === this.#root) throw new EngineError('wrong-kind', 'The root stays.')
    let entries = 0
    let bytes = 0
    const count = (folder: Item) => {
      for (const child of folder.children.values()) {
        entries++
        bytes += child.versions.at(-1)?.bytes.length ?? 0
        count(child)
      }
    }
    count(item)
    if (entries > limits.confirmEntries && confirm !== `yes-${entries}`) {
      throw new EngineError('confirm-needed', `This deletes ${entries} entries.`, {
        facts: { confirm: `yes-${entries}`, entries, bytes },
      })
    }
    this.#toTrash(item)
  }

  // ---------------------------------------------------------------- entries

  async entryAt(path: readonly string[]): Promise<Entry> {
    return this.#entryOf(this.#need(path))
  }

  async entry(id: string): Promise<Entry> {
    return this.#entryOf(this.#byId(id))
  }

  async patchEntry(id: string, patch: EntryPatch): Promise<Entry> {
    const item = this.#byId(id)
    if (patch.path !== undefined) {
      const [parent, name] = this.#target(item, patch.path)
      item.parent?.children.delete(keyOf(item.name))
      item.name = name
      item.parent = parent
      parent.children.set(keyOf(name), item)
    }
    this.notify({ type: 'entry', id })
    return this.#entryOf(item)
  }

  async copyEntry(id: string, path: readonly string[]): Promise<Entry> {
    const item = this.#byId(id)
    const [parent, name] = this.#target(item, joinPath(path))
    const copy = (from: Item, to: Item, as: string): Item => {
      const made = this.#attach(this.#newItem(from.kind, as, to))
      made.versions = from.versions.slice(-1).map((content) => ({ ...content, id: this.#newId() }))
      for (const child of from.children.values()) copy(child, made, child.name)
      return made
    }
    return this.#entryOf(copy(item, parent, name))
  }

  async versions(id: string, query: PageQuery) {
    const { versions } = this.#byId(id)
    const items = versions.map((content, at) => ({
      id: content.id,
      size: content.bytes.length,
      modified: new Date(content.modifiedMs).toISOString(),
      created: new Date(content.createdMs).toISOString(),
      author: this.nodeId,
      current: at === versions.length - 1,
      parents: at === 0 ? [] : [(versions[at - 1] as Content).id],
    }))
    return pageOf(items.reverse(), query)
  }

  async restoreVersion(id: string, version: string): Promise<Entry> {
    const item = this.#byId(id)
    const content = item.versions.find((one) => one.id === version)
    if (content === undefined) throw new EngineError('not-found', 'There is no such version.')
    item.versions.push({ ...content, id: this.#newId() })
    return this.#entryOf(item)
  }

  async replicas(id: string) {
    const item = this.#byId(id)
    const bytes = item.versions.at(-1)?.bytes.length ?? 0
    return {
      items: [{ nodeId: this.nodeId, name: 'here', state: 'online', chunks: 1, total: 1, bytes }],
      next: null,
    }
  }

  async folderContents(id: string): Promise<FolderContents> {
    const folder = this.#byId(id)
    if (folder.kind === 'file') throw new EngineError('wrong-kind', `${folder.name} is a file.`)
    return memoryContents(this.nodeId, [...itemsBelow(folder)])
  }

  async search(query: { q: string; limit: number; cursor: string | null }): Promise<Page<Entry>> {
    const live = [...this.#items.values()].filter((item) => item !== this.#root && this.#isLive(item))
    const found = live.filter(({ name }) => name.toLowerCase().includes(query.q.toLowerCase()))
    return pageOf(
      found.map((item) => this.#entryOf(item)),
      query,
    )
  }

  // ---------------------------------------------------------------- trash

  async trash(query: PageQuery): Promise<Page<TrashItem>> {
    const items = [...this.#items.values()].filter(({ trashed }) => trashed !== null).reverse()
    return pageOf(
      items.map((item) => {
        const { atMs, path } = item.trashed as { atMs: number; path: string }
        return memoryTrashItem(this.#entryOf(item), path, atMs, this.nodeId)
      }),
      query,
    )
  }

  async restoreFromTrash(id: string): Promise<Entry> {
    const item = this.#items.get(id)
    if (!item?.trashed) throw new EngineError('not-found', 'That is not in the trash.')
    const [parent, name] = this.#target(item, item.trashed.path)
    item.parent = parent
    item.trashed = null
    parent.children.set(keyOf(name), item)
    return this.#entryOf(item)
  }

  // ---------------------------------------------------------------- machines

  async nodes(): Promise<Page<Node>> {
    return { items: [await this.node(this.nodeId)], next: null }
  }

  async node(id: string): Promise<Node> {
    if (id !== this.nodeId) throw new EngineError('no-such-node', 'There is no such node.')
    return memoryNode(id, this.#usedBytes)
  }

  async patchNode(id: string, patch: object): Promise<Node> {
    return { ...(await this.node(id)), ...patch }
  }

  async removeNode(id: string): Promise<void> {
    await this.node(id)
    throw new EngineError('self', 'A node does not remove itself.', { hint: 'Use `hadahoop pool leave`.' })
  }

  async health(): Promise<Health> {
    return memoryHealth(this.#pool !== null)
  }

  async doctor() {
    return [{ code: 'clock', result: 'ok' as const, text: 'The clock agrees with the other machines.' }]
  }

  subscribe(listener: (notice: Notice) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  // ---------------------------------------------------------------- inside

  #needPool(): void {
    if (this.#pool === null) throw new EngineError('no-pool', 'This node is in no pool.')
  }

  #newId(): string {
    return (++this.#ids).toString(16).padStart(32, 'a')
  }

  #newItem(kind: 'file' | 'folder', name: string, parent: Item | null): Item {
    return { id: this.#newId(), kind, name, parent, children: new Map(), versions: [], trashed: null }
  }

  #attach(item: Item): Item {
    this.#items.set(item.id, item)
    item.parent?.children.set(keyOf(item.name), item)
    return item
  }

  #find(path: readonly string[]): Item | undefined {
    let item: Item | undefined = this.#root
    for (const name of path) {
      if (item?.kind === 'file') throw new EngineError('wrong-kind', `${item.name} is a file.`)
      item = item?.children.get(keyOf(name))
    }
    return item
  }

  #need(path: readonly string[]): Item {
    this.#needPool()
    const item = this.#find(path)
    if (item === undefined) throw new EngineError('not-found', `There is nothing at ${joinPath(path)}.`)
    return item
  }

  #byId(id: string): Item {
    const item = this.#items.get(id)
    if (item === undefined || !this.#isLive(item)) throw new EngineError('not-found', 'There is no such entry.')
    return item
  }

  #isLive(item: Item): boolean {
    return item === this.#root || (item.trashed === null && item.parent !== null && this.#isLive(item.parent))
  }

  #makeFolders(path: readonly string[]): Item {
    let folder = this.#root
    for (const name of path) {
      const next = folder.children.get(keyOf(name)) ?? this.#attach(this.#newItem('folder', name, folder))
      if (next.kind === 'file') throw new EngineError('wrong-kind', `${name} is a file.`)
      folder = next
    }
    return folder
  }

  /** Where an item is to go: throws `exists`, `cycle`. */
  #target(item: Item, path: string): [Item, string] {
    const names = parseJsonPath(path)
    const taken = this.#find(names)
    if (taken !== undefined && taken !== item) throw new EngineError('exists', `${path} is taken.`)
    for (let above: Item | null | undefined = this.#nearest(names.slice(0, -1)); above; above = above.parent) {
      if (above === item) throw new EngineError('cycle', 'A folder cannot go into itself.')
    }
    return [this.#makeFolders(names.slice(0, -1)), names.at(-1) ?? '']
  }

  #nearest(path: readonly string[]): Item {
    return this.#find(path) ?? this.#nearest(path.slice(0, -1))
  }

  #toTrash(item: Item): void {
    item.trashed = { atMs: systemClock.nowMs(), path: this.#pathOf(item) }
    item.parent?.children.delete(keyOf(item.name))
    this.notify({ type: 'entry', id: item.id })
  }

  #pathOf(item: Item): string {
    const names: string[] = []
    for (let at = item; at.parent !== null; at = at.parent) names.unshift(at.name)
    return joinPath(names)
  }

  #entryOf(item: Item): Entry {
    const content = item.versions.at(-1)
    return {
      id: item.id,
      path: this.#pathOf(item),
      name: item.name,
      kind: item.kind,
      size: item.kind === 'file' ? (content?.bytes.length ?? 0) : null,
      modified: new Date(content?.modifiedMs ?? 0).toISOString(),
      version: content?.id ?? null,
      copies: { wanted: 2, durable: 2, reachable: 2 },
      state: 'protected',
      reasons: [],
    }
  }
}

function* itemsBelow(folder: Item): Generator<Item, void, void> {
  for (const item of folder.children.values()) {
    yield item
    yield* itemsBelow(item)
  }
}

function keyOf(name: string): string {
  return name.normalize('NFC')
}
