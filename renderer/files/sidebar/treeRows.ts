/**
 * The folder tree as the rows that are to be drawn: folders whose parents are all open, each below its parent. Pure; linear in
 * the rows.
 */
import { joinPath } from '../../../shared/paths.ts'

export interface TreeRow {
  readonly path: string
  readonly names: readonly string[]
  readonly name: string
  /** 0 for the root. */
  readonly depth: number
  readonly isOpen: boolean
  /** Undefined while nobody has looked. */
  readonly hasFolders: boolean | undefined
}

/** Names of the folders in a folder, in order; undefined while not known. */
export type FoldersIn = (path: string) => readonly string[] | undefined

export function treeRows(rootWord: string, open: ReadonlySet<string>, foldersIn: FoldersIn): TreeRow[] {
  const rows: TreeRow[] = []
  const add = (names: readonly string[], name: string): void => {
    const path = joinPath(names)
    const folders = foldersIn(path)
    const isOpen = open.has(path)
    rows.push({ path, names, name, depth: names.length, isOpen, hasFolders: folders && folders.length > 0 })
    if (isOpen) for (const each of folders ?? []) add([...names, each], each)
  }
  add([], rootWord)
  return rows
}

/** Paths of the folders above a folder, the root first. */
export function pathsAbove(names: readonly string[]): string[] {
  return names.map((_, at) => joinPath(names.slice(0, at)))
}
