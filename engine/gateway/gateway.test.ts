import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import test from 'node:test'
import { entryPageSchema, problemSchema, type Problem } from '../../shared/index.ts'
import { EngineError } from '../base/error.ts'
import { startMemoryNode, startNodeOn, type MemoryNode } from '../sim/memoryNode.ts'
import { MemoryService } from '../sim/memoryService.ts'

/** A request whose path and headers go out exactly as given. */
async function exactly(
  node: MemoryNode,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string | Buffer,
): Promise<{ status: number; headers: Record<string, string | string[] | undefined>; text: string }> {
  const request = httpRequest(node.url, {
    method,
    path,
    headers: { authorization: `Bearer ${node.token}`, ...headers },
  })
  request.end(body)
  const [response] = await once(request, 'response')
  const parts: Buffer[] = []
  for await (const part of response) parts.push(part)
  return { status: response.statusCode, headers: response.headers, text: Buffer.concat(parts).toString() }
}

/** Bytes straight into the socket, and all that comes back until it is closed. */
async function rawly(node: MemoryNode, text: string): Promise<string> {
  const socket = connect(node.gateway.port, '127.0.0.1')
  socket.end(text)
  const parts: Buffer[] = []
  for await (const part of socket) parts.push(part)
  return Buffer.concat(parts).toString()
}

async function problemOf(response: Response, status: number, code: string): Promise<Problem> {
  assert.equal(response.status, status)
  assert.equal(response.headers.get('content-type')?.split(';')[0], 'application/problem+json')
  const problem = problemSchema.parse(await response.json())
  assert.equal(problem.code, code)
  assert.equal(problem.status, status)
  return problem
}

