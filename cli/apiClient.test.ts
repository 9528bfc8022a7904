import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { startMemoryNode, testCertificate } from '../engine/sim/memoryNode.ts'
import { ApiClient } from './apiClient.ts'

test('a kept connection that the node closed just then is opened anew, except for what may not be done twice', async () => {
  const asked = new Map<Socket, number>()
  let answered = 0
  const server = createServer((request, response) => {
    const count = (asked.get(request.socket) ?? 0) + 1
    asked.set(request.socket, count)
    if (count > 1) return void request.socket.destroy()
    answered++
    request.resume().on('end', () => response.end('{}'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  using client = new ApiClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: 't' })
  await client.send('PUT', '/a', {}, Buffer.from('one'))
  await client.send('PUT', '/b', {}, Buffer.from('two'))
  assert.equal(answered, 2)
  await assert.rejects(client.ask('POST', '/c', {}), { code: 'node-gone' })
  server.close()
})

test('an API with TLS is reached with its own certificate, and with no other', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hadahoop-tls-'))
  const own = await testCertificate(join(folder, 'own'))
  const other = await testCertificate(join(folder, 'other'))
  await using node = await startMemoryNode({ gateway: { host: '0.0.0.0', tls: own } })
  assert.match(node.url, /^https:\/\/127\.0\.0\.1:/)
  const client = (certificate: string) => new ApiClient({ url: node.url, token: node.token, certificate })
  using right = client(own.certificatePem)
  assert.equal((await right.get<{ name: string }>('/v1/pool')).name, 'home')
  using wrong = client(other.certificatePem)
  await assert.rejects(wrong.get('/v1/pool'), { code: 'node-gone' })
  rmSync(folder, { recursive: true })
})
