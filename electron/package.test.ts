// The packaged app: electron-builder itself puts it together around a stand-in for Electron's binary, as its configuration says; then
// its main process (on the fake), its engine and its window are started from there under plain Node. Shown by it: what is in the
// package and what is not, the fuses, native modules outside of the archive, and that nothing of the checkout is needed.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire, registerHooks } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { FakeContents } from './testElectron.ts'

const root = resolve(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'hadahoop-package-'))
const output = join(folder, 'packages')
const app = join(folder, 'app')
const config = join(root, 'build', 'packaging', 'electron-builder.yml')
const run = promisify(execFile)
const require = createRequire(import.meta.url)
/** Marks the fuses in Electron's binary: then come a version, their number, and one character for each. */
const sentinel = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'
/** By Electron's order: what is on (1) must be turned off by the configuration, and the reverse. */
const fuses = [
  ['runAsNode', '0'],
  ['cookieEncryption', '1'],
  ['nodeOptions', '0'],
  ['nodeCliInspect', '0'],
  ['asarIntegrity', '1'],
  ['onlyLoadAppFromAsar', '1'],
  ['browserSnapshot', 'as it was'],
  ['fileProtocolPrivileges', '0'],
] as const
/** electron-builder packs for this system; other systems differ in what is around the app. */
const skip = process.platform === 'linux' ? false : 'put together for Linux'

function makeStandIn(dist: string): void {
  mkdirSync(join(dist, 'locales'), { recursive: true })
  mkdirSync(join(dist, 'resources'))
  for (const file of ['LICENSE', 'LICENSES.chromium.html', join('locales', 'de.pak'), join('resources', 'none')])
    writeFileSync(join(dist, file), '')
  const wire = fuses.map(([, wanted]) => (wanted === '1' ? '0' : '1')).join('')
  writeFileSync(
    join(dist, 'electron'),
    Buffer.concat([Buffer.from(`binary${sentinel}`), Buffer.from([1, wire.length]), Buffer.from(`${wire}rest`)]),
    { mode: 0o755 },
  )
}

before(async () => {
  if (skip) return
  for (const builder of ['window.mjs', 'desktop.mjs']) await run(process.execPath, [join(root, 'build', builder)])
  const dist = join(folder, 'electron')
  makeStandIn(dist)
  const args = [
    '--linux',
    'dir',
    '--publish',
    'never',
    `--config.electronDist=${dist}`,
    `--config.directories.output=${output}`,
  ]
  await run(process.execPath, [join(root, 'node_modules/electron-builder/cli.js'), '--config', config, ...args], {
    cwd: root,
  })
  const archive = join(output, 'linux-unpacked', 'resources', 'app.asar')
  // As the app sees it: what is in the archive, and beside it what is not.
  const asar = require.resolve('@electron/asar', { paths: [require.resolve('app-builder-lib')] })
  const { extractAll } = (await import(pathToFileURL(asar).href)) as {
    extractAll: (archive: string, to: string) => void
  }
  extractAll(archive, app)
})
after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))

test('the configuration is valid for all systems, and says what each needs', { skip }, async () => {
  const inside = require.resolve('app-builder-lib/out/util/config/config.js')
  const { getConfig, validateConfiguration } = require(inside) as {
    getConfig: (projectDir: string, path: string, options: null) => Promise<Record<string, never>>
    validateConfiguration: (config: unknown, log: { isEnabled: boolean; add(): void }) => Promise<void>
  }
  const read = await getConfig(root, config, null)
  const log = { isEnabled: false, add: () => undefined }
  await validateConfiguration(read, log)
  await assert.rejects(validateConfiguration({ ...read, linux: { targets: 'deb' } }, log), /Invalid configuration/)
  const text = JSON.stringify(read)
  for (const wanted of [
    'AppImage',
    'deb',
    'dmg',
    'nsis',
    'NSLocalNetworkUsageDescription',
    'NSBonjourServices',
    '_hadahoop._tcp',
  ])
    assert(text.includes(wanted), wanted)
  for (const file of ['entitlements.mac.plist', 'installer.nsh']) {
    assert(text.includes(file), file)
    assert(existsSync(join(root, 'build', 'packaging', file)))
  }
  const rule = readFileSync(join(root, 'build', 'packaging', 'installer.nsh'), 'utf8')
  assert.match(rule, /macro customInstall[^!]*advfirewall firewall add rule[^!]*profile=private,domain/)
  assert.match(rule, /macro customUnInstall[^!]*delete rule/)
})

