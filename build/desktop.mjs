// All that the desktop app is made of, built where it is missing or stale: the window by window.mjs, the engine by library.mjs, the
// main process here.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root, takeLock } from './bootstrap.mjs'
import { buildLibraryIfStale } from './library.mjs'

const builder = join(root, 'build', 'buildDesktop.mjs')
const stampFile = join(root, 'dist', 'electron', 'stamp')

function stamp() {
  const hash = createHash('sha256')
    .update(readFileSync(builder))
    .update(readFileSync(join(root, 'package-lock.json')))
  for (const folder of ['electron', 'shared', 'cli', 'build/icons/app']) {
    const files = readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile())
      .map((file) => join(file.parentPath, file.name))
    for (const file of files.sort()) hash.update(`${file.slice(root.length)}\0`).update(readFileSync(file))
  }
  return hash.digest('hex')
}

const isFresh = () => existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp()

/** Builds dist/lib and dist/electron; throws what the bundler said. To be run under the pinned Node. */
export function buildDesktopIfStale() {
  buildLibraryIfStale()
  if (isFresh()) return
  const release = takeLock('.building')
  try {
    if (isFresh()) return
    const { status } = spawnSync(process.execPath, [builder], { cwd: root, stdio: ['ignore', 2, 2] })
    if (status !== 0) throw new Error('the desktop app could not be built (see above)')
    writeFileSync(stampFile, stamp())
  } finally {
    release()
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildDesktopIfStale()
