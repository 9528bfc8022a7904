import assert from 'node:assert/strict'
import test from 'node:test'
import { entrySchema, goneEntrySchema, healthSchema } from '../../shared/index.ts'
import { limits } from '../limits.ts'
import { startMemoryNode, type MemoryNode } from '../sim/memoryNode.ts'

interface Event {
  readonly id: string
  readonly event: string
  readonly data: unknown
}

/** An open event stream; `next` waits for the next event. */
async function listen(node: MemoryNode, lastEventId?: string) {
  const leave = new AbortController()
  const response = await node.ask('/v1/events', {
    signal: leave.signal,
    headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
  })
  assert.equal(response.headers.get('content-type'), 'text/event-stream')
  assert(response.body !== null)
  const parts = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  return {
    async next(): Promise<Event> {
      for (;;) {
        const end = text.indexOf('\n\n')
        if (end >= 0) {
          const fields = Object.fromEntries(
            text
              .slice(0, end)
              .split('\n')
              .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
          )
          text = text.slice(end + 2)
          if (fields['event'] !== undefined)
            return { id: fields['id'] ?? '', event: fields['event'], data: JSON.parse(fields['data'] ?? '') }
          continue
        }
        const { value, done } = await parts.read()
        if (done) throw new Error('the stream ended')
        text += value
      }
    },
    [Symbol.dispose]: () => leave.abort(),
  }
}

test('changes arrive with the state that the GET has', async () => {
  await using node = await startMemoryNode()
  using stream = await listen(node)
  await node.ask('/v1/files/a', { method: 'PUT', body: 'x' })
  const stored = await stream.next()
  assert.equal(stored.event, 'entry')
  const entry = entrySchema.parse(stored.data)
  assert.equal(entry.path, '/a')
  await node.ask('/v1/files/a', { method: 'DELETE' })
  const deleted = await stream.next()
  assert.deepEqual(goneEntrySchema.parse(deleted.data), { id: entry.id, gone: true })
  node.service.notify({ type: 'health' })
  healthSchema.parse((await stream.next()).data)
  node.service.notify({ type: 'reset' })
  assert.equal((await stream.next()).event, 'reset')
})

test('a client that comes back with its last id misses nothing', async () => {
  await using node = await startMemoryNode()
  const put = (name: string) => node.ask(`/v1/files/${name}`, { method: 'PUT', body: 'x' })
  let last: Event
  {
    using stream = await listen(node)
    await put('a')
    last = await stream.next()
  }
  await put('b')
  await put('c')
  await put('b')
  using stream = await listen(node, last.id)
  const paths = [await stream.next(), await stream.next()].map(({ data }) => entrySchema.parse(data).path)
  // b changed twice and is told once, where its newest change stands.
  assert.deepEqual(paths, ['/c', '/b'])
})

test('ids from before this run, from the future, or that are none yield reset', async () => {
  await using node = await startMemoryNode()
  using first = await listen(node)
  await node.ask('/v1/files/a', { method: 'PUT', body: 'x' })
  const { id } = await first.next()
  const run = id.slice(0, id.lastIndexOf('-'))
  for (const unknown of ['nonsense', 'other-1', `${run}-99`, `${run}-`, `${run}-x`]) {
    using stream = await listen(node, unknown)
    const reset = await stream.next()
    assert.equal(reset.event, 'reset', unknown)
    using resumed = await listen(node, reset.id)
    await node.ask('/v1/files/a', { method: 'PUT', body: 'y' })
    assert.equal((await resumed.next()).event, 'entry')
  }
})

test('who falls behind the backlog is told to reset; the backlog is bounded', async () => {
  await using node = await startMemoryNode()
  using first = await listen(node)
  await node.ask('/v1/files/a', { method: 'PUT', body: 'x' })
  const { id } = await first.next()
  for (let at = 0; at < limits.eventBacklog; at++) {
    node.service.notify({
      type: 'activity',
      item: { id: String(at), at: '2024-01-01T00:00:00Z', code: 'x', text: 'x' },
    })
  }
  using late = await listen(node, id)
  assert.equal((await late.next()).event, 'reset')
})

test('streams are limited, freed when clients leave, and end when the node stops', async () => {
  const node = await startMemoryNode()
  const streams = await Promise.all(Array.from({ length: limits.eventStreams }, () => listen(node)))
  assert.equal((await node.ask('/v1/events')).status, 429)
  streams[0]?.[Symbol.dispose]()
  while ((await node.ask('/v1/events', { signal: AbortSignal.timeout(5000) })).status !== 200);
  const ended = assert.rejects(streams[1]?.next() as Promise<unknown>, /ended|terminated/)
  await node.gateway.stop()
  await ended
  assert.equal(node.service.listeners, 0)
})
