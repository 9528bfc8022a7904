import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { limits } from '../limits.ts'
import { Throttle } from './throttle.ts'

test('whatever is asked for when, no more passes than the rate and one burst allow', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.array(fc.record({ afterMs: fc.nat(5_000), sizeBytes: fc.nat(2_000_000) }), { maxLength: 60 }),
      (rate, asks) => {
        const throttle = new Throttle(() => rate)
        let now = 0
        const passes: { atMs: number; sizeBytes: number }[] = []
        for (const { afterMs, sizeBytes } of asks) {
          now += afterMs
          const waitMs = throttle.reserve(sizeBytes, now)
          if (waitMs !== undefined) passes.push({ atMs: now + waitMs, sizeBytes })
        }
        let bytes = 0
        for (const { atMs, sizeBytes } of passes) {
          bytes += sizeBytes
          assert.ok(bytes <= (rate * (atMs + limits.throttleBurstMs)) / 1000 + 1)
        }
      },
    ),
  )
})

test('no rate, no wait; a full queue is refused instead of growing', () => {
  assert.equal(new Throttle(() => 0).reserve(1e12, 5), 0)
  const slow = new Throttle(() => 1000)
  assert.equal(slow.reserve(100_000, 0), 99_000)
  assert.equal(slow.reserve(1, 0), undefined)
  assert.equal(slow.reserve(1000, 50_000), 50_000)
})
