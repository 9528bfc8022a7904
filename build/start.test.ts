// `npm start` and `npm run dist` where the desktop app cannot be had: one line says why, and a node runs all the same.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { root } from './bootstrap.mjs'
import { installedElectron } from './electronBinary.mjs'

/** No display, and a mirror that nobody serves, unless the test says otherwise. */
const nothing = { DISPLAY: '', WAYLAND_DISPLAY: '', ELECTRON_MIRROR: 'http://127.0.0.1:1/' }
const linux = process.platform === 'linux' ? false : 'displays as on Linux'
const withoutBinary = installedElectron() === undefined ? linux : 'Electron is here'

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs a task until its node answers or it ends; what it said on both channels. */
async function run(env: Record<string, string>, ...args: string[]): Promise<Ended> {
  const all = { ...process.env, ...nothing, ...env }
  const child = spawn(process.execPath, [join(root, 'build', 'run.mjs'), ...args], { env: all })
  let [out, err] = ['', '']
  child.stdout.on('data', (part: Buffer) => {
    out += part.toString()
    if (out.includes('Ctrl+C')) child.kill('SIGTERM')
  })
  child.stderr.on('data', (part: Buffer) => (err += part.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  // What is built first says so; here only the rest counts.
  return { code, out, err: err.replace(/^hadahoop: building .*\n/gm, '') }
}

test('npm start says in one line why there is no app, and runs the node', { skip: withoutBinary }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hadahoop-start-'))
  const node = ['start', '--data', folder, '--no-discovery', '--listen', '127.0.0.1']
  for (const [env, why] of [
    [{}, /^No desktop app: there is no display\. .*\n$/],
    [
      { DISPLAY: ':99' },
      /^No desktop app: Electron \S+ is not here and cannot be fetched from http:\/\/127\.0\.0\.1:1\/ .*\n$/,
    ],
  ] as const) {
    const { code, out, err } = await run(env, ...node)
    assert.match(err, why)
    assert.match(out, /Open http:\/\/127\.0\.0\.1:\d+\/#login=/)
    assert.equal(code, 0)
  }
  const { err } = await run({ DISPLAY: ':99' }, ...node, '--headless')
  assert.equal(err, '', 'headless asks for nothing')
  rmSync(folder, { recursive: true, force: true })
})

test('npm run dist says in one line what is missing', { skip: withoutBinary }, async () => {
  const { code, err } = await run({}, 'dist')
  assert.equal(code, 1)
  assert.match(err, /^hadahoop: no packages were made: Electron .*\n$/)
})
