import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits, MiB } from '../limits.ts'
import { SeededRandom } from '../sim/index.ts'
import { IncomingPayload, OutgoingCredit, PayloadPool } from './payload.ts'

test('a payload is whole whatever the frames, in place or not, in fresh memory or in used', () => {
  const random = new SeededRandom(5)
  const pool = new PayloadPool()
  for (let round = 0; round < 60; round += 1) {
    const content = random.bytes(random.pick([0, 1, 70_000, limits.pooledPayloadBytes, 1 * MiB, 3_500_000]))
    const payload = new IncomingPayload(content.length, true, pool)
    for (let at = 0; at < content.length; ) {
      const place = random.chance(0.7) ? payload.place() : undefined
      const length = place?.length ?? random.between(1, Math.min(limits.frameBytes, content.length - at))
      const frame = content.subarray(at, at + length)
      place?.set(frame)
      payload.add(place ?? Buffer.from(frame))
      at += length
    }
    assert(payload.complete)
    assert(payload.bytes.equals(content))
    assert.equal(payload.place(), undefined)
    if (random.chance(0.8)) payload.release()
  }
})

test('memory that was given back is used again, and not more of it is kept than allowed', () => {
  const pool = new PayloadPool()
  const taken = Array.from({ length: 2 * (limits.payloadPoolBytes / MiB) }, () => pool.take(1 * MiB - 5))
  assert(taken.every((buffer) => buffer.length === 1 * MiB - 5))
  for (const buffer of taken) pool.give(buffer)
  const memories = new Set(taken.map(({ buffer }) => buffer))
  const reused = Array.from({ length: taken.length }, () => pool.take(1 * MiB)).filter(({ buffer }) =>
    memories.has(buffer),
  )
  assert.equal(reused.length, limits.payloadPoolBytes / MiB)
})

test('memory for large payloads takes the place of small ones, whatever came first', () => {
  const pool = new PayloadPool()
  const small = Array.from({ length: limits.payloadPoolBytes / MiB }, () => pool.take(1 * MiB))
  const large = [pool.take(9 * MiB), pool.take(12 * MiB)]
  for (const buffer of [...small, ...large]) pool.give(buffer)
  assert.deepEqual(
    [pool.take(12 * MiB), pool.take(8 * MiB)].map(({ buffer }) => buffer),
    [large[1]?.buffer, large[0]?.buffer],
  )
})

test('a payload given back twice is given back once, and never before it is whole', () => {
  const pool = new PayloadPool()
  const payload = new IncomingPayload(1 * MiB, true, pool)
  payload.release()
  payload.add(Buffer.alloc(1 * MiB, 3))
  const { buffer } = payload.bytes
  payload.release()
  payload.release()
  const [first, second] = [pool.take(1 * MiB), pool.take(1 * MiB)]
  assert(first.buffer === buffer && second.buffer !== buffer)
  assert.throws(() => payload.bytes)
})

test('credit is served in order, and a withdrawn claim lets the next go', () => {
  const credit = new OutgoingCredit(10)
  const started: string[] = []
  const claim = (name: string, size: number) => credit.claim(size, () => started.push(name))
  claim('a', 8)
  const large = claim('b', 9)
  claim('c', 1)
  assert.deepEqual(started, ['a'])
  large[Symbol.dispose]()
  assert.deepEqual(started, ['a', 'c'])
  claim('d', 10)
  credit.give(8)
  assert.deepEqual(started, ['a', 'c'])
  credit.give(1)
  assert.deepEqual(started, ['a', 'c', 'd'])
})
