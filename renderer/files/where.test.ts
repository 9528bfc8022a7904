import assert from 'node:assert/strict'
import test from 'node:test'
import { whereOf } from './where.ts'

const machines = [
  { id: 'a', name: 'Laptop', site: 'home', isThere: false },
  { id: 'b', name: 'NAS', site: 'office', isThere: true },
  { id: 'c', name: 'Old', site: '', isThere: false },
]

test('machines that are on come first, places and those that are off are named', () => {
  const { machines: shown, sentence } = whereOf({ nodes: ['a', 'b', 'c'] }, machines)
  assert.deepEqual(
    shown.map(({ name }) => name),
    ['NAS', 'Laptop', 'Old'],
  )
  assert.equal(sentence, 'NAS (office), Laptop (home, off), Old (off)')
})

test('a machine that is not known any more is left out, and a folder is nowhere', () => {
  assert.equal(whereOf({ nodes: ['x', 'b'] }, machines).sentence, 'NAS (office)')
  assert.equal(whereOf({}, machines).sentence, '')
})
