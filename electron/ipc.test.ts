import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { IpcMain } from 'electron'
import { channelArguments } from './channels.ts'
import { type ChannelHandlers, serveChannels } from './ipc.ts'

function served() {
  const heard: { channel: string; args: unknown[] }[] = []
  const handlers = Object.fromEntries(
    Object.keys(channelArguments).map((channel) => [
      channel,
      (_event: unknown, ...args: unknown[]) => {
        heard.push({ channel, args })
        if (channel === 'open-file') throw new Error('no such file')
        return channel === 'import-paths' ? { id: '1' } : null
      },
    ]),
  ) as unknown as ChannelHandlers
  const registered = new Map<string, Parameters<IpcMain['handle']>[1]>()
  serveChannels({ handle: (channel, handler) => void registered.set(channel, handler) }, handlers, (id) => id === 7)
  const say = async (channel: string, args: unknown[], from: { id?: number; frame?: object | null } = {}) => {
    const senderFrame = from.frame === null ? null : { url: 'app://hadahoop/files', parent: null, ...from.frame }
    return await registered.get(channel)?.({ sender: { id: from.id ?? 7 }, senderFrame } as never, ...args)
  }
  return { heard, say, registered }
}

const good = ['import-paths', [['/home/a'], '/Photos']] as const

test('a window of ours is heard, with what the channel takes', async () => {
  const { say, heard } = served()
  assert.deepEqual(await say(...(good as unknown as [string, unknown[]])), { ok: true, value: { id: '1' } })
  assert.deepEqual(heard, [{ channel: good[0], args: good[1] }])
})

test('only the top frame of a window of ours, on a page of ours, is heard', async () => {
  const { say, heard } = served()
  const top = { url: 'app://hadahoop/' }
  for (const from of [
    { id: 8 },
    { frame: null },
    { frame: { url: 'https://example.com/' } },
    { frame: { url: 'app://hadahoop.example.com/' } },
    { frame: { url: 'file:///tmp/x.html' } },
    { frame: { url: 'about:blank' } },
    { frame: { url: 'app://hadahoop/v1/files/evil.html' } },
    { frame: { url: 'app://hadahoop/files', parent: top } },
  ]) {
    const reply = (await say(good[0], [...good[1]], from)) as { ok: boolean }
    assert.equal(reply.ok, false, JSON.stringify(from))
  }
  assert.deepEqual(heard, [])
})

test('what a channel does not take is refused before anybody sees it', async () => {
  const { say, heard } = served()
  for (const [channel, args] of [
    ['import-paths', []],
    ['import-paths', [[], '/']],
    ['import-paths', [['/a'], 'no slash']],
    ['import-paths', [['/a'], '/', 'more']],
    ['import-paths', [['/a'], '/../b']],
    ['import-paths', [[1], '/']],
    ['choose-paths', ['anything']],
    ['open-file', [{ toString: 1 }]],
    ['change-settings', [{ unknown: true }]],
    ['change-settings', [{ updateUrl: 'http://example.com/' }]],
    ['change-settings', [{ updateUrl: 'javascript:alert(1)' }]],
    ['change-settings', [{ downloadFolder: '/etc' }]],
    ['engine-state', ['extra']],
  ] as [string, unknown[]][]) {
    assert.equal(((await say(channel, args)) as { ok: boolean }).ok, false, `${channel} ${JSON.stringify(args)}`)
  }
  assert.deepEqual(heard, [])
})

test('a failure comes back as words, not as an exception with a stack', async () => {
  const { say } = served()
  assert.deepEqual(await say('open-file', ['/a']), { ok: false, message: 'no such file' })
})

test('every channel of the table is served, and no other', () => {
  const { registered } = served()
  assert.deepEqual([...registered.keys()].sort(), Object.keys(channelArguments).sort())
})
