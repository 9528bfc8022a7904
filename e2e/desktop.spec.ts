// The desktop app itself, by Playwright's driver for Electron, where Electron's binary is: `npm run e2e -- --desktop`. Elsewhere these
// are reported as skipped, and what the app does is shown by electron/*.test.ts and desktopPage.spec.ts alone.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { _electron, type ElectronApplication, expect, type Page, test } from '@playwright/test'
import { installedElectron } from '../build/electronBinary.mjs'

const executablePath = installedElectron()
test.skip(executablePath === undefined, 'no Electron binary here')

let app: ElectronApplication | undefined
let folder = ''

/** Starts the app on the test's data folder; the answer is its window. */
async function open(...args: string[]): Promise<Page> {
  const main = resolve(import.meta.dirname, '..', 'dist', 'electron', 'main.js')
  app = await _electron.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      main,
      '--data',
      folder,
      '--no-discovery',
      '--listen',
      '127.0.0.1',
      ...args,
    ],
  })
  return await app.firstWindow()
}

test.beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hadahoop-desktop-'))
})
test.afterEach(async () => {
  await app?.evaluate(({ app }) => app.exit(0)).catch(() => undefined)
  await app?.close().catch(() => undefined)
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
})

const token = (): string => (JSON.parse(readFileSync(join(folder, 'api.json'), 'utf8')) as { token: string }).token

test('the window opens, makes a pool, stores and shows a file, and holds no token', async () => {
  const window = await open()
  await window.getByLabel('Name of the pool').fill('Desk')
  await window.getByRole('button', { name: 'Create' }).click()
  await window.getByRole('button', { name: 'Done' }).click()
  await expect(window.getByText('Drop files or folders here')).toBeVisible()
  expect(window.url()).toMatch(/^app:\/\/hadahoop\//)
  const status = await window.evaluate(async () => {
    const { status } = await fetch('/v1/files/a.txt', { method: 'PUT', body: 'text' })
    return status
  })
  expect(status).toBe(201)
  await expect(window.getByRole('grid').getByRole('row').filter({ hasText: 'a.txt' })).toBeVisible()
  const part = await window.evaluate(async () => {
    const answer = await fetch('/v1/files/a.txt', { headers: { range: 'bytes=1-2' } })
    return [answer.status, await answer.text()]
  })
  expect(part).toEqual([206, 'ex'])
  const seen = await window.evaluate(`JSON.stringify([
    document.cookie,
    [localStorage, sessionStorage].map((store) => Object.entries(store)),
    Object.keys(globalThis),
    document.documentElement.outerHTML,
  ])`)
  expect(seen).not.toContain(token())
  expect(await window.evaluate('typeof require')).toBe('undefined')
})

test('the window cannot leave the app, open windows or get permissions', async () => {
  const window = await open()
  await window.evaluate(`location.href = 'https://example.com/'`)
  await window.evaluate(`void open('https://example.com/')`)
  const asked = `navigator.permissions.query({ name: 'geolocation' }).then(({ state }) => state)`
  expect(await window.evaluate(asked)).toBe('denied')
  expect(window.url()).toMatch(/^app:\/\/hadahoop\//)
  expect(app?.windows().length).toBe(1)
})

test('an engine that is killed comes back, and the window goes on', async () => {
  const window = await open()
  await expect.poll(() => window.evaluate(async () => (await fetch('/v1/health')).status)).toBe(200)
  await app?.evaluate(({ app }) => {
    for (const { pid, name } of app.getAppMetrics()) if (name === 'Hadahoop engine') process.kill(pid, 'SIGKILL')
  })
  await expect
    .poll(() => window.evaluate(async () => (await fetch('/v1/health')).status), { timeout: 20_000 })
    .toBe(200)
})

test('a second start hands its join link over to the first and ends', async () => {
  const window = await open()
  await app?.evaluate(({ app }) => {
    const argv = ['electron', 'main.js', 'hadahoop://join/AB12-CD34-EF56-GH78-JK90']
    app.emit('second-instance', {}, [], '/', { argv, folder: '/' })
  })
  await expect(window.getByLabel('Code')).toHaveValue('AB12-CD34-EF56-GH78-JK90')
})

test('closing the window leaves the app in the tray', async () => {
  const window = await open()
  await app?.evaluate(({ BrowserWindow }) => {
    for (const each of BrowserWindow.getAllWindows()) each.close()
  })
  expect(
    await app?.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().map((each) => each.isVisible())),
  ).toEqual([false])
  expect(window.isClosed()).toBe(false)
})
