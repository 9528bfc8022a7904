/**
 * The preload script's work: `window.desktop`, nothing else. It hands out no channel and no event object, only functions of fixed
 * meaning. Paths can be imported only if they came from a File that a person dropped or chose, or from a dialog of the app: a page
 * that says any path it likes gets no file read.
 */
import type { ContextBridge, IpcRenderer, IpcRendererEvent, WebUtils } from 'electron'
import type { Desktop } from '../shared/desktop.ts'
import type { Channel, ChannelAnswers, ChannelArguments, Reply, Tellings } from './channels.ts'

/** Paths remembered as chosen by a person; the oldest are forgotten. */
const chosenMax = 50_000

export interface BridgeParts {
  readonly contextBridge: Pick<ContextBridge, 'exposeInMainWorld'>
  readonly ipcRenderer: Pick<IpcRenderer, 'invoke' | 'on' | 'off'>
  readonly webUtils: Pick<WebUtils, 'getPathForFile'>
  readonly platform: string
}

export function exposeDesktop({ contextBridge, ipcRenderer, webUtils, platform }: BridgeParts): void {
  const chosen = new Set<string>()
  const remember = (path: string): void => {
    chosen.delete(path)
    chosen.add(path)
    for (const oldest of chosen) {
      if (chosen.size <= chosenMax) break
      chosen.delete(oldest)
    }
  }
  const ask = async <Name extends Channel>(
    name: Name,
    ...args: ChannelArguments[Name]
  ): Promise<ChannelAnswers[Name]> => {
    const reply = (await ipcRenderer.invoke(name, ...args)) as Reply<ChannelAnswers[Name]>
    if (!reply.ok) throw new Error(reply.message)
    return reply.value
  }
  const hear = <Name extends keyof Tellings>(name: Name, listener: (value: Tellings[Name]) => void): (() => void) => {
    // The event itself stays here: it would give the page a way to send.
    const heard = (_event: IpcRendererEvent, value: Tellings[Name]): void => listener(value)
    ipcRenderer.on(name, heard)
    return () => void ipcRenderer.off(name, heard)
  }

  const desktop: Desktop<File> = {
    platform: platform === 'darwin' || platform === 'win32' ? platform : 'linux',
    pathsOf(files) {
      const paths = files.map((file) => webUtils.getPathForFile(file)).filter((path) => path !== '')
      for (const path of paths) remember(path)
      return paths
    },
    async importPaths(paths, folder) {
      const unknown = paths.find((path) => !chosen.has(path))
      if (unknown !== undefined) throw new Error(`${unknown} was not chosen by anybody.`)
      return await ask('import-paths', [...paths], folder)
    },
    async choosePaths(kind) {
      const paths = await ask('choose-paths', kind)
      for (const path of paths) remember(path)
      return paths
    },
    linkFolder: (folder) => ask('link-folder', folder),
    async openFile(path) {
      await ask('open-file', path)
    },
    saveFile: (path) => ask('save-file', path),
    dragFiles(paths) {
      // A drag that fails shows by itself: nothing follows the pointer.
      ask('drag-files', [...paths]).catch(() => undefined)
    },
    engineState: () => ask('engine-state'),
    onEngineState: (listener) => hear('engine-state', listener),
    onJoinCode(listener) {
      ask('take-join-code').then(
        (code) => void (code !== null && listener(code)),
        () => undefined,
      )
      return hear('join-code', listener)
    },
    onShowScreen: (listener) => hear('show-screen', listener),
    settings: () => ask('settings'),
    changeSettings: (changes) => ask('change-settings', changes),
    chooseDownloadFolder: () => ask('choose-download-folder'),
  }
  contextBridge.exposeInMainWorld('desktop', desktop)
}
