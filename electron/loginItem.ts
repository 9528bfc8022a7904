/**
 * Start at login. Windows and macOS keep a list that Electron knows; on Linux it is a file in the autostart folder, which Electron
 * does not write.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { App } from 'electron'

const entryName = 'hadahoop.desktop'

export interface LoginItemParts {
  readonly app: Pick<App, 'setLoginItemSettings'>
  readonly platform: NodeJS.Platform
  /** The program to start: the AppImage itself where it runs from one. */
  readonly executable: string
  /** Of the account; `~/.config` or what XDG_CONFIG_HOME says. */
  readonly configFolder: string
}

export function setStartAtLogin(wanted: boolean, { app, platform, executable, configFolder }: LoginItemParts): void {
  if (platform !== 'linux') {
    app.setLoginItemSettings({ openAtLogin: wanted, args: ['--hidden'] })
    return
  }
  const folder = join(configFolder, 'autostart')
  const file = join(folder, entryName)
  if (!wanted) {
    rmSync(file, { force: true })
    return
  }
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, desktopEntry(executable))
}

function desktopEntry(executable: string): string {
  // Quoted as the desktop entry specification asks: these four are special inside quotes, and backslashes count twice.
  const quoted = executable.replace(/["`$\\]/g, (special) => `\\\\${special}`)
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Hadahoop',
    `Exec="${quoted}" --hidden`,
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n')
}
