/**
 * The desktop app as the window sees it (`window.desktop`), for specs in a browser: does nothing, answers what lets the window go on, and
 * notes what it is asked in `window.desktopAsked`. A spec puts its own answers in.
 */
import type { Page } from '@playwright/test'

/** `own`: properties in JavaScript that replace the stand-in's. Call before the window is opened. */
export async function standInForDesktop(page: Page, own = ''): Promise<void> {
  await page.addInitScript(`(() => {
    const asked = []
    const note = (what, answer) => (...args) => { asked.push([what, ...args]); return answer }
    const settings = { startAtLogin: false, notifications: true, updateUrl: null, downloadFolder: null }
    window.desktopAsked = asked
    window.desktop = {
      platform: 'linux',
      pathsOf: () => [],
      importPaths: note('importPaths', Promise.resolve({ id: '' })),
      choosePaths: note('choosePaths', Promise.resolve([])),
      linkFolder: note('linkFolder', Promise.resolve(null)),
      openFile: note('openFile', Promise.resolve()),
      saveFile: note('saveFile', Promise.resolve('/home/me/saved')),
      dragFiles: note('dragFiles'),
      engineState: () => Promise.resolve({ state: 'running', attached: false }),
      onEngineState: () => () => {},
      onJoinCode: () => () => {},
      onShowScreen: (listener) => { window.showScreen = listener; return () => {} },
      settings: () => Promise.resolve({ ...settings }),
      changeSettings: (changes) => {
        asked.push(['changeSettings', changes])
        return Promise.resolve({ ...Object.assign(settings, changes) })
      },
      chooseDownloadFolder: () => Promise.resolve({ ...Object.assign(settings, { downloadFolder: '/home/me/Downloads' }) }),
      ${own}
    }
  })()`)
}
