/**
 * Changes of the tree that move no content: folders, moves, trash, policies. Each is one row (a folder of equal-named parts:
 * one per part) whatever lies inside, decided and written in one transaction and acknowledged like a write.
 */
import { EngineError } from '../base/error.ts'
import { blake3Hex } from '../base/hash.ts'
import { type EntryId, type NodeId, ROOT_ENTRY } from '../base/ids.ts'
import type { CatalogTransaction, EntryView, TrashItem, TreeReads } from '../catalog/index.ts'
import { limits } from '../limits.ts'
import type { Clock, Random } from '../ports.ts'
import { type CommitDeps, type Committed, commit } from './commit.ts'
import { ensureFolder, mustBe, mustBeAt, mustBeFile, mustBeFolder, pathText, wrongKind } from './paths.ts'

export interface TreeDeps extends CommitDeps {
  readonly clock: Clock
  readonly random: Random
}

export interface DeleteOptions {
  /** The token of an earlier `confirm-needed`. */
  readonly confirm?: string
  readonly ifMatch?: '*' | readonly string[]
}

/** Makes a folder and its missing parents; one that exists is answered as it is. Throws `wrong-kind`. */
export async function makeFolder(
  deps: TreeDeps,
  path: readonly string[],
): Promise<Committed<{ entry: EntryId; created: boolean }>> {
  return await commit(deps, (tx) => {
    const existing = tx.at(path)
    if (existing !== undefined) return { entry: mustBeFolder(existing).id, created: false }
    return { entry: ensureFolder(tx, path, deps.random), created: true }
  })
}

/** Renames or moves a file or folder. Throws `not-found`, `exists`, `cycle`, `wrong-kind`. */
export async function moveEntry(deps: TreeDeps, id: EntryId, path: readonly string[]): Promise<Committed<EntryId>> {
  return await commit(deps, (tx) => {
    const entry = mustBe(tx, id)
    if (entry.id === ROOT_ENTRY) throw wrongKind('the root folder cannot be moved')
    const name = checkedName(path)
    const existing = tx.at(path)
    if (existing !== undefined && !entry.ids.includes(existing.id)) throw taken(path)
    refuseCycle(tx, entry, path)
    const parent = ensureFolder(tx, path.slice(0, -1), deps.random)
    for (const each of entry.ids) tx.write({ what: 'location', entry: each, parent, name })
    return entry.id
  })
}

/** Puts a file into the trash. Throws `not-found`, `wrong-kind`, `precondition-failed`. */
export async function trashFile(deps: TreeDeps, path: readonly string[], options: DeleteOptions): Promise<void> {
  await commit(deps, (tx) => {
    const entry = mustBeFile(mustBeAt(tx, path))
    const { ifMatch } = options
    if (ifMatch !== undefined && ifMatch !== '*' && !ifMatch.includes(entry.version ?? '')) {
      throw new EngineError('precondition-failed', `${entry.path} is not at the version that was asked for`)
    }
    writeTrash(deps, tx, entry, true)
  })
}

/** Puts a folder and all inside into the trash. Throws `not-found`, `wrong-kind`, `confirm-needed` for large ones. */
export async function trashFolder(deps: TreeDeps, path: readonly string[], options: DeleteOptions): Promise<void> {
  await commit(deps, (tx) => {
    const entry = mustBeFolder(mustBeAt(tx, path))
    if (entry.id === ROOT_ENTRY) throw wrongKind('the root folder cannot be deleted')
    if (entry.ids.length === 0) throw wrongKind(`${entry.path} cannot be deleted; move what is in it`)
    requireConfirmation(tx, entry, options.confirm)
    writeTrash(deps, tx, entry, true)
  })
}

/**
 * Takes an entry out of the trash, to where it was; folders on the way that are gone are made anew, and a folder joins one of its
 * name. Throws `not-found`, and `exists` where its name is taken, since the other would have to give way.
 */
