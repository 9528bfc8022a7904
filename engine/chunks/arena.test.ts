import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MiB } from '../limits.ts'
import { Arena, type Slot, slotBytes } from './arena.ts'

const size = 8 * MiB

test('slots never overlap, never leave the arena, and all memory comes back', () => {
  const steps = fc.array(
    fc.record({ take: fc.boolean(), bytes: fc.integer({ min: 1, max: 3 * MiB }), which: fc.nat() }),
  )
  fc.assert(
    fc.property(steps, (steps) => {
      const arena = new Arena(4096, size)
      const held: Slot[] = []
      for (const { take, bytes, which } of steps) {
        if (take) {
          const slot = arena.tryTake(bytes)
          if (slot !== undefined) held.push(slot)
        } else if (held.length > 0) {
          const [slot] = held.splice(which % held.length, 1) as [Slot]
          // In two parts, as pieces of a window come back.
          const half = slotBytes(slot.sizeBytes / 2)
          arena.give({ start: slot.start + half, sizeBytes: slot.sizeBytes - half })
          arena.give({ start: slot.start, sizeBytes: half })
        }
        const ordered = held.toSorted((a, b) => a.start - b.start)
        for (const [index, slot] of ordered.entries()) {
          assert(slot.start >= (ordered[index - 1]?.start ?? 4096) + (ordered[index - 1]?.sizeBytes ?? 0))
          assert(slot.start + slot.sizeBytes <= 4096 + size && slot.start % 64 === 0)
        }
        assert.equal(
          arena.usedBytes,
          held.reduce((sum, slot) => sum + slot.sizeBytes, 0),
        )
      }
      for (const slot of held) arena.give(slot)
      assert.deepEqual(arena.tryTake(size), { start: 4096, sizeBytes: size })
    }),
  )
})

test('who waits is served in order, and nobody overtakes', async () => {
  const arena = new Arena(0, size)
  const whole = await arena.take(size)
  const order: string[] = []
  const large = arena.take(6 * MiB).then((slot) => (order.push('large'), slot))
  const small = arena.take(64).then((slot) => (order.push('small'), slot))
  assert.equal(arena.tryTake(64), undefined)
  arena.give({ start: 0, sizeBytes: 2 * MiB }) // room for the small one, but it is not its turn
  assert.equal(arena.waiting, 2)
  arena.give({ start: 2 * MiB, sizeBytes: whole.sizeBytes - 2 * MiB })
  arena.give(await large)
  arena.give(await small)
  assert.deepEqual(order, ['large', 'small'])
  assert.equal(arena.usedBytes, 0)
})

test('who gives up waiting makes way for the next', async () => {
  const arena = new Arena(0, size)
  const half = await arena.take(size / 2)
  const stop = new AbortController()
  const large = arena.take(size, stop.signal)
  const small = arena.take(64)
  stop.abort(new Error('no more'))
  await assert.rejects(large, /no more/)
  arena.give(await small)
  arena.give(half)
  await assert.rejects(arena.take(1, stop.signal), /no more/)
  assert.equal(arena.usedBytes, 0)
})

test('memory that is given back twice is noticed', () => {
  const arena = new Arena(0, size)
  const slot = arena.tryTake(1000) as Slot
  arena.give(slot)
  assert.throws(() => arena.give(slot), /twice/)
})
