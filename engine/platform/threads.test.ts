import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { MiB } from '../limits.ts'
import { testFolder } from './testFolder.ts'
import { type RunningThread, spawnThread } from './threads.ts'

const program = `
import { parentPort } from 'node:worker_threads'
const hoard: string[] = []
parentPort!.on('message', (message: { echo?: unknown; fill?: SharedArrayBuffer; fail?: string; hoard?: true }) => {
  if (message.fail) throw new Error(message.fail)
  if (message.fill) new Uint8Array(message.fill).fill(7)
  if (message.hoard) for (;;) hoard.push(Math.random().toString().repeat(100))
  parentPort!.postMessage(message.echo ?? 'done')
})`

function start(): { thread: RunningThread; folder: Disposable; end: Promise<string> } {
  const folder = testFolder()
  const path = join(folder.path, 'program.ts')
  writeFileSync(path, program)
  const thread = spawnThread(pathToFileURL(path), { heapBytes: 32 * MiB })
  return { thread, folder, end: new Promise((resolve) => thread.onEnd(resolve)) }
}

const next = (thread: RunningThread) => new Promise((resolve) => thread.onMessage(resolve))

test('messages go both ways, transferred memory changes hands, shared memory stays shared', async () => {
  const { thread, folder, end } = start()
  using _folder = folder
  const moved = Uint8Array.of(1, 2, 3)
  const echo = next(thread)
  thread.send({ echo: moved }, [moved.buffer])
  assert.deepEqual(await echo, Uint8Array.of(1, 2, 3))
  assert.equal(moved.length, 0)
  const shared = new SharedArrayBuffer(4)
  thread.send({ fill: shared })
  thread.send({ fail: 'enough' })
  assert.equal(await end, 'enough')
  assert.deepEqual(new Uint8Array(shared), Uint8Array.of(7, 7, 7, 7))
  thread.send('to nobody')
})

test('a thread that eats memory ends, and the process does not', async () => {
  const { thread, folder, end } = start()
  using _folder = folder
  thread.send({ hoard: true })
  assert.match(await end, /memory/)
})

test('a stopped thread says so, once, also to who asks later', async () => {
  const { thread, folder, end } = start()
  using _folder = folder
  await thread.stop()
  assert.equal(await end, 'it was stopped')
  assert.equal(await new Promise((resolve) => thread.onEnd(resolve)), 'it was stopped')
})