test('the desktop’s entry opens links and invitations, and knows the app’s windows', { skip }, async () => {
  const inside = require.resolve('app-builder-lib/out/util/config/config.js')
  const { getConfig } = require(inside) as {
    getConfig: (projectDir: string, path: string, options: null) => Promise<Record<string, never>>
  }
  const helper = require.resolve('app-builder-lib/out/targets/LinuxTargetHelper.js')
  const { LinuxTargetHelper } = require(helper) as {
    LinuxTargetHelper: new (
      packager: unknown,
    ) => { getDesktopFileName(): string; computeDesktopEntry(options: unknown): Promise<string> }
  }
  const read = await getConfig(root, config, null)
  const metadata = JSON.parse(readFileSync(join(app, 'package.json'), 'utf8')) as { desktopName?: string }
  const entry = new LinuxTargetHelper({
    config: read,
    platformSpecificBuildOptions: read['linux'],
    executableName: 'hadahoop',
    fileAssociations: [read['fileAssociations']].flat(),
    appInfo: { productName: 'Hadahoop', sanitizedProductName: 'Hadahoop', description: '' },
    info: { metadata },
  })
  const text = await entry.computeDesktopEntry(read['linux'])
  assert.match(text, /^Exec=\/opt\/Hadahoop\/hadahoop %U$/m)
  assert.match(text, /^MimeType=application\/x-hadahoop-invitation;x-scheme-handler\/hadahoop;$/m)
  // Electron registers links for, and marks windows with, the name in the package's own description.
  assert.equal(`${entry.getDesktopFileName()}.desktop`, metadata.desktopName)
  assert.match(text, /^StartupWMClass=hadahoop$/m)
})

test('the binary runs nothing but this app: every fuse is set', { skip }, () => {
  const binary = readFileSync(join(output, 'linux-unpacked', 'hadahoop'), 'latin1')
  const at = binary.indexOf(sentinel) + sentinel.length + 2
  for (const [index, [name, wanted]] of fuses.entries())
    if (wanted !== 'as it was') assert.equal(binary[at + index], wanted, name)
})

test('the package holds what runs, and nothing else of the checkout', { skip }, () => {
  assert.deepEqual(readdirSync(app).sort(), ['dist', 'node_modules', 'package.json'])
  assert.deepEqual(readdirSync(join(app, 'dist')).sort(), ['electron', 'lib', 'window'])
  assert.deepEqual(readdirSync(join(app, 'dist', 'lib')).sort(), ['electron', 'engine', 'shared'])
  const files = readdirSync(app, { recursive: true, encoding: 'utf8' }).map((file) => file.replaceAll('\\', '/'))
  assert.deepEqual(
    files.filter((file) =>
      /\.(test|spec)\.|\.tsx?$|\/test[A-Z]\w*\.js$|\.map$|node_modules\/(node-(linux|bin)|electron|react|commander)/.test(
        file,
      ),
    ),
    [],
  )
  const { main } = JSON.parse(readFileSync(join(app, 'package.json'), 'utf8')) as { main: string }
  assert(existsSync(join(app, main)))
  const sizeBytes = readFileSync(join(output, 'linux-unpacked', 'resources', 'app.asar')).length
  assert(sizeBytes < 25_000_000, `${sizeBytes} bytes beside Electron itself`)
})

test('native modules lie outside of the archive, those of other systems nowhere', { skip }, () => {
  const unpacked = join(output, 'linux-unpacked', 'resources', 'app.asar.unpacked')
  const nativesIn = (folder: string): string[] =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.node'))
  const natives = nativesIn(unpacked)
  assert.deepEqual(natives.sort(), nativesIn(app).sort())
  for (const name of ['better-sqlite3', 'blake-hash'])
    assert(
      natives.some((file) => file.includes(name)),
      name,
    )
  assert.deepEqual(
    natives.filter((file) => /darwin|win32|musl/.test(file)),
    [],
  )
})

