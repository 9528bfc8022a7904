// Which Chromium the browser tests drive: the one that comes as an npm package on Linux x64 (so that `npm test` needs nothing
// installed by hand, not even Chromium's libraries), else an installed Chrome or Edge. Rejected: Playwright's own download,
// which npm does not bring; and the package's own flags, among them --disable-web-security, since what a browser forbids a
// foreign page is part of what is tested.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

interface Browser {
  readonly executablePath: string
  readonly args: string[]
  readonly env: Record<string, string>
}

/** The browser to drive, with what it needs on this machine, or undefined where there is none. */
export function findBrowser(): Browser | undefined {
  const isRoot = process.getuid?.() === 0
  const args = process.platform === 'linux' ? ['--disable-dev-shm-usage', ...(isRoot ? ['--no-sandbox'] : [])] : []
  const packaged = process.platform === 'linux' && process.arch === 'x64' ? packagedChromium() : undefined
  if (packaged) return { ...packaged, args: [...args, '--no-sandbox', '--disable-gpu'] }
  const executablePath = installedBrowsers().find((path) => existsSync(path))
  return executablePath === undefined ? undefined : { executablePath, args, env: environment({}) }
}

/** Unpacks @sparticuz/chromium once; uses the libraries and fonts inside it where the machine has none. */
function packagedChromium(): Omit<Browser, 'args'> | undefined {
  const packageFile = createRequire(import.meta.url).resolve('@sparticuz/chromium')
  const { version } = JSON.parse(readFileSync(join(packageFile, '..', '..', 'package.json'), 'utf8')) as {
    version: string
  }
  const cache = join(dirname(import.meta.dirname), 'node_modules', '.cache')
  const folder = join(cache, `chromium-${version}`)
  if (!existsSync(folder)) unpack(cache, folder)
  const executablePath = join(folder, 'chromium')
  const fonts: Record<string, string> = existsSync('/usr/share/fonts') ? {} : { FONTCONFIG_PATH: join(folder, 'fonts') }
  const libraries = { LD_LIBRARY_PATH: join(folder, 'al2023', 'lib') }
  return [fonts, { ...fonts, ...libraries }]
    .map((own) => ({ executablePath, env: environment(own) }))
    .find(({ env }) => spawnSync(executablePath, ['--version'], { env }).status === 0)
}

function unpack(cache: string, folder: string): void {
  mkdirSync(cache, { recursive: true })
  const unfinished = mkdtempSync(join(cache, 'unpacking-'))
  // The package unpacks into the folder for temporary files, its libraries only where it believes to be in a cloud function.
  const code = `import chromium from '@sparticuz/chromium'; await chromium.executablePath()`
  const env = environment({ TMPDIR: unfinished, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' })
  const options = { cwd: import.meta.dirname, env, stdio: 'inherit' } as const
  const { status } = spawnSync(process.execPath, ['--input-type=module', '-e', code], options)
  if (status !== 0) throw new Error(`cannot unpack Chromium into ${cache}; is the disk full?`)
  try {
    renameSync(unfinished, folder)
  } catch (error) {
    rmSync(unfinished, { recursive: true })
    if (!existsSync(folder)) throw error // else another run was faster
  }
}

function environment(own: Readonly<Record<string, string>>): Record<string, string> {
  const inherited = Object.entries(process.env).filter((pair): pair is [string, string] => pair[1] !== undefined)
  return { ...Object.fromEntries(inherited), ...own }
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
