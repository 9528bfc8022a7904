/**
 * Electron for tests under plain Node: as much of it as the app uses, typed by Electron's own declarations, remembering what was
 * asked of it. What it cannot show is Electron itself; e2e/desktop.spec.ts does where its binary is.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { join } from 'node:path'
import type {
  App,
  BrowserWindow,
  BrowserWindowConstructorOptions,
  Dialog,
  IpcMain,
  MenuItemConstructorOptions,
  Session,
  Tray,
  UtilityProcess,
  WebContents,
  WebFrameMain,
} from 'electron'
import type { Electron } from './shell.ts'

type Handler = Parameters<IpcMain['handle']>[1]

export class FakeContents
  extends EventEmitter
  implements Pick<WebContents, 'id' | 'send' | 'startDrag' | 'setWindowOpenHandler'>
{
  static #ids = 0
  readonly id = ++FakeContents.#ids
  readonly sent: { channel: string; args: unknown[] }[] = []
  readonly dragged: unknown[] = []
  windowOpenHandler: Parameters<WebContents['setWindowOpenHandler']>[0] | undefined
  send(channel: string, ...args: unknown[]): void {
    this.sent.push({ channel, args })
  }
  startDrag(item: unknown): void {
    this.dragged.push(item)
  }
  setWindowOpenHandler(handler: Parameters<WebContents['setWindowOpenHandler']>[0]): void {
    this.windowOpenHandler = handler
  }
}

type WindowMembers =
  | 'loadURL'
  | 'show'
  | 'hide'
  | 'focus'
  | 'isMinimized'
  | 'restore'
  | 'maximize'
  | 'isMaximized'
  | 'getNormalBounds'

export class FakeWindow extends EventEmitter implements Pick<BrowserWindow, WindowMembers> {
  readonly options: BrowserWindowConstructorOptions
  readonly webContents = new FakeContents()
  readonly loaded: string[] = []
  visible = false
  maximized = false
  bounds = { x: 10, y: 20, width: 900, height: 700 }
  constructor(options: BrowserWindowConstructorOptions) {
    super()
    this.options = options
  }
  async loadURL(url: string): Promise<void> {
    this.loaded.push(url)
  }
  show(): void {
    this.visible = true
  }
  hide(): void {
    this.visible = false
  }
  focus(): void {
    this.emit('focus')
  }
  isMinimized(): boolean {
    return false
  }
  restore(): void {
    this.emit('restore')
  }
  maximize(): void {
    this.maximized = true
  }
  isMaximized(): boolean {
    return this.maximized
  }
  getNormalBounds() {
    return this.bounds
  }
  /** As when a person closes it: true if it closed. */
  close(): boolean {
    let prevented = false
    this.emit('close', { preventDefault: () => (prevented = true) })
    if (!prevented) this.emit('closed')
    return !prevented
  }
}

type SessionMembers = 'setPermissionRequestHandler' | 'setPermissionCheckHandler' | 'setDevicePermissionHandler'

export class FakeSession implements Pick<Session, SessionMembers> {
  requestHandler: Parameters<Session['setPermissionRequestHandler']>[0] = null
  checkHandler: Parameters<Session['setPermissionCheckHandler']>[0] = null
  deviceHandler: Parameters<Session['setDevicePermissionHandler']>[0] = null
  beforeRequest: ((details: { url: string }, answer: (response: { cancel?: boolean }) => void) => void) | undefined
  readonly handled = new Map<string, (request: Request) => Response | Promise<Response>>()
  readonly webRequest = {
    onBeforeRequest: (listener: NonNullable<FakeSession['beforeRequest']>) => {
      this.beforeRequest = listener
    },
  }
  readonly protocol = {
    handle: (scheme: string, handler: (request: Request) => Response | Promise<Response>) => {
      this.handled.set(scheme, handler)
    },
  }
  setPermissionRequestHandler(handler: Parameters<Session['setPermissionRequestHandler']>[0]): void {
    this.requestHandler = handler
  }
  setPermissionCheckHandler(handler: Parameters<Session['setPermissionCheckHandler']>[0]): void {
    this.checkHandler = handler
  }
  setDevicePermissionHandler(handler: Parameters<Session['setDevicePermissionHandler']>[0]): void {
    this.deviceHandler = handler
  }
  /** Asks as a page would. */
  async ask(url: string, init?: RequestInit): Promise<Response> {
    const handler = this.handled.get('app')
    if (handler === undefined) throw new Error('nothing serves app://')
    return await handler(new Request(url, init))
  }
}

