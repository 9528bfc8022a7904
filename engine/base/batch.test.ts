import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deferred } from './async.ts'
import { NaturalBatch } from './batch.ts'

test('a lone item goes at once; what comes while it is under way goes together', async () => {
  const sent: number[][] = []
  const gates = [deferred<void>(), deferred<void>()]
  const batch = new NaturalBatch<number, number>({ maxItems: 10, maxBytes: 100, inFlight: 1 }, async (items) => {
    sent.push([...items])
    await gates[sent.length - 1]?.promise
    return items.map((item) => item * 2)
  })
  const first = batch.add(1, 1)
  await Promise.resolve()
  const others = [2, 3, 4].map((item) => batch.add(item, 1))
  await Promise.resolve()
  assert.deepEqual(sent, [[1]])
  gates[0]?.resolve()
  assert.equal(await first, 2)
  assert.deepEqual(sent, [[1], [2, 3, 4]])
  gates[1]?.resolve()
  assert.deepEqual(await Promise.all(others), [4, 6, 8])
})

test('no batch has more items or bytes than allowed, but one item alone may be larger', async () => {
  const sizes: number[][] = []
  const batch = new NaturalBatch<number, void>({ maxItems: 3, maxBytes: 10, inFlight: 8 }, async (items) => {
    sizes.push([...items])
    return items.map(() => undefined)
  })
  await Promise.all([20, 4, 5, 6, 1, 1, 1, 1].map((size) => batch.add(size, size)))
  assert.deepEqual(sizes, [[20], [4, 5], [6, 1, 1], [1, 1]])
})

test('a failed batch fails its items only', async () => {
  const batch = new NaturalBatch<string, string>({ maxItems: 1, maxBytes: 10, inFlight: 1 }, async ([item]) => {
    if (item === 'bad') throw new Error('refused')
    return [item as string]
  })
  const [bad, good] = await Promise.allSettled([batch.add('bad', 1), batch.add('good', 1)])
  assert.equal(bad?.status, 'rejected')
  assert.deepEqual(good, { status: 'fulfilled', value: 'good' })
})
