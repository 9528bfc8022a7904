// What package.json's scripts call: `node build/run.mjs start|test|demo|screenshots|bench|pack|dist [arguments]`. Each is fit to be the
// first command in a fresh clone.
import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { findNode, guarded, installIfNeeded, root, run } from './bootstrap.mjs'
import { getElectron, missingDisplay } from './electronBinary.mjs'
import { buildWindowIfStale } from './window.mjs'

/** A desktop app that ends sooner never opened. */
const startMaxMs = 5000

/** @type {Record<string, { entry: string, dev: boolean, prefix?: string[] }>} */
const tasks = {
  start: { entry: 'cli/main.ts', dev: false, prefix: ['start'] },
  demo: { entry: 'cli/demo.ts', dev: false },
  test: { entry: 'build/test.ts', dev: true },
  screenshots: { entry: 'e2e/screenshots.ts', dev: true },
  bench: { entry: 'bench/run.ts', dev: true },
  prepack: { entry: 'build/library.mjs', dev: true },
  pack: { entry: 'build/pack.mjs', dev: true },
  dist: { entry: 'build/dist.mjs', dev: true },
}

await guarded(async () => {
  const [name = '', ...given] = process.argv.slice(2)
  const task = tasks[name]
  if (!task) {
    console.error(`usage: node build/run.mjs ${Object.keys(tasks).join('|')} [arguments]`)
    process.exit(2)
  }
  const args = given.filter((arg) => !(name === 'start' && arg === '--headless'))
  // Who wants the API on the network, or a line to read for a program, starts a server.
  const isServer = args.some((arg) => /^--(?:api-listen|json)\b/.test(arg))
  const isWindowWanted = name === 'start' && args.length === given.length && !isServer
  const noDisplay = isWindowWanted ? missingDisplay() : undefined
  installIfNeeded({ dev: task.dev || (isWindowWanted && noDisplay === undefined) })
  buildWindowIfStale()
  if (isWindowWanted) {
    const why = noDisplay ?? (await runDesktop(args))
    if (why === undefined) return
    console.error(`No desktop app: ${why}. Running without it: open the address below in a browser.`)
  }
  run(task.entry, [...(task.prefix ?? []), ...args])
})

/**
 * Runs the desktop app until it ends. The answer is why it could not be started; undefined if it ran.
 * @param {string[]} args
 * @returns {Promise<string | undefined>}
 */
async function runDesktop(args) {
  const electron = await getElectron()
  if ('missing' in electron) return electron.missing
  const built = spawnSync(findNode(), [join(root, 'build', 'desktop.mjs')], { cwd: root, stdio: ['ignore', 2, 2] })
  if (built.status !== 0) return 'it could not be built (see above)'
  const begunMs = Date.now()
  const child = spawn(electron.path, [join(root, 'dist', 'electron', 'main.js'), ...args], { stdio: 'inherit' })
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, () => child.kill(signal))
  const code = await new Promise((resolve) => {
    child.on('error', () => resolve(1))
    child.on('exit', resolve)
  })
  // Libraries that are missing, a sandbox that the system forbids: it says so itself, at once.
  if (code !== 0 && Date.now() - begunMs < startMaxMs) return 'Electron does not start here (see above)'
  process.exitCode = code ?? 1
  return undefined
}
