/**
 * Changes that give a file content which the pool has already: copies, restored versions, settled conflicts. No byte moves: the
 * chunks are touched (leased) at their holders, so that nothing can give them up before the new row names them, and only
 * holders that confirmed the touch count in the answer.
 */
import { EngineError, isEngineError } from '../base/error.ts'
import type { ChunkId, EntryId, NodeId, VersionId } from '../base/ids.ts'
import type { CatalogTransaction, EntryView, Version } from '../catalog/index.ts'
import type { Lease } from '../chunks/index.ts'
import { limits } from '../limits.ts'
import { type Committed, commit } from './commit.ts'
import { ensureFolder, mustBe, mustBeFile, newEntryId } from './paths.ts'
import { checkedName, refuseCycle, taken } from './tree.ts'
import type { WriteDeps } from './write.ts'

/** Copies a file or a folder with all inside. Throws `not-found`, `exists`, `cycle`. */
export async function copyEntry(deps: WriteDeps, id: EntryId, path: readonly string[]): Promise<Committed<EntryId>> {
  const source = mustBe(deps.catalog.read, id)
  const name = checkedName(path)
  if (source.kind === 'file') return await copyFile(deps, source, path)
  const root = await commit(deps, (tx) => {
    if (tx.at(path) !== undefined) throw taken(path)
    refuseCycle(tx, source, path)
    const entry = newEntryId(deps.random)
    const parent = ensureFolder(tx, path.slice(0, -1), deps.random)
    tx.write({ what: 'birth', entry, parent, name, version: null })
    return entry
  })
  let durable = root.durable
  for (const part of batches(deps.catalog.read.filesWithin(source))) {
    const copies = await Promise.all(part.map((file) => prepare(deps, file)))
    const committed = await commit(deps, (tx) => {
      for (const copy of copies) {
        const inside = copy.file.path.slice(source.path.length).split('/').slice(1)
        const entry = newEntryId(deps.random)
        const parent = ensureFolder(tx, [...path, ...inside.slice(0, -1)], deps.random)
        writeBirth(tx, { entry, parent, name: inside.at(-1) ?? name, version: copy.version(entry, []) })
      }
    })
    durable = Math.min(durable, committed.durable, ...copies.map((copy) => copy.durable))
  }
  await copyEmptyFolders(deps, source, path)
  return { value: root.value, durable }
}

/** Makes an older version current again, as a new version. Throws `not-found`. */
export async function restoreVersion(deps: WriteDeps, id: EntryId, wanted: VersionId): Promise<Committed<EntryId>> {
  const file = mustBeFile(mustBe(deps.catalog.read, id))
  const copy = await prepare(deps, file, versionOf(deps, file, wanted))
  const committed = await commit(deps, (tx) => {
    const now = mustBe(tx, id)
    tx.write({ what: 'version', version: copy.version(id, now.version === null ? [] : [now.version]) })
    return id
  })
  return { value: id, durable: Math.min(copy.durable, committed.durable) }
}

/** Ends a conflict: `keep` names the version that stays, or `both`, which makes the others files beside it. Throws `not-found`, `no-conflict`. */
export async function settleConflict(
  deps: WriteDeps,
  id: EntryId,
  keep: VersionId | 'both',
): Promise<Committed<EntryId>> {
  const file = mustBeFile(mustBe(deps.catalog.read, id))
  if (file.heads.length < 2) throw new EngineError('no-conflict', `${file.path} has no conflicting versions`)
  const kept = keep === 'both' ? (file.version as VersionId) : keep
  const copy = await prepare(deps, file, versionOf(deps, file, kept))
  const beside = keep === 'both' ? file.heads.filter((head) => head !== kept) : []
  const others = await Promise.all(beside.map((head) => prepare(deps, file, versionOf(deps, file, head))))
  const committed = await commit(deps, (tx) => {
    const now = mustBe(tx, id)
    tx.write({ what: 'version', version: copy.version(id, now.heads) })
    for (const other of others) {
      const entry = newEntryId(deps.random)
      writeBirth(tx, { entry, parent: now.parent, name: nameBeside(tx, now), version: other.version(entry, []) })
    }
    return id
  })
  return { value: id, durable: Math.min(copy.durable, committed.durable, ...others.map((each) => each.durable)) }
}

interface Prepared {
  readonly file: EntryView
  /** Fewest holders of any chunk that confirmed the touch. */
  readonly durable: number
  version(entry: EntryId, parents: readonly VersionId[]): Version
}

