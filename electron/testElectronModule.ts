/** What `import … from 'electron'` gives in a test that runs the built main process: the fake, by name. */
import { fakeElectron } from './testElectron.ts'

export const fake = fakeElectron()
/** What the app said about its scheme before it was ready. */
export const schemes: unknown[] = []
export const { app, BrowserWindow, dialog, ipcMain, Menu, nativeTheme, Notification, powerMonitor } = fake.electron
export const { safeStorage, screen, session, shell, Tray, utilityProcess } = fake.electron
export const protocol = { registerSchemesAsPrivileged: (given: readonly unknown[]) => void schemes.push(...given) }
