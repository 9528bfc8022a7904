/**
 * What one can do with entries. Each shows its effect at once, tells the engine, takes the effect back where the engine refuses,
 * and offers to undo what can be undone.
 */
import type { QueryClient } from '@tanstack/react-query'
import type { Desktop } from '../../shared/desktop.ts'
import type { Entry } from '../../shared/index.ts'
import { encodePath, joinPath, parseJsonPath } from '../../shared/paths.ts'
import { applyEvents } from '../api/applyEvents.ts'
import { Problem, request } from '../api/client.ts'
import { didUndoably, done, failed } from '../app/undo.ts'
import { askToDelete } from './deleteQuestion.ts'
import { freeName } from './names.ts'

/** Shows entries as they will be; `null` takes one away. The answer puts them back as they were. */
function showAtOnce(client: QueryClient, changes: readonly (readonly [Entry, Entry | null])[]): () => void {
  const show = (pairs: readonly (readonly [Entry, Entry | null])[]): void => {
    const entries = new Map(pairs.map(([{ id }, after]) => [id, after ?? { id, gone: true as const }]))
    applyEvents(client, { entries, nodes: [], transfers: [], activity: [], health: undefined })
  }
  show(changes)
  return () => show(changes.map(([before]) => [before, before]))
}

/** Shows an entry as the engine answered it. */
export function showEntry(client: QueryClient, entry: Entry): void {
  showAtOnce(client, [[entry, entry]])
}

export async function createFolder(
  client: QueryClient,
  folder: readonly string[],
  taken: ReadonlySet<string>,
): Promise<Entry | undefined> {
  const name = freeName('New folder', taken)
  try {
    const made = await request<Entry>('PUT', `/v1/folders/${encodePath([...folder, name])}`)
    showAtOnce(client, [[made, made]])
    return made
  } catch (error) {
    failed('The folder could not be made', error)
    return undefined
  }
}

async function move(client: QueryClient, entry: Entry, path: string): Promise<Entry> {
  const name = parseJsonPath(path).at(-1) ?? entry.name
  const takeBack = showAtOnce(client, [[entry, { ...entry, path, name }]])
  try {
    return await request<Entry>('PATCH', `/v1/entries/${entry.id}`, { body: { path } })
  } catch (error) {
    takeBack()
    throw error
  }
}

/** True if it has the new name now. */
export async function rename(client: QueryClient, entry: Entry, name: string): Promise<boolean> {
  const names = parseJsonPath(entry.path)
  try {
    const moved = await move(client, entry, joinPath([...names.slice(0, -1), name]))
    didUndoably(`Renamed to “${name}”`, async () => void (await move(client, moved, entry.path)))
    return true
  } catch (error) {
    failed(`“${entry.name}” could not be renamed`, error)
    return false
  }
}

/** Moves entries into a folder; what has a namesake there stays and is named. */
export async function moveInto(
  client: QueryClient,
  entries: readonly Entry[],
  folder: readonly string[],
): Promise<void> {
  const moved: { readonly now: Entry; readonly before: string }[] = []
  for (const entry of entries) {
    const path = joinPath([...folder, entry.name])
    if (path === entry.path || `${joinPath(folder)}/`.startsWith(`${entry.path}/`)) continue
    try {
      moved.push({ now: await move(client, entry, path), before: entry.path })
    } catch (error) {
      failed(`“${entry.name}” could not be moved`, error)
    }
  }
  if (moved.length === 0) return
  didUndoably(`${titleOf(moved.map(({ now }) => now))} moved to ${folder.at(-1) ?? 'all files'}`, async () => {
    for (const { now, before } of moved) await move(client, now, before)
  })
}

/** Copies without moving bytes; a name that is taken gets a number. */
export async function copyInto(
  entries: readonly Entry[],
  folder: readonly string[],
  taken: ReadonlySet<string>,
): Promise<void> {
  const names = new Set(taken)
  for (const entry of entries) {
    const name = freeName(entry.name, names)
    names.add(name)
    try {
      await request<Entry>('POST', `/v1/entries/${entry.id}/copy`, { body: { path: joinPath([...folder, name]) } })
    } catch (error) {
      failed(`“${entry.name}” could not be copied`, error)
    }
  }
}

