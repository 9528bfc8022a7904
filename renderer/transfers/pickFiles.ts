/** The system's own chooser of files or a folder. */
import { failed } from '../app/undo.ts'
import { importChosen } from './importPaths.ts'
import { fromFiles } from './readDropped.ts'
import { startUpload } from './uploads.ts'

/** Opens the system's chooser and stores what is chosen. */
export function pickFiles(kind: 'files' | 'folder', folder: readonly string[]): void {
  if (window.desktop !== undefined) {
    importChosen(kind, folder).catch((error: unknown) => failed('That could not be stored', error))
    return
  }
  const input = document.createElement('input')
  input.type = 'file'
  input.multiple = true
  input.webkitdirectory = kind === 'folder'
  input.addEventListener('change', () => {
    const { name, picked } = fromFiles([...(input.files ?? [])], folder)
    startUpload(name, folder, picked)
  })
  input.click()
}
