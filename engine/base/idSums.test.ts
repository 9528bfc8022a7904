import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addToSums, slotOf, takeFromSums } from './idSums.ts'
import { ChunkIds } from './ids.ts'

const id = Buffer.from(Array.from({ length: 32 }, (_, at) => at + 1))

test('an id adds bytes 8 to 16, little-endian, to the sum of its bucket', () => {
  const sums = new BigUint64Array(65_536)
  addToSums(sums, id)
  assert.equal(sums[0x0102], 0x100f0e0d0c0b0a09n)
  assert.equal(
    sums.reduce((sum, lane) => sum + lane, 0n),
    0x100f0e0d0c0b0a09n,
  )
})

test('sums wrap around, and what is taken out again leaves nothing', () => {
  const sums = new BigUint64Array(65_536)
  for (let turn = 0; turn < 40; turn++) addToSums(sums, id)
  assert.equal(sums[0x0102], (40n * 0x100f0e0d0c0b0a09n) % 2n ** 64n)
  for (let turn = 0; turn < 40; turn++) takeFromSums(sums, id)
  assert(sums.every((lane) => lane === 0n))
})

test('the slot is the first 48 bits', () => {
  assert.equal(slotOf(ChunkIds.parse(id.toString('hex'))), 0x010203040506)
})
