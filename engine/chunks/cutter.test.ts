import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { blake3Hex } from '../base/hash.ts'
import { KiB, limits, MiB } from '../limits.ts'
import { compileCutLoop } from './buildCutLoop.ts'
import { type CutRule, cutPiece, cutRule } from './cutRule.ts'
import { CUTTER_RESERVED_BYTES, createCutter, cutterMemory } from './cutter.ts'
import { gearTable, referenceFindCut } from './gear.ts'
import { randomLike, textLike } from './testBytes.ts'

const memory = cutterMemory(CUTTER_RESERVED_BYTES + 16 * MiB)
const bytes = Buffer.from(memory.buffer)
const cutter = createCutter(memory)
const start = CUTTER_RESERVED_BYTES + 3

/** Lengths of all pieces of a content that begins at `offset`, cut as it lies in memory. */
function cutAll(content: Uint8Array, offset = 0): number[] {
  const lengths: number[] = []
  for (let at = 0; at < content.length; at += lengths.at(-1) ?? 0) {
    const rule = cutRule(offset + at)
    const available = content.subarray(at, at + rule.maxBytes)
    bytes.set(available, start)
    const ended = at + available.length === content.length
    lengths.push(cutter(start, rule, { availableBytes: available.length, scannedBytes: 0, ended }))
  }
  return lengths
}

test('the committed WebAssembly is what its source compiles to', async () => {
  const committed = readFileSync(new URL('./cutLoopBytes.ts', import.meta.url), 'utf8')
  assert.equal(committed, await compileCutLoop(), 'run node engine/chunks/buildCutLoop.ts')
})

test('the gear table never changes: stored contents would be cut anew', () => {
  assert.equal(
    blake3Hex(new Uint8Array(gearTable().buffer)),
    'abe561ecca2c9b60ca9e68b8f612b6c04ae62296d566ad208d603fea7d031b0c',
  )
})

test('the fast loop finds what the reference finds', () => {
  // Small rules, so that cuts come in both lanes, in the rest after them and at the borders.
  const rules = fc.record({
    minBytes: fc.integer({ min: 64, max: 3000 }),
    overMin: fc.integer({ min: 1, max: 30_000 }),
    overTarget: fc.integer({ min: 1, max: 30_000 }),
    bitsBefore: fc.integer({ min: 6, max: 20 }),
    bitsAfter: fc.integer({ min: 3, max: 18 }),
  })
  fc.assert(
    fc.property(rules, fc.nat(50_000), fc.nat(), fc.boolean(), (shape, length, seed, repeats) => {
      const targetBytes = shape.minBytes + shape.overMin
      const rule: CutRule = { ...shape, targetBytes, maxBytes: targetBytes + shape.overTarget }
      const content = repeats ? textLike(length, seed) : randomLike(length, seed)
      bytes.set(content, start)
      const piece = { availableBytes: length, scannedBytes: 0, ended: false }
      assert.equal(cutter(start, rule, piece), cutPiece(rule, piece, referenceFindCut(content)))
    }),
    { numRuns: 150 },
  )
})

test('a piece ends alike however its bytes come in', () => {
  fc.assert(
    fc.property(fc.nat(), fc.array(fc.integer({ min: 1, max: 60 * KiB }), { minLength: 1 }), (seed, steps) => {
      const content = randomLike(96 * KiB, seed)
      bytes.set(content, start)
      const rule = cutRule(0)
      const whole = cutter(start, rule, { availableBytes: content.length, scannedBytes: 0, ended: false })
      let availableBytes = 0
      let scannedBytes = 0
      for (let turn = 0; ; turn++) {
        availableBytes = Math.min(content.length, availableBytes + (steps[turn % steps.length] as number))
        const length = cutter(start, rule, { availableBytes, scannedBytes, ended: false })
        if (length > 0) return assert.equal(length, whole)
        scannedBytes = availableBytes
      }
    }),
    { numRuns: 60 },
  )
})

test('a cut right behind what was looked at before is found', () => {
  for (let seed = 0; seed < 20; seed++) {
    bytes.set(randomLike(96 * KiB, seed), start)
    const rule = cutRule(0)
    const whole = cutter(start, rule, { availableBytes: 96 * KiB, scannedBytes: 0, ended: false })
    assert.equal(cutter(start, rule, { availableBytes: whole - 1, scannedBytes: 0, ended: false }), 0)
    assert.equal(cutter(start, rule, { availableBytes: 96 * KiB, scannedBytes: whole - 1, ended: false }), whole)
  }
})

test('frozen: where the first pieces of a known content end', () => {
  assert.deepEqual(
    cutAll(randomLike(1 * MiB, 1)),
    [76617, 98304, 38938, 68007, 81889, 65772, 67074, 73711, 33580, 69739, 69930, 67265, 83122, 65741, 72892, 15995],
  )
  assert.deepEqual(cutAll(randomLike(24 * MiB, 2), 128 * MiB), [11746517, 8570630, 4848677])
})

test('an append changes the last piece only', () => {
  const before = randomLike(3 * MiB, 3)
  const after = Buffer.concat([before, randomLike(1 * MiB, 4)])
  const [old, grown] = [cutAll(before), cutAll(after)]
  assert.deepEqual(grown.slice(0, old.length - 1), old.slice(0, -1))
})

test('a byte put in early moves a few cuts, and the pieces far behind are the same again', () => {
  const before = randomLike(6 * MiB, 5)
  const after = Buffer.concat([before.subarray(0, 100 * KiB), Buffer.of(1), before.subarray(100 * KiB)])
  const hashes = (content: Buffer) => {
    let at = 0
    return cutAll(content).map((length) => blake3Hex(content.subarray(at, (at += length))))
  }
  const old = new Set(hashes(before))
  const kept = hashes(after).filter((hash) => old.has(hash))
  assert(kept.length > 0.7 * old.size, `${kept.length} of ${old.size} pieces are the same`)
})

test('pieces of random bytes lie around their target; few end only because they must', () => {
  const offset = 512 * MiB // the largest target
  const content = randomLike(200 * MiB, 6)
  const lengths = cutAll(content, offset).slice(0, -1)
  const { targetBytes, minBytes, maxBytes } = cutRule(offset)
  const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length
  assert(lengths.every((length) => length >= minBytes && length <= maxBytes))
  assert(mean > 0.9 * targetBytes && mean < 1.25 * targetBytes, `mean ${mean}`)
  assert(lengths.filter((length) => length === maxBytes).length <= lengths.length / 5)
  assert.equal(maxBytes, limits.pieceMaxBytes)
})