test('the preload script is one CommonJS file that asks for Electron only, the main process one module', {
  skip,
}, () => {
  const preload = readFileSync(join(app, 'dist/electron/preload.cjs'), 'utf8')
  assert.deepEqual(
    [...preload.matchAll(/require\("([^"]+)"\)/g)].map(([, name]) => name),
    ['electron'],
  )
  assert.doesNotMatch(preload, /^(import|export)\s/m)
  const main = readFileSync(join(app, 'dist/electron/main.js'), 'utf8')
  const imported = [...main.matchAll(/^import [^;]*?from "([^"]+)";$/gm)].map(([, name]) => name ?? '')
  assert.deepEqual(
    imported.filter((name) => name !== 'electron' && !name.startsWith('node:')),
    [],
  )
})

test('main process, engine and window run from the package', { skip }, async () => {
  // Away from the checkout, so that nothing is found there by chance.
  const data = join(folder, 'data')
  cpSync(join(app, 'dist', 'window', 'index.html'), join(folder, 'page.html'))
  const stand = pathToFileURL(join(import.meta.dirname, 'testElectronModule.ts')).href
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'electron' ? { url: stand, shortCircuit: true } : next(specifier, context),
  })
  const argv = [...process.argv]
  process.argv.splice(1, process.argv.length, '--data', data, '--no-discovery', '--listen', '127.0.0.1')
  try {
    await import(pathToFileURL(join(app, 'dist', 'electron', 'main.js')).href)
  } finally {
    process.argv.splice(0, process.argv.length, ...argv)
    hooks.deregister()
  }
  const { fake, schemes } = await import('./testElectronModule.ts')
  const contents = new FakeContents()
  fake.app.emit('web-contents-created', {}, contents)
  assert.deepEqual(contents.windowOpenHandler?.({ url: 'app://hadahoop/files' } as never), { action: 'deny' })
  assert(fake.app.calls.includes('sandbox'), 'every renderer is in the sandbox, whatever its options')
  assert(fake.app.calls.includes('client hadahoop'))
  assert.deepEqual(schemes, [
    { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true } },
  ])

  const ask = (path: string, init?: RequestInit) => fake.session.ask(`app://hadahoop${path}`, init)
  const until = async (what: string, condition: () => Promise<boolean>) => {
    const deadline = performance.now() + 60_000
    while (!(await condition().catch(() => false))) {
      assert(performance.now() < deadline, what)
      await sleep(50)
    }
  }
  await until('the engine of the package answers', async () => (await ask('/v1/health')).status === 200)
  const headers = { 'content-type': 'application/json' }
  assert.equal((await ask('/v1/pool', { method: 'POST', headers, body: '{"name":"Packed","copies":1}' })).status, 201)
  const content = Buffer.alloc(3_000_000, 'packed')
  assert.equal((await ask('/v1/files/a', { method: 'PUT', body: content })).status, 201)
  assert(Buffer.from(await (await ask('/v1/files/a')).arrayBuffer()).equals(content))

  const page = await (await ask('/files')).text()
  const script = /src="([^"]+\.js)"/.exec(page)?.[1] ?? ''
  assert.equal((await ask(script)).status, 200, 'the built window')
  assert.equal((await ask('/drop/drop.js')).status, 200, 'the drop page')
  const { url } = JSON.parse(readFileSync(join(data, 'api.json'), 'utf8')) as { url: string }
  assert.match(await (await fetch(url)).text(), /assets\/.*\.js/, 'the engine serves it to browsers too')

  const said = { argv: ['hadahoop', '--data', data, 'hadahoop://join/AB12-CD34-EF56-GH78-JK90'], folder }
  fake.app.emit('second-instance', {}, [], folder, said)
  assert.match(JSON.stringify(fake.windows[0]?.webContents.sent), /AB12-CD34/)
  fake.answers.push(1)
  fake.app.quit()
  await until('it ends', async () => fake.app.calls.includes('quit'))
  assert.equal(fake.engines[0]?.child.exitCode, 0)
})
