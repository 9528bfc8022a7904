/**
 * What the desktop app offers its window beside the API: `window.desktop`, made by the preload script and missing in a browser. The
 * window asks for it (`window.desktop?.…`) and goes on without. Pure types, so that window and preload agree; `LocalFile` is the
 * browser's File, which shared/ does not know.
 */

/** Whether the engine answers, as the app sees it. */
export interface EngineState {
  readonly state: 'starting' | 'running' | 'restarting' | 'failed' | 'stopped'
  /** The engine ran already when the app came; closing the app leaves it running. */
  readonly attached: boolean
  /** Why it failed or restarts, for people. */
  readonly problem?: { readonly code: string; readonly message: string; readonly hint?: string }
}

/** Choices of this computer, kept by the app; the pool's own are in the API. */
export interface DesktopSettings {
  readonly startAtLogin: boolean
  readonly notifications: boolean
  /** Where newer releases are looked for, `https://…`; null: nowhere. */
  readonly updateUrl: string | null
  /** Where downloads are saved; null: the system's dialog asks each time. */
  readonly downloadFolder: string | null
}

/** What a page may change by itself: it can end saving into a folder, but only a person chooses one, in a dialog of the app. */
export type DesktopChange = Partial<Omit<DesktopSettings, 'downloadFolder'>> & { readonly downloadFolder?: null }

export interface Desktop<LocalFile> {
  readonly platform: 'linux' | 'darwin' | 'win32'
  /** Where dropped or chosen files lie on this computer, one path for each that has one. */
  pathsOf(files: readonly LocalFile[]): string[]
  /** Stores files of this computer, read by the engine itself. Only paths that came from `pathsOf` or a dialog of the app. */
  importPaths(paths: readonly string[], folder: string): Promise<{ id: string }>
  /** The system's dialog for opening; nothing chosen is an empty list. */
  choosePaths(kind: 'files' | 'folders'): Promise<string[]>
  /** A folder of this computer whose changes go into the pool; asks for it by the system's dialog. Null: nothing chosen. */
  linkFolder(folder: string): Promise<{ id: string } | null>
  /** Opens a file of the pool with the program that this computer has for it; fetched first, read-only. */
  openFile(path: string): Promise<void>
  /** Saves a file of the pool in the folder for downloads, or where the system's dialog says; answers where. Null: nothing chosen. */
  saveFile(path: string): Promise<string | null>
  /** Called while files are dragged out of the window: they are fetched and handed to the system's drag. */
  dragFiles(paths: readonly string[]): void
  engineState(): Promise<EngineState>
  /** The answer ends listening. */
  onEngineState(listener: (state: EngineState) => void): () => void
  /** Codes from `hadahoop://join/…` links, to be filled in, never to be used unasked. The one that opened the app comes at once. */
  onJoinCode(listener: (code: string) => void): () => void
  /** A menu or a notification wants a screen shown: `/health`. */
  onShowScreen(listener: (screen: string) => void): () => void
  settings(): Promise<DesktopSettings>
  changeSettings(changes: DesktopChange): Promise<DesktopSettings>
  /** Asks by the system's dialog where downloads go from now on. */
  chooseDownloadFolder(): Promise<DesktopSettings>
}
