// `npm run dist [electron-builder's arguments]`: the desktop app's packages for this system, in dist/packages.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { root } from './bootstrap.mjs'
import { buildDesktopIfStale } from './desktop.mjs'
import { electronFolder, getElectron } from './electronBinary.mjs'

buildDesktopIfStale()
const electron = await getElectron()
if ('missing' in electron) {
  console.error(
    `hadahoop: no packages were made: ${electron.missing}. Set ELECTRON_MIRROR, or ELECTRON_OVERRIDE_DIST_PATH to an unpacked Electron, and run it again.`,
  )
  process.exit(1)
}
const builder = join(root, 'node_modules', 'electron-builder', 'cli.js')
const config = join('build', 'packaging', 'electron-builder.yml')
const given = process.argv.slice(2)
// Electron as it was fetched and checked; for other systems electron-builder fetches its own.
const isForOthers = given.some((arg) =>
  /^(?:--?(?:mac|win|windows|linux|m|w|l)|--(?:x64|arm64|armv7l|ia32|universal))$/.test(arg),
)
const dist = isForOthers ? [] : [`--config.electronDist=${electronFolder()}`]
const { status } = spawnSync(process.execPath, [builder, '--config', config, '--publish', 'never', ...dist, ...given], {
  cwd: root,
  stdio: 'inherit',
})
process.exitCode = status ?? 1
