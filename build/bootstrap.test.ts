// The wrapper must be invisible: signals and exit codes pass, and no process outlives whoever started it.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { root } from './bootstrap.mjs'

const unix = { skip: process.platform === 'win32' ? 'signals of Unix' : false }
const wrapper = join(import.meta.dirname, 'fixtures', 'wrapper.mjs')

interface Started {
  readonly process: ChildProcess
  readonly pid: number
  readonly version: string
  readonly path: string
  nextLine(): Promise<string | undefined>
}

async function start(context: TestContext, command: string, args: readonly string[], env = {}): Promise<Started> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const nextLine = async (): Promise<string | undefined> => {
    const result = await lines.next()
    return result.done === true ? undefined : result.value
  }
  const first = JSON.parse((await nextLine()) ?? 'null') as { pid: number; version: string; path: string }
  context.after(() => {
    for (const pid of [child.pid, first.pid]) if (pid !== undefined && isAlive(pid)) process.kill(pid, 'SIGKILL')
  })
  return { process: child, ...first, nextLine }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function ended(child: ChildProcess): Promise<{ code: number | null; signal: string | null }> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return { code: child.exitCode, signal: child.signalCode }
}

for (const way of ['spawn', 'exec']) {
  test(`${way}: a signal stops it cleanly and its exit code comes back`, unix, async (context) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      const started = await start(context, process.execPath, [wrapper, way, '7'])
      assert.equal(started.pid === started.process.pid, way === 'exec')
      started.process.kill(signal)
      assert.equal(await started.nextLine(), `stopped by ${signal}`)
      assert.deepEqual(await ended(started.process), { code: 7, signal: null })
    }
  })

  test(`${way}: a death by signal comes back as one`, unix, async (context) => {
    const started = await start(context, process.execPath, [wrapper, way])
    process.kill(started.pid, 'SIGKILL')
    assert.deepEqual(await ended(started.process), { code: null, signal: 'SIGKILL' })
  })

  test(`${way}: the pinned Node is first in PATH`, async (context) => {
    const started = await start(context, process.execPath, [wrapper, way])
    assert.equal(started.version.split('.')[0], '24')
    assert.equal(started.path.split(delimiter)[0], dirname(process.execPath))
    started.process.kill()
  })
}

test('when the wrapper is killed with -9, what it runs dies with it', unix, async (context) => {
  const started = await start(context, process.execPath, [wrapper, 'spawn'])
  started.process.kill('SIGKILL')
  assert.equal(await started.nextLine(), undefined, 'its output ends without a word of stopping')
})

// What npm does: a shell between, and a name of its own. Nobody waits for the dead npm, as in a container without an init.
for (const way of ['spawn', 'exec']) {
  for (const victim of ['npm', 'shell']) {
    test(`${way}: when the ${victim} above vanishes it stops cleanly`, unix, async (context) => {
      const folder = mkdtempSync(join(tmpdir(), 'hadahoop-npm-'))
      context.after(() => rmSync(folder, { recursive: true }))
      const npm = join(folder, 'npm-cli.cjs')
      writeFileSync(
        npm,
        `const { spawn } = require('node:child_process')
         const shell = spawn('sh', ['-c', '"$@"; exit $?', 'sh', ...process.argv.slice(2)], { stdio: 'inherit' })
         process.on('SIGUSR2', () => shell.kill('SIGKILL'))
         setInterval(() => {}, 60_000)`,
      )
      const args = [npm, process.execPath, wrapper, way]
      const started = await start(context, process.execPath, args, { npm_execpath: npm })
      started.process.kill(victim === 'npm' ? 'SIGKILL' : 'SIGUSR2')
      assert.equal(await started.nextLine(), 'stopped by SIGTERM')
    })
  }
}

test('what the lock file wants is installed once, and not when it is there', async (context) => {
  const project = mkdtempSync(join(tmpdir(), 'hadahoop-install-'))
  context.after(() => rmSync(project, { recursive: true }))
  mkdirSync(join(project, 'build'))
  copyFileSync(join(root, 'build', 'bootstrap.mjs'), join(project, 'build', 'bootstrap.mjs'))
  const lock = (packages: object): string => JSON.stringify({ packages: { '': {}, ...packages } })
  const wanted = {
    'node_modules/a': { version: '1.0.0' },
    'node_modules/b': { version: '1.0.0', dev: true },
    'node_modules/c': { version: '1.0.0', optional: true },
  }
  writeFileSync(join(project, 'package-lock.json'), lock(wanted))
  // Stands for npm: notes that it was called and installs what DELIVERED says.
  const npm = join(project, 'npm-cli.js')
  writeFileSync(
    npm,
    `const fs = require('node:fs')
     console.log('npm', process.argv[2])
     fs.mkdirSync('node_modules', { recursive: true })
     if (process.env.DELIVERED) fs.writeFileSync('node_modules/.package-lock.json', process.env.DELIVERED)`,
  )
  const install = async (dev: boolean, delivered: string): Promise<{ code: number | null; said: string }> => {
    const code = `import { guarded, installIfNeeded } from ${JSON.stringify(join(project, 'build', 'bootstrap.mjs'))}
      guarded(() => installIfNeeded({ dev: ${dev} }))`
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, npm_execpath: npm, DELIVERED: delivered },
    })
    let said = ''
    child.stderr.on('data', (part: Buffer) => (said += part.toString()))
    child.stdout.on('data', (part: Buffer) => assert.fail(`stdout must stay clean: ${part.toString()}`))
    await once(child, 'close')
    return { code: child.exitCode, said }
  }
  const { 'node_modules/a': a, 'node_modules/b': b } = wanted

  const failed = await install(false, '')
  assert.equal(failed.code, 1)
  assert.match(failed.said, /a is still missing.*npm ci/)

  const first = await install(false, lock({ 'node_modules/a': a }))
  assert.deepEqual([first.code, /npm ci/.test(first.said)], [0, true])
  assert.deepEqual(await install(false, ''), { code: 0, said: '' }, 'all there: npm is not called')

  const both = lock({ 'node_modules/a': a, 'node_modules/b': b })
  assert.match((await install(true, both)).said, /npm ci/, 'tests also need the packages for development')
  assert.deepEqual(await install(true, ''), { code: 0, said: '' })

  writeFileSync(join(project, 'package-lock.json'), lock({ ...wanted, 'node_modules/a': { version: '1.0.1' } }))
  assert.match((await install(false, lock({ 'node_modules/a': { version: '1.0.1' } }))).said, /npm ci/)
  assert.deepEqual(await install(false, ''), { code: 0, said: '' })
})
