/** Runs in the window before its page, in a world of its own. Bundled into one CommonJS file, as the sandbox demands. */
import { contextBridge, ipcRenderer, webUtils } from 'electron'
import { exposeDesktop } from './desktopBridge.ts'

exposeDesktop({ contextBridge, ipcRenderer, webUtils, platform: process.platform })
