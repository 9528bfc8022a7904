/**
 * The desktop app put together: engine, windows, tray, notices, channels, quitting. Holds no rule of its own; each lies in the file
 * that it is about. Electron itself comes in as a value, so that tests run the whole of it on a fake.
 */
import { statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import type * as ElectronModule from 'electron'
import type { DesktopSettings } from '../shared/desktop.ts'
import { createAppProtocol } from './appProtocol.ts'
import type { HandedOver } from './arguments.ts'
import type { SettingsChange } from './channels.ts'
import { findRunning } from './engineClient.ts'
import { EngineHost } from './engineHost.ts'
import { EngineWatch } from './engineWatch.ts'
import { fileActions } from './fileActions.ts'
import { forkEngine } from './forkEngine.ts'
import { hardenSession } from './hardening.ts'
import { serveChannels } from './ipc.ts'
import { codeInFile, isInvitation } from './joinLink.ts'
import { secretsKey } from './keychain.ts'
import { setStartAtLogin } from './loginItem.ts'
import { menuTemplate } from './menu.ts'
import { isMetered } from './metered.ts'
import { type Notice, type NoticeMemory, nothingSeen, noticesFor, type PoolFacts } from './notices.ts'
import { licencesPath, ownScheme } from './ownPages.ts'
import { Power } from './power.ts'
import { questionBeforeQuitting, readUncopied } from './quitting.ts'
import { ShellSettings } from './shellSettings.ts'
import { Staging } from './staging.ts'
import { trayFace, trayMenu } from './tray.ts'
import { lookForUpdates } from './updates.ts'
import { loadWindowFiles } from './windowFiles.ts'
import { Windows } from './windows.ts'
import { messageOf, ShellFailure } from './words.ts'

/** The parts of Electron that the app uses. */
export type Electron = Pick<
  typeof ElectronModule,
  | 'app'
  | 'BrowserWindow'
  | 'dialog'
  | 'ipcMain'
  | 'Menu'
  | 'nativeTheme'
  | 'Notification'
  | 'powerMonitor'
  | 'safeStorage'
  | 'screen'
  | 'session'
  | 'shell'
  | 'Tray'
  | 'utilityProcess'
>

export interface ShellPaths {
  /** The built window, the drop page. */
  readonly window: string
  readonly drop: string
  readonly preload: string
  readonly engineProcess: string
  /** Icons of window and tray. */
  readonly icons: string
  readonly dataDir: string
  /** Of the app itself: settings, browser state. */
  readonly ownFolder: string
  readonly temporaryFolder: string
  /** The program that starts this app, for starting at login. */
  readonly executable: string
  readonly configFolder: string
}

const partition = 'persist:hadahoop'

export class DesktopShell {
  readonly #electron: Electron
  readonly #paths: ShellPaths
  readonly #settings: ShellSettings
  readonly #staging: Staging
  readonly #host: EngineHost
  readonly #watch: EngineWatch
  readonly #windows: Windows
  readonly #session: ElectronModule.Session
  #power: Power | undefined
  #tray: ElectronModule.Tray | undefined
  #facts: PoolFacts | undefined
  #memory: NoticeMemory = nothingSeen
  #joinCode: string | undefined
  #updates: Awaited<ReturnType<typeof lookForUpdates>>
  #asking = false
  #quitting = false

  /** After `ready`. */
  constructor(electron: Electron, paths: ShellPaths, handed: HandedOver) {
    this.#electron = electron
    this.#paths = paths
    this.#settings = new ShellSettings(paths.ownFolder)
    this.#staging = new Staging(paths.temporaryFolder)
    const { dataDir } = paths
    this.#host = new EngineHost({
      dataDir,
      node: handed.node,
      fork: () => forkEngine(electron.utilityProcess, paths.engineProcess),
      findRunning: () => findRunning(dataDir),
      secretsKey: () => secretsKey({ safeStorage: electron.safeStorage, platform: process.platform, dataDir }),
      nowMs: () => Date.now(),
      // Electron stays by itself; a wait must not.
      wait: (delayMs) => new Promise((resolve) => void setTimeout(resolve, delayMs).unref()),
      log,
    })
    this.#watch = new EngineWatch({ onFacts: (facts) => this.#learn(facts), missed: () => this.#host.missed() })
    this.#session = electron.session.fromPartition(partition)
    this.#windows = new Windows({
      BrowserWindow: electron.BrowserWindow,
      screen: electron.screen,
      session: this.#session,
      preload: paths.preload,
      icon: `${paths.icons}/window.png`,
      isDark: electron.nativeTheme.shouldUseDarkColors,
      keptState: () => this.#settings.window,
      keepState: (state) => this.#settings.keepWindow(state),
      staysOpen: () => this.#tray !== undefined || process.platform === 'darwin',
      hidden: () => {
        // On macOS everybody knows; and not every Linux desktop shows a tray.
        if (process.platform === 'darwin' || !this.#settings.sayThatItStays()) return
        const body = 'It keeps files safe in the background. Start it again to see its window; quit it from the tray.'
        this.#notify({ title: 'Hadahoop goes on running', body, screen: '/health' })
      },
    })
  }

  async start(handed: HandedOver): Promise<void> {
    const { app, Menu, powerMonitor } = this.#electron
    hardenSession(this.#session)
    const files = await loadWindowFiles({ window: this.#paths.window, drop: this.#paths.drop })
    this.#session.protocol.handle(
      ownScheme,
      createAppProtocol({ files, upstream: () => this.#watch.client, missed: () => this.#host.missed() }),
    )
    this.#serve()
    Menu.setApplicationMenu(this.#menu())
    this.#host.onState((state) => {
      if (state.state !== 'running') this.#facts = undefined
      this.#watch.follow(this.#host.endpoint)
      if (state.state === 'failed') void this.#tellFailure()
      this.#windows.tell('engine-state', state)
      this.#showState()
    })
    app.on('activate', () => this.#windows.open())
    app.on('window-all-closed', () => {
      if (this.#tray === undefined && process.platform !== 'darwin') app.quit()
    })
    app.on('before-quit', (event) => {
      if (this.#quitting) return
      event.preventDefault()
      void this.quit()
    })
    // The system does not wait for answers, and what was acknowledged is durable.
    powerMonitor.on('shutdown', () => void this.#end())
    this.#makeTray()
    await this.#staging.clearLeftovers()
    this.#host.start()
    this.#power = new Power({
      powerMonitor,
      isMetered: () => isMetered(),
      tell: async (conditions) => {
        // The engine keeps it with the pool; told again once there is one.
        if (this.#facts !== undefined && this.#facts.state !== 'no-pool')
          await this.#ask('PUT', '/v1/conditions', conditions)
      },
      log,
      every: (delayMs, call) => void setInterval(call, delayMs).unref(),
    })
    void this.#power.lookAtNetwork()
    if (!handed.hidden) this.#windows.open()
    this.takeOver(handed)
    this.#updates = await lookForUpdates({
      url: this.#settings.settings.updateUrl,
      onReady: (version) =>
        this.#notify({
          title: `Hadahoop ${version} is ready`,
          body: 'It is installed when you quit.',
          screen: '/health',
        }),
      log,
    })
  }

  /** What the system or a second instance hands over: shows the window, fills in a code, offers to add files. */
  takeOver(handed: Pick<HandedOver, 'joinCode' | 'files' | 'hidden'>): void {
    if (!handed.hidden) this.#windows.open()
    const files = handed.files.filter((file) => !isInvitation(file))
    const joinCode = handed.joinCode ?? handed.files.filter(isInvitation).map(codeInFile).find(Boolean)
    if (joinCode !== undefined) {
      this.#joinCode = joinCode
      this.#windows.tell('join-code', joinCode)
    }
    if (files.length > 0) void this.#offerFiles(files)
  }

  /** The licences of others' works, in the system's browser: the engine shows them to everybody on this computer. */
  showLicences(): void {
    const { endpoint } = this.#host
    if (endpoint !== undefined) void this.#electron.shell.openExternal(`${endpoint.url}${licencesPath}`)
  }

  /** Asks if something would be left uncopied, then ends everything. */
  async quit(): Promise<void> {
    if (this.#asking) return
    this.#asking = true
    try {
      if (await this.#mayQuit()) await this.#end()
    } finally {
      this.#asking = false
    }
  }

  async #mayQuit(): Promise<boolean> {
    const answer = await this.#ask('GET', '/v1/transfers?limit=1').catch(() => undefined) // an old engine: no question
    const question = questionBeforeQuitting(this.#host.state.attached, readUncopied(answer))
    if (question === undefined) return true
    const { message, detail, buttons } = question
    const options = { type: 'warning' as const, message, detail, buttons: [...buttons], defaultId: 0, cancelId: 0 }
    return (await this.#electron.dialog.showMessageBox(options)).response === 1
  }

  async #end(): Promise<void> {
    if (this.#quitting) return
    this.#quitting = true
    this.#windows.letClose()
    this.#watch.follow(undefined)
    await this.#host.stop()
    await this.#staging.clear().catch((error: unknown) => log(`staged files stay: ${messageOf(error)}`))
    this.#tray?.destroy()
    this.#electron.app.quit()
  }

  #serve(): void {
    const { ipcMain, dialog, shell } = this.#electron
    const handlers = {
      ...fileActions({
        dialog,
        shell,
        staging: this.#staging,
        dragIcon: `${this.#paths.icons}/drag.png`,
        window: () => this.#windows.main,
        settings: this.#settings,
        ask: (method, path, body) => this.#ask(method, path, body),
        open: (path) => this.#client().open(path),
      }),
      'engine-state': () => this.#host.state,
      'take-join-code': () => {
        const code = this.#joinCode ?? null
        this.#joinCode = undefined
        return code
      },
      settings: () => this.#settings.settings,
      'change-settings': (_event: unknown, changes: SettingsChange): DesktopSettings => {
        const settings = this.#settings.change(changes)
        if (changes.startAtLogin !== undefined) {
          const { executable, configFolder } = this.#paths
          const { app } = this.#electron
          setStartAtLogin(settings.startAtLogin, { app, platform: process.platform, executable, configFolder })
        }
        return settings
      },
    }
    serveChannels(ipcMain, handlers, (contentsId) => this.#windows.owns(contentsId))
  }

  #menu(): ElectronModule.Menu {
    const { Menu, app } = this.#electron
    const facts = {
      platform: process.platform,
      name: 'Hadahoop',
      forDevelopers: !app.isPackaged,
      canUpdate: this.#settings.settings.updateUrl !== null,
    }
    return Menu.buildFromTemplate(
      menuTemplate(facts, {
        addFiles: () => void this.#addChosen('openFile'),
        addFolder: () => void this.#addChosen('openDirectory'),
        showScreen: (screen) => this.#windows.open(screen),
        openSettings: () => this.#windows.open('/settings'),
        checkForUpdates: () => void this.#updates?.look(),
        quit: () => void this.quit(),
      }),
    )
  }

  #makeTray(): void {
    const { Tray } = this.#electron
    try {
      this.#tray = new Tray(this.#trayIcon('asleep'))
    } catch (error) {
      log(`no tray: ${messageOf(error)}`) // a desktop without one; closing the window then ends the app
      return
    }
    this.#tray.on('click', () => this.#windows.open())
    this.#tray.on('drop-files', (_event, files) => void this.#offerFiles(files))
    this.#showState()
  }

  #trayIcon(look: string): string {
    // macOS draws template images in its own colours.
    return `${this.#paths.icons}/${process.platform === 'darwin' ? `tray-${look}Template` : `tray-${look}`}.png`
  }

  #showState(): void {
    if (this.#tray === undefined) return
    const face = trayFace(this.#host.state, this.#facts)
    this.#tray.setImage(this.#trayIcon(face.look))
    this.#tray.setToolTip(`Hadahoop: ${face.line}`)
    const actions = {
      open: () => void this.#windows.open(),
      openDropWindow: () => this.#windows.openDrop(),
      quit: () => void this.quit(),
    }
    this.#tray.setContextMenu(this.#electron.Menu.buildFromTemplate(trayMenu(face, actions)))
  }

  #learn(facts: PoolFacts): void {
    const wasInPool = this.#facts !== undefined && this.#facts.state !== 'no-pool'
    this.#facts = facts
    const { memory, notices } = noticesFor(this.#memory, facts, Date.now())
    this.#memory = memory
    for (const notice of notices) this.#notify(notice)
    if (!wasInPool) this.#power?.tellAgain()
    this.#showState()
  }

  #notify({ title, body, screen }: Notice): void {
    const { Notification } = this.#electron
    if (!this.#settings.settings.notifications || !Notification.isSupported()) return
    const notification = new Notification({ title, body })
    notification.on('click', () => this.#windows.open(screen))
    notification.show()
  }

  async #tellFailure(): Promise<void> {
    const { problem } = this.#host.state
    const { response } = await this.#electron.dialog.showMessageBox({
      type: 'error',
      message: problem?.message ?? 'Hadahoop cannot run.',
      detail: problem?.hint ?? '',
      buttons: ['Quit', 'Try again'],
      defaultId: 1,
      cancelId: 0,
    })
    if (response === 1) this.#host.start()
    else await this.#end()
  }

  async #addChosen(property: 'openFile' | 'openDirectory'): Promise<void> {
    const { canceled, filePaths } = await this.#electron.dialog.showOpenDialog({
      properties: [property, 'multiSelections'],
    })
    if (!canceled && filePaths.length > 0) await this.#import(filePaths)
  }

  /** Files that came unasked, from the system: a person says whether they go into the pool. */
  async #offerFiles(given: readonly string[]): Promise<void> {
    const files = given.filter((file) => statSync(file, { throwIfNoEntry: false }) !== undefined)
    const [first] = files
    if (first === undefined) return
    const { response } = await this.#electron.dialog.showMessageBox({
      type: 'question',
      message: files.length === 1 ? `Add “${basename(first)}” to the pool?` : `Add ${files.length} files to the pool?`,
      detail: `From ${dirname(first)}`,
      buttons: ['Cancel', 'Add'],
      defaultId: 1,
      cancelId: 0,
    })
    if (response === 1) await this.#import(files)
  }

  async #import(paths: readonly string[]): Promise<void> {
    try {
      await this.#ask('POST', '/v1/imports', { paths, folder: '/' })
      this.#windows.open('/transfers')
    } catch (error) {
      this.#electron.dialog.showErrorBox('Not added', messageOf(error))
    }
  }

  #client() {
    const { client } = this.#watch
    if (client === undefined) throw new ShellFailure('engine-away', 'The engine is not running at this moment.')
    return client
  }

  async #ask(method: string, path: string, body?: unknown): Promise<unknown> {
    return await this.#client().ask(method, path, body)
  }
}

function log(line: string): void {
  process.stderr.write(`hadahoop: ${line}\n`)
}
