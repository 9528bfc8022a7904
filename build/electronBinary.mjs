// Electron's own binary, which no npm package holds: where it is, or why not. Fetched once, checked by hash, by the package's own
// script, and only where somebody asked for the desktop app. A network that does not answer is noticed within seconds.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './bootstrap.mjs'

const folder = join(root, 'node_modules', 'electron')
const probeMaxMs = 8000
const fetchMaxMs = 10 * 60_000

/** The folder of the binary, if it is there. */
export function electronFolder() {
  return process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(folder, 'dist')
}

/** The path of the binary, or undefined. */
export function installedElectron() {
  const name =
    process.platform === 'darwin'
      ? 'Electron.app/Contents/MacOS/Electron'
      : process.platform === 'win32'
        ? 'electron.exe'
        : 'electron'
  const path = join(electronFolder(), name)
  return existsSync(path) ? path : undefined
}

/**
 * The binary's path, fetched if need be; or one line that says why there is none.
 * @returns {Promise<{ path: string } | { missing: string }>}
 */
export async function getElectron() {
  const installed = installedElectron()
  if (installed !== undefined) return { path: installed }
  if (!existsSync(folder)) return { missing: 'the package electron is not installed (npm ci --include=dev)' }
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const source = process.env['ELECTRON_MIRROR'] ?? 'https://github.com/electron/electron/releases/'
  try {
    await fetch(source, { method: 'HEAD', signal: AbortSignal.timeout(probeMaxMs) })
  } catch (error) {
    const why = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error)
    return { missing: `Electron ${version} is not here and cannot be fetched from ${source} (${why})` }
  }
  console.error(`hadahoop: fetching Electron ${version} from ${source} (once, some 120 MB) ...`)
  spawnSync(process.execPath, [join(folder, 'install.js')], { stdio: ['ignore', 2, 2], timeout: fetchMaxMs })
  const fetched = installedElectron()
  return fetched === undefined
    ? { missing: `Electron ${version} could not be fetched from ${source}` }
    : { path: fetched }
}

/** Why no window can be shown here; undefined if one can. */
export function missingDisplay() {
  if (process.platform !== 'linux' || process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY']) return undefined
  return 'there is no display'
}
