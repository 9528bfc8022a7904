// What package.json's scripts call: `node build/run.mjs start|test|demo|screenshots|bench|pack [arguments]`. Each is fit to be the
// first command in a fresh clone.
import { guarded, installIfNeeded, run } from './bootstrap.mjs'
import { buildWindowIfStale } from './window.mjs'

/** @type {Record<string, { entry: string, dev: boolean, prefix?: string[] }>} */
const tasks = {
  start: { entry: 'cli/main.ts', dev: false, prefix: ['start'] },
  demo: { entry: 'cli/demo.ts', dev: false },
  test: { entry: 'build/test.ts', dev: true },
  screenshots: { entry: 'e2e/screenshots.ts', dev: true },
  bench: { entry: 'bench/run.ts', dev: true },
  prepack: { entry: 'build/library.mjs', dev: true },
  pack: { entry: 'build/pack.mjs', dev: true },
}

await guarded(() => {
  const [name = '', ...given] = process.argv.slice(2)
  const task = tasks[name]
  if (!task) {
    console.error(`usage: node build/run.mjs ${Object.keys(tasks).join('|')} [arguments]`)
    process.exit(2)
  }
  const args = given.filter((arg) => !(name === 'start' && arg === '--headless'))
  if (name === 'start' && args.length === given.length) {
    console.error('No desktop shell here: running without it. Open the address below in a browser.')
  }
  installIfNeeded({ dev: task.dev })
  buildWindowIfStale()
  run(task.entry, [...(task.prefix ?? []), ...args])
})
