/**
 * The app's windows: the main one, which comes back where it was, and a small one that takes dropped files and stays above others.
 * Both show pages of ours only, in a sandbox, without Node. Closing the main window hides it while there is a tray to bring it back.
 */
import type { BrowserWindow, BrowserWindowConstructorOptions, Screen, Session } from 'electron'
import type { Tellings } from './channels.ts'
import { dropPage, ownOrigin } from './ownPages.ts'
import { openingBounds, smallestWindow, type WindowState } from './windowState.ts'

export interface WindowsParts {
  readonly BrowserWindow: new (options: BrowserWindowConstructorOptions) => BrowserWindow
  readonly screen: Pick<Screen, 'getAllDisplays'>
  readonly session: Session
  readonly preload: string
  readonly icon: string
  readonly isDark: boolean
  readonly keptState: () => WindowState | undefined
  readonly keepState: (state: WindowState) => void
  /** True if closing the window must not end the app. */
  readonly staysOpen: () => boolean
  /** The window was closed and the app goes on. */
  readonly hidden: () => void
}

const dropSize = { width: 240, height: 200 }
const background = { light: '#ffffff', dark: '#1a1b1e' }

export class Windows {
  readonly #parts: WindowsParts
  #main: BrowserWindow | undefined
  #drop: BrowserWindow | undefined
  #ending = false

  constructor(parts: WindowsParts) {
    this.#parts = parts
  }

  /** True for the web contents of a window of ours. */
  owns(contentsId: number): boolean {
    return this.#all().some((window) => window.webContents.id === contentsId)
  }

  get main(): BrowserWindow | undefined {
    return this.#main
  }

  /** Brings the main window to the front, made if need be; on `screen` if one is named. */
  open(screen?: string): BrowserWindow {
    const main = this.#main
    if (main === undefined) return this.#openMain(screen)
    // Not by loading it: uploads of the page would end.
    if (screen !== undefined) main.webContents.send('show-screen' satisfies keyof Tellings, screen)
    if (main.isMinimized()) main.restore()
    main.show()
    main.focus()
    return main
  }

  openDrop(): void {
    if (this.#drop !== undefined) {
      this.#drop.show()
      return
    }
    const drop = this.#make({
      ...dropSize,
      alwaysOnTop: true,
      resizable: false,
      fullscreenable: false,
      title: 'Drop files',
    })
    this.#drop = drop
    drop.on('closed', () => {
      this.#drop = undefined
    })
    void drop.loadURL(ownOrigin + dropPage)
  }

  /** Tells all windows something. */
  tell<Name extends keyof Tellings>(name: Name, value: Tellings[Name]): void {
    for (const window of this.#all()) window.webContents.send(name, value)
  }

  /** From now on closing closes. */
  letClose(): void {
    this.#ending = true
  }

  #all(): BrowserWindow[] {
    return [this.#main, this.#drop].filter((window) => window !== undefined)
  }

  #openMain(screen = '/'): BrowserWindow {
    const { keptState, keepState, staysOpen, hidden } = this.#parts
    const displays = this.#parts.screen.getAllDisplays().map(({ workArea }) => workArea)
    const { bounds, maximized } = openingBounds(keptState(), displays)
    const main = this.#make({
      ...bounds,
      minWidth: smallestWindow.width,
      minHeight: smallestWindow.height,
      title: 'Hadahoop',
    })
    this.#main = main
    if (maximized) main.maximize()
    const keep = (): void => keepState({ bounds: main.getNormalBounds(), maximized: main.isMaximized() })
    main.on('close', (event) => {
      keep()
      if (this.#ending || !staysOpen()) return
      event.preventDefault()
      main.hide()
      hidden()
    })
    main.on('closed', () => {
      this.#main = undefined
    })
    void main.loadURL(ownOrigin + screen)
    return main
  }

  #make(options: BrowserWindowConstructorOptions): BrowserWindow {
    const { session, preload, icon, isDark } = this.#parts
    const window = new this.#parts.BrowserWindow({
      ...options,
      show: false,
      icon,
      backgroundColor: isDark ? background.dark : background.light,
      webPreferences: {
        session,
        preload,
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        nodeIntegrationInWorker: false,
        nodeIntegrationInSubFrames: false,
        webviewTag: false,
        webSecurity: true,
        allowRunningInsecureContent: false,
        navigateOnDragDrop: false,
        safeDialogs: true,
        // Checking what is typed would fetch dictionaries.
        spellcheck: false,
      },
    })
    window.once('ready-to-show', () => window.show())
    return window
  }
}
