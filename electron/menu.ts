/**
 * The application's menu, as each system has it: on macOS the app's own menu first and Quit in it, elsewhere File with Quit at its
 * end. A description only; shell.ts makes the menu of it.
 */
import type { MenuItemConstructorOptions } from 'electron'

export interface MenuActions {
  addFiles(): void
  addFolder(): void
  showScreen(screen: string): void
  openSettings(): void
  checkForUpdates(): void
  quit(): void
}

export interface MenuFacts {
  readonly platform: string
  readonly name: string
  /** Reloading and the developer tools, in a checkout only. */
  readonly forDevelopers: boolean
  /** Updates are configured. */
  readonly canUpdate: boolean
}

const screens = [
  { label: 'Files', screen: '/files' },
  { label: 'Transfers', screen: '/transfers' },
  { label: 'Health', screen: '/health' },
  { label: 'Machines', screen: '/machines' },
  { label: 'Trash', screen: '/trash' },
] as const

const separator: MenuItemConstructorOptions = { type: 'separator' }

export function menuTemplate(facts: MenuFacts, actions: MenuActions): MenuItemConstructorOptions[] {
  const isMac = facts.platform === 'darwin'
  const settings: MenuItemConstructorOptions = {
    label: isMac ? 'Settings…' : 'Settings',
    accelerator: 'CmdOrCtrl+,',
    click: () => actions.openSettings(),
  }
  const updates: MenuItemConstructorOptions[] = facts.canUpdate
    ? [{ label: 'Check for updates…', click: () => actions.checkForUpdates() }]
    : []
  const quit: MenuItemConstructorOptions = {
    label: isMac ? `Quit ${facts.name}` : facts.platform === 'win32' ? 'Exit' : 'Quit',
    // Windows has Alt+F4, which closes the window.
    ...(facts.platform === 'win32' ? {} : { accelerator: 'CmdOrCtrl+Q' }),
    click: () => actions.quit(),
  }
  const ownMenu: MenuItemConstructorOptions = {
    label: facts.name,
    submenu: [
      { role: 'about' },
      ...updates,
      separator,
      settings,
      separator,
      { role: 'services' },
      separator,
      { role: 'hide' },
      { role: 'hideOthers' },
      { role: 'unhide' },
      separator,
      quit,
    ],
  }
  const file: MenuItemConstructorOptions = {
    label: isMac ? 'File' : '&File',
    submenu: [
      { label: 'Add files…', accelerator: 'CmdOrCtrl+O', click: () => actions.addFiles() },
      { label: 'Add a folder…', accelerator: 'CmdOrCtrl+Shift+O', click: () => actions.addFolder() },
      separator,
      ...(isMac ? [] : [settings, separator]),
      { role: 'close' },
      ...(isMac ? [] : [separator, quit]),
    ],
  }
  const view: MenuItemConstructorOptions = {
    label: isMac ? 'View' : '&View',
    submenu: [
      ...screens.map(({ label, screen }, index) => ({
        label,
        accelerator: `CmdOrCtrl+${index + 1}`,
        click: () => actions.showScreen(screen),
      })),
      separator,
      { role: 'resetZoom' },
      { role: 'zoomIn' },
      { role: 'zoomOut' },
      separator,
      { role: 'togglefullscreen' },
      ...(facts.forDevelopers ? ([separator, { role: 'reload' }, { role: 'toggleDevTools' }] as const) : []),
    ],
  }
  const help: MenuItemConstructorOptions = {
    role: 'help',
    submenu: isMac ? [] : [{ role: 'about' }, ...updates],
  }
  return [...(isMac ? [ownMenu] : []), file, { role: 'editMenu' }, view, { role: 'windowMenu' }, help]
}
