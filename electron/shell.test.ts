// The whole app on a fake of Electron, with real engines as real processes: what it starts, serves, tells, restarts and ends.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Invite } from '../shared/index.ts'
import { startNode } from '../engine/main.ts'
import { readArguments } from './arguments.ts'
import { DesktopShell } from './shell.ts'
import { FakeContents, type FakeElectron, type FakeWindow, fakeElectron, fakeKeychain } from './testElectron.ts'

interface Running extends AsyncDisposable {
  readonly fake: FakeElectron
  readonly desktop: DesktopShell
  readonly dataDir: string
  readonly window: FakeWindow
  ask(path: string, init?: RequestInit): Promise<Response>
  /** Of all that was said to pages. */
  said(): string
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000
  while (!(await condition())) {
    assert(performance.now() < deadline, what)
    await sleep(20)
  }
}

/** A temporary home: data, the app's own folder, a small window. */
function home() {
  const folder = mkdtempSync(join(tmpdir(), 'hadahoop-shell-'))
  for (const name of ['window', 'own', 'temporary']) mkdirSync(join(folder, name))
  writeFileSync(join(folder, 'window', 'index.html'), '<p>window</p>')
  return { folder, dataDir: join(folder, 'data') }
}

async function running(
  options: {
    args?: string[]
    keychain?: boolean
    at?: ReturnType<typeof home>
    prepare?: (fake: FakeElectron) => void
  } = {},
): Promise<Running> {
  const { folder, dataDir } = options.at ?? home()
  const fake = fakeElectron()
  if (options.keychain) Object.assign(fake.electron, { safeStorage: fakeKeychain('gnome_libsecret') })
  options.prepare?.(fake)
  const paths = {
    window: join(folder, 'window'),
    drop: join(import.meta.dirname, 'drop'),
    preload: '/preload.cjs',
    engineProcess: join(import.meta.dirname, 'engineProcess.ts'),
    icons: '/icons',
    dataDir,
    ownFolder: join(folder, 'own'),
    temporaryFolder: join(folder, 'temporary'),
    executable: '/opt/hadahoop',
    configFolder: join(folder, 'config'),
  }
  const handed = readArguments(['--no-discovery', '--listen', '127.0.0.1', ...(options.args ?? [])], folder, () => true)
  const desktop = new DesktopShell(fake.electron, paths, handed)
  await desktop.start(handed)
  const ask = (path: string, init?: RequestInit) => fake.session.ask(`app://hadahoop${path}`, init)
  return {
    fake,
    desktop,
    dataDir,
    ask,
    get window() {
      const [window] = fake.windows
      assert(window !== undefined)
      return window
    },
    said: () => JSON.stringify(fake.windows.map(({ webContents }) => webContents.sent)),
    async [Symbol.asyncDispose]() {
      fake.answers.unshift(1)
      await desktop.quit()
      for (const { child } of fake.engines) if (child.exitCode === null) child.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

const answers = (app: Running) => until('the engine answers', async () => (await app.ask('/v1/health')).status === 200)
const json = (body: unknown): RequestInit => ({
  method: 'POST',
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json' },
})
const tokenOf = (app: Running) =>
  (JSON.parse(readFileSync(join(app.dataDir, 'api.json'), 'utf8')) as { token: string }).token

test('the window opens on the app’s own scheme and reaches the engine, never its token', async () => {
  await using app = await running()
  assert.deepEqual(app.window.loaded, ['app://hadahoop/'])
  await answers(app)
  assert.equal((await app.ask('/v1/pool', json({ name: 'Desk', copies: 1 }))).status, 201)
  const content = Buffer.alloc(200_000, 'x')
  assert.equal((await app.ask('/v1/files/a.bin', { method: 'PUT', body: content })).status, 201)
  const part = await app.ask('/v1/files/a.bin', { headers: { range: 'bytes=10-19' } })
  assert.equal(part.status, 206)
  assert.equal((await part.arrayBuffer()).byteLength, 10)

  const token = tokenOf(app)
  for (const path of ['/', '/v1/health', '/v1/settings', '/v1/nodes', '/openapi.json', '/v1/secrets']) {
    const answer = await app.ask(path)
    assert(!(JSON.stringify([...answer.headers]) + (await answer.text())).includes(token), path)
  }
  for (const channel of ['engine-state', 'settings'])
    assert(!JSON.stringify(await app.fake.invoke(channel, [])).includes(token), channel)
  assert(!app.said().includes(token))
})

test('a page may not have the engine read files of this computer; the app may, for paths that a person chose', async () => {
  await using app = await running()
  await answers(app)
  await app.ask('/v1/pool', json({ name: 'Desk', copies: 1 }))
  const local = join(app.dataDir, '..', 'local.txt')
  writeFileSync(local, 'from this computer')
  const direct = await app.ask(`/v1/files/stolen.txt?from=${encodeURIComponent('/etc/passwd')}`, { method: 'PUT' })
  assert(direct.status >= 400)
  assert((await app.ask('/v1/imports', json({ paths: ['/etc/passwd'], folder: '/' }))).status >= 400)
  const reply = (await app.fake.invoke('import-paths', [[local], '/'])) as { ok: boolean }
  assert.equal(reply.ok, true, JSON.stringify(reply))
  await until('the import is there', async () => (await app.ask('/v1/files/local.txt')).status === 200)
})

test('an engine that is killed comes back, and the window is told', async () => {
  await using app = await running()
  await answers(app)
  app.fake.engines[0]?.child.kill('SIGKILL')
  await until('restarting is told', () => app.said().includes('restarting'))
  const meanwhile = await app.ask('/v1/health')
  assert([200, 503].includes(meanwhile.status))
  await answers(app)
  assert.equal(app.fake.engines.length, 2)
  assert.deepEqual(await app.fake.invoke('engine-state', []), {
    ok: true,
    value: { state: 'running', attached: false },
  })
})

test('a node that runs already is used and left running', async () => {
  const at = home()
  const node = await startNode({ dataDir: at.dataDir, discovery: false, listen: '127.0.0.1' })
  await using app = await running({ at })
  await answers(app)
  assert.equal(app.fake.engines.length, 0)
  assert.deepEqual(await app.fake.invoke('engine-state', []), { ok: true, value: { state: 'running', attached: true } })
  await app.desktop.quit()
  assert.equal(
    (await fetch(`${node.url}/v1/health`, { headers: { authorization: `Bearer ${node.token}` } })).status,
    200,
  )
  await node.stop()
})

test('a node that offers its API by TLS is reached by its own certificate', async () => {
  const at = home()
  const node = await startNode({ dataDir: at.dataDir, discovery: false, listen: '127.0.0.1', apiListen: '127.0.0.1' })
  assert.match(node.url, /^https:/)
  await using app = await running({ at })
  await answers(app)
  assert.equal((await app.ask('/v1/pool', json({ name: 'Desk', copies: 1 }))).status, 201)
  await app.desktop.quit()
  await node.stop()
})

test('a save that breaks off leaves the file that was there', async () => {
  await using app = await running()
  await answers(app)
  await app.ask('/v1/pool', json({ name: 'Desk', copies: 1 }))
  const target = join(app.dataDir, '..', 'kept.txt')
  writeFileSync(target, 'what was there')
  app.fake.chosen.push([target])
  const reply = (await app.fake.invoke('save-file', ['/not there.txt'])) as { ok: boolean }
  assert.equal(reply.ok, false)
  assert.equal(readFileSync(target, 'utf8'), 'what was there')
})

test('downloads go into the folder that was chosen, beside what is there; a page cannot say which', async () => {
  await using app = await running()
  await answers(app)
  await app.ask('/v1/pool', json({ name: 'Desk', copies: 1 }))
  await app.ask('/v1/files/a%20b.txt', { method: 'PUT', body: 'text' })
  const folder = join(app.dataDir, '..', 'Downloads')
  mkdirSync(folder)
  const said = (await app.fake.invoke('change-settings', [{ downloadFolder: folder }])) as { ok: boolean }
  assert.equal(said.ok, false)
  app.fake.chosen.push([folder])
  const settings = { startAtLogin: false, notifications: true, updateUrl: null, downloadFolder: folder }
  assert.deepEqual(await app.fake.invoke('choose-download-folder', []), { ok: true, value: settings })
  writeFileSync(join(folder, 'a b.txt'), 'what was there')
  assert.deepEqual(await app.fake.invoke('save-file', ['/a b.txt']), { ok: true, value: join(folder, 'a b (2).txt') })
  assert.equal(((await app.fake.invoke('save-file', ['/missing.txt'])) as { ok: boolean }).ok, false)
  assert.deepEqual(readdirSync(folder).sort(), ['a b (2).txt', 'a b.txt'])
  assert.equal(readFileSync(join(folder, 'a b (2).txt'), 'utf8'), 'text')
  assert.equal(readFileSync(join(folder, 'a b.txt'), 'utf8'), 'what was there')

  rmSync(folder, { recursive: true })
  const { message } = (await app.fake.invoke('save-file', ['/a b.txt'])) as { message: string }
  assert.match(message, /is not there: .*Choose another one in Settings/)
  const asking = { ...settings, downloadFolder: null }
  assert.deepEqual(await app.fake.invoke('change-settings', [{ downloadFolder: null }]), { ok: true, value: asking })
  app.fake.chosen.push([])
  assert.deepEqual(await app.fake.invoke('save-file', ['/a b.txt']), { ok: true, value: null })
})

test('a join link fills in the window’s code: the one at the start when it asks, later ones at once', async () => {
  await using app = await running({ args: ['hadahoop://join/AB12-CD34-EF56-GH78-JK90'] })
  assert.deepEqual(await app.fake.invoke('take-join-code', []), { ok: true, value: 'AB12-CD34-EF56-GH78-JK90' })
  assert.deepEqual(await app.fake.invoke('take-join-code', []), { ok: true, value: null })
  app.desktop.takeOver({ joinCode: 'ZZ12-CD34-EF56-GH78-JK90', files: [], hidden: false })
  assert.match(app.said(), /ZZ12-CD34-EF56-GH78-JK90/)
  const invitation = join(app.dataDir, '..', 'join us.hadahoop')
  writeFileSync(invitation, 'hadahoop://join/YY12-CD34-EF56-GH78-JK90\n')
  app.desktop.takeOver({ joinCode: undefined, files: [invitation], hidden: false })
  assert.match(app.said(), /YY12-CD34-EF56-GH78-JK90/)
  assert.equal(app.fake.windows.length, 1)
  assert.equal((await app.ask('/v1/pool').catch(() => ({ status: 503 }))).status === 200, false, 'nothing was joined')
})

test('secrets are wrapped where the keychain is real', async () => {
  await using app = await running({ keychain: true })
  await answers(app)
  assert.deepEqual(await (await app.ask('/v1/secrets')).json(), { protection: 'keychain', keychain: true })
  assert.doesNotMatch(readFileSync(join(app.dataDir, 'identity.json'), 'utf8'), /PRIVATE/)
})

test('a database of a newer release is refused in words, and not tried again and again', async () => {
  const at = home()
  const node = await startNode({ dataDir: at.dataDir, discovery: false, listen: '127.0.0.1' })
  await node.stop()
  const { default: Database } = await import('better-sqlite3')
  const database = new Database(join(at.dataDir, 'members.db'))
  database.pragma('user_version = 9999')
  database.close()
  await using app = await running({ at, prepare: (fake) => fake.answers.push(1, 0) })
  await until('it is said twice: once more was wanted, then not', () => app.fake.questions.length === 2)
  assert.match(JSON.stringify(app.fake.questions), /newer release/)
  await until('it ends', () => app.fake.app.calls.includes('quit'))
})

test('the window’s session refuses what pages ask for, and who wants no notifications gets none', async () => {
  const at = home()
  writeFileSync(join(at.folder, 'own', 'desktop.json'), JSON.stringify({ settings: { notifications: false } }))
  await using app = await running({ at })
  const { session } = app.fake
  const foreign = (await app.fake.invoke('settings', [], { contents: new FakeContents() })) as { ok: boolean }
  assert.equal(foreign.ok, false, 'of web contents that are no window of the app')
  const asked = (permission: string): boolean => {
    let isGranted: boolean | undefined
    const details = { requestingUrl: 'app://hadahoop/files', isMainFrame: true }
    const answer = (isAllowed: boolean) => void (isGranted = isAllowed)
    session.requestHandler?.({} as never, permission as never, answer, details)
    assert(isGranted !== undefined, 'answered')
    return isGranted
  }
  assert.deepEqual([asked('clipboard-sanitized-write'), asked('geolocation')], [true, false])
  assert.equal(session.deviceHandler?.({} as never), false)
  let isCancelled: boolean | undefined
  session.beforeRequest?.({ url: 'https://example.com/' }, ({ cancel }) => void (isCancelled = cancel))
  assert.equal(isCancelled, true)
  assert.equal(app.window.close(), false)
  assert.deepEqual(app.fake.notifications, [])
})

test('quitting asks while files lie on this computer alone, and whoever keeps it running keeps it running', async () => {
  await using app = await running()
  await answers(app)
  await app.ask('/v1/pool', json({ name: 'Desk', copies: 2 }))
  const dataDir = join(app.dataDir, '..', 'other machine')
  const other = await startNode({ dataDir, discovery: false, listen: '127.0.0.1' })
  const { code, address } = (await (await app.ask('/v1/pool/invites', { method: 'POST' })).json()) as Invite
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${other.token}` }
  const joined = await fetch(`${other.url}/v1/pool/join`, { ...json({ code, address }), headers })
  assert(joined.ok, await joined.text())
  await other.stop()
  await app.ask('/v1/files/alone.txt', { method: 'PUT', body: 'alone' })
  app.fake.answers.push(0)
  app.fake.app.quit()
  await until('it is asked', () => JSON.stringify(app.fake.questions).includes('1 file is not yet copied'))
  await answers(app)
  assert(!app.fake.app.calls.includes('quit'))
})

test('tray and menu do what they say, files are opened from a copy, and quitting ends the engine', async () => {
  await using app = await running()
  await answers(app)
  await app.ask('/v1/pool', json({ name: 'Desk', copies: 1 }))
  await app.ask('/v1/files/a%20b.txt', { method: 'PUT', body: 'text' })
  const [tray] = app.fake.trays
  await until('the tray knows the pool', () => tray?.tip.includes('protected') === true)
  assert.equal(((await app.fake.invoke('open-file', ['/a b.txt'])) as { ok: boolean }).ok, true)
  assert.equal(readFileSync(app.fake.opened[0] ?? '', 'utf8'), 'text')
  assert.equal(((await app.fake.invoke('drag-files', [['/a b.txt']])) as { ok: boolean }).ok, true)
  assert.equal(app.window.webContents.dragged.length, 1)
  app.fake.chosen.push([join(app.dataDir, '..', 'saved.txt')])
  const saved = join(app.dataDir, '..', 'saved.txt')
  assert.deepEqual(await app.fake.invoke('save-file', ['/a b.txt']), { ok: true, value: saved })
  // A file that cannot be fetched costs nobody the one that it would have replaced.
  app.fake.chosen.push([join(app.dataDir, '..', 'saved.txt')])
  assert.equal(((await app.fake.invoke('save-file', ['/missing.txt'])) as { ok: boolean }).ok, false)
  assert.equal(readFileSync(join(app.dataDir, '..', 'saved.txt'), 'utf8'), 'text')

  assert.equal(app.window.close(), false)
  assert.equal(app.window.close(), false)
  assert.deepEqual(
    app.fake.notifications.map(({ title }) => title),
    ['Hadahoop goes on running'],
    'said once',
  )
  tray?.emit('click')
  assert.equal(app.window.visible, true)
  app.fake.answers.push(1)
  app.fake.app.quit()
  await until('all has ended', () => app.fake.app.calls.includes('quit'))
  assert.equal(app.fake.engines[0]?.child.exitCode, 0)
  assert.equal(app.window.close(), true)
})
