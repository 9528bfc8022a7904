/**
 * The desktop app's main process: what has to happen before Electron is ready, then the shell. One instance for each data folder: a
 * second one hands over what it was started with and ends.
 */
import { existsSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  nativeTheme,
  Notification,
  powerMonitor,
  protocol,
  safeStorage,
  screen,
  session,
  shell,
  Tray,
  utilityProcess,
} from 'electron'
import { dataFolder } from '../cli/dataFolder.ts'
import { readArguments } from './arguments.ts'
import { hardenAllContents } from './hardening.ts'
import { codeOfLink } from './joinLink.ts'
import { ownScheme } from './ownPages.ts'
import { DesktopShell } from './shell.ts'

/** dist/electron, in a checkout and in the package alike. */
const here = import.meta.dirname
const dist = join(here, '..')

/** After the program, and in a checkout the app's folder, comes what is meant for us. */
const ownArguments = (argv: readonly string[]): readonly string[] => argv.slice(app.isPackaged ? 1 : 2)
const read = (argv: readonly string[], folder: string) => readArguments(ownArguments(argv), folder, existsSync)

const handed = read(process.argv, process.cwd())
/** macOS starts login items without arguments, and says so. */
const isAtLogin = process.platform === 'darwin' && app.getLoginItemSettings().wasOpenedAtLogin
const dataDir = dataFolder(handed.dataDir)
app.setName('Hadahoop')
// Windows shows notifications and groups windows under the installed app by this name.
app.setAppUserModelId('org.hadahoop.desktop')
// The lock of the one instance lies in this folder, so each data folder has an app of its own.
if (handed.dataDir !== undefined) app.setPath('userData', join(dataDir, 'desktop'))
app.enableSandbox()
protocol.registerSchemesAsPrivileged([
  { scheme: ownScheme, privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true } },
])
let desktop: DesktopShell | undefined
hardenAllContents(
  app,
  (url) => void shell.openExternal(url),
  () => desktop?.showLicences(),
)

const own = { argv: process.argv, folder: process.cwd() }
if (!app.requestSingleInstanceLock(own)) {
  app.quit()
} else {
  // In a checkout Electron itself would have to be registered, with our folder as its argument; links are for the installed app.
  if (app.isPackaged) app.setAsDefaultProtocolClient('hadahoop')
  const early: Parameters<DesktopShell['takeOver']>[0][] = []
  const take = (what: Parameters<DesktopShell['takeOver']>[0]): void => {
    if (desktop === undefined) early.push(what)
    else desktop.takeOver(what)
  }
  // Not from the event's own arguments, which Chromium sorts anew.
  app.on('second-instance', (_event, _argv, _folder, said) => {
    const { argv, folder } = said as typeof own
    take({ ...read(argv, folder), hidden: false })
  })
  // macOS hands over links and files by these.
  app.on('open-url', (event, url) => {
    event.preventDefault()
    take({ joinCode: codeOfLink(url), files: [], hidden: false })
  })
  app.on('open-file', (event, path) => {
    event.preventDefault()
    take({ joinCode: undefined, files: [path], hidden: false })
  })
  void app.whenReady().then(async () => {
    desktop = new DesktopShell(
      {
        app,
        BrowserWindow,
        dialog,
        ipcMain,
        Menu,
        nativeTheme,
        Notification,
        powerMonitor,
        safeStorage,
        screen,
        session,
        shell,
        Tray,
        utilityProcess,
      },
      {
        window: join(dist, 'window'),
        drop: join(here, 'drop'),
        preload: join(here, 'preload.cjs'),
        engineProcess: join(dist, 'lib', 'electron', 'engineProcess.js'),
        icons: join(here, 'icons'),
        dataDir,
        ownFolder: app.getPath('userData'),
        temporaryFolder: tmpdir(),
        executable: process.env['APPIMAGE'] ?? app.getPath('exe'),
        configFolder: process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'),
      },
      handed,
    )
    await desktop.start({ ...handed, hidden: handed.hidden || isAtLogin })
    for (const each of early) desktop.takeOver(each)
  })
}
