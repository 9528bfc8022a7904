import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Semaphore } from './async.ts'

test('never more than the capacity is taken, first come first served, an oversized request alone', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 15 }), { maxLength: 40 }), async (amounts) => {
      const semaphore = new Semaphore(10)
      const order: number[] = []
      let taken = 0
      await Promise.all(
        amounts.map(async (amount, index) => {
          const give = await semaphore.take(amount)
          order.push(index)
          taken += amount
          assert.ok(taken <= 10 || taken === amount)
          await Promise.resolve()
          taken -= amount
          give()
          give() // giving twice gives once
        }),
      )
      assert.deepEqual(
        order,
        amounts.map((_, index) => index),
      )
      assert.equal(semaphore.used, 0)
    }),
  )
})

test('an aborted wait takes nothing and lets the next in', async () => {
  const semaphore = new Semaphore(2)
  const give = await semaphore.take(2)
  const abort = new AbortController()
  const aborted = semaphore.take(2, abort.signal)
  const next = semaphore.take(1)
  abort.abort(new Error('gone'))
  await assert.rejects(aborted, /gone/)
  give()
  ;(await next)()
  assert.equal(semaphore.used, 0)
})
