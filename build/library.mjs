// Builds dist/lib: engine, cli and shared (and electron) as plain JavaScript, file by file, with what lies beside the code (.sql, the
// stand-in page). Needed where Node does not strip types: below node_modules (the installed command) and inside the desktop app.
// Types are replaced by blanks, so lines and columns in stack traces are those of the sources. Needs no package but Node 24 itself,
// so that a package that was packed without being built can still build itself at its first start. Rejected: a bundle, in which
// worker threads, .sql files and native modules would each need a rule of their own.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root, takeLock } from './bootstrap.mjs'

export const libraryFolder = join(root, 'dist', 'lib')
const stampFile = join(libraryFolder, 'stamp')
const folders = ['engine', 'cli', 'shared', 'electron']
/** Tests and what supports them; what only a checkout can run. */
const leftOut =
  /(^|\/)(sim|testing|fixtures)\/|\.(test|spec)\.ts$|\/test[A-Z]\w*\.ts$|^cli\/demo\.ts$|\/buildCutLoop\.ts$|~$/
const beside = /\.(sql|html|css|js|svg)$/
/** Relative modules, in imports and in URLs of worker files alike. */
const relativeModule = /(['"])(\.{1,2}\/[^'"\n]*)\.ts\1/g

/** The sources that go into dist/lib: paths from the root, with `/`. */
function sources() {
  return folders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((file) => !leftOut.test(file) && (file.endsWith('.ts') || beside.test(file)))
    .sort()
}

function libraryStamp() {
  const hash = createHash('sha256').update(readFileSync(fileURLToPath(import.meta.url)))
  for (const file of sources()) hash.update(`${file}\0`).update(readFileSync(join(root, file)))
  return hash.digest('hex')
}

const isFresh = () => existsSync(stampFile) && readFileSync(stampFile, 'utf8') === libraryStamp()

/** One source as the JavaScript that runs: same lines, no types, imports naming .js files. */
export function plainJavaScript(/** @type {string} */ source) {
  return stripTypeScriptTypes(source).replace(relativeModule, '$1$2.js$1')
}

/** Builds dist/lib if it is missing or stale; it appears whole or not at all. */
export function buildLibraryIfStale() {
  if (isFresh()) return
  const release = takeLock('.building')
  const unfinished = `${libraryFolder}-${process.pid}`
  try {
    if (isFresh()) return
    process.removeAllListeners('warning') // stripTypeScriptTypes announces that it is experimental
    for (const file of sources()) {
      const bytes = readFileSync(join(root, file))
      const target = join(unfinished, file.replace(/\.ts$/, '.js'))
      mkdirSync(dirname(target), { recursive: true })
      writeFileSync(target, file.endsWith('.ts') ? plainJavaScript(bytes.toString()) : bytes)
    }
    writeFileSync(join(unfinished, 'stamp'), libraryStamp())
    rmSync(libraryFolder, { recursive: true, force: true })
    renameSync(unfinished, libraryFolder)
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
    release()
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildLibraryIfStale()
