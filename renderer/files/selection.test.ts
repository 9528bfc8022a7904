import assert from 'node:assert/strict'
import test from 'node:test'
import { extendTo, moveBy, noSelection, selectAll, selectOne, toggle, within } from './selection.ts'

const rows = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id }))
const ids = (selection: { ids: ReadonlySet<string> }) => [...selection.ids].join('')

test('a range goes from the anchor, in both directions, and turns round it', () => {
  const from = selectOne('c')
  assert.equal(ids(extendTo(from, rows, 'e')), 'cde')
  assert.equal(ids(extendTo(extendTo(from, rows, 'e'), rows, 'a')), 'abc')
})

test('arrows stay inside the list and begin at its ends', () => {
  assert.equal(moveBy(noSelection, rows, 1, false).focus, 'a')
  assert.equal(moveBy(noSelection, rows, -1, false).focus, 'e')
  assert.equal(moveBy(selectOne('e'), rows, 15, false).focus, 'e')
  assert.equal(ids(moveBy(moveBy(selectOne('b'), rows, 1, true), rows, 1, true)), 'bcd')
  assert.equal(moveBy(noSelection, [], 1, false), noSelection)
})

test('one more, one less, all', () => {
  const two = toggle(selectOne('a'), 'd')
  assert.equal(ids(two), 'ad')
  assert.equal(ids(toggle(two, 'a')), 'd')
  assert.equal(ids(selectAll(two, rows)), 'abcde')
})

test('a selection survives updates but for what has gone', () => {
  const two = toggle(selectOne('a'), 'd')
  assert.equal(within(two, rows), two)
  assert.equal(ids(within(two, rows.slice(1))), 'd')
})