test('errors of every origin are problem documents', async () => {
  await using node = await startMemoryNode()
  const json = { 'content-type': 'application/json' }
  await problemOf(await node.ask('/v1/nothing'), 404, 'not-found')
  await problemOf(await node.ask('/nothing', { headers: { authorization: '' } }), 401, 'unauthorized')
  const wrongMethod = await node.ask('/v1/pool', { method: 'PUT' })
  assert.equal(wrongMethod.headers.get('allow'), 'GET, HEAD, POST')
  await problemOf(wrongMethod, 405, 'method-not-allowed')
  await problemOf(await node.ask('/v1/pool', { method: 'POST', headers: json, body: '{"name":' }), 400, 'bad-request')
  await problemOf(await node.ask('/v1/pool', { method: 'POST', headers: json, body: '{"name":7}' }), 400, 'bad-request')
  await problemOf(
    await node.ask('/v1/pool', { method: 'POST', headers: json, body: '{"naem":"x"}' }),
    400,
    'bad-request',
  )
  await problemOf(await node.ask('/v1/pool', { method: 'POST', headers: json }), 400, 'bad-request')
  await problemOf(await node.ask('/v1/pool', { method: 'POST', body: 'name=x' }), 415, 'bad-media-type')
  await problemOf(
    await node.ask('/v1/pool', { method: 'POST', headers: json, body: `"${'x'.repeat(2 ** 20)}"` }),
    413,
    'too-large',
  )
  await problemOf(
    await node.ask('/v1/pool', { method: 'POST', headers: json, body: '{"name":"x"}' }),
    409,
    'already-in-pool',
  )
  for (const query of ['limit=0', 'limit=1001', 'limit=x', 'sort=colour', 'order=up']) {
    await problemOf(await node.ask(`/v1/folders/?${query}`), 400, 'bad-request')
  }
  await problemOf(await node.ask('/v1/folders/?cursor=nonsense'), 400, 'bad-cursor')
  await problemOf(await node.ask('/v1/entries/none'), 404, 'not-found')
  await problemOf(await node.ask(`/v1/entries/${'f'.repeat(32)}`), 404, 'not-found')
  await problemOf(await node.ask('/v1/nodes/none', { method: 'DELETE' }), 404, 'no-such-node')
  await problemOf(await node.ask(`/v1/nodes/${node.service.nodeId}`, { method: 'DELETE' }), 409, 'self')
  await problemOf(await node.ask('/v1/entries?path=a'), 400, 'bad-path')
  await problemOf(await node.ask('/v1/entries?path=/a/../b'), 400, 'bad-path')
  assert.match(await rawly(node, 'nonsense\r\n\r\n'), /^HTTP\/1\.1 400 [\s\S]*"code":"bad-request"/)
  assert.match(
    await rawly(node, `GET / HTTP/1.1\r\nx: ${'x'.repeat(90_000)}\r\n\r\n`),
    /^HTTP\/1\.1 431 [\s\S]*"code":"headers-too-large"/,
  )
  assert.match(
    await rawly(node, 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n'),
    /^HTTP\/1\.1 400 [\s\S]*"code":"bad-request"/,
  )
})

test('an error that nobody foresaw tells the log, not the client', async () => {
  const logged: string[] = []
  await using node = await startMemoryNode({ gateway: { log: (text) => logged.push(text) } })
  node.service.health = () => Promise.reject(new TypeError('a secret detail'))
  const problem = await problemOf(await node.ask('/v1/health'), 500, 'internal')
  assert.doesNotMatch(JSON.stringify(problem), /secret/)
  assert.match(logged.join(), /GET \/v1\/health: TypeError: a secret detail/)
})

test('an unknown code is answered as 500 under its own name', async () => {
  await using node = await startMemoryNode()
  node.service.health = () => Promise.reject(new EngineError('brand-new', 'New.', { facts: { more: 1 } }))
  assert.equal((await problemOf(await node.ask('/v1/health'), 500, 'brand-new'))['more'], 1)
})

test('Host and Origin come before the token, on every route', async () => {
  await using node = await startMemoryNode()
  for (const path of ['/', '/v1/pool', '/v1/files/a', '/v1/files/%zz', '/v1/nothing', '/openapi.json', '/v1/events']) {
    for (const authorization of [`Bearer ${node.token}`, '']) {
      const foreignHost = await exactly(node, 'GET', path, { host: 'evil.example', authorization })
      assert.equal(foreignHost.status, 403, path)
      const foreignOrigin = await exactly(node, 'GET', path, { origin: 'http://evil.example', authorization })
      assert.equal(foreignOrigin.status, 403, path)
    }
    const nameless = await exactly(node, 'GET', path, { authorization: '' })
    assert.equal(nameless.status, path === '/' ? 200 : 401, path)
  }
})

test('a code logs a browser in, once; the cookie then opens the API', async () => {
  await using node = await startMemoryNode()
  const login = new URL(node.gateway.loginUrl())
  const code = login.hash.replace('#login=', '')
  const post = (value: unknown) =>
    fetch(`${node.url}/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(value),
    })
  await problemOf(await post({ code: 'wrong' }), 401, 'wrong-login-code')
  await problemOf(await post({}), 400, 'bad-request')
  const accepted = await post({ code })
  assert.equal(accepted.status, 204)
  const set = accepted.headers.get('set-cookie') ?? ''
  assert.match(set, new RegExp(`^hadahoop-${node.service.nodeId}=.+; HttpOnly; SameSite=Strict$`))
  await problemOf(await post({ code }), 401, 'wrong-login-code')
  const cookie = set.split(';')[0] as string
  assert.equal((await fetch(`${node.url}/v1/pool`, { headers: { cookie } })).status, 200)
  assert.equal((await fetch(`${node.url}/v1/pool`, { headers: { cookie, origin: 'http://localhost:1' } })).status, 403)
  const fresh = (await (
    await fetch(`${node.url}/v1/session/links`, { method: 'POST', headers: { cookie } })
  ).json()) as { url: string }
  assert.equal((await post({ code: fresh.url.split('=')[1] })).status, 204)
  assert.equal((await fetch(`${node.url}/v1/session`, { method: 'DELETE', headers: { cookie } })).status, 204)
  await problemOf(await fetch(`${node.url}/v1/pool`, { headers: { cookie } }), 401, 'unauthorized')
})

test('the page and its assets need no token and allow nothing foreign', async () => {
  await using node = await startMemoryNode()
  const page = await fetch(`${node.url}/`)
  assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8')
  const policy = page.headers.get('content-security-policy') ?? ''
  assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self' 'nonce-/)
  assert.doesNotMatch(policy, /unsafe/)
  assert.equal(page.headers.get('x-content-type-options'), 'nosniff')
  const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? ''
  assert.ok((await page.text()).includes(`content="${nonce}"`), 'the page names the nonce of its policy')
  const again = await fetch(`${node.url}/`)
  assert.ok(!again.headers.get('content-security-policy')?.includes(nonce), 'a nonce is used once')

  const script = await fetch(`${node.url}/assets/page.js`)
  assert.deepEqual([script.status, script.headers.get('content-encoding')], [200, 'gzip'])
  assert.equal(await script.text(), 'export {}')
  const plain = await exactly(node, 'GET', '/assets/page.js', { authorization: `Bearer ${node.token}` })
  assert.equal(plain.text, 'export {}')
  const etag = { 'if-none-match': script.headers.get('etag') ?? '' }
  assert.equal((await fetch(`${node.url}/assets/page.js`, { headers: etag })).status, 304)
})

test('addresses of screens are the page, whatever names they hold, and nothing of the API', async () => {
  await using node = await startMemoryNode()
  for (const path of [
    '/files',
    '/files/Photos/2024',
    '/files/50%25',
    '/files/%FF%',
    '/health',
    '/search?q=a',
    '/settings/',
  ]) {
    const answer = await fetch(node.url + path)
    assert.deepEqual([path, answer.status], [path, 200])
    assert.match(await answer.text(), /<title>Hadahoop/)
  }
  assert.equal((await fetch(`${node.url}/v1/health`)).status, 401)
  assert.equal((await fetch(`${node.url}/filesystem`)).status, 401)
  assert.equal((await node.ask('/files/a', { method: 'DELETE' })).status, 405)
})

test('in no pool: 404 for the pool itself, 409 for what needs one', async () => {
  await using node = await startMemoryNode({ withoutPool: true })
  await problemOf(await node.ask('/v1/pool'), 404, 'no-pool')
  await problemOf(await node.ask('/v1/folders/'), 409, 'no-pool')
  await problemOf(await node.ask('/v1/files/a', { method: 'PUT', body: 'x' }), 409, 'no-pool')
  assert.equal((await node.ask('/v1/health')).status, 200)
})

test('paths on the wire: raw, split first, each segment decoded once', async () => {
  await using node = await startMemoryNode()
  const put = (path: string) => exactly(node, 'PUT', `/v1/files/${path}`, {}, 'x')
  for (const [path, name] of [
    ['%252e%252e', '%2e%2e'],
    ['a%20b', 'a b'],
    ['a+b', 'a+b'],
    ['caf%C3%A9', 'café'],
    ['a%3Fb%23c', 'a?b#c'],
    ['line%0Abreak', 'line\nbreak'],
    ['%F0%9F%98%80', '\u{1f600}'],
    ['a;b=c', 'a;b=c'],
    ['x'.repeat(255), 'x'.repeat(255)],
    ['...', '...'],
    ['%5C', '\\'],
  ] as const) {
    const { status, text } = await put(path)
    assert.equal(status, 201, path)
    assert.equal(JSON.parse(text).name, name)
    assert.equal((await exactly(node, 'GET', `/v1/files/${path}`)).text, 'x')
  }
  assert.match(
    await rawly(node, 'GET /v1/files/gr\u00fc\u00df HTTP/1.1\r\nHost: x\r\n\r\n'),
    /^HTTP\/1\.1 400 [\s\S]*"bad-path"/,
  )
  for (const path of [
    '',
    '..',
    'a/..',
    '%2e%2e',
    'a//b',
    'a/',
    '/a',
    'a%2Fb',
    'a%00',
    '%ff',
    '%zz',
    '%',
    'x'.repeat(256),
    '%c0%ae%c0%ae',
    Array(80).fill('x'.repeat(255)).join('/'),
  ]) {
    for (const prefix of ['/v1/files/', '/v1/folders/']) {
      if (path === '' && prefix === '/v1/folders/') continue
      const { status, text } = await exactly(node, 'PUT', prefix + path)
      assert.equal(status, 400, path.slice(0, 50))
      assert.equal(JSON.parse(text).code, 'bad-path', path.slice(0, 50))
    }
  }
  const deep = Array.from({ length: 60 }, (_, at) => `d${at}`).join('/')
  assert.equal((await put(deep)).status, 201)
  const longest = Array(64).fill('%C3%A9'.repeat(127)).join('/')
  assert.equal((await put(longest)).status, 201)
})

test('lists come in pages that together are the whole', async () => {
  await using node = await startMemoryNode()
  for (let at = 0; at < 25; at++) await node.ask(`/v1/folders/f${at}`, { method: 'PUT' })
  const names: string[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page = entryPageSchema.parse(
      await (await node.ask(`/v1/folders/?limit=10${cursor && `&cursor=${cursor}`}`)).json(),
    )
    names.push(...page.items.map(({ name }) => name))
    cursor = page.next
  }
  assert.equal(new Set(names).size, 25)
})

test('a large delete asks back; the answer to Confirm goes through', async () => {
  await using node = await startMemoryNode()
  for (let at = 0; at < 1001; at++) await node.service.putFolder(['many', `f${at}`])
  const asked = await problemOf(await node.ask('/v1/folders/many', { method: 'DELETE' }), 409, 'confirm-needed')
  assert.equal(asked['entries'], 1001)
  assert.equal(asked['bytes'], 0)
  const confirmed = await node.ask('/v1/folders/many', {
    method: 'DELETE',
    headers: { confirm: String(asked['confirm']) },
  })
  assert.equal(confirmed.status, 204)
})

test('entries: rename, copy, versions, trash and back', async () => {
  await using node = await startMemoryNode()
  const send = (method: string, path: string, body?: unknown) =>
    node.ask(path, {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
  await node.ask('/v1/files/a', { method: 'PUT', body: 'one' })
  const { id, version } = (await (await node.ask('/v1/files/a', { method: 'PUT', body: 'two' })).json()) as {
    id: string
    version: string
  }
  const versions = (await (await node.ask(`/v1/entries/${id}/versions`)).json()) as {
    items: { id: string; current: boolean }[]
  }
  assert.deepEqual(
    versions.items.map(({ current }) => current),
    [true, false],
  )
  assert.equal(await (await node.ask(`/v1/files/a?version=${versions.items[1]?.id}`)).text(), 'one')
  await problemOf(await node.ask('/v1/files/a?version=zzz'), 404, 'not-found')
  assert.equal((await send('POST', `/v1/entries/${id}/versions/${versions.items[1]?.id}/restore`)).status, 200)
  assert.equal(await (await node.ask('/v1/files/a')).text(), 'one')
  assert.notEqual(version, undefined)

  assert.equal((await send('PATCH', `/v1/entries/${id}`, { path: '/dir/b' })).status, 200)
  await problemOf(await node.ask('/v1/files/a'), 404, 'not-found')
  assert.equal((await send('POST', `/v1/entries/${id}/copy`, { path: '/dir/c' })).status, 201)
  await problemOf(await send('POST', `/v1/entries/${id}/copy`, { path: '/dir/c' }), 409, 'exists')
  await problemOf(await send('PATCH', `/v1/entries/${id}`, { path: 'relative' }), 400, 'bad-path')
  await problemOf(await send('PATCH', `/v1/entries/${id}`, { copies: 6 }), 400, 'bad-request')
  const folder = (await (await node.ask('/v1/entries?path=/dir')).json()) as { id: string }
  await problemOf(await send('PATCH', `/v1/entries/${folder.id}`, { path: '/dir/inside/itself' }), 409, 'cycle')
  await problemOf(await node.ask('/v1/files/dir'), 409, 'wrong-kind')
  await problemOf(await node.ask('/v1/folders/dir/b'), 409, 'wrong-kind')
  await problemOf(await node.ask('/v1/files/dir/b/c', { method: 'PUT', body: 'x' }), 409, 'wrong-kind')

  assert.equal((await send('DELETE', '/v1/files/dir/b')).status, 204)
  assert.equal((await send('POST', `/v1/trash/${id}/restore`)).status, 200)
  assert.equal(await (await node.ask('/v1/files/dir/b')).text(), 'one')
})

test('operations that the engine does not have are not routed', async () => {
  await using node = await startMemoryNode()
  await problemOf(await node.ask('/v1/settings'), 404, 'not-found')
  const service = new MemoryService()
  await using able = await startNodeOn(Object.assign(service, { scrub: async () => {} }))
  assert.equal((await able.ask('/v1/scrub', { method: 'POST' })).status, 202)
})

test('a port that is taken is said to be', async () => {
  await using node = await startMemoryNode()
  await assert.rejects(startMemoryNode({ gateway: { port: node.gateway.port } }), { code: 'port-taken' })
})
