/**
 * A folder of this computer beside the folder of the pool it goes to, walked together: one listing of each per folder
 * tells what is there already, so that a repeated put asks nothing about single files. A remote folder that does not exist is
 * not asked for what is below it. Links to files count as the files; links to folders are not followed, since they may
 * lead round in circles; pipes, sockets and devices have no content to store.
 */
import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Entry, nameProblem } from '../../shared/index.ts'
import type { ApiClient } from '../apiClient.ts'
import { Failure } from '../failure.ts'
import { folderUrl } from '../remotePath.ts'

/** What a remote folder holds, by NFC name; null if there is no such folder. */
type Known = ReadonlyMap<string, Entry> | null

export type Found =
  | {
      readonly what: 'file'
      readonly path: string
      readonly names: readonly string[]
      readonly known: Entry | undefined
    }
  /** A folder with nothing in it that would make it by itself. */
  | { readonly what: 'folder'; readonly path: string; readonly names: readonly string[] }
  | { readonly what: 'leftOut'; readonly path: string; readonly code: string }
  | { readonly what: 'failed'; readonly path: string; readonly error: unknown }

/** Everything in `path`, which is to become `names`; `entry` is what stands there now. */
export async function* walkTree(
  client: ApiClient,
  path: string,
  names: readonly string[],
  entry: Entry | undefined,
): AsyncGenerator<Found, void, void> {
  if (entry?.kind === 'file') {
    yield { what: 'failed', path, error: new Failure('wrong-kind', 'In the pool a file has this name.') }
    return
  }
  let children: Dirent[]
  try {
    children = await readFolder(path)
  } catch (error) {
    yield { what: 'failed', path, error }
    return
  }
  const known = entry === undefined ? null : await knownIn(client, names)
  const seen = new Set<string>()
  let makesItself = false
  for (const child of children) {
    const found = await classify(child, join(path, child.name), names, known, seen)
    if (found === 'folder') {
      makesItself = true
      yield* walkTree(client, join(path, child.name), [...names, child.name], known?.get(child.name.normalize('NFC')))
    } else {
      makesItself ||= found.what === 'file'
      yield found
    }
  }
  if (!makesItself && entry === undefined) yield { what: 'folder', path, names }
}

async function classify(
  child: Dirent,
  path: string,
  names: readonly string[],
  known: Known,
  seen: Set<string>,
): Promise<Found | 'folder'> {
  const problem = nameProblem(child.name)
  if (problem !== null) return failed(path, 'bad-name', `${problem}.`)
  const key = child.name.normalize('NFC')
  if (seen.has(key)) return failed(path, 'name-twin', 'Another name beside it is the same text in another encoding.')
  seen.add(key)
  if (child.isDirectory()) return 'folder'
  const file = { what: 'file', path, names: [...names, child.name], known: known?.get(key) } as const
  if (child.isFile()) return file
  if (!child.isSymbolicLink())
    return failed(path, 'special-file', 'Pipes, sockets and devices have no content to store.')
  try {
    const target = await stat(path)
    if (target.isFile()) return file
    if (target.isDirectory()) return { what: 'leftOut', path, code: 'link-to-folder' }
    return failed(path, 'special-file', 'It is a link to something that has no content to store.')
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'ENOENT' || code === 'ELOOP') return { what: 'leftOut', path, code: 'broken-link' }
    return { what: 'failed', path, error }
  }
}

function failed(path: string, code: string, message: string): Found {
  return { what: 'failed', path, error: new Failure(code, message) }
}

/** The folder's children by name. Names that are not UTF-8 get a lone surrogate, which no name may hold. */
async function readFolder(path: string): Promise<Dirent[]> {
  const children = await readdir(path, { withFileTypes: true })
  if (children.some(({ name }) => name.includes('\ufffd'))) {
    const raw = await readdir(path, { encoding: 'buffer' })
    const proper = new Set(raw.map((name) => name.toString()).filter((name, at) => raw[at]?.equals(Buffer.from(name))))
    for (const child of children) if (!proper.has(child.name)) child.name += '\ud800'
  }
  return children.sort((a, b) => Number(a.name > b.name) - Number(a.name < b.name))
}

async function knownIn(client: ApiClient, names: readonly string[]): Promise<Known> {
  const known = new Map<string, Entry>()
  for await (const entry of client.items<Entry>(folderUrl(names))) known.set(entry.name.normalize('NFC'), entry)
  return known
}
