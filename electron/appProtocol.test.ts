import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createAppProtocol } from './appProtocol.ts'
import { loadWindowFiles } from './windowFiles.ts'

const folder = mkdtempSync(join(tmpdir(), 'hadahoop-window-'))
mkdirSync(join(folder, 'window', 'assets'), { recursive: true })
mkdirSync(join(folder, 'drop'))
writeFileSync(join(folder, 'window', 'index.html'), '<meta name="style-nonce" content="STYLE-NONCE" /><p>window</p>')
writeFileSync(join(folder, 'window', 'assets', 'main-1.js'), 'export {}')
writeFileSync(join(folder, 'window', 'assets', 'main-1.js.gz'), 'compressed')
writeFileSync(join(folder, 'window', 'stamp'), 'build')
writeFileSync(join(folder, 'drop', 'index.html'), '<p>drop</p>')
after(() => rmSync(folder, { recursive: true }))

const token = 'the-token-that-no-page-may-see'

/** The scheme in front of a server that answers as told. */
async function serving(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const renewals: boolean[] = []
  let missed = 0
  let isThere = true
  const handle = createAppProtocol({
    files: await loadWindowFiles({ window: join(folder, 'window'), drop: join(folder, 'drop') }),
    upstream: () =>
      isThere
        ? {
            endpoint: { url: `http://127.0.0.1:${port}`, token },
            cookie: async (renew) => {
              renewals.push(renew)
              return renew ? 'session=new' : 'session=old'
            },
          }
        : undefined,
    missed: () => void missed++,
  })
  return {
    port,
    renewals,
    missed: () => missed,
    leave: () => (isThere = false),
    ask: (path: string, init?: RequestInit) => handle(new Request(`app://hadahoop${path}`, init)),
    close: () => {
      server.closeAllConnections()
      server.close()
    },
    async [Symbol.asyncDispose]() {
      this.close()
    },
  }
}

const nobody = () => serving((_request, response) => response.end())

test('every screen is the page, under a policy that allows nothing inline or foreign and a nonce of its own', async () => {
  await using app = await nobody()
  const nonces = new Set<string>()
  for (const path of ['/', '/files/Photos/2024', '/settings', '/drop']) {
    const answer = await app.ask(path)
    const policy = answer.headers.get('content-security-policy') ?? ''
    assert.equal(answer.status, 200)
    const [, nonce = ''] = /'nonce-([\w-]{20,})'/.exec(policy) ?? []
    const nothing = ['default-src', 'form-action', 'base-uri', 'frame-ancestors'].map((each) => `${each} 'none'`)
    const own = ['script', 'media', 'font', 'frame', 'worker', 'connect'].map((each) => `${each}-src 'self'`)
    const rest = [`style-src 'self' 'nonce-${nonce}'`, "img-src 'self' data: blob:"]
    assert.deepEqual(policy.split('; ').toSorted(), [...nothing, ...own, ...rest].toSorted())
    nonces.add(nonce)
    const text = await answer.text()
    assert(path === '/drop' ? text.includes('drop') : text.includes(`content="${nonce}"`))
    assert.equal(answer.headers.get('cache-control'), 'no-store')
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff')
  }
  assert.equal(nonces.size, 4)
})

test('assets come with their type and a policy; the build’s own files do not', async () => {
  await using app = await nobody()
  const script = await app.ask('/assets/main-1.js')
  assert.match(script.headers.get('content-type') ?? '', /javascript/)
  assert.match(script.headers.get('cache-control') ?? '', /immutable/)
  assert.match(script.headers.get('content-security-policy') ?? '', /default-src 'none'/)
  for (const path of ['/stamp', '/assets/main-1.js.gz', '/nothing', '/assets/../../window/stamp'])
    assert.equal((await app.ask(path)).status, 404, path)
  assert.equal((await app.ask('/', { method: 'POST', body: 'x' })).status, 405)
})

test('requests of foreign pages and of contents of the pool reach nothing', async () => {
  const heard: string[] = []
  await using app = await serving((request, response) => {
    heard.push(request.url ?? '')
    response.end()
  })
  for (const headers of [
    { origin: 'null' },
    { origin: 'https://example.com' },
    { origin: 'app://hadahoop.example.com' },
    { 'sec-fetch-site': 'cross-site' },
  ]) {
    assert.equal((await app.ask('/v1/pool', { headers })).status, 403, JSON.stringify(headers))
    assert.equal((await app.ask('/', { headers })).status, 403)
  }
  assert.deepEqual(heard, [])
})

test('the engine sees its own address and a session, and nothing that the page claims', async () => {
  let seen: IncomingMessage['headers'] = {}
  await using app = await serving((request, response) => {
    seen = request.headers
    response.end('{}')
  })
  await app.ask('/v1/pool', {
    headers: {
      origin: 'app://hadahoop',
      referer: 'app://hadahoop/files',
      cookie: 'hadahoop-x=forged',
      authorization: 'Bearer forged',
      host: 'evil.example',
      'if-none-match': '"v"',
    },
  })
  assert.equal(seen.host, `127.0.0.1:${app.port}`)
  assert.equal(seen.cookie, 'session=old')
  assert.equal(seen['if-none-match'], '"v"')
  for (const name of ['origin', 'referer', 'authorization']) assert.equal(seen[name], undefined, name)
})

