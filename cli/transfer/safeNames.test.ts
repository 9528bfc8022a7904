import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { safeName, safeNames } from './safeNames.ts'

const named = (...names: string[]) => names.map((name) => ({ name }))

test('Windows gets no device names, no forbidden signs, no trailing dots or blanks', () => {
  for (const [name, safe] of [
    ['CON', '_CON'],
    ['con.txt', '_con.txt'],
    ['Lpt1', '_Lpt1'],
    ['console', 'console'],
    ['a:b*c?', 'a_b_c_'],
    ['..\\..\\x', '.._.._x'],
    ['end.', 'end_'],
    ['end . ', 'end___'],
    ['a\nb', 'a_b'],
    ['.hidden', '.hidden'],
  ] as const) {
    assert.equal(safeName(name, 'win32'), safe)
    assert.equal(safeName(name, 'linux'), name)
  }
})

test('names that would fall together are numbered, the same every time', () => {
  assert.deepEqual(safeNames(named('README.md', 'readme.md', 'Readme.MD'), 'darwin', false), [
    'README.md',
    'readme (2).md',
    'Readme (3).MD',
  ])
  assert.deepEqual(safeNames(named('a', 'A'), 'linux', true), ['a', 'A'])
  assert.deepEqual(safeNames(named('a:b', 'a*b', '.x', '.X'), 'win32', false), ['a_b', 'a_b (2)', '.x', '.X (2)'])
})

test('whatever the names, the answers are all different and none leads elsewhere', () => {
  const name = fc.string({
    unit: fc.constantFrom('a', 'A', '.', ' ', ':', '\\', 'con', '(2)', '\0', '~'),
    minLength: 1,
    maxLength: 5,
  })
  fc.assert(
    fc.property(fc.uniqueArray(name, { maxLength: 8 }), (names) => {
      const safe = safeNames(named(...names), 'win32', false)
      assert.equal(new Set(safe.map((one) => one.toLowerCase())).size, names.length)
      for (const one of safe) assert(!/[\\/:\0]/.test(one) && !/[. ]$/.test(one))
    }),
  )
})