export async function restoreFromTrash(deps: TreeDeps, id: EntryId): Promise<Committed<EntryId>> {
  return await commit(deps, (tx) => {
    const item = tx.trashed(id)
    if (item === undefined) throw new EngineError('not-found', `nothing in the trash has the id ${id}`)
    const path = formerNames(item)
    const there = tx.at(path)
    if (there !== undefined && (there.kind === 'file' || item.entry.kind === 'file')) {
      throw taken(path, 'Rename or move what is there, then restore.')
    }
    writeTrash(deps, tx, item.entry, false)
    if (tx.entry(id) === undefined || tx.entry(id)?.path.startsWith('/Recovered/') === true) {
      putBack(deps, tx, item)
    }
    return id
  })
}

/** Sets copies (null: as the folder above) and pins of an entry; what is not given stays. Throws `not-found`. */
export async function setPolicy(
  deps: TreeDeps,
  id: EntryId,
  change: { readonly copies?: number | null; readonly pinnedTo?: readonly NodeId[] },
): Promise<Committed<EntryId>> {
  return await commit(deps, (tx) => {
    const entry = mustBe(tx, id)
    for (const each of entry.ids) {
      const own = tx.ownPolicy(each)
      const copies = change.copies === undefined ? (own?.copies ?? null) : change.copies
      tx.write({ what: 'policy', entry: each, copies, pinnedTo: change.pinnedTo ?? own?.pinnedTo ?? [] })
    }
    return entry.id
  })
}

/** The last name of a path that is to be written; the root has none. */
export function checkedName(path: readonly string[]): string {
  const name = path.at(-1)
  if (name === undefined) throw new EngineError('exists', 'the root folder is there already')
  return name
}

export function taken(path: readonly string[], hint = 'Choose another name.'): EngineError {
  return new EngineError('exists', `${pathText(path)} exists already`, { hint })
}

export function refuseCycle(tx: TreeReads, entry: EntryView, path: readonly string[]): void {
  for (let depth = path.length - 1; depth > 0; depth--) {
    const above = tx.at(path.slice(0, depth))
    if (above === undefined) continue
    if (entry.ids.some((id) => tx.isWithin(above.id, id))) {
      throw new EngineError('cycle', `${entry.path} cannot be put into itself`)
    }
    return
  }
}

function putBack(deps: TreeDeps, tx: CatalogTransaction, item: TrashItem): void {
  const names = formerNames(item)
  const name = names.at(-1) ?? item.entry.name
  const parent = ensureFolder(tx, names.slice(0, -1), deps.random)
  tx.write({ what: 'location', entry: item.entry.id, parent, name })
}

/** Where it was; what had lost its place even then comes back at the top. */
function formerNames(item: TrashItem): string[] {
  const names = item.formerPath.split('/').slice(1)
  return names[0] === 'Recovered' ? names.slice(-1) : names
}

function writeTrash(deps: TreeDeps, tx: CatalogTransaction, entry: EntryView, trashed: boolean): void {
  const atMs = deps.clock.nowMs()
  for (const each of entry.ids) {
    tx.write({ what: 'trash', entry: each, trashed, version: entry.version, by: deps.self, atMs })
  }
}

function requireConfirmation(tx: TreeReads, entry: EntryView, confirm: string | undefined): void {
  const inside = tx.countWithin(entry)
  const entries = inside.entries + 1
  const all = tx.countAll()
  const large =
    entries > limits.confirmEntries ||
    (entries >= limits.confirmShareFrom && entries > limits.confirmShare * (all.files + all.folders))
  if (!large) return
  const token = blake3Hex(Buffer.from(`${entry.ids.join()} ${entries} ${inside.bytes}`)).slice(0, 16)
  if (confirm === token) return
  throw new EngineError('confirm-needed', `${entry.path} holds ${entries} files and folders`, {
    hint: 'Repeat the request with the header Confirm to delete them all.',
    facts: { confirm: token, entries, bytes: inside.bytes },
  })
}
