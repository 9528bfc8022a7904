// Builds the window (renderer/) into dist/window when its sources have changed. A stamp of their contents says so, not their
// times, which a fresh clone makes anew. Several commands at once build once. A build that fails is said on stderr and stops
// nobody: the node serves what was built before, or a page that says what to do, because storage matters more than its window.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findNode, root, takeLock } from './bootstrap.mjs'

export const windowFolder = join(root, 'dist', 'window')
const stampFile = join(windowFolder, 'stamp')
const builder = join(root, 'build', 'buildWindow.mjs')

/** Hash of everything that the built window depends on. */
export function windowStamp() {
  const hash = createHash('sha256')
  for (const file of ['package-lock.json', 'build/buildWindow.mjs', 'build/licences.mjs'])
    hash.update(readFileSync(join(root, file)))
  for (const folder of ['renderer', 'shared']) {
    const files = readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile() && !/\.(test|spec)\.tsx?$|~$/.test(file.name))
      .map((file) => join(file.parentPath, file.name))
    for (const file of files.sort()) hash.update(`${file.slice(root.length)}\0`).update(readFileSync(file))
  }
  return hash.digest('hex')
}

const isFresh = () => existsSync(stampFile) && readFileSync(stampFile, 'utf8') === windowStamp()

/** Builds the window if it is missing or stale. True if it is up to date afterwards. */
export function buildWindowIfStale() {
  // Installed as a package: the window came built.
  if (!existsSync(join(root, 'renderer')) || isFresh()) return true
  if (!existsSync(join(root, 'node_modules', 'vite'))) {
    console.error(
      'hadahoop: the window is not built, since the packages for building are missing. Run: npm ci --include=dev',
    )
    return false
  }
  const release = takeLock('.building')
  try {
    if (isFresh()) return true
    console.error('hadahoop: building the window ...')
    const { status } = spawnSync(findNode(), [builder], { cwd: root, stdio: ['ignore', 2, 2] })
    if (status !== 0) console.error('hadahoop: the window could not be built (see above); the node starts without it.')
    return status === 0
  } finally {
    release()
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url) && !buildWindowIfStale()) process.exitCode = 1
