import type { Desktop } from '../shared/desktop.ts'

declare global {
  interface Window {
    /** Only in the desktop app. */
    readonly desktop?: Desktop<File>
  }
}
