/**
 * What was dropped or pasted: files and whole folders, with the names on their way. Entries must be taken while the event is
 * handled; their contents may be read later.
 */
import { nameProblem } from '../../shared/paths.ts'
import { itemsText } from '../words/sizes.ts'
import type { Picked } from './uploads.ts'

export interface Dropped {
  readonly picked: Picked[]
  /** Folders without anything inside. */
  readonly emptyFolders: (readonly string[])[]
  /** The name of the only thing dropped, or how many there were. */
  readonly name: string
}

/** Files that systems leave lying about in folders. */
const litter = /^(?:\.DS_Store|Thumbs\.db|desktop\.ini)$/

/** Call while the event is handled. */
export function readDropped(transfer: DataTransfer, folder: readonly string[]): Promise<Dropped> {
  const roots = [...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? [])
  if (roots.length > 0) return readEntries(roots, folder)
  return Promise.resolve(fromFiles([...transfer.files], folder))
}

/** Files as a chooser gives them; those of a chosen folder carry their way. */
export function fromFiles(files: readonly File[], folder: readonly string[]): Dropped {
  const picked = files.flatMap((file) => {
    const way = file.webkitRelativePath === '' ? [file.name] : file.webkitRelativePath.split('/')
    return litter.test(file.name) || way.some((name) => nameProblem(name) !== null)
      ? []
      : [{ file, names: [...folder, ...way] }]
  })
  const top = files[0]?.webkitRelativePath.split('/')[0]
  return { picked, emptyFolders: [], name: top || nameOf(files.map(({ name }) => name)) }
}

async function readEntries(roots: readonly FileSystemEntry[], folder: readonly string[]): Promise<Dropped> {
  const picked: Picked[] = []
  const emptyFolders: (readonly string[])[] = []
  const walk = async (entry: FileSystemEntry, above: readonly string[]): Promise<void> => {
    const names = [...above, entry.name]
    if (entry.isFile) {
      if (!litter.test(entry.name)) picked.push({ file: await fileOf(entry as FileSystemFileEntry), names })
      return
    }
    const children = await childrenOf(entry as FileSystemDirectoryEntry)
    if (children.length === 0) emptyFolders.push(names)
    for (const child of children) await walk(child, names)
  }
  for (const root of roots) await walk(root, folder)
  return { picked, emptyFolders, name: nameOf(roots.map(({ name }) => name)) }
}

function nameOf(names: readonly string[]): string {
  return names.length === 1 ? (names[0] ?? '') : itemsText(names.length)
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject))
}

/** A reader gives children in portions, the last one empty. */
async function childrenOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader()
  const children: FileSystemEntry[] = []
  for (;;) {
    const portion = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (portion.length === 0) return children
    children.push(...portion)
  }
}
