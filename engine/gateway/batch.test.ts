import assert from 'node:assert/strict'
import test from 'node:test'
import { batchAnswerSchema, encodeBatch } from '../../shared/index.ts'
import { startMemoryNode } from '../sim/memoryNode.ts'

const octets = { 'content-type': 'application/octet-stream' }

test('a batch stores each file or says why not, in order', async () => {
  await using node = await startMemoryNode()
  await node.ask('/v1/folders/taken', { method: 'PUT' })
  const texts = { '/a': 'one', '/taken': 'two', '/deep/b': '' }
  const files = Object.entries(texts).map(([path, text]) => {
    const bytes = Buffer.from(text)
    return { head: { path, size: bytes.length, modified: '2026-01-02T03:04:05.678Z' }, bytes }
  })
  const response = await node.ask('/v1/batches', {
    method: 'POST',
    headers: octets,
    body: Buffer.concat(encodeBatch(files)),
  })
  assert.equal(response.status, 200)
  const { items } = batchAnswerSchema.parse(await response.json())
  assert.deepEqual(
    items.map((item) => ('problem' in item ? item.problem.code : item.created)),
    [true, 'wrong-kind', true],
  )
  const stored = await node.ask('/v1/files/a')
  assert.equal(await stored.text(), 'one')
  assert.equal(stored.headers.get('last-modified'), 'Fri, 02 Jan 2026 03:04:05 GMT')
})

test('a body that is no batch, or too large a one, is refused', async () => {
  await using node = await startMemoryNode()
  const send = async (body: Buffer) => await node.ask('/v1/batches', { method: 'POST', headers: octets, body })
  assert.equal((await send(Buffer.from('no batch'))).status, 400)
  const climbing = encodeBatch([{ head: { path: '/../x', size: 0 }, bytes: new Uint8Array(0) }])
  assert.equal((await send(Buffer.concat(climbing))).status, 400)
  assert.equal((await send(Buffer.alloc(9 * 1024 * 1024))).status, 413)
})
