import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Desktop } from '../shared/desktop.ts'
import { exposeDesktop } from './desktopBridge.ts'

interface FakeFile {
  readonly path: string
}

function exposed(replies: Record<string, unknown> = {}) {
  const worlds: Record<string, unknown> = {}
  const said: { channel: string; args: unknown[] }[] = []
  const listeners = new Map<string, (event: unknown, value: unknown) => void>()
  exposeDesktop({
    contextBridge: { exposeInMainWorld: (name: string, api: unknown) => void (worlds[name] = api) },
    ipcRenderer: {
      invoke: async (channel: string, ...args: unknown[]) => {
        said.push({ channel, args })
        return replies[channel] ?? { ok: true, value: null }
      },
      on: ((channel: string, listener: (event: unknown, value: unknown) => void) =>
        void listeners.set(channel, listener)) as never,
      off: ((channel: string) => void listeners.delete(channel)) as never,
    },
    webUtils: { getPathForFile: (file) => (file as unknown as FakeFile).path },
    platform: 'linux',
  })
  return { desktop: worlds['desktop'] as Desktop<FakeFile>, worlds, said, listeners }
}

test('the page gets functions of fixed meaning, no channel and no way to send', () => {
  const { worlds, desktop } = exposed()
  assert.deepEqual(Object.keys(worlds), ['desktop'])
  for (const [name, value] of Object.entries(desktop))
    assert(typeof value === 'function' || name === 'platform', `${name} is ${typeof value}`)
  assert(!('invoke' in desktop) && !('send' in desktop))
})

test('dropped files go by their paths, and only paths that a person chose are imported', async () => {
  const { desktop, said } = exposed({
    'import-paths': { ok: true, value: { id: '7' } },
    'choose-paths': { ok: true, value: ['/chosen'] },
  })
  assert.deepEqual(desktop.pathsOf([{ path: '/home/a/x' }, { path: '' }, { path: '/home/a/dir' }]), [
    '/home/a/x',
    '/home/a/dir',
  ])
  assert.deepEqual(await desktop.importPaths(['/home/a/x', '/home/a/dir'], '/Photos'), { id: '7' })
  await desktop.choosePaths('files')
  await desktop.importPaths(['/chosen'], '/')
  await assert.rejects(desktop.importPaths(['/home/a/x', '/etc/passwd'], '/'), /passwd was not chosen/)
  assert.deepEqual(
    said.filter(({ channel }) => channel === 'import-paths').map(({ args }) => args),
    [
      [['/home/a/x', '/home/a/dir'], '/Photos'],
      [['/chosen'], '/'],
    ],
  )
})

test('a refusal is an error in its own words', async () => {
  const { desktop } = exposed({ 'open-file': { ok: false, message: 'it is gone' } })
  await assert.rejects(desktop.openFile('/a'), /^Error: it is gone$/)
})

test('listeners get values and never an event, and can leave', () => {
  const { desktop, listeners } = exposed()
  const heard: unknown[][] = []
  const leave = desktop.onEngineState((...args: unknown[]) => void heard.push(args))
  listeners.get('engine-state')?.({ sender: 'ipcRenderer' }, { state: 'running', attached: false })
  assert.deepEqual(heard, [[{ state: 'running', attached: false }]])
  leave()
  assert.equal(listeners.has('engine-state'), false)
})

test('the join code that opened the app comes to who listens first, later ones as they come', async () => {
  const { desktop, listeners } = exposed({ 'take-join-code': { ok: true, value: 'ABCD' } })
  const codes: string[] = []
  desktop.onJoinCode((code) => void codes.push(code))
  await new Promise(setImmediate)
  listeners.get('join-code')?.({}, 'EFGH')
  assert.deepEqual(codes, ['ABCD', 'EFGH'])
})