test('no answer carries the token or a cookie to the page', async () => {
  await using app = await serving((_request, response) => {
    response.setHeader('set-cookie', 'hadahoop-x=secret')
    response.end('{"fine":true}')
  })
  for (const path of ['/', '/v1/pool', '/nothing', '/assets/main-1.js']) {
    const answer = await app.ask(path)
    const all = JSON.stringify([...answer.headers]) + (await answer.text())
    assert.doesNotMatch(all, new RegExp(token), path)
    assert.doesNotMatch(all, /secret/, path)
  }
})

test('ranges, statuses and raw paths pass as they are', async () => {
  let [url, range] = ['', '']
  await using app = await serving((request, response) => {
    url = request.url ?? ''
    range = request.headers.range ?? ''
    response.writeHead(206, { 'content-range': 'bytes 2-4/9', 'content-type': 'video/mp4', etag: '"v1"' }).end('abc')
  })
  const answer = await app.ask('/v1/files/a%20b%2Fc.mp4?version=1', { headers: { range: 'bytes=2-4' } })
  assert.equal(answer.status, 206)
  assert.equal(answer.headers.get('content-range'), 'bytes 2-4/9')
  assert.equal(answer.headers.get('etag'), '"v1"')
  assert.equal(await answer.text(), 'abc')
  assert.deepEqual([url, range], ['/v1/files/a%20b%2Fc.mp4?version=1', 'bytes=2-4'])
})

test('an answer without a body has none', async () => {
  await using app = await serving((request, response) =>
    response.writeHead(request.method === 'HEAD' ? 200 : 204).end(),
  )
  assert.equal((await app.ask('/v1/files/a', { method: 'DELETE' })).body, null)
  assert.equal((await app.ask('/v1/files/a', { method: 'HEAD' })).status, 200)
})

test('an upload streams: the engine has the beginning before the page has the end', async () => {
  const beginning = Promise.withResolvers<void>()
  let received = 0
  await using app = await serving((request, response) => {
    request.on('data', (part: Buffer) => {
      received += part.length
      beginning.resolve()
    })
    request.on('end', () => response.writeHead(201).end('{}'))
  })
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(new Uint8Array(70_000))
      await beginning.promise // would wait for ever if the body were gathered first
      controller.enqueue(new Uint8Array(30_000))
      controller.close()
    },
  })
  const answer = await app.ask('/v1/files/big', { method: 'PUT', body, duplex: 'half' })
  assert.equal(answer.status, 201)
  assert.equal(received, 100_000)
})

test('events stream: the page hears one before the engine has said the next', async () => {
  let say: (text: string) => void = () => undefined
  await using app = await serving((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.flushHeaders()
    say = (text) => void response.write(text)
  })
  const answer = await app.ask('/v1/events')
  const reader = answer.body?.getReader()
  for (const text of ['event: health\n\n', 'event: node\n\n']) {
    say(text)
    const { value } = (await reader?.read()) ?? {}
    assert.equal(Buffer.from(value ?? []).toString(), text)
  }
  await reader?.cancel()
})

test('a page that leaves ends its request at the engine', async () => {
  const closed = Promise.withResolvers<void>()
  await using app = await serving((_request, response) => {
    response.on('close', () => closed.resolve())
    response.write('x')
  })
  const leaving = new AbortController()
  const answer = await app.ask('/v1/events', { signal: leaving.signal })
  assert.equal(answer.status, 200)
  leaving.abort()
  await closed.promise
})

test('an answer that breaks off is an error for who reads it, not an end', async () => {
  await using app = await serving((_request, response) => {
    response.writeHead(200, { 'content-length': 100 })
    response.write('part')
    setImmediate(() => response.destroy())
  })
  await assert.rejects((await app.ask('/v1/files/a')).text())
})

test('a session that the engine forgot is opened anew', async () => {
  await using app = await serving((request, response) =>
    response.writeHead(request.headers.cookie === 'session=new' ? 200 : 401).end('{}'),
  )
  assert.equal((await app.ask('/v1/pool')).status, 200)
  assert.deepEqual(app.renewals, [false, true])
  const upload = await app.ask('/v1/files/a', { method: 'PUT', body: 'x' })
  assert.equal(upload.status, 503, 'what has a body cannot be sent twice; the window tries again')
})

test('while the engine is away the window says so and is told once that it was missed', async () => {
  await using app = await nobody()
  app.close()
  const answer = await app.ask('/v1/pool')
  assert.equal(answer.status, 503)
  assert.equal(((await answer.json()) as { code: string }).code, 'engine-away')
  assert.equal(app.missed(), 1)
  app.leave()
  assert.equal((await app.ask('/v1/pool')).status, 503)
  assert.equal((await app.ask('/')).status, 200, 'the window itself opens')
})
