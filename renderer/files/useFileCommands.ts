/** The commands of a folder, as menu, keyboard and buttons call them. Cut and copied entries wait here for a paste. */
import type { QueryClient } from '@tanstack/react-query'
import type { Entry } from '../../shared/index.ts'
import { nameProblem, parseJsonPath } from '../../shared/paths.ts'
import { folderAddress, navigate } from '../app/address.ts'
import { acting, failed } from '../app/undo.ts'
import { copyInto, createFolder, download, moveInto, remove, rename } from './actions.ts'
import { pickFiles } from '../transfers/pickFiles.ts'
import { noSelection, selectOne } from './selection.ts'
import type { Select } from './useSelection.ts'

interface Parts {
  readonly client: QueryClient
  readonly folder: readonly string[]
  readonly rows: readonly Entry[]
  readonly chosen: readonly Entry[]
  readonly select: Select
  readonly setRenaming: (id: string | null) => void
  readonly preview: (id: string | null) => void
}

export interface FileCommands {
  readonly open: (entry: Entry) => void
  readonly preview: (entry: Entry) => void
  readonly rename: () => void
  readonly finishRename: (entry: Entry, name: string | null) => void
  readonly remove: () => void
  readonly download: () => void
  readonly newFolder: () => void
  readonly cut: () => void
  readonly copy: () => void
  readonly paste: () => void
  readonly upload: (kind: 'files' | 'folder') => void
  /** Ids of entries into an entry that is a folder. */
  readonly moveInto: (ids: readonly string[], target: Entry) => void
  /** The same into a folder by its names. */
  readonly moveTo: (ids: readonly string[], folder: readonly string[]) => void
  readonly canPaste: () => boolean
}

/** Also as text to the system's clipboard: whatever was there, files perhaps, must not come out at the next paste. */
function keep(entries: readonly Entry[], cut: boolean): void {
  if (entries.length === 0) return
  clipboard = { entries, cut }
  navigator.clipboard?.writeText(entries.map(({ name }) => name).join('\n')).catch(() => undefined) // not permitted: as it was
}

let clipboard: { readonly entries: readonly Entry[]; readonly cut: boolean } | null = null

export function useFileCommands(parts: Parts): FileCommands {
  const { client, folder, rows, chosen, select, setRenaming, preview } = parts
  const taken = () => new Set(rows.map(({ name }) => name.normalize('NFC')))
  const byIds = (ids: readonly string[]) => {
    const wanted = new Set(ids)
    return rows.filter(({ id }) => wanted.has(id))
  }
  return {
    open(entry) {
      if (entry.kind === 'folder') navigate(folderAddress(parseJsonPath(entry.path)))
      else preview(entry.id)
    },
    preview: (entry) => preview(entry.id),
    rename() {
      const [only, ...others] = chosen
      if (only !== undefined && others.length === 0) setRenaming(only.id)
    },
    finishRename(entry, name) {
      setRenaming(null)
      const wanted = name?.trim().normalize('NFC')
      if (wanted === undefined || wanted === '' || wanted === entry.name) return
      const problem = nameProblem(wanted)
      if (problem !== null) failed(`“${entry.name}” keeps its name`, new Error(`That does not work: ${problem}.`))
      else void acting(rename(client, entry, wanted))
    },
    remove() {
      if (chosen.length === 0) return
      // The keyboard goes on where it was.
      const at = rows.findIndex(({ id }) => id === chosen[0]?.id)
      const gone = new Set(chosen.map(({ id }) => id))
      const next = rows.slice(at).find(({ id }) => !gone.has(id)) ?? rows.findLast(({ id }) => !gone.has(id))
      select(() => (next === undefined ? noSelection : selectOne(next.id)))
      void acting(remove(client, chosen))
    },
    download: () => download(chosen),
    newFolder() {
      void createFolder(client, folder, taken()).then((made) => {
        if (made === undefined) return
        select(() => selectOne(made.id))
        setRenaming(made.id)
      })
    },
    cut: () => keep(chosen, true),
    copy: () => keep(chosen, false),
    paste() {
      if (clipboard === null) return
      const { entries, cut } = clipboard
      if (!cut) return void copyInto(entries, folder, taken())
      clipboard = null
      void acting(moveInto(client, entries, folder))
    },
    upload: (kind) => pickFiles(kind, folder),
    moveInto: (ids, target) => void acting(moveInto(client, byIds(ids), parseJsonPath(target.path))),
    moveTo: (ids, to) => void acting(moveInto(client, byIds(ids), to)),
    canPaste: () => clipboard !== null,
  }
}
