// Menu, tray, power, start at login, quitting: each in a few lines.
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { MenuItemConstructorOptions } from 'electron'
import { readEvents } from './eventStream.ts'
import { setStartAtLogin } from './loginItem.ts'
import { type MenuActions, menuTemplate } from './menu.ts'
import { readMetered } from './metered.ts'
import { Power } from './power.ts'
import { questionBeforeQuitting, readUncopied } from './quitting.ts'
import { FakeApp } from './testElectron.ts'
import { trayFace, trayMenu } from './tray.ts'

function menuOn(platform: string, canUpdate = false) {
  const done: string[] = []
  const actions = new Proxy({} as MenuActions, {
    get: (_target, name) => (what?: string) => void done.push([String(name), what].filter(Boolean).join(' ')),
  })
  const template = menuTemplate({ platform, name: 'Hadahoop', forDevelopers: false, canUpdate }, actions)
  const items = template.flatMap(({ submenu }) => (Array.isArray(submenu) ? submenu : []))
  const click = (label: string) =>
    items.find((item) => item.label === label)?.click?.(undefined as never, undefined, undefined as never)
  return { template, items, click, done }
}

test('each system has its own menu: on macOS Quit under the app’s name, elsewhere under File', () => {
  assert.equal(menuOn('darwin').template[0]?.label, 'Hadahoop')
  assert(menuOn('darwin').items.some(({ label }) => label === 'Quit Hadahoop'))
  assert.equal(menuOn('linux').template[0]?.label, '&File')
  assert(menuOn('linux').items.some(({ label }) => label === 'Quit'))
  assert(menuOn('win32').items.some(({ label, accelerator }) => label === 'Exit' && accelerator === undefined))
  for (const platform of ['darwin', 'linux', 'win32']) {
    const { items, template, click, done } = menuOn(platform)
    const shortcuts = items.map(({ accelerator }) => accelerator).filter((each) => each !== undefined)
    assert.equal(new Set(shortcuts).size, shortcuts.length, `${platform}: no shortcut twice`)
    assert(
      template.some(({ role }) => role === 'editMenu'),
      'copy and paste work on macOS only by a menu',
    )
    assert(!items.some(({ role }) => role === 'toggleDevTools' || role === 'reload'))
    click('Health')
    click('Add files…')
    assert.deepEqual(done, ['showScreen /health', 'addFiles'])
    assert(!items.some(({ label }) => label?.includes('updates')))
    assert(menuOn(platform, true).items.some(({ label }) => label?.includes('updates')))
  }
})

test('the tray says how the pool is', () => {
  const running = { state: 'running', attached: false } as const
  const machines = [
    { id: 'a', name: 'A', state: 'online', self: true },
    { id: 'b', name: 'B', state: 'offline', self: false },
    { id: 'c', name: 'C', state: 'removed', self: false },
  ]
  const face = (state: Parameters<typeof trayFace>[1] & {}) => trayFace(running, state)
  assert.deepEqual(face({ state: 'protected', filesAtRisk: 0, machines }), {
    look: 'well',
    line: 'All protected · 1 of 2 machines',
  })
  assert.deepEqual(face({ state: 'at-risk', filesAtRisk: 1, machines: [] }), { look: 'bad', line: 'Files at risk' })
  for (const [state, look, line] of [
    ['no-pool', 'asleep', 'In no pool yet'],
    ['copying', 'busy', 'Copies are being made'],
    ['degraded', 'busy', 'Some files lack a copy'],
    ['unreachable', 'bad', 'Files out of reach'],
    ['lost', 'bad', 'Files lost'],
  ] as const)
    assert.deepEqual(face({ state, filesAtRisk: 0, machines: [] }), { look, line })
  assert.deepEqual(trayFace({ state: 'restarting', attached: false }, undefined), {
    look: 'asleep',
    line: 'Starting …',
  })
  assert.deepEqual(
    trayFace({ state: 'failed', attached: false, problem: { code: 'x', message: 'Too new' } }, undefined),
    {
      look: 'bad',
      line: 'Too new',
    },
  )
  const done: string[] = []
  const menu: MenuItemConstructorOptions[] = trayMenu(face({ state: 'no-pool', filesAtRisk: 0, machines: [] }), {
    open: () => void done.push('open'),
    openDropWindow: () => void done.push('drop'),
    quit: () => void done.push('quit'),
  })
  for (const item of menu) item.click?.(undefined as never, undefined, undefined as never)
  assert.deepEqual(done, ['open', 'drop', 'quit'])
})