type AppMembers =
  | 'setName'
  | 'setAppUserModelId'
  | 'setPath'
  | 'getPath'
  | 'enableSandbox'
  | 'requestSingleInstanceLock'
  | 'setAsDefaultProtocolClient'
  | 'setLoginItemSettings'
  | 'quit'
  | 'whenReady'

export class FakeApp extends EventEmitter implements Pick<App, AppMembers> {
  isPackaged = true
  hasLock = true
  readonly calls: string[] = []
  readonly loginItems: unknown[] = []
  readonly paths = new Map<string, string>()
  setName(name: string): void {
    this.calls.push(`name ${name}`)
  }
  setAppUserModelId(id: string): void {
    this.calls.push(`id ${id}`)
  }
  setPath(name: string, path: string): void {
    this.paths.set(name, path)
  }
  getPath(name: string): string {
    return this.paths.get(name) ?? `/none/${name}`
  }
  enableSandbox(): void {
    this.calls.push('sandbox')
  }
  requestSingleInstanceLock(): boolean {
    return this.hasLock
  }
  setAsDefaultProtocolClient(scheme: string): boolean {
    this.calls.push(`client ${scheme}`)
    return true
  }
  setLoginItemSettings(settings: unknown): void {
    this.loginItems.push(settings)
  }
  quit(): void {
    let prevented = false
    this.emit('before-quit', { preventDefault: () => (prevented = true) })
    if (!prevented) this.calls.push('quit')
  }
  async whenReady(): Promise<void> {}
}

class FakeTray extends EventEmitter implements Pick<Tray, 'setImage' | 'setToolTip' | 'setContextMenu' | 'destroy'> {
  image: unknown
  tip = ''
  menu: FakeMenu | undefined
  constructor(image: unknown) {
    super()
    this.image = image
  }
  setImage(image: unknown): void {
    this.image = image
  }
  setToolTip(tip: string): void {
    this.tip = tip
  }
  setContextMenu(menu: unknown): void {
    this.menu = menu as FakeMenu
  }
  destroy(): void {
    this.emit('destroyed')
  }
}

export interface FakeMenu {
  readonly template: MenuItemConstructorOptions[]
}

/** An engine process: a real one below Node, which gets its port to the app from a shim. */
function forkReal(modulePath: string): UtilityProcess & { readonly child: ChildProcess } {
  const shim = join(import.meta.dirname, 'testParentPort.ts')
  const child = fork(modulePath, [], { execArgv: ['--import', shim], serialization: 'advanced' })
  const like = Object.assign(new EventEmitter(), {
    child,
    pid: child.pid,
    postMessage: (message: unknown) => void child.send(message as object),
    kill: () => child.kill('SIGKILL'),
  })
  child.on('message', (message) => like.emit('message', message))
  child.on('exit', (code) => like.emit('exit', code ?? 1))
  return like as unknown as UtilityProcess & { readonly child: ChildProcess }
}

export interface FakeElectron {
  /** What the app takes for Electron. */
  readonly electron: Electron
  readonly app: FakeApp
  readonly session: FakeSession
  readonly windows: FakeWindow[]
  readonly trays: FakeTray[]
  readonly powerMonitor: EventEmitter
  readonly engines: { readonly child: ChildProcess }[]
  readonly notifications: { title: string; body: string; click(): void }[]
  readonly questions: { message: string }[]
  readonly opened: string[]
  /** What people answer to the next questions, by number of the button; 0 if nothing is said. */
  readonly answers: number[]
  /** What people choose in the next file dialogs. */
  readonly chosen: string[][]
  applicationMenu: FakeMenu | undefined
  /** Says something on a channel, as the top frame of a window would unless told otherwise. */
  invoke(
    channel: string,
    args: readonly unknown[],
    from?: { contents?: FakeContents; frame?: Partial<WebFrameMain> | null },
  ): Promise<unknown>
}

