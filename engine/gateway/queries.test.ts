import assert from 'node:assert/strict'
import test from 'node:test'
import { isEngineError } from '../base/error.ts'
import { systemClock } from '../platform/index.ts'
import { startMemoryNode } from '../sim/memoryNode.ts'
import { Logbook } from './logbook.ts'
import { pageOfAll } from './service/paging.ts'

test('times come with any offset from UTC and are told in UTC', async () => {
  await using node = await startMemoryNode()
  const put = (time: string) => node.ask('/v1/files/a', { method: 'PUT', body: 'a', headers: { 'x-modified': time } })
  for (const [given, told] of [
    ['2020-01-02T03:04:05Z', '2020-01-02T03:04:05.000Z'],
    ['2020-01-02T03:04:05.678+00:00', '2020-01-02T03:04:05.678Z'],
    ['2020-01-02T03:04:05-08:00', '2020-01-02T11:04:05.000Z'],
  ] as const) {
    assert.equal(((await (await put(given)).json()) as { modified: string }).modified, told, given)
  }
  for (const wrong of ['', 'yesterday', '2020-01-02', '2020-01-02T03:04:05', '1577934245', '2020-02-30T00:00:00Z']) {
    const refused = await put(wrong)
    assert.equal(refused.status, 400, wrong)
    assert.match(((await refused.json()) as { detail: string }).detail, /^X-Modified: not a time of RFC 3339/)
  }
  const status = async (query: string) => (await node.ask(`/v1/search?${query}`)).status
  assert.equal(await status('after=2020-01-02T12:04:04%2B01:00&before=2020-01-02T12:04:04Z'), 200)
  assert.equal(await status('after=2020'), 400)
})

test('numbers in queries are decimal digits', async () => {
  await using node = await startMemoryNode()
  for (const wrong of ['0', '1001', '-1', '2.5', '1e2', '0x10', '', '%201', '99999999999999999999', '5&limit=6']) {
    assert.equal((await node.ask(`/v1/folders/?limit=${wrong}`)).status, 400, wrong)
  }
  for (const right of ['1', '1000', '007']) {
    assert.equal((await node.ask(`/v1/folders/?limit=${right}`)).status, 200, right)
  }
  assert.equal((await node.ask('/v1/search?minSize=')).status, 400)
  assert.equal((await node.ask('/v1/files/a?waitMs=', { method: 'PUT' })).status, 400)
})

test('a cursor of another list is foreign', async () => {
  const all = ['a', 'b', 'c']
  const first = pageOfAll('letters', all, { limit: 2, cursor: null })
  assert.deepEqual(pageOfAll('letters', all, { limit: 2, cursor: first.next }), { items: ['c'], next: null })
  const isForeign = (error: unknown) => isEngineError(error, 'bad-cursor')
  for (const cursor of [first.next, '2', '', 'digits-', 'digits--1', 'digits-1.5', 'digits-x']) {
    assert.throws(() => pageOfAll('digits', all, { limit: 2, cursor }), isForeign, `${cursor}`)
  }
  const book = new Logbook(systemClock, () => {})
  for (const text of all) book.note(text)
  const { log } = book.operations()
  const newest = await log({ limit: 2, cursor: null })
  assert.deepEqual((await log({ limit: 2, cursor: newest.next })).items[0]?.text, 'a')
  await assert.rejects(log({ limit: 2, cursor: '2' }), isForeign)
})
