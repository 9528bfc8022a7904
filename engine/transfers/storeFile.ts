/**
 * One file of this computer into the pool: skipped where it is there with the same size and modification time, stored otherwise, and
 * tried again where it changed while it was read or something passing came between. Whether it has all its copies is asked of
 * what the write was told, and of the census for what was there already.
 */
import { type EngineError, isEngineError } from '../base/error.ts'
import type { EntryId, VersionId } from '../base/ids.ts'
import { type Census, writeFile, type WriteDeps } from '../files/index.ts'
import { limits } from '../limits.ts'
import { fileState } from '../placement/index.ts'
import type { LocalFiles } from '../ports.ts'
import { sourceGone } from './localWalk.ts'

export interface StoreDeps extends WriteDeps {
  readonly census: Census
  readonly local: LocalFiles
}

export interface StoredFile {
  readonly entry: EntryId
  readonly version: VersionId
  /** False if the same content was there already. */
  readonly isNew: boolean
  readonly sizeBytes: number
  readonly modifiedMs: number
  /** All copies that are wanted are durable. */
  readonly isProtected: boolean
}

export interface StoreWish {
  readonly path: string
  readonly names: readonly string[]
  readonly signal: AbortSignal
  /** Asked at each attempt: the version in the pool that the content was made from, null for none. Left out: whichever is current. */
  readonly basis?: () => VersionId | null
  /** Waits until a file of that size may begin; the answer gives its place back. */
  room(sizeBytes: number): Promise<() => void>
  /** Bytes read; negative where they were read in vain. */
  moved(bytes: number): void
}

/** After these, every further file would fail alike. */
const fatalCodes = new Set(['no-pool', 'disk-full', 'quota-full', 'stopped'])

export function isFatal(error: EngineError): boolean {
  return fatalCodes.has(error.code)
}

/** Throws `source-unreadable`, `source-changed`, `special-file`, and what a write throws; the signal's reason when aborted. */
export async function storeFile(deps: StoreDeps, wish: StoreWish): Promise<StoredFile> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await storeOnce(deps, wish)
    } catch (error) {
      const mayPass = isEngineError(error) && error.retryable && !isFatal(error)
      if (!mayPass || attempt === limits.importAttempts || wish.signal.aborted) throw error
      await deps.clock.sleep(limits.importRetryMs, wish.signal)
    }
  }
}

async function storeOnce(deps: StoreDeps, wish: StoreWish): Promise<StoredFile> {
  const { path, names, signal } = wish
  const same = await sameThere(deps, wish)
  if (same !== undefined) return same
  signal.throwIfAborted()
  await using file = await deps.local.open(path)
  const { sizeBytes, modifiedMs } = file
  const leave = await wish.room(sizeBytes)
  const basis = wish.basis?.()
  let readBytes = 0
  try {
    const read = async (target: Uint8Array) => {
      const bytes = await file.read(target)
      readBytes += bytes
      if (bytes > 0) wish.moved(bytes)
      return bytes
    }
    const options = { modifiedMs, signal, ...(basis !== undefined && { basis }) }
    const { entry, version, durable } = await writeFile(deps, names, { read }, options)
    const isSafe = durable >= deps.catalog.read.policy(entry).copies
    return { entry, version, isNew: true, sizeBytes, modifiedMs, isProtected: isSafe }
  } catch (error) {
    wish.moved(-readBytes)
    throw error
  } finally {
    leave()
  }
}

/** The file in the pool if it has the size and time of the one here. */
async function sameThere(deps: StoreDeps, { path, names }: StoreWish): Promise<StoredFile | undefined> {
  const there = deps.catalog.read.at(names)
  if (there?.kind !== 'file' || there.version === null) return undefined
  const facts = await deps.local.look(path)
  if (facts === undefined) throw sourceGone(path)
  const { sizeBytes, modifiedMs } = facts
  if (there.sizeBytes !== sizeBytes || there.modifiedMs !== modifiedMs) return undefined
  return {
    entry: there.id,
    version: there.version,
    isNew: false,
    sizeBytes,
    modifiedMs,
    isProtected: isProtected(deps, there.id),
  }
}

/** True if the file has all its copies, or is there no more. */
export function isProtected({ catalog, census }: Pick<StoreDeps, 'catalog' | 'census'>, entry: EntryId): boolean {
  const view = catalog.read.entry(entry)
  if (view === undefined || view.kind !== 'file') return true
  return fileState(census.countsOf(view, catalog.read.policy(entry).copies)) === 'protected'
}
