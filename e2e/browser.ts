// Which Chromium the browser tests drive: the one that comes as an npm package on Linux x64 (so that `npm test` needs nothing
// installed by hand), else an installed Chrome or Edge. Rejected: Playwright's own download, which npm does not bring.
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

interface Browser {
  readonly executablePath: string
  readonly args: string[]
}

/** The browser to drive and the arguments it needs here, or undefined where there is none. */
export async function findBrowser(): Promise<Browser | undefined> {
  const args = process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : []
  if (process.platform === 'linux' && process.arch === 'x64') {
    const { default: chromium } = await import('@sparticuz/chromium')
    chromium.setGraphicsMode = false
    return { executablePath: await chromium.executablePath(), args: [...new Set([...chromium.args, ...args])] }
  }
  const executablePath = installedBrowsers().find((path) => existsSync(path))
  return executablePath === undefined ? undefined : { executablePath, args }
}

function installedBrowsers(): string[] {
  switch (process.platform) {
    case 'darwin':
      return ['Google Chrome', 'Chromium', 'Microsoft Edge'].flatMap((name) =>
        ['/', homedir()].map((base) => join(base, 'Applications', `${name}.app`, 'Contents', 'MacOS', name)),
      )
    case 'win32':
      return ['ProgramFiles', 'ProgramFiles(x86)', 'LOCALAPPDATA'].flatMap((variable) => {
        const base = process.env[variable]
        if (!base) return []
        return [
          join(base, 'Google', 'Chrome', 'Application', 'chrome.exe'),
          join(base, 'Microsoft', 'Edge', 'Application', 'msedge.exe'),
        ]
      })
    default:
      return ['google-chrome', 'chromium', 'chromium-browser', 'microsoft-edge'].map((name) => join('/usr/bin', name))
  }
}
