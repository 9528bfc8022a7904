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
  const refused = await send(Buffer.concat(climbing))
  assert.equal(refused.status, 400)
  assert.equal(
    ((await refused.json()) as { detail: string }).detail,
    'The body is no batch of files: path: ".." is not a name.',
  )
  assert.equal((await send(Buffer.alloc(9 * 1024 * 1024))).status, 413)
})

test('a batch is taken as bytes, whatever it says it is', async () => {
  await using node = await startMemoryNode()
  const body = Buffer.concat(encodeBatch([{ head: { path: '/a', size: 1 }, bytes: Buffer.from('a') }]))
  for (const type of ['this is no type', 'application/json', 'multipart/form-data', '']) {
    const response = await node.ask('/v1/batches', { method: 'POST', headers: { 'content-type': type }, body })
    assert.equal(response.status, 200, type)
  }
})
