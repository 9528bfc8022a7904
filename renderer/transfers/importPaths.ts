/**
 * In the desktop app files need not go through the window: their paths are told to the engine, which reads them itself, and the import
 * goes on when the window is closed. What has no path (a picture from the clipboard) is uploaded as in a browser.
 */
import { notifications } from '@mantine/notifications'
import { joinPath } from '../../shared/paths.ts'
import { itemsText } from '../words/sizes.ts'

/** False where the files must be uploaded: in a browser, or as some of them lie nowhere. Call while the event is handled. */
export async function importDropped(files: readonly File[], folder: readonly string[]): Promise<boolean> {
  const { desktop } = window
  if (desktop === undefined || files.length === 0) return false
  const paths = desktop.pathsOf(files)
  if (paths.length < files.length) return false
  await importPaths(paths, folder)
  return true
}

/** Asks by the system's dialog what to import. In the desktop app only. */
export async function importChosen(kind: 'files' | 'folder', folder: readonly string[]): Promise<void> {
  const paths = (await window.desktop?.choosePaths(kind === 'files' ? 'files' : 'folders')) ?? []
  if (paths.length > 0) await importPaths(paths, folder)
}

async function importPaths(paths: readonly string[], folder: readonly string[]): Promise<void> {
  await window.desktop?.importPaths(paths, joinPath(folder))
  notifications.show({ message: `Storing ${itemsText(paths.length)} …`, withBorder: true })
}
