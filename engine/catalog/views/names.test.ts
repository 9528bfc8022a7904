import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { sortKeyOf } from './names.ts'

const compareBytes = (a: string, b: string) => Buffer.from(a).compare(Buffer.from(b))
const sorted = (names: readonly string[]) => names.toSorted((a, b) => compareBytes(sortKeyOf(a), sortKeyOf(b)))

test('names sort by the values of the numbers in them', () => {
  const lists = [
    ['page 1', 'page 2', 'page 10', 'page 100'],
    ['2024-1-2', '2024-1-10', '2024-01-10', '2024-10-1'],
    ['img 1', 'img.jpg', 'img0.jpg', 'img1.jpg', 'img01.jpg', 'img001.jpg', 'img2.jpg', 'imga'],
    ['a', 'a 1', 'a-1', 'a0', 'a00', 'a1', 'a9', 'a10', 'a99999999', 'a100000000', 'a12345678901234567890', 'a:', 'aa'],
    ['1', '1a', '1b', '02', '2a', '10'],
  ]
  for (const names of lists) assert.deepEqual(sorted(names.toReversed()), names)
})

/** Part by part: numbers by value, other characters and a number beside them by code; undefined where only zeros differ. */
function compareNaively(a: string, b: string): number | undefined {
  const parts = (name: string) => name.match(/[0-9]+|[^0-9]/gu) ?? []
  const [one, two] = [parts(a), parts(b)]
  for (let at = 0; at < Math.max(one.length, two.length); at++) {
    const [left, right] = [one[at], two[at]]
    if (left === undefined || right === undefined) return left === undefined ? -1 : 1
    const bothNumbers = /^[0-9]/.test(left) && /^[0-9]/.test(right)
    const difference = bothNumbers ? Number(BigInt(left) - BigInt(right)) : compareBytes(left, right)
    if (difference !== 0) return difference
  }
  return undefined
}

test('the keys order as the names do, part by part, and different names have different keys', () => {
  const name = fc.string({ unit: fc.constantFrom('0', '0', '1', '9', 'a', ' ', '.', '\u00e9'), maxLength: 14 })
  fc.assert(
    fc.property(name, name, (a, b) => {
      const byKey = compareBytes(sortKeyOf(a), sortKeyOf(b))
      const naive = compareNaively(a, b)
      if (naive === undefined) assert.equal(byKey === 0, a === b)
      else assert.equal(Math.sign(byKey), Math.sign(naive))
    }),
    { numRuns: 2000 },
  )
})

test('the keys are the ones that databases hold', () => {
  // The same table stands in renderer/files/nameOrder.test.ts.
  const keys = {
    'page 2': 'page 12',
    'page 10': 'page 210',
    'img007b.jpg': 'img17b.jpg\u0001\u0004',
    'a0 00 123456789': 'a0 0 9009123456789\u0001\u0002\u0003\u0002',
  }
  for (const [fold, key] of Object.entries(keys)) assert.equal(sortKeyOf(fold), key)
})
