import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import {
  BadPath,
  encodePath,
  joinPath,
  NAME_MAX_BYTES,
  nameProblem,
  parseJsonPath,
  parsePath,
  utf8Bytes,
} from './paths.ts'

const names = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }).filter((name) => nameProblem(name) === null)

test('any allowed names survive encoding and parsing', () => {
  fc.assert(
    fc.property(fc.array(names, { minLength: 1, maxLength: 8 }), (path) => {
      assert.deepEqual(parsePath(encodePath(path)), path)
      assert.deepEqual(parseJsonPath(joinPath(path)), path)
    }),
  )
})

test('whatever text comes, it is refused as BadPath or gives names that any system can hold', () => {
  const hostile = fc.array(
    fc.constantFrom(
      '%',
      '2',
      'e',
      '%2e',
      '%2F',
      '%00',
      '%25',
      '/',
      '..',
      '.',
      'a',
      'é',
      '\u{1f600}',
      '%c0%ae',
      '%ff',
      '\\',
      ' ',
    ),
    { maxLength: 12 },
  )
  fc.assert(
    fc.property(hostile, (parts) => {
      let path: string[]
      try {
        path = parsePath(parts.join(''))
      } catch (error) {
        assert(error instanceof BadPath)
        return
      }
      for (const name of path) {
        assert(name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name) && name.isWellFormed())
      }
    }),
    { numRuns: 2000 },
  )
})

test('each segment is decoded exactly once', () => {
  assert.deepEqual(parsePath('a%252e%252e/b'), ['a%2e%2e', 'b'])
  assert.deepEqual(parsePath('%252e'), ['%2e'])
  assert.deepEqual(parsePath('a%20b+c'), ['a b+c'])
})

for (const raw of [
  'a//b',
  '/a',
  'a/',
  '.',
  '..',
  '%2e',
  '%2E%2e',
  'a/%2e%2E/b',
  'a%2fb',
  'a%00',
  '%',
  '%4',
  '%zz',
  '%ff',
  '%c0%ae',
  '%ed%a0%80',
  '\u0100',
  'é',
  'x'.repeat(256),
  'é'.repeat(128),
]) {
  test(`refused: ${raw.length > 40 ? `${raw.length} characters` : JSON.stringify(raw)}`, () => {
    assert.throws(() => parsePath(raw), BadPath)
  })
}

test('limits are in bytes: 255 in a name, 16 KiB in all', () => {
  assert.deepEqual(parsePath('x'.repeat(NAME_MAX_BYTES)), ['x'.repeat(255)])
  assert.equal(parsePath(encodePath(['é'.repeat(127)]))[0], 'é'.repeat(127))
  const longest = Array.from({ length: 64 }, () => 'x'.repeat(255))
  assert.equal(parsePath(longest.join('/')).length, 64)
  assert.throws(() => parsePath([...longest, 'y'].join('/')), BadPath)
})

test('the empty path is the root; JSON paths start with a slash', () => {
  assert.deepEqual(parsePath(''), [])
  assert.deepEqual(parseJsonPath('/'), [])
  assert.throws(() => parseJsonPath('a'), BadPath)
  assert.throws(() => parseJsonPath(''), BadPath)
  assert.throws(() => parseJsonPath('/a/'), BadPath)
  assert.throws(() => parseJsonPath('/a\ud800'), BadPath)
  assert.deepEqual(parseJsonPath('/a%20b'), ['a%20b'])
})

test('bytes are counted as UTF-8 has them', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => assert.equal(utf8Bytes(text), Buffer.byteLength(text))),
  )
})