test('battery, sleep, waking and a metered network are told to the engine', async () => {
  const told: unknown[] = []
  const powerMonitor = Object.assign(new EventEmitter(), { isOnBatteryPower: () => true })
  let metered = false
  const power = new Power({
    powerMonitor: powerMonitor as never,
    isMetered: async () => metered,
    tell: async (conditions) => void told.push(conditions),
    log: () => undefined,
    every: () => undefined,
  })
  power.tellAgain()
  powerMonitor.emit('on-ac')
  metered = true
  await power.lookAtNetwork()
  await power.lookAtNetwork()
  powerMonitor.emit('suspend')
  powerMonitor.emit('resume')
  powerMonitor.emit('on-battery')
  assert.deepEqual(told, [
    { onBattery: true, metered: false, asleep: false },
    { onBattery: false, metered: false, asleep: false },
    { onBattery: false, metered: true, asleep: false },
    { onBattery: false, metered: true, asleep: true },
    { onBattery: false, metered: true, asleep: false },
    { onBattery: true, metered: true, asleep: false },
  ])
})

test('what the systems say of a metered network is read; not knowing is no', () => {
  for (const [answer, is] of [
    ['u 1\n', true],
    ['u 3', true],
    ['u 2', false],
    ['u 4', false],
    ['u 0', false],
    ['', false],
  ] as const)
    assert.equal(readMetered('linux', answer), is, answer)
  assert(readMetered('win32', 'Fixed\r\n') && readMetered('win32', 'Variable') && !readMetered('win32', 'Unrestricted'))
  assert(!readMetered('darwin', 'Fixed'))
})

test('start at login: the system’s list where Electron knows it, an autostart file on Linux', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hadahoop-login-'))
  const app = new FakeApp()
  const parts = { app, configFolder: folder, executable: '/opt/My "Apps"/$hadahoop' }
  setStartAtLogin(true, { ...parts, platform: 'darwin' })
  assert.deepEqual(app.loginItems, [{ openAtLogin: true, args: ['--hidden'] }])
  setStartAtLogin(true, { ...parts, platform: 'linux' })
  const file = join(folder, 'autostart', 'hadahoop.desktop')
  assert.match(readFileSync(file, 'utf8'), /^Exec="\/opt\/My \\\\"Apps\\\\"\/\\\\\$hadahoop" --hidden$/m)
  setStartAtLogin(false, { ...parts, platform: 'linux' })
  assert(!existsSync(file))
  setStartAtLogin(false, { ...parts, platform: 'linux' })
  rmSync(folder, { recursive: true })
})

test('quitting asks only where something would be left on this machine alone', () => {
  const some = readUncopied({ items: [], next: null, uncopied: { files: 2, bytes: 3_000_000 } })
  assert.equal(questionBeforeQuitting(false, some)?.message, '2 files are not yet copied')
  assert.match(questionBeforeQuitting(false, some)?.detail ?? '', /3 MB/)
  assert.equal(questionBeforeQuitting(false, { files: 1, bytes: 5 })?.message, '1 file is not yet copied')
  assert.equal(questionBeforeQuitting(true, some), undefined, 'the engine stays')
  assert.equal(questionBeforeQuitting(false, readUncopied({ items: [] })), undefined)
  assert.equal(questionBeforeQuitting(false, readUncopied(undefined)), undefined)
})

test('events are read whole, however they are cut', async () => {
  const text =
    ': hello\n\nid: 1\nevent: health\ndata: {"a":1}\n\nevent: node\ndata: {"b":\ndata: "ü"}\n\nevent: cut\ndata: 1'
  const bytes = new TextEncoder().encode(text)
  for (const size of [1, 2, 7, 1000]) {
    const events = []
    async function* parts() {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
    }
    for await (const event of readEvents(parts())) events.push(event)
    assert.deepEqual(events, [
      { name: 'health', data: '{"a":1}' },
      { name: 'node', data: '{"b":\n"ü"}' },
    ])
  }
})
