/**
 * What the window asks the app to do with files: have the engine take some in, open, save or drag out some of the pool. Paths of
 * this computer go to the engine with the token, which only the main process has.
 */
import type { IncomingMessage } from 'node:http'
import type { BrowserWindow, Dialog, IpcMainInvokeEvent, MessageBoxOptions, Shell } from 'electron'
import { safeName } from '../cli/transfer/safeNames.ts'
import type { ChannelHandlers } from './ipc.ts'
import { saveAs, saveInto } from './saving.ts'
import type { ShellSettings } from './shellSettings.ts'
import { isProgram, type Staging } from './staging.ts'
import { ShellFailure } from './words.ts'

export interface FileActionParts {
  readonly dialog: Pick<Dialog, 'showOpenDialog' | 'showSaveDialog' | 'showMessageBox'>
  readonly shell: Pick<Shell, 'openPath'>
  readonly staging: Staging
  readonly dragIcon: string
  readonly window: () => BrowserWindow | undefined
  readonly settings: Pick<ShellSettings, 'settings' | 'change'>
  /** Throws ShellFailure while the engine is not there. */
  readonly ask: (method: string, path: string, body?: unknown) => Promise<unknown>
  /** A file's bytes. */
  open(path: string): Promise<IncomingMessage>
}

type FileChannels =
  | 'import-paths'
  | 'choose-paths'
  | 'link-folder'
  | 'open-file'
  | 'save-file'
  | 'choose-download-folder'
  | 'drag-files'

export function fileActions(parts: FileActionParts): Pick<ChannelHandlers, FileChannels> {
  const { dialog, shell, staging, settings, dragIcon, window, ask } = parts
  const fetch = (path: string): Promise<IncomingMessage> => parts.open(apiPathOf(path))
  const choose = async (kind: 'files' | 'folders', many: boolean): Promise<string[]> => {
    const properties = [
      kind === 'files' ? ('openFile' as const) : ('openDirectory' as const),
      ...(many ? ['multiSelections' as const] : []),
    ]
    const parent = window()
    const { canceled, filePaths } = await (parent === undefined
      ? dialog.showOpenDialog({ properties })
      : dialog.showOpenDialog(parent, { properties }))
    return canceled ? [] : filePaths
  }
  const confirm = async (options: MessageBoxOptions): Promise<boolean> => {
    const parent = window()
    const { response } = await (parent === undefined
      ? dialog.showMessageBox(options)
      : dialog.showMessageBox(parent, options))
    return response === 1
  }
  return {
    'import-paths': async (_event, paths, folder) =>
      (await ask('POST', '/v1/imports', { paths, folder })) as { id: string },
    'choose-paths': (_event, kind) => choose(kind, true),
    'link-folder': async (_event, folder) => {
      const [path] = await choose('folders', false)
      if (path === undefined) return null
      return (await ask('POST', '/v1/linked-folders', { path, folder })) as { id: string }
    },
    'open-file': async (_event, path) => {
      const name = nameOf(path)
      if (isProgram(name)) {
        const sure = await confirm({
          type: 'warning',
          message: `“${name}” is a program. Open it?`,
          detail: 'It would run on this computer with your rights. Open it only if you know where it comes from.',
          buttons: ['Do not open', 'Open'],
          defaultId: 0,
          cancelId: 0,
        })
        if (!sure) return null
      }
      const problem = await shell.openPath(await staging.stage(path, fetch))
      if (problem !== '') throw new ShellFailure('not-opened', `“${name}” could not be opened: ${problem}`)
      return null
    },
    'save-file': async (_event, path) => {
      const { downloadFolder } = settings.settings
      if (downloadFolder !== null) return await saveInto(downloadFolder, nameOf(path), () => fetch(path))
      const options = { defaultPath: safeName(nameOf(path), process.platform) }
      const parent = window()
      const { canceled, filePath } = await (parent === undefined
        ? dialog.showSaveDialog(options)
        : dialog.showSaveDialog(parent, options))
      if (canceled || filePath === '') return null
      await saveAs(filePath, () => fetch(path))
      return filePath
    },
    'choose-download-folder': async () => {
      const [downloadFolder] = await choose('folders', false)
      return downloadFolder === undefined ? settings.settings : settings.change({ downloadFolder })
    },
    'drag-files': async (event: IpcMainInvokeEvent, paths) => {
      const files: string[] = []
      for (const path of paths) files.push(await staging.stage(path, fetch))
      const [file = ''] = files
      event.sender.startDrag({ file, files, icon: dragIcon })
      return null
    },
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** `/Photos/a b.jpg` -> `/v1/files/Photos/a%20b.jpg` */
function apiPathOf(path: string): string {
  return `/v1/files${path
    .split('/')
    .map((segment) => encodeURIComponent(segment))
    .join('/')}`
}
