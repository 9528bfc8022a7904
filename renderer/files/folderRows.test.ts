import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import type { Entry } from '../../shared/index.ts'
import { applyChanges, compareEntries, type Sorting } from './folderRows.ts'

function entry(id: string, name: string, facts: Partial<Entry> = {}): Entry {
  return {
    id,
    path: `/F/${name}`,
    name,
    kind: 'file',
    size: 1,
    modified: '2026-01-01T00:00:00.000Z',
    version: null,
    copies: { wanted: 2, durable: 2, reachable: 2 },
    state: 'protected',
    reasons: [],
    ...facts,
  }
}

const byName: Sorting = { by: 'name', order: 'asc' }
const apply = (rows: readonly Entry[], ...changes: (readonly [string, Entry | null])[]) =>
  applyChanges(rows, new Map(changes), '/F', byName)
const names = (rows: readonly Entry[]) => rows.map(({ name }) => name)

test('a change replaces its row where it stands', () => {
  const rows = [entry('1', 'a'), entry('2', 'b')]
  const after = apply(rows, ['2', entry('2', 'b', { state: 'copying' })])
  assert.deepEqual(
    after.map(({ state }) => state),
    ['protected', 'copying'],
  )
})

test('what is of another folder leaves the rows as they are, the very same array', () => {
  const rows = [entry('1', 'a')]
  assert.equal(apply(rows, ['9', entry('9', 'x', { path: '/Other/x' })], ['8', null]), rows)
})

test('new, renamed, moved away and gone', () => {
  const rows = [entry('1', 'a'), entry('2', 'c'), entry('3', 'e')]
  assert.deepEqual(names(apply(rows, ['4', entry('4', 'd')])), ['a', 'c', 'd', 'e'])
  assert.deepEqual(names(apply(rows, ['1', entry('1', 'f')])), ['c', 'e', 'f'])
  assert.deepEqual(names(apply(rows, ['2', entry('2', 'c', { path: '/Other/c' })])), ['a', 'e'])
  assert.deepEqual(names(apply(rows, ['3', null])), ['a', 'c'])
})

test('folders stand before files, in both orders', () => {
  const folder = entry('1', 'z', { kind: 'folder', size: null })
  for (const order of ['asc', 'desc'] as const) {
    for (const by of ['name', 'size', 'modified'] as const) {
      assert.ok(compareEntries(folder, entry('2', 'a'), { by, order }) < 0)
    }
  }
})

test('however changes come, the rows hold what a list made anew holds, in order', () => {
  const id = fc.integer({ min: 0, max: 30 }).map(String)
  const step = fc.tuple(
    id,
    fc.option(fc.string({ minLength: 1, maxLength: 3, unit: fc.constantFrom('a', 'b', 'C', 'ä', '1', '0') })),
  )
  const batches = fc.array(fc.array(step, { maxLength: 12 }), { maxLength: 8 })
  fc.assert(
    fc.property(batches, (given) => {
      let rows: readonly Entry[] = []
      const model = new Map<string, Entry>()
      for (const batch of given) {
        const changes = new Map(batch.map(([key, name]) => [key, name === null ? null : entry(key, name)]))
        rows = applyChanges(rows, changes, '/F', byName)
        for (const [key, change] of changes) {
          if (change === null) model.delete(key)
          else model.set(key, change)
        }
      }
      const anew = [...model.values()].sort((a, b) => compareEntries(a, b, byName))
      assert.deepEqual(rows, anew)
    }),
  )
})
