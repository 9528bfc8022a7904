/**
 * What changes of a linked folder lead to in the pool: renames as one row, deletes to the trash. Nothing is touched that a person
 * has moved, changed or deleted in the pool meanwhile: an entry must still stand where the folder put it, and a deleted file
 * still have the version that came from here.
 */
import { join } from 'node:path'
import { parseJsonPath } from '../../shared/index.ts'
import { isEngineError } from '../base/error.ts'
import type { VersionId } from '../base/ids.ts'
import type { EntryView } from '../catalog/index.ts'
import { moveEntry, trashFile, trashFolder } from '../files/index.ts'
import type { LinkedItem, LinkedTable, LinkRow } from './linkedTable.ts'
import type { StoreDeps } from './storeFile.ts'

export interface LinkedDeps extends StoreDeps {
  readonly table: LinkedTable
}

/** Where a path of the linked folder stands in the pool. */
export function namesOf(link: LinkRow, path: string): string[] {
  return [...parseJsonPath(link.folder), ...(path === '' ? [] : path.split('/'))]
}

/** Codes with which the pool says that things are no more as they were. */
const overtaken = ['not-found', 'precondition-failed', 'wrong-kind', 'exists', 'cycle']

/** Renames in the pool what was renamed here; false where that is not to be done and the new path is to be stored instead. */
export async function renameItem(deps: LinkedDeps, link: LinkRow, item: LinkedItem, to: string): Promise<boolean> {
  const { read } = deps.catalog
  const [before, after] = [namesOf(link, item.path), namesOf(link, to)]
  const isThere = (names: readonly string[]) => read.at(names)?.ids.includes(item.entry) === true
  // The node may have died after the pool had heard of it.
  if (!isThere(after)) {
    if (!isThere(before)) return false
    try {
      await moveEntry(deps, item.entry, after)
    } catch (error) {
      if (!isEngineError(error) || !overtaken.includes(error.code)) throw error
      return false
    }
  }
  deps.table.move(link, item.path, to)
  return true
}

/** What is gone here goes to the pool's trash, where the link says so; else the pool keeps it. */
export async function removeItem(deps: LinkedDeps, link: LinkRow, item: LinkedItem): Promise<void> {
  if (!link.deletes) return deps.table.leave(link, item.path)
  if (item.kind === 'file') await trashItem(deps, link, item)
  else await trashWhole(deps, link, item)
  deps.table.remove(link, item.path)
}

/**
 * The version that what stands at a path now was made from; null for none. A version that came since and has the size and time of the one
 * known is that content again: settling a conflict makes such.
 */
export function basisOf(deps: LinkedDeps, link: LinkRow, path: string): VersionId | null {
  const known = deps.table.last(link, path)
  if (known === undefined || known.version === null) return null
  const there = deps.catalog.read.at(namesOf(link, path))
  const isAgain = there?.sizeBytes === known.sizeBytes && there.modifiedMs === known.modifiedMs
  return isAgain ? there.version : known.version
}

/** The other path of this folder whose name is the same in the pool, if something stands there too. */
export async function twinOf(deps: LinkedDeps, link: LinkRow, path: string): Promise<string | undefined> {
  if (!/[^\0-\x7f]/.test(path)) return undefined
  const there = deps.catalog.read.at(namesOf(link, path))
  for (const id of there?.ids ?? []) {
    for (const other of deps.table.ofEntry(id)) {
      if (other.link !== link.number || other.path === path) continue
      if (other.path.normalize('NFC') !== path.normalize('NFC')) continue
      if ((await deps.local.look(join(link.path, other.path))) !== undefined) return other.path
    }
  }
  return undefined
}

async function trashItem(deps: LinkedDeps, link: LinkRow, item: LinkedItem): Promise<void> {
  const names = namesOf(link, item.path)
  const there = deps.catalog.read.at(names)
  if (there === undefined || item.version === null || !there.ids.includes(item.entry)) return
  if (isElsewhere(deps, link, item)) return
  await unlessOvertaken(() => trashFile(deps, names, { ifMatch: [item.version ?? ''] }))
}

/** A folder as one, so that it comes back as one; file by file where the pool has more in it than came from here. */
async function trashWhole(deps: LinkedDeps, link: LinkRow, item: LinkedItem): Promise<void> {
  const { read } = deps.catalog
  const names = namesOf(link, item.path)
  const there = read.at(names)
  if (there === undefined || !there.ids.includes(item.entry)) return
  const inside = deps.table.below(link, item.path)
  if (hasForeign(deps, link, there, inside)) {
    for (const each of inside) if (each.kind === 'file') await trashItem(deps, link, each)
    return
  }
  await unlessOvertaken(async () => {
    try {
      await trashFolder(deps, names, {})
    } catch (error) {
      const confirm = isEngineError(error, 'confirm-needed') ? error.facts?.['confirm'] : undefined
      if (typeof confirm !== 'string') throw error
      // Whoever linked the folder with its deletes has confirmed.
      await trashFolder(deps, names, { confirm })
    }
  })
}

function hasForeign(deps: LinkedDeps, link: LinkRow, folder: EntryView, inside: readonly LinkedItem[]): boolean {
  if (inside.some((item) => item.kind === 'file' && isElsewhere(deps, link, item))) return true
  const versions = new Map(inside.map(({ entry, version }) => [entry, version]))
  for (const file of deps.catalog.read.filesWithin(folder)) {
    if (versions.get(file.id) !== file.version) return true
  }
  return false
}

/** True if another linked folder has the file still. */
function isElsewhere(deps: LinkedDeps, link: LinkRow, { entry }: LinkedItem): boolean {
  return deps.table.ofEntry(entry).some((other) => other.link !== link.number)
}

async function unlessOvertaken(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!isEngineError(error) || !overtaken.includes(error.code)) throw error
  }
}
