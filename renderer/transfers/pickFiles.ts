/** The system's own chooser of files or a folder. */
import { fromFiles } from './readDropped.ts'
import { startUpload } from './uploads.ts'

/** Opens the system's chooser and uploads what is chosen. */
export function pickFiles(kind: 'files' | 'folder', folder: readonly string[]): void {
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
