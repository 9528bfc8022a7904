/**
 * Finding and making places in the tree, inside a transaction: the rules about what may stand where, in one file, so that
 * writes, moves and copies refuse the same things with the same codes.
 */
import { EngineError } from '../base/error.ts'
import { type EntryId, ROOT_ENTRY } from '../base/ids.ts'
import type { CatalogTransaction, EntryView, TreeReads } from '../catalog/index.ts'
import type { Random } from '../ports.ts'

/** A path as people write it. */
export function pathText(path: readonly string[]): string {
  return `/${path.join('/')}`
}

/** The entry at a path; throws `not-found`. */
export function mustBeAt(read: TreeReads, path: readonly string[]): EntryView {
  const found = read.at(path)
  if (found === undefined) throw new EngineError('not-found', `nothing is at ${pathText(path)}`)
  return found
}

/** A live entry by id; throws `not-found`. */
export function mustBe(read: TreeReads, id: EntryId): EntryView {
  const found = read.entry(id)
  if (found === undefined) throw new EngineError('not-found', `no file or folder has the id ${id}`)
  return found
}

export function mustBeFile(entry: EntryView): EntryView {
  if (entry.kind !== 'file') throw wrongKind(`${entry.path} is a folder`)
  return entry
}

export function mustBeFolder(entry: EntryView): EntryView {
  if (entry.kind !== 'folder') throw wrongKind(`${entry.path} is a file`)
  return entry
}

export function wrongKind(message: string): EngineError {
  return new EngineError('wrong-kind', message)
}

export function newEntryId(random: Random): EntryId {
  return random.bytes(16).toString('hex') as EntryId
}

/** The id of the folder at a path, made with its missing parents. Throws `wrong-kind` where a file stands in the way. */
export function ensureFolder(tx: CatalogTransaction, path: readonly string[], random: Random): EntryId {
  const there = tx.at(path)
  if (there !== undefined) return realFolder(there)
  const name = path.at(-1)
  if (name === undefined) return ROOT_ENTRY
  const parent = ensureFolder(tx, path.slice(0, -1), random)
  const entry = newEntryId(random)
  tx.write({ what: 'birth', entry, parent, name, version: null })
  return entry
}

function realFolder(entry: EntryView): EntryId {
  mustBeFolder(entry)
  if (entry.ids.length === 0) throw wrongKind(`${entry.path} only shows what lost its place; nothing can be put there`)
  return entry.id
}
