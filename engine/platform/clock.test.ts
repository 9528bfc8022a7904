import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from './clock.ts'
import { systemRandom } from './random.ts'

test('an aborted sleep rejects with the reason of the signal', async () => {
  const stop = new AbortController()
  const slept = systemClock.sleep(60_000, stop.signal)
  const reason = new Error('stopped')
  stop.abort(reason)
  await assert.rejects(slept, reason)
  await assert.rejects(systemClock.sleep(60_000, stop.signal), reason)
})

test('a wait of months does not end at once', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const monthMs = 30 * 24 * 3_600_000
  let fired = 0
  using _timer = systemClock.timer(monthMs, () => fired++)
  context.mock.timers.tick(2 ** 31 - 1)
  assert.equal(fired, 0)
  context.mock.timers.tick(monthMs - (2 ** 31 - 1) - 1)
  assert.equal(fired, 0)
  context.mock.timers.tick(1)
  assert.equal(fired, 1)
})

test('a disposed timer never fires', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  let fired = 0
  systemClock.timer(10, () => fired++)[Symbol.dispose]()
  context.mock.timers.tick(100)
  assert.equal(fired, 0)
})

test('soon comes after what is pending now', async () => {
  let seen = false
  process.nextTick(() => {
    seen = true
  })
  await systemClock.soon()
  assert(seen)
})

test('chance is uniform in [0, 1) and its bytes differ', () => {
  const draws = Array.from({ length: 1000 }, () => systemRandom.fraction())
  assert(draws.every((draw) => draw >= 0 && draw < 1))
  const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length
  assert(mean > 0.4 && mean < 0.6)
  assert.notDeepEqual(systemRandom.bytes(32), systemRandom.bytes(32))
})
