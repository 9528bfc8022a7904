/** Choices about the app on this computer, in its own folder; the window's place beside them. */
import { join } from 'node:path'
import { z } from 'zod'
import type { DesktopSettings } from '../shared/desktop.ts'
import { settingsChangeSchema } from './channels.ts'
import { readJson, writeJson } from './jsonFile.ts'
import { type WindowState, windowStateSchema } from './windowState.ts'

/** Undefined like missing: stays as it is. */
type Changes = { readonly [Name in keyof DesktopSettings]?: DesktopSettings[Name] | undefined }

const initial: DesktopSettings = { startAtLogin: false, notifications: true, updateUrl: null, downloadFolder: null }
const stored = z.object({
  settings: settingsChangeSchema.extend({ downloadFolder: z.string().nullable().optional() }).optional(),
  window: windowStateSchema.optional(),
  saidThatItStays: z.boolean().optional(),
})

export class ShellSettings {
  readonly #file: string
  #settings: DesktopSettings
  #window: WindowState | undefined
  #saidThatItStays: boolean

  constructor(folder: string) {
    this.#file = join(folder, 'desktop.json')
    const kept = readJson(this.#file, stored)
    this.#settings = merged(initial, kept?.settings ?? {})
    this.#window = kept?.window
    this.#saidThatItStays = kept?.saidThatItStays ?? false
  }

  get settings(): DesktopSettings {
    return this.#settings
  }

  get window(): WindowState | undefined {
    return this.#window
  }

  change(changes: Changes): DesktopSettings {
    this.#settings = merged(this.#settings, changes)
    this.#keep()
    return this.#settings
  }

  keepWindow(window: WindowState): void {
    this.#window = window
    this.#keep()
  }

  /** True once: that the app goes on when its window is closed need not be said again. */
  sayThatItStays(): boolean {
    if (this.#saidThatItStays) return false
    this.#saidThatItStays = true
    this.#keep()
    return true
  }

  #keep(): void {
    writeJson(this.#file, {
      settings: this.#settings,
      ...(this.#window === undefined ? {} : { window: this.#window }),
      saidThatItStays: this.#saidThatItStays,
    })
  }
}

function merged(settings: DesktopSettings, changes: Changes): DesktopSettings {
  return {
    startAtLogin: changes.startAtLogin ?? settings.startAtLogin,
    notifications: changes.notifications ?? settings.notifications,
    updateUrl: changes.updateUrl === undefined ? settings.updateUrl : changes.updateUrl,
    downloadFolder: changes.downloadFolder === undefined ? settings.downloadFolder : changes.downloadFolder,
  }
}