async function copyFile(deps: WriteDeps, file: EntryView, path: readonly string[]): Promise<Committed<EntryId>> {
  const name = checkedName(path)
  const copy = await prepare(deps, file)
  const committed = await commit(deps, (tx) => {
    if (tx.at(path) !== undefined) throw taken(path)
    const entry = newEntryId(deps.random)
    const parent = ensureFolder(tx, path.slice(0, -1), deps.random)
    writeBirth(tx, { entry, parent, name, version: copy.version(entry, []) })
    return entry
  })
  return { value: committed.value, durable: Math.min(copy.durable, committed.durable) }
}

function writeBirth(
  tx: CatalogTransaction,
  birth: { entry: EntryId; parent: EntryId; name: string; version: Version },
): void {
  tx.write({ what: 'birth', ...birth })
}

/** Leases the chunks of a version for a new one of the same content. */
async function prepare(deps: WriteDeps, file: EntryView, of?: Version): Promise<Prepared> {
  const content = of ?? versionOf(deps, file, file.version as VersionId)
  const upload = deps.random.bytes(16).toString('hex') as VersionId
  const durable = await touchAll(deps, [...new Set(deps.catalog.chunks.chunksOfVersion(content.version))], {
    upload,
    writer: deps.self,
    writerStart: deps.startNumber,
  })
  return {
    file,
    durable,
    version: (entry, parents) => ({
      ...content,
      version: upload,
      entry,
      parents,
      createdMs: deps.clock.nowMs(),
      author: deps.self,
    }),
  }
}

async function touchAll(deps: WriteDeps, chunks: readonly ChunkId[], lease: Lease): Promise<number> {
  const connected = deps.roster.connected()
  const chunksByHolder = new Map<NodeId, ChunkId[]>()
  for (const chunk of chunks) {
    for (const holder of deps.catalog.chunks.facts(chunk)?.holders ?? []) {
      if (!connected.has(holder)) continue
      const list = chunksByHolder.get(holder)
      if (list === undefined) chunksByHolder.set(holder, [chunk])
      else list.push(chunk)
    }
  }
  const confirmed = new Map<ChunkId, number>(chunks.map((chunk) => [chunk, 0]))
  await Promise.all(
    [...chunksByHolder].map(async ([holder, list]) => {
      try {
        const held =
          holder === deps.self ? await deps.store.touch(list, lease) : await deps.courier.touch(holder, list, lease)
        for (const [index, chunk] of list.entries()) {
          if (held[index] === true) confirmed.set(chunk, (confirmed.get(chunk) ?? 0) + 1)
        }
      } catch (error) {
        if (!isEngineError(error)) throw error // a holder that went away just now does not count
      }
    }),
  )
  return Math.min(...confirmed.values())
}

function versionOf(deps: WriteDeps, file: EntryView, id: VersionId): Version {
  const version = deps.catalog.read.version(id)
  if (version === undefined || version.entry !== file.id) {
    throw new EngineError('not-found', `${file.path} has no version ${id}`)
  }
  return version
}

/** `report (2).txt`, or the next number that is free. */
function nameBeside(tx: CatalogTransaction, file: EntryView): string {
  const dot = file.name.lastIndexOf('.')
  const [stem, extension] = dot > 0 ? [file.name.slice(0, dot), file.name.slice(dot)] : [file.name, '']
  const folder = file.path.split('/').slice(1, -1)
  for (let number = 2; ; number++) {
    const name = `${stem} (${number})${extension}`
    if (tx.at([...folder, name]) === undefined) return name
  }
}

function* batches(files: Iterable<EntryView>): Generator<EntryView[]> {
  let batch: EntryView[] = []
  for (const file of [...files]) {
    batch.push(file)
    if (batch.length === limits.copyFilesPerBatch) {
      yield batch
      batch = []
    }
  }
  if (batch.length > 0) yield batch
}

async function copyEmptyFolders(deps: WriteDeps, source: EntryView, path: readonly string[]): Promise<void> {
  const folders: string[][] = []
  const pending: EntryView[] = [source]
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (let cursor: string | null = null; ; ) {
      const page = deps.catalog.read.list(folder, { sort: 'name', order: 'asc', limit: limits.listMax, cursor })
      const inside = page.items.filter((each) => each.kind === 'folder')
      pending.push(...inside)
      folders.push(...inside.map((each) => each.path.slice(source.path.length).split('/').slice(1)))
      if (page.next === null) break
      cursor = page.next
    }
  }
  for (let from = 0; from < folders.length; from += limits.copyFilesPerBatch) {
    await commit(deps, (tx) => {
      for (const inside of folders.slice(from, from + limits.copyFilesPerBatch))
        ensureFolder(tx, [...path, ...inside], deps.random)
    })
  }
}