export function fakeElectron(): FakeElectron {
  const handlers = new Map<string, Handler>()
  const session = new FakeSession()
  const fake: Omit<FakeElectron, 'electron'> = {
    app: new FakeApp(),
    session,
    windows: [],
    trays: [],
    powerMonitor: Object.assign(new EventEmitter(), { isOnBatteryPower: () => false }),
    engines: [],
    notifications: [],
    questions: [],
    opened: [],
    answers: [],
    chosen: [],
    applicationMenu: undefined,
    async invoke(channel, args, { contents = fake.windows[0]?.webContents, frame } = {}) {
      const handler = handlers.get(channel)
      if (handler === undefined) throw new Error(`nobody hears ${channel}`)
      const senderFrame = frame === null ? null : { url: 'app://hadahoop/', parent: null, ...frame }
      return await handler({ sender: contents, senderFrame } as unknown as Parameters<Handler>[0], ...args)
    },
  }
  const ask = async (...args: unknown[]) => {
    fake.questions.push(args.at(-1) as { message: string })
    return { response: fake.answers.shift() ?? 0, checkboxChecked: false }
  }
  const dialog: Pick<Dialog, 'showMessageBox' | 'showErrorBox' | 'showOpenDialog' | 'showSaveDialog'> = {
    showMessageBox: ask,
    showErrorBox: (message) => void fake.questions.push({ message }),
    showOpenDialog: async () => {
      const filePaths = fake.chosen.shift() ?? []
      return { canceled: filePaths.length === 0, filePaths }
    },
    showSaveDialog: async () => {
      const [filePath = ''] = fake.chosen.shift() ?? []
      return { canceled: filePath === '', filePath }
    },
  }
  class BrowserWindowFake extends FakeWindow {
    constructor(options: BrowserWindowConstructorOptions) {
      super(options)
      fake.windows.push(this)
      fake.app.emit('web-contents-created', {}, this.webContents)
    }
  }
  class TrayFake extends FakeTray {
    constructor(image: unknown) {
      super(image)
      fake.trays.push(this)
    }
  }
  class NotificationFake extends EventEmitter {
    static isSupported = () => true
    readonly options: { title: string; body: string }
    constructor(options: { title: string; body: string }) {
      super()
      this.options = options
    }
    show(): void {
      fake.notifications.push({ ...this.options, click: () => this.emit('click') })
    }
  }
  const electron = {
    app: fake.app,
    BrowserWindow: BrowserWindowFake,
    dialog,
    ipcMain: { handle: (channel: string, handler: Handler) => void handlers.set(channel, handler) },
    Menu: {
      buildFromTemplate: (template: MenuItemConstructorOptions[]): FakeMenu => ({ template }),
      setApplicationMenu: (menu: FakeMenu) => {
        fake.applicationMenu = menu
      },
    },
    nativeTheme: { shouldUseDarkColors: false },
    Notification: NotificationFake,
    powerMonitor: fake.powerMonitor,
    safeStorage: fakeKeychain('basic_text'),
    screen: { getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }] },
    session: { fromPartition: () => session },
    shell: {
      openPath: async (path: string) => {
        fake.opened.push(path)
        return ''
      },
      openExternal: async (url: string) => void fake.opened.push(url),
    },
    Tray: TrayFake,
    utilityProcess: {
      fork: (modulePath: string) => {
        const engine = forkReal(modulePath)
        fake.engines.push(engine)
        return engine
      },
    },
  }
  return Object.assign(fake, { electron: electron as unknown as Electron })
}

/** A keychain that turns text around; `secret` is what another account's would not have. */
export function fakeKeychain(
  backend: ReturnType<Electron['safeStorage']['getSelectedStorageBackend']>,
  secret = 'mine',
) {
  const keychain: Pick<
    Electron['safeStorage'],
    'isAsyncEncryptionAvailable' | 'encryptStringAsync' | 'decryptStringAsync' | 'getSelectedStorageBackend'
  > = {
    isAsyncEncryptionAvailable: async () => true,
    getSelectedStorageBackend: () => backend,
    encryptStringAsync: async (text) => Buffer.from(`${secret}:${text}`).reverse(),
    decryptStringAsync: async (encrypted) => {
      const text = Buffer.from(encrypted).reverse().toString()
      if (!text.startsWith(`${secret}:`)) throw new Error('not by this keychain')
      return { result: text.slice(secret.length + 1), shouldReEncrypt: false }
    },
  }
  return keychain
}
