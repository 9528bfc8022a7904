import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientRequest, request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import test from 'node:test'
import fc from 'fast-check'
import { entrySchema } from '../../shared/index.ts'
import { EngineError } from '../base/error.ts'
import { MiB } from '../limits.ts'
import type { OpenFile } from './service.ts'
import { startMemoryNode, type MemoryNode } from '../sim/memoryNode.ts'

function bytes(count: number): Buffer {
  const content = Buffer.alloc(count)
  for (let at = 0; at < count; at++) content[at] = (at * 31 + (at >> 8)) & 255
  return content
}

function startPut(node: MemoryNode, path: string, headers: Record<string, string | number> = {}): ClientRequest {
  return httpRequest(`${node.url}/v1/files/${path}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${node.token}`, ...headers },
  })
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

test('bytes come back as they went in, of known length or chunked, of any declared type', async () => {
  await using node = await startMemoryNode()
  const content = bytes(3 * MiB + 7)
  for (const [name, headers] of [
    ['known', { 'content-length': content.length }],
    ['chunked', {}],
    ['json', { 'content-type': 'application/json' }],
    ['odd', { 'content-type': 'this is no type' }],
    ['form', { 'content-type': 'multipart/form-data' }],
  ] as const) {
    const request = startPut(node, name, headers)
    request.end(content)
    const [response] = await once(request, 'response')
    assert.equal(response.statusCode, 201, name)
    const entry = entrySchema.parse(await new Response(response).json())
    assert.equal(response.headers.etag, `"${entry.version}"`)
    const got = await node.ask(`/v1/files/${name}`)
    assert.equal(got.headers.get('etag'), `"${entry.version}"`)
    assert.deepEqual(Buffer.from(await got.arrayBuffer()), content)
  }
})

test('the empty file, with and without a length', async () => {
  await using node = await startMemoryNode()
  assert.equal((await node.ask('/v1/files/a', { method: 'PUT' })).status, 201)
  assert.equal((await node.ask('/v1/files/a', { method: 'PUT', body: '' })).status, 200)
  const got = await node.ask('/v1/files/a')
  assert.equal(got.headers.get('content-length'), '0')
  assert.equal(await got.text(), '')
  const range = await node.ask('/v1/files/a', { headers: { range: 'bytes=0-' } })
  assert.equal(range.status, 416)
  assert.equal(range.headers.get('content-range'), 'bytes */0')
})

test('any range is the slice of the whole', async () => {
  await using node = await startMemoryNode()
  const content = bytes(250_000)
  await node.ask('/v1/files/f', { method: 'PUT', body: content })
  await fc.assert(
    fc.asyncProperty(fc.nat(260_000), fc.nat(260_000), async (first, length) => {
      const last = first + length
      const got = await node.ask('/v1/files/f', { headers: { range: `bytes=${first}-${last}` } })
      if (first >= content.length) {
        assert.equal(got.status, 416)
        await got.arrayBuffer()
        return
      }
      const expected = content.subarray(first, last + 1)
      assert.equal(got.status, 206)
      assert.equal(got.headers.get('content-range'), `bytes ${first}-${first + expected.length - 1}/${content.length}`)
      assert.deepEqual(Buffer.from(await got.arrayBuffer()), expected)
    }),
    { numRuns: 60 },
  )
})

test('HEAD says what GET would, without bytes', async () => {
  await using node = await startMemoryNode()
  await node.ask('/v1/files/Photo.jpg', {
    method: 'PUT',
    body: 'xyz',
    headers: { 'x-modified': '2020-02-03T04:05:06.789Z' },
  })
  const head = await node.ask('/v1/files/Photo.jpg', { method: 'HEAD' })
  const get = await node.ask('/v1/files/Photo.jpg')
  assert.equal(head.status, 200)
  for (const name of [
    'content-length',
    'etag',
    'last-modified',
    'content-type',
    'accept-ranges',
    'content-security-policy',
    'x-content-type-options',
  ]) {
    assert.equal(head.headers.get(name), get.headers.get(name), name)
  }
  assert.equal(head.headers.get('content-length'), '3')
  assert.equal(head.headers.get('last-modified'), 'Mon, 03 Feb 2020 04:05:06 GMT')
  assert.equal(head.headers.get('content-type'), 'image/jpeg')
  assert.equal(head.headers.get('content-security-policy'), 'sandbox')
  assert.equal((await node.ask('/v1/files/none', { method: 'HEAD' })).status, 404)
})

