import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import test from 'node:test'
import { limits } from '../limits.ts'
import { startMemoryNode, type MemoryNode } from '../sim/memoryNode.ts'

/** One request over a kept connection; the local port tells connections apart. */
async function ask(node: MemoryNode, agent: Agent, method: string, path: string, body?: Buffer) {
  const request = httpRequest(node.url + path, {
    method,
    agent,
    headers: { authorization: `Bearer ${node.token}`, 'content-type': 'application/json' },
  })
  request.end(body)
  const [response] = await once(request, 'response')
  const port = response.socket.localPort as number
  const parts: Buffer[] = []
  for await (const part of response) parts.push(part)
  return { status: response.statusCode as number, text: Buffer.concat(parts).toString(), port }
}

test('a JSON body that is far too large gets its answer, and the connection serves on', async () => {
  await using node = await startMemoryNode()
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const refused = await ask(node, agent, 'POST', '/v1/pool', Buffer.alloc(8 * limits.apiBodyMaxBytes, 'n'))
  assert.equal(refused.status, 413)
  assert.match(refused.text, /"code":"too-large"/)
  const next = await ask(node, agent, 'GET', '/v1/pool')
  assert.deepEqual([next.status, next.port], [200, refused.port])
  agent.destroy()
})

test('a body that is not UTF-8 is refused, not guessed at', async () => {
  await using node = await startMemoryNode({ withoutPool: true })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const refused = await ask(node, agent, 'POST', '/v1/pool', Buffer.from('{"name":"caf\xe9"}', 'latin1'))
  assert.equal(refused.status, 400)
  assert.match(refused.text, /"code":"bad-request"/)
  assert.equal((await ask(node, agent, 'POST', '/v1/pool', Buffer.from('{"name":"café"}'))).status, 201)
  agent.destroy()
})

test('headers that are far too large get their answer, though more of them still come', async () => {
  await using node = await startMemoryNode()
  const socket = connect(node.gateway.port, '127.0.0.1')
  const parts: Buffer[] = []
  socket.on('data', (part: Buffer) => parts.push(part))
  const closed = once(socket, 'close')
  socket.write('GET / HTTP/1.1\r\n')
  for (let sent = 0; sent < 64; sent++) {
    if (!socket.write(`x: ${'x'.repeat(64 * 1024)}\r\n`)) await Promise.race([once(socket, 'drain'), closed])
  }
  socket.end()
  await closed
  assert.match(Buffer.concat(parts).toString(), /^HTTP\/1\.1 431 [\s\S]*"code":"headers-too-large"/)
})
