import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { blake3 } from '../base/hash.ts'
import { bucketOfSlot, differing, Fingerprints, slotOf } from './fingerprint.ts'
import { testId } from './testing/pool.ts'

/** The same sums with BigInt, counted from scratch. */
function naive(rows: readonly { bucket: number; hash: Buffer }[], from: number, to: number): Buffer {
  const sum = Buffer.alloc(32)
  for (let lane = 0; lane < 32; lane += 8) {
    let total = 0n
    for (const { bucket, hash } of rows) if (bucket >= from && bucket < to) total += hash.readBigUInt64LE(lane)
    sum.writeBigUInt64LE(BigInt.asUintN(64, total), lane)
  }
  return sum
}

test('sums kept while rows come and go equal sums counted from scratch', () => {
  const row = fc.record({
    bucket: fc.constantFrom(0, 1, 255, 256, 40_000, 65_535),
    hash: fc.oneof(
      fc.constant(Buffer.alloc(32, 0xff)),
      fc.nat().map((n) => blake3(Buffer.from(`${n}`))),
    ),
  })
  fc.assert(
    fc.property(fc.array(row, { maxLength: 40 }), fc.array(fc.nat(), { maxLength: 20 }), (rows, removals) => {
      const prints = new Fingerprints()
      for (const { bucket, hash } of rows) prints.add(bucket, hash)
      const left = [...rows]
      for (const removal of removals) {
        if (left.length === 0) break
        const [gone] = left.splice(removal % left.length, 1)
        prints.subtract(gone!.bucket, gone!.hash)
      }
      assert.equal(prints.root(), naive(left, 0, 65_536).toString('hex'))
      const upper = prints.upper()
      for (const bucket of [0, 1, 255, 256, 40_000, 65_535]) {
        const group = bucket >> 8
        assert.deepEqual(upper.subarray(group * 32, group * 32 + 32), naive(left, group * 256, group * 256 + 256))
        const at = (bucket & 255) * 32
        assert.deepEqual(prints.lower(group).subarray(at, at + 32), naive(left, bucket, bucket + 1))
      }
    }),
  )
})

test('the root tells a row counted twice from one counted once', () => {
  const prints = new Fingerprints()
  const hash = blake3(Buffer.from('row'))
  prints.add(3, hash)
  const once = prints.root()
  prints.add(3, hash)
  assert.notEqual(prints.root(), once)
  prints.subtract(3, hash)
  assert.equal(prints.root(), once)
})

test('differing names the unequal sums', () => {
  const left = new Fingerprints()
  const right = new Fingerprints()
  left.add(7 * 256 + 9, blake3(Buffer.from('a')))
  right.add(200 * 256, blake3(Buffer.from('b')))
  assert.deepEqual(differing(left.upper(), right.upper()), [7, 200])
  assert.deepEqual(differing(left.lower(7), right.lower(7)), [9])
})

test('ids spread over all buckets and every row of an id lies in one', () => {
  const slots = Array.from({ length: 2_000 }, (_, index) => slotOf(testId(`id ${index}`)))
  assert.ok(new Set(slots.map(bucketOfSlot)).size > 1_900)
  assert.ok(slots.every((slot) => Number.isSafeInteger(slot) && bucketOfSlot(slot) < 65_536))
})
