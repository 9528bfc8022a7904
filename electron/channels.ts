/**
 * Every channel between window and main process: its name, what may be said on it, what comes back. The main process checks each
 * message against this table, so that a page that gets hold of the bridge can say nothing else. The preload script takes only the
 * types from here.
 */
import { z } from 'zod'
import { pathSchema } from '../shared/basics.ts'
import type { DesktopSettings, EngineState } from '../shared/desktop.ts'

const pathsMax = 10_000
const localPath = z
  .string()
  .min(1)
  .max(32 * 1024)
const webAddress = z
  .url({ protocol: /^https$/ })
  .max(2048)
  .nullable()

export const settingsChangeSchema = z.strictObject({
  startAtLogin: z.boolean().optional(),
  notifications: z.boolean().optional(),
  updateUrl: webAddress.optional(),
  /** Only a dialog of the app sets one. */
  downloadFolder: z.null().optional(),
})

export type SettingsChange = z.output<typeof settingsChangeSchema>

/** What each channel takes. */
export const channelArguments = {
  'import-paths': z.tuple([z.array(localPath).min(1).max(pathsMax), pathSchema]),
  'choose-paths': z.tuple([z.enum(['files', 'folders'])]),
  'link-folder': z.tuple([pathSchema]),
  'open-file': z.tuple([pathSchema]),
  'save-file': z.tuple([pathSchema]),
  'drag-files': z.tuple([z.array(pathSchema).min(1).max(100)]),
  'engine-state': z.tuple([]),
  'take-join-code': z.tuple([]),
  settings: z.tuple([]),
  'change-settings': z.tuple([settingsChangeSchema]),
  'choose-download-folder': z.tuple([]),
} as const

export type Channel = keyof typeof channelArguments
export type ChannelArguments = { [Name in Channel]: z.output<(typeof channelArguments)[Name]> }

/** What each channel answers. */
export interface ChannelAnswers {
  'import-paths': { id: string }
  'choose-paths': string[]
  'link-folder': { id: string } | null
  'open-file': null
  'save-file': string | null
  'drag-files': null
  'engine-state': EngineState
  'take-join-code': string | null
  settings: DesktopSettings
  'change-settings': DesktopSettings
  'choose-download-folder': DesktopSettings
}

/** What the main process tells the window unasked. */
export interface Tellings {
  'engine-state': EngineState
  'join-code': string
  /** A screen of the window, as `/health`. */
  'show-screen': string
}

/** An answer, or why there is none; a thrown error would reach the window with Electron's own words around it. */
export type Reply<Answer> =
  | { readonly ok: true; readonly value: Answer }
  | { readonly ok: false; readonly message: string }
