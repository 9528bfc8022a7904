/**
 * A file or folder of this computer and all below it, found lazily: a few hundred names of each folder on the way are in memory, however
 * large the tree. Links to files count as the files; links to folders are left out, since they may lead round in
 * circles; so is the node's own data folder, which would grow by what it takes in. What cannot be stored is told by name.
 */
import { join } from 'node:path'
import { nameProblem } from '../../shared/index.ts'
import { EngineError, isEngineError } from '../base/error.ts'
import { limits } from '../limits.ts'
import type { LocalChild, LocalFiles } from '../ports.ts'

export type Found =
  | { readonly what: 'file'; readonly path: string; readonly names: readonly string[] }
  /** A folder with nothing in it that would make it by itself. */
  | { readonly what: 'emptyFolder'; readonly path: string; readonly names: readonly string[] }
  | { readonly what: 'leftOut'; readonly path: string }
  | { readonly what: 'failed'; readonly path: string; readonly error: EngineError }

interface OpenFolder {
  readonly path: string
  readonly names: readonly string[]
  readonly batches: AsyncIterator<readonly LocalChild[]>
  batch: readonly LocalChild[]
  next: number
  /** Names that other spellings of the same text could meet. */
  readonly spelled: Set<string>
  isEmpty: boolean
}

export interface WalkOptions {
  readonly local: LocalFiles
  /** Asked before a folder is entered: why not, if not. */
  readonly refuses?: (names: readonly string[]) => EngineError | undefined
}

/** Everything at `path`, which is to become `names` in the pool. */
export async function* walkLocal(
  { local, refuses }: WalkOptions,
  path: string,
  names: readonly string[],
): AsyncGenerator<Found, void, void> {
  const open: OpenFolder[] = []
  const enter = async (path: string, names: readonly string[]): Promise<Found | undefined> => {
    const facts = await local.look(path)
    if (facts === undefined) return failed(path, sourceGone(path))
    if (facts.kind === 'file') return fileAt(path, names)
    if (facts.kind === 'own') return { what: 'leftOut', path }
    if (facts.kind === 'other') return failed(path, specialFile(path))
    const error = tooDeep(path, names) ?? refuses?.(names)
    if (error !== undefined) return failed(path, error)
    const batches = local.children(path)[Symbol.asyncIterator]()
    open.push({ path, names, batches, batch: [], next: 0, spelled: new Set(), isEmpty: true })
    return undefined
  }
  try {
    const first = await guarded(path, () => enter(path, names))
    if (first !== undefined) yield first
    for (let folder = open.at(-1); folder !== undefined; folder = open.at(-1)) {
      const here = folder
      const child = await nextChild(folder)
      if (child === undefined) {
        open.pop()
        if (folder.isEmpty) yield { what: 'emptyFolder', path: folder.path, names: folder.names }
      } else if ('what' in child) {
        if (child.path === folder.path) open.pop()
        yield child
      } else {
        const below = join(folder.path, child.name)
        const found = await guarded(below, () => meet(local, child, below, [...here.names, child.name], enter))
        if (found === undefined || found.what === 'file') here.isEmpty = false
        if (found !== undefined) yield found
      }
    }
  } finally {
    for (const { batches } of open) await batches.return?.()
  }
}

/** The next name of a folder that can be a name in the pool; else why not; undefined at the end. */
async function nextChild(folder: OpenFolder): Promise<LocalChild | Found | undefined> {
  while (folder.next === folder.batch.length) {
    try {
      const { done, value } = await folder.batches.next()
      if (done === true) return undefined
      folder.batch = value
      folder.next = 0
    } catch (error) {
      if (!isEngineError(error)) throw error
      return failed(folder.path, error)
    }
  }
  const child = folder.batch[folder.next++] as LocalChild
  const path = join(folder.path, child.name)
  if (child.kind === 'unreadable') return failed(path, badName(path, 'the name is not Unicode text'))
  const problem = nameProblem(child.name)
  if (problem !== null) return failed(path, badName(path, problem))
  if (/[^\0-\x7f]/.test(child.name)) {
    const spelling = child.name.normalize('NFC')
    if (folder.spelled.has(spelling)) return failed(path, nameTwin(path))
    folder.spelled.add(spelling)
  }
  return child
}

async function meet(
  local: LocalFiles,
  child: LocalChild,
  path: string,
  names: readonly string[],
  enter: (path: string, names: readonly string[]) => Promise<Found | undefined>,
): Promise<Found | undefined> {
  switch (child.kind) {
    case 'file':
      return fileAt(path, names)
    case 'folder':
      return await enter(path, names)
    case 'link': {
      const target = await local.look(path)
      if (target?.kind === 'file') return fileAt(path, names)
      return target?.kind === 'other' ? failed(path, specialFile(path)) : { what: 'leftOut', path }
    }
    case 'other':
    case 'unreadable':
      return failed(path, specialFile(path))
  }
}

function fileAt(path: string, names: readonly string[]): Found {
  const error = tooDeep(path, names)
  return error === undefined ? { what: 'file', path, names } : failed(path, error)
}

async function guarded(path: string, work: () => Promise<Found | undefined>): Promise<Found | undefined> {
  try {
    return await work()
  } catch (error) {
    if (!isEngineError(error)) throw error
    return failed(path, error)
  }
}

function failed(path: string, error: EngineError): Found {
  return { what: 'failed', path, error }
}

function tooDeep(path: string, names: readonly string[]): EngineError | undefined {
  if (names.length <= limits.pathMaxDepth && Buffer.byteLength(names.join('/')) < limits.pathMaxBytes) return undefined
  return badName(path, 'the path is too long')
}

export function sourceGone(path: string): EngineError {
  return new EngineError('source-unreadable', `${path} is not there any more`, { hint: 'Try again when it is back.' })
}

function specialFile(path: string): EngineError {
  return new EngineError('special-file', `${path} is a pipe, socket or device and has no content to store`)
}

export function badName(path: string, why: string): EngineError {
  return new EngineError('bad-name', `${path} cannot have this name in the pool: ${why}`, {
    hint: 'Rename it, then try again.',
  })
}

export function nameTwin(path: string): EngineError {
  return new EngineError('name-twin', `${path} has the same name as another one beside it`, {
    hint: 'Rename one of them, then try again.',
  })
}