/** To the trash, at once; many or large ones only after a question. */
export async function remove(client: QueryClient, entries: readonly Entry[]): Promise<void> {
  const gone: Entry[] = []
  const takeBack = new Map(entries.map((entry) => [entry, showAtOnce(client, [[entry, null]])]))
  for (const entry of entries) {
    try {
      if (await removeOne(entry)) gone.push(entry)
      else takeBack.get(entry)?.()
    } catch (error) {
      takeBack.get(entry)?.()
      failed(`“${entry.name}” could not be deleted`, error)
    }
  }
  void client.invalidateQueries({ queryKey: ['trash'] })
  if (gone.length === 0) return
  didUndoably(`${titleOf(gone)} moved to the trash`, async () => {
    for (const { id } of gone) await request('POST', `/v1/trash/${id}/restore`)
    void client.invalidateQueries({ queryKey: ['trash'] })
  })
}

async function removeOne(entry: Entry): Promise<boolean> {
  const path = `/v1/${entry.kind}s/${encodePath(parseJsonPath(entry.path))}`
  try {
    await request('DELETE', path)
    return true
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'confirm-needed') throw error
    const { confirm, entries, bytes } = error.facts as unknown as { confirm: string; entries: number; bytes: number }
    if (!(await askToDelete({ name: entry.name, entries, bytes }))) return false
    await request('DELETE', path, { headers: { confirm } })
    return true
  }
}

export async function restoreVersion(client: QueryClient, entry: Entry, version: string): Promise<void> {
  try {
    await request('POST', `/v1/entries/${entry.id}/versions/${version}/restore`)
    const { id, version: before } = entry
    await client.invalidateQueries({ queryKey: ['versions', id] })
    if (before === null) return
    didUndoably(`“${entry.name}” is as it was`, async () => {
      await request('POST', `/v1/entries/${id}/versions/${before}/restore`)
    })
  } catch (error) {
    failed('The version could not be restored', error)
  }
}

export async function settle(client: QueryClient, entry: Entry, keep: string): Promise<void> {
  try {
    await request('POST', `/v1/entries/${entry.id}/settle`, { body: { keep } })
    await client.invalidateQueries({ queryKey: ['versions', entry.id] })
  } catch (error) {
    failed('The conflict could not be settled', error)
  }
}

/** Saves files where the browser puts downloads, in the desktop app where the system's dialog says. */
export function download(entries: readonly Entry[]): void {
  const files = entries.filter(({ kind }) => kind === 'file')
  if (window.desktop !== undefined) {
    void saveWith(window.desktop, files)
    return
  }
  for (const entry of files) {
    const link = document.createElement('a')
    link.href = contentAddress(entry)
    link.download = entry.name
    link.click()
  }
}

/** One after the other; a dialog that is closed without a choice ends it. */
async function saveWith(desktop: Desktop<File>, entries: readonly Entry[]): Promise<void> {
  for (const { name, path } of entries) {
    try {
      const file = await desktop.saveFile(path)
      if (file === null) return
      done(`Saved as ${file}`)
    } catch (error) {
      failed(`“${name}” could not be saved`, error)
    }
  }
}

/** In the desktop app: with the program that this computer has for such files. */
export function openOutside({ name, path }: Entry): void {
  window.desktop?.openFile(path).catch((error: unknown) => failed(`“${name}” could not be opened`, error))
}

/** Where a file's bytes are; with a version, that one's. */
export function contentAddress(entry: Entry, version = entry.version): string {
  const path = encodePath(parseJsonPath(entry.path))
  return `/v1/files/${path}${version === null ? '' : `?version=${version}`}`
}

function titleOf(entries: readonly Entry[]): string {
  return entries.length === 1 ? `“${entries[0]?.name}”` : `${entries.length} items`
}