test('preconditions hold back what would overwrite', async () => {
  await using node = await startMemoryNode()
  const put = async (headers: Record<string, string>) =>
    (await node.ask('/v1/files/a', { method: 'PUT', body: 'x', headers })).status
  assert.equal(await put({ 'if-match': '*' }), 412)
  assert.equal(await put({ 'if-none-match': '*' }), 201)
  assert.equal(await put({ 'if-none-match': '*' }), 412)
  assert.equal(await put({ 'if-none-match': '"v"' }), 400)
  const etag = (await node.ask('/v1/files/a', { method: 'HEAD' })).headers.get('etag') as string
  assert.equal(await put({ 'if-match': etag }), 200)
  assert.equal(await put({ 'if-match': etag }), 412)
  assert.equal(await put({ 'x-modified': 'yesterday' }), 400)
  assert.equal(await put({ 'content-range': 'bytes 0-0/2' }), 400)
  assert.equal((await node.ask('/v1/files/a?wait=some', { method: 'PUT', body: 'x' })).status, 400)
  assert.equal((await node.ask('/v1/files/a?wait=all&waitMs=100', { method: 'PUT', body: 'x' })).status, 200)
})

test('an upload cut in the middle leaves nothing, with known length and chunked', async () => {
  await using node = await startMemoryNode()
  for (const headers of [{ 'content-length': 1000 }, {}]) {
    const request = startPut(node, 'cut', headers)
    request.on('error', () => {})
    request.write('half of it')
    await until(() => node.service.uploadsOpen === 1)
    request.destroy()
    await until(() => node.service.uploadsOpen === 0)
    assert.equal((await node.ask('/v1/files/cut')).status, 404)
  }
})

test('an upload that ends its side too early is refused, not taken for whole', async () => {
  await using node = await startMemoryNode()
  const socket = connect(node.gateway.port, '127.0.0.1')
  socket.on('error', () => {})
  socket.end(
    `PUT /v1/files/short HTTP/1.1\r\nHost: ${node.url.slice(7)}\r\nAuthorization: Bearer ${node.token}\r\nContent-Length: 10\r\n\r\nfive!`,
  )
  await once(socket.resume(), 'close')
  assert.equal((await node.ask('/v1/files/short')).status, 404)
  assert.equal(node.service.uploadsOpen, 0)
})

test('a consumer that looks at nothing but the bytes sees a cut upload as an error', async () => {
  await using node = await startMemoryNode()
  const { promise: outcome, resolve: settle } = Promise.withResolvers<string>()
  node.service.putFile = async (_path, source) => {
    try {
      for await (const part of source) assert(part.length > 0)
      settle('whole')
    } catch (error) {
      settle((error as EngineError).code)
    }
    throw new EngineError('internal', 'Never asked for.')
  }
  const request = startPut(node, 'cut', { 'content-length': 1000 })
  request.on('error', () => {})
  request.write('half of it', () => request.destroy())
  assert.equal(await outcome, 'upload-cut')
})

test('a refused upload is read to its end, so that whoever sends it all sees the answer', async () => {
  await using node = await startMemoryNode()
  for (const headers of [{ 'if-match': '*' }, { authorization: 'Bearer wrong' }]) {
    const request = startPut(node, 'refused', headers)
    const answered = once(request, 'response')
    request.end(bytes(16 * MiB))
    await once(request, 'finish')
    const [response] = await answered
    assert.equal(response.statusCode, 'if-match' in headers ? 412 : 401)
    response.resume()
  }
})

test('a client that asks first is told no before it sends', async () => {
  await using node = await startMemoryNode()
  for (const [token, continued] of [
    [node.token, true],
    ['wrong', false],
  ] as const) {
    const request = startPut(node, 'asked', { expect: '100-continue', authorization: `Bearer ${token}` })
    let toldToContinue = false
    request.on('continue', () => {
      toldToContinue = true
      request.end('x')
    })
    request.on('error', () => {})
    request.flushHeaders()
    const [response] = await once(request, 'response')
    assert.deepEqual([response.statusCode, toldToContinue], continued ? [201, true] : [401, false])
    request.destroy()
  }
})

