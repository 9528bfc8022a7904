// The installed command: what `npm pack` packs, installed into an empty prefix, runs a node from built JavaScript, stores, reads and
// serves the window. From npm's own cache where that is warm (it is after `npm ci`), else beside links to this checkout's packages.
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'

const root = resolve(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'hadahoop-installed-'))
const prefix = join(folder, 'prefix')
const isWindows = process.platform === 'win32'
const command = isWindows ? join(prefix, 'hadahoop.cmd') : join(prefix, 'bin', 'hadahoop')
const installed = join(prefix, ...(isWindows ? [] : ['lib']), 'node_modules', 'hadahoop')
const env = { ...process.env, XDG_CACHE_HOME: join(folder, 'cache'), HADAHOOP_MACHINE_ID: 'installed command' }
const dataFolder = join(folder, 'data')
let node: ChildProcess | undefined

function npm(...args: string[]): { ok: boolean; output: string } {
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd: root, encoding: 'utf8', shell: isWindows, env })
  return { ok: status === 0, output: `${stdout}${stderr}` }
}

function hadahoop(...args: string[]): string {
  return execFileSync(command, [...args, '--data', dataFolder], {
    encoding: 'utf8',
    shell: isWindows,
    env,
    cwd: folder,
  })
}

/** As npm would: the package, and beside its code only what its package.json asks for. */
function installByLinks(tarball: string): void {
  mkdirSync(installed, { recursive: true })
  execFileSync('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1'])
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>
  }
  for (const [path, { dev }] of Object.entries(packages)) {
    const isTop = path.startsWith('node_modules/') && path.lastIndexOf('node_modules/') === 0
    if (!isTop || dev === true || !existsSync(join(root, path))) continue
    mkdirSync(dirname(join(installed, path)), { recursive: true })
    symlinkSync(join(root, path), join(installed, path))
  }
  mkdirSync(dirname(command), { recursive: true })
  symlinkSync(join(installed, 'bin', 'hadahoop.mjs'), command)
}

before(() => {
  // What is built before every test run, but packed by plain npm.
  execFileSync(process.execPath, [join(root, 'build', 'library.mjs')], { stdio: 'inherit' })
  const packed = npm('pack', '--ignore-scripts', '--pack-destination', folder)
  assert(packed.ok, packed.output)
  const tarball = join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '')
  const { ok } = npm('install', '--global', '--prefix', prefix, '--offline', '--ignore-scripts', tarball)
  if (!ok) {
    rmSync(prefix, { recursive: true, force: true })
    installByLinks(tarball)
  }
})

after(async () => {
  if (node !== undefined && node.exitCode === null) {
    node.kill('SIGTERM')
    await once(node, 'exit')
  }
  rmSync(folder, { recursive: true, force: true })
})

test('a packed and installed command starts a node, stores, reads and shows its window', async () => {
  assert.match(hadahoop('--version'), /^\d+\.\d+\.\d+\n$/)
  node = spawn(command, ['start', '--json', '--data', dataFolder, '--no-discovery', '--listen', '127.0.0.1'], {
    env,
    cwd: folder,
    shell: isWindows,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  assert(node.stdout !== null)
  const line = await createInterface({ input: node.stdout })[Symbol.asyncIterator]().next()
  const { url, token } = JSON.parse(String(line.value)) as { url: string; token: string }

  hadahoop('pool', 'create', 'Installed')
  const content = Buffer.alloc(300_000, 'installed')
  writeFileSync(join(folder, 'content'), content)
  hadahoop('put', join(folder, 'content'), '/there')
  hadahoop('get', '/there', join(folder, 'back'))
  assert(readFileSync(join(folder, 'back')).equals(content))

  const page = await (await fetch(url)).text()
  const script = /src="(\/assets\/[^"]+\.js)"/.exec(page)?.[1]
  assert(script !== undefined, 'the window is the built one')
  assert.equal((await fetch(url + script)).status, 200)
  assert.equal((await fetch(`${url}/v1/health`, { headers: { authorization: `Bearer ${token}` } })).status, 200)
})

test('the package holds no tests, no desktop app and no types to strip at run time', () => {
  const files = readdirSync(installed, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => !file.startsWith('node_modules'))
  assert(files.includes('dist/lib/engine/chunks/worker.js'))
  assert(files.includes('dist/lib/engine/catalog/schema/0001-rows.sql'))
  assert.deepEqual(
    files.filter((file) => /\.(test|spec)\.|electron|(^|\/)sim\/|fixtures/.test(file)),
    [],
  )
})

test('a package that was packed without being built builds itself', () => {
  rmSync(join(installed, 'dist', 'lib'), { recursive: true })
  assert.match(hadahoop('--version'), /^\d+\.\d+\.\d+\n$/)
  assert(existsSync(join(installed, 'dist', 'lib', 'cli', 'main.js')))
})
