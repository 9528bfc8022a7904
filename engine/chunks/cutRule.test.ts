import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { KiB, limits, MiB } from '../limits.ts'
import { cutPiece, cutRule } from './cutRule.ts'

test('the target is a power of two that grows with the offset from 64 KiB to 8 MiB', () => {
  assert.equal(cutRule(0).targetBytes, 64 * KiB)
  assert.equal(cutRule(2 * MiB - 1).targetBytes, 64 * KiB)
  assert.equal(cutRule(2 * MiB).targetBytes, 128 * KiB)
  assert.equal(cutRule(128 * MiB - 1).targetBytes, 4 * MiB)
  assert.equal(cutRule(128 * MiB).targetBytes, 8 * MiB)
  assert.equal(cutRule(1e15).targetBytes, 8 * MiB)
})

test('at every offset: a half, one, one and a half targets, within the limits', () => {
  fc.assert(
    fc.property(fc.nat(Number.MAX_SAFE_INTEGER), (offset) => {
      const { minBytes, targetBytes, maxBytes, bitsBefore, bitsAfter } = cutRule(offset)
      assert.equal(minBytes, targetBytes / 2)
      assert.equal(maxBytes, targetBytes * 1.5)
      assert(targetBytes >= limits.pieceTargetMinBytes && maxBytes <= limits.pieceMaxBytes)
      assert.equal(2 ** (bitsBefore - 2), targetBytes)
      assert.equal(2 ** (bitsAfter + 3), targetBytes)
    }),
  )
})

test('a terabyte of random bytes has fewer than 150,000 chunks', () => {
  // The mean of a piece under the rule, where each length is a cut with probability 2^-bits, independently.
  const meanBytes = (offset: number) => {
    const { minBytes, targetBytes, maxBytes, bitsBefore, bitsAfter } = cutRule(offset)
    const reachTarget = (1 - 2 ** -bitsBefore) ** (targetBytes - minBytes)
    const reachMax = (1 - 2 ** -bitsAfter) ** (maxBytes - targetBytes)
    return minBytes + (1 - reachTarget) * 2 ** bitsBefore + reachTarget * (1 - reachMax) * 2 ** bitsAfter
  }
  let chunks = 0
  for (let offset = 0; offset < 1e12; offset += meanBytes(offset)) chunks++
  assert(chunks < 150_000, `${chunks} chunks`)
  assert(chunks > 100_000, `${chunks} chunks`)
})

test('without any cut in the content pieces end at their maximum, the last where the content ends', () => {
  const never = () => 0
  const rule = cutRule(0)
  const piece = { scannedBytes: 0, ended: false }
  assert.equal(cutPiece(rule, { ...piece, availableBytes: rule.maxBytes - 1 }, never), 0)
  assert.equal(cutPiece(rule, { ...piece, availableBytes: rule.maxBytes }, never), rule.maxBytes)
  assert.equal(cutPiece(rule, { ...piece, availableBytes: 5 * rule.maxBytes }, never), rule.maxBytes)
  assert.equal(cutPiece(rule, { ...piece, availableBytes: 1, ended: true }, never), 1)
})