test('a full disk is 507 in the middle of an upload, and whoever sends it all sees the answer', async () => {
  await using node = await startMemoryNode({ capacityBytes: MiB })
  const request = startPut(node, 'big', { 'content-length': 16 * MiB })
  const answered = once(request, 'response')
  for (let sent = 0; sent < 16; sent++) request.write(bytes(MiB))
  request.end()
  await once(request, 'finish')
  const [response] = await answered
  assert.equal(response.statusCode, 507)
  assert.equal(((await new Response(response).json()) as { code: string }).code, 'disk-full')
  assert.equal((await node.ask('/v1/files/big')).status, 404)
})

test('an upload that the engine does not take waits at the sender', async () => {
  await using node = await startMemoryNode()
  const { promise: opened, resolve: open } = Promise.withResolvers<void>()
  const plainPut = node.service.putFile.bind(node.service)
  node.service.putFile = async (path, source, options) => {
    await opened
    return plainPut(path, source, options)
  }
  const request = startPut(node, 'slow', { 'content-length': 64 * MiB })
  const part = bytes(MiB)
  let sent = 0
  const send = () => {
    while (sent < 64) {
      sent++
      if (!request.write(part)) return void request.once('drain', send)
    }
    request.end()
  }
  send()
  // Both sockets' buffers fill and then nothing moves: the sender stands still well before the end.
  let before = -1
  while (before !== sent) {
    before = sent
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  assert(sent < 32, `${sent} MiB left the sender`)
  open()
  const [response] = await once(request, 'response')
  assert.equal(response.statusCode, 201)
  response.resume()
})

/** Serves one file whose parts come from `read`. */
async function nodeReading(
  sizeBytes: number,
  read: OpenFile['read'],
  more: Pick<OpenFile, 'release'> = {},
): Promise<MemoryNode> {
  const node = await startMemoryNode()
  const { entry } = await node.service.putFile(['f'], (async function* () {})(), {
    signal: new AbortController().signal,
  })
  node.service.openFile = async () => ({ entry, version: 'a'.repeat(32), sizeBytes, modifiedMs: 0, read, ...more })
  return node
}

test('each part of a content is given back once the socket needs it no more', async () => {
  const given: Uint8Array[] = []
  const released: Uint8Array[] = []
  const content = bytes(5 * MiB)
  const read = async function* () {
    for (let at = 0; at < content.length; at += MiB) {
      const part = Buffer.from(content.subarray(at, at + MiB))
      given.push(part)
      yield part
    }
  }
  const release = (part: Uint8Array) => {
    released.push(part)
    part.fill(0)
  }
  await using node = await nodeReading(content.length, read, { release })
  assert.deepEqual(await (await node.ask('/v1/files/f')).bytes(), new Uint8Array(content))
  await until(() => released.length === given.length)
  assert.deepEqual(released, given)
})

test('a content that fails before its first byte is a problem, later it cuts the connection', async () => {
  await using early = await nodeReading(10, async function* () {
    yield* []
    throw new EngineError('unreachable', 'Laptop is off.')
  })
  assert.equal((await early.ask('/v1/files/f')).status, 503)

  await using late = await nodeReading(3 * MiB, async function* () {
    yield bytes(MiB)
    yield bytes(MiB)
    throw new EngineError('unreachable', 'Laptop is off.')
  })
  const response = await late.ask('/v1/files/f')
  assert.equal(response.status, 200)
  await assert.rejects(response.arrayBuffer())
})

test('a content of another length than promised never looks whole', async () => {
  for (const parts of [[5], [5, 6], [5, 5, 5], []]) {
    await using node = await nodeReading(10, async function* () {
      for (const size of parts) yield bytes(size)
    })
    const got = await node.ask('/v1/files/f').then(
      async (response) => (response.ok ? await response.arrayBuffer().catch(() => 'cut') : response.status),
      () => 'cut',
    )
    assert(got === 'cut' || got === 500, `${parts}: not cut`)
  }
})

test('a reader that goes away stops the reading', async () => {
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>()
  await using node = await nodeReading(1024 * MiB, async function* (_from, _to, signal) {
    signal.addEventListener('abort', () => stop())
    for (let at = 0; at < 1024; at++) yield bytes(MiB)
  })
  const leave = new AbortController()
  const response = await node.ask('/v1/files/f', { signal: leave.signal })
  await response.body?.getReader().read()
  leave.abort()
  await stopped
})
