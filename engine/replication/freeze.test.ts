import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Freeze, nextFreeze } from './freeze.ts'

const members = (count: number, gone: number) =>
  Array.from({ length: count }, (_, index) => ({ gone: index < gone, lastSeenMs: 100 + index }))
const look = (count: number, gone: number, before: Freeze | null = null, thawedMs: number | null = null) =>
  nextFreeze(before, { members: members(count, gone), thawedMs })

test('a pool of four or more freezes while more than half are gone, and thaws when half are back', () => {
  assert.equal(look(3, 2), null)
  assert.equal(look(4, 2), null)
  assert.equal(look(5, 2), null)
  assert.deepEqual(look(5, 3), { sinceMs: 102, gone: 3, members: 5, thawedBeforeMs: null, over: false })
  const frozen = look(4, 3)
  assert.equal(frozen?.over, false)
  assert.equal(look(4, 2, frozen), null)
})

test('a person ends it, also where clocks disagree and after a restart; a new freeze holds again', () => {
  const frozen = look(4, 3)
  assert.equal(look(4, 3, frozen, 50)?.over, true)
  assert.equal(look(4, 3, look(4, 3, frozen, 50), 50)?.over, true)
  // Restarted: what the freeze began with is known from the rows.
  assert.equal(look(4, 3, null, 200)?.over, true)
  assert.equal(look(4, 3, null, 50)?.over, false)
})
