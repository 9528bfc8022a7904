import assert from 'node:assert/strict'
import test from 'node:test'
import type { EntryId, VersionId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import { fileStep, isRenamed } from './linkedPlan.ts'
import type { LinkedItem } from './linkedTable.ts'

const item: LinkedItem = {
  ...{ path: 'a', kind: 'file', fileId: '1:2:3', sizeBytes: 10, modifiedMs: 1_000_000 },
  ...{ entry: 'e'.repeat(32) as EntryId, version: 'f'.repeat(32) as VersionId },
}
const facts = { sizeBytes: 10, modifiedMs: 1_000_000, fileId: '1:2:3' }
const nowMs = 1_000_500

test('a new file is taken when its size and time have rested', () => {
  const first = fileStep(undefined, facts, undefined, { nowMs, monotonicMs: 0 })
  assert.equal(first.step, 'wait')
  assert.ok('unsettled' in first)
  const grown = fileStep(undefined, { ...facts, sizeBytes: 20 }, first.unsettled, { nowMs, monotonicMs: 1900 })
  assert.ok('unsettled' in grown)
  assert.equal(grown.unsettled.sinceMs, 1900)
  const early = fileStep(undefined, { ...facts, sizeBytes: 20 }, grown.unsettled, { nowMs, monotonicMs: 2100 })
  assert.equal(early.step, 'wait')
  const rested = { nowMs, monotonicMs: 1900 + limits.linkedSettleMs }
  assert.equal(fileStep(undefined, { ...facts, sizeBytes: 20 }, grown.unsettled, rested).step, 'store')
})

test('what is as it was is left alone; what was written long ago is taken at once', () => {
  assert.equal(fileStep(item, facts, undefined, { nowMs, monotonicMs: 0 }).step, 'same')
  assert.equal(fileStep({ ...item, kind: 'folder' }, facts, undefined, { nowMs, monotonicMs: 0 }).step, 'wait')
  const later = { nowMs: facts.modifiedMs + limits.linkedRestedMs + 1, monotonicMs: 0 }
  assert.equal(fileStep(undefined, facts, undefined, later).step, 'store')
})

test('only the same file with the same size and time is a renamed one: file numbers are used again', () => {
  assert.equal(isRenamed(item, 'file', facts), true)
  assert.equal(isRenamed(item, 'file', { ...facts, sizeBytes: 11 }), false)
  assert.equal(isRenamed(item, 'file', { ...facts, modifiedMs: 1 }), false)
  assert.equal(isRenamed(item, 'file', { ...facts, fileId: '1:2:4' }), false)
  assert.equal(isRenamed(item, 'folder', facts), false)
  assert.equal(isRenamed({ ...item, kind: 'folder' }, 'folder', { ...facts, modifiedMs: 9 }), true)
})
