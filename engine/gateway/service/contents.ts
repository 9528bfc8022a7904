/**
 * The service's operations on files, folders, entries and the trash.
 */
import { EngineError, isEngineError } from '../../base/error.ts'
import { EntryIds, type NodeId, VersionIds } from '../../base/ids.ts'
import { freeNow } from '../../base/memory.ts'
import type { EntryView } from '../../catalog/index.ts'
import * as files from '../../files/index.ts'
import type { Entry, EntryPatch, FolderQuery, Page, ReplicaHolder, Version } from '../../../shared/index.ts'
import { parseJsonPath } from '../../../shared/index.ts'
import type { OpenFile, PutOptions, Service, SmallFile, SmallFileStored } from '../service.ts'
import { settledForFolders, toEntry, toTrashItem, toVersion } from './entries.ts'
import { toFileCounts } from './health.ts'
import { pageOf, pageOfAll } from './paging.ts'
import { machineName } from './words.ts'
import { inPool, knownMember, type NodeParts, type PoolParts } from './parts.ts'
import { search } from './search.ts'

type Contents = Pick<
  Service,
  | 'putFile'
  | 'putFiles'
  | 'putLocalFile'
  | 'openFile'
  | 'deleteFile'
  | 'listFolder'
  | 'putFolder'
  | 'deleteFolder'
  | 'entryAt'
  | 'entry'
  | 'patchEntry'
  | 'copyEntry'
  | 'versions'
  | 'restoreVersion'
  | 'settle'
  | 'replicas'
  | 'folderContents'
  | 'search'
  | 'trash'
  | 'restoreFromTrash'
>

const waitDefaultMs = 60_000
const waitStepMs = 25

export function contentOperations(parts: NodeParts): Required<Contents> {
  const pool = () => inPool(parts)
  const shown = (id: string): Entry => toEntry(pool(), files.mustBe(pool().catalog.read, EntryIds.parse(id)))

  const store = async (path: readonly string[], content: files.Content, options: PutOptions) => {
    const here = pool()
    const written = await files.writeFile(here, path, content, writeOptions(options))
    if (options.wait === 'all') await waitForCopies(here, written.version, options)
    const durable = options.wait === 'all' ? written.rowsDurable : written.durable
    return { entry: withDurable(shown(written.entry), durable), created: written.created }
  }

  return {
    async putFile(path, source, options) {
      return await store(path, source, options)
    },
    async putLocalFile(path, localPath, options) {
      if (parts.localFiles === null) throw new EngineError('source-unreadable', 'this node reads no local files')
      await using file = await parts.localFiles.open(localPath)
      return await store(path, file, { modifiedMs: file.modifiedMs, ...options })
    },
    async putFiles(batch, { signal }) {
      const here = pool()
      return await Promise.all(batch.map(async (file) => await storeSmall(here, file, signal)))
    },
    async openFile(path, version) {
      return openVersion(pool(), files.mustBeFile(files.mustBeAt(pool().catalog.read, path)), version)
    },
    async deleteFile(path, options) {
      await files.trashFile(pool(), path, options)
    },
    async listFolder(path, query: FolderQuery) {
      const here = pool()
      await settledForFolders(here)
      const folder = files.mustBeFolder(files.mustBeAt(here.catalog.read, path))
      return pageOf(here.catalog.read.list(folder, query), (view) => toEntry(here, view))
    },
    async putFolder(path) {
      const { value } = await files.makeFolder(pool(), path)
      return { entry: shown(value.entry), created: value.created }
    },
    async deleteFolder(path, options) {
      await files.trashFolder(pool(), path, options)
    },
    async entryAt(path) {
      await settledForFolders(pool())
      return toEntry(pool(), files.mustBeAt(pool().catalog.read, path))
    },
    async entry(id) {
      return shown(id)
    },
    async patchEntry(id, patch: EntryPatch) {
      const entry = EntryIds.parse(id)
      files.mustBe(pool().catalog.read, entry)
      const pinnedTo = patch.pinnedTo?.map((node) => knownMember(parts, node))
      if (patch.path !== undefined) await files.moveEntry(pool(), entry, parseJsonPath(patch.path))
      if (patch.copies !== undefined || pinnedTo !== undefined) {
        await files.setPolicy(pool(), entry, {
          ...(patch.copies === undefined ? {} : { copies: patch.copies }),
          ...(pinnedTo === undefined ? {} : { pinnedTo }),
        })
        pool().wakeRepair()
      }
      return shown(id)
    },
    async copyEntry(id, path) {
      const { value } = await files.copyEntry(pool(), EntryIds.parse(id), path)
      return shown(value)
    },
    async versions(id, query): Promise<Page<Version>> {
      const file = files.mustBeFile(files.mustBe(pool().catalog.read, EntryIds.parse(id)))
      const all = pool()
        .catalog.read.versions(file.id)
        .map((version) => toVersion(version, file.version))
      return pageOfAll('versions', all, query)
    },
    async restoreVersion(id, version) {
      const { value } = await files.restoreVersion(pool(), EntryIds.parse(id), VersionIds.parse(version))
      return shown(value)
    },
    async settle(id, { keep }) {
      const { value } = await files.settleConflict(
        pool(),
        EntryIds.parse(id),
        keep === 'both' ? keep : VersionIds.parse(keep),
      )
      return shown(value)
    },
    async replicas(id, query): Promise<Page<ReplicaHolder>> {
      const here = pool()
      const file = files.mustBeFile(files.mustBe(here.catalog.read, EntryIds.parse(id)))
      return pageOfAll('replicas', holdersOf(here, file), query)
    },
    async folderContents(id) {
      const here = pool()
      const folder = files.mustBeFolder(files.mustBe(here.catalog.read, EntryIds.parse(id)))
      const { counts, folders, bytes, nodes } = await files.folderContents(here, folder)
      return {
        files: toFileCounts(counts),
        folders,
        bytes,
        nodes: nodes.map((each) => ({ ...each, name: machineName(here, each.nodeId) })),
      }
    },
    async search(query) {
      return await search(pool(), query)
    },
    async trash(query) {
      return pageOf(pool().catalog.read.trash(query), (item) => toTrashItem(pool(), item))
    },
    async restoreFromTrash(id) {
      const { value } = await files.restoreFromTrash(pool(), EntryIds.parse(id))
      return shown(value)
    },
  }
}

function writeOptions(options: PutOptions): files.WriteOptions {
  return {
    signal: options.signal,
    everyone: options.wait === 'all',
    ...(options.ifNoneMatch === undefined ? {} : { ifNoneMatch: options.ifNoneMatch }),
    ...(options.ifMatch === undefined ? {} : { ifMatch: options.ifMatch }),
    ...(options.modifiedMs === undefined ? {} : { modifiedMs: options.modifiedMs }),
  }
}

async function storeSmall(pool: PoolParts, file: SmallFile, signal: AbortSignal): Promise<SmallFileStored> {
  const { path, bytes, modifiedMs } = file
  try {
    const content = (async function* () {
      if (bytes.length > 0) yield bytes
    })()
    const options = { signal, ...(modifiedMs === undefined ? {} : { modifiedMs }) }
    const { entry, version, created, durable } = await files.writeFile(pool, path, content, options)
    return { id: entry, version, created, durable }
  } catch (error) {
    if (!isEngineError(error)) throw error
    return { error }
  }
}

/** A write answers what was confirmed to it, not what claims say beyond that. */
function withDurable(entry: Entry, durable: number): Entry {
  if (entry.copies.durable <= durable) return entry
  return { ...entry, copies: { ...entry.copies, durable } }
}

/** Until the wanted copies exist, at most `waitMs`; the time of the client counts, so it is looked at often. */
async function waitForCopies(pool: PoolParts, version: string, options: PutOptions): Promise<void> {
  const id = VersionIds.parse(version)
  const until = pool.clock.monotonicMs() + (options.waitMs ?? waitDefaultMs)
  const entry = pool.catalog.read.version(id)?.entry
  if (entry === undefined) return
  const { copies } = pool.catalog.read.policy(entry)
  while (pool.clock.monotonicMs() < until && !options.signal.aborted) {
    if (pool.catalog.chunks.fewestHolders(id, pool.roster.durable()) >= copies) return
    await pool.clock.sleep(waitStepMs)
  }
}

function openVersion(pool: PoolParts, file: EntryView, wanted: string | undefined): OpenFile {
  const id = wanted === undefined ? file.version : VersionIds.is(wanted) ? wanted : null
  const version = id === null ? undefined : pool.catalog.read.version(id)
  if (version === undefined || version.entry !== file.id) {
    throw new EngineError('not-found', `${file.path} has no version ${wanted}`)
  }
  return {
    entry: toEntry(pool, file),
    version: version.version,
    sizeBytes: version.sizeBytes,
    modifiedMs: version.modifiedMs,
    read: (from, to, signal) => pool.reader.read(version, from, to, signal),
    release: freeNow,
  }
}

function holdersOf(pool: PoolParts, file: EntryView): ReplicaHolder[] {
  const held = new Map<NodeId, { chunks: number; bytes: number }>()
  let total = 0
  for (const chunk of file.version === null ? [] : pool.catalog.chunks.chunksOfVersion(file.version)) {
    total++
    const facts = pool.catalog.chunks.facts(chunk)
    for (const holder of facts?.holders ?? []) {
      const sum = held.get(holder) ?? { chunks: 0, bytes: 0 }
      held.set(holder, { chunks: sum.chunks + 1, bytes: sum.bytes + (facts?.sizeBytes ?? 0) })
    }
  }
  return [...held].map(([nodeId, sum]) => ({
    nodeId,
    name: machineName(pool, nodeId),
    state: pool.roster.liveness(nodeId),
    total,
    ...sum,
  }))
}
