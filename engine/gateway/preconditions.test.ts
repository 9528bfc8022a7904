import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { httpDate, rangeOf, select, versionsOfIfMatch } from './preconditions.ts'

const content = Buffer.from(Array.from({ length: 300 }, (_, at) => at % 251))

test('a range selects what Buffer.slice would', () => {
  fc.assert(
    fc.property(fc.nat(300), fc.nat(400), fc.nat(400), (sizeBytes, first, last) => {
      const whole = content.subarray(0, sizeBytes)
      const selection = rangeOf(`bytes=${first}-${last}`, sizeBytes)
      if (last < first) assert.equal(selection, undefined)
      else if (first >= sizeBytes) assert.deepEqual(selection, { status: 416 })
      else {
        assert(selection !== undefined && 'from' in selection && selection.status === 206)
        assert.deepEqual(whole.subarray(selection.from, selection.to), whole.subarray(first, last + 1))
      }
    }),
  )
})

test('open and suffix ranges select what Buffer.slice would', () => {
  fc.assert(
    fc.property(fc.nat(300), fc.nat(400), (sizeBytes, number) => {
      const whole = content.subarray(0, sizeBytes)
      const open = rangeOf(`bytes=${number}-`, sizeBytes)
      if (number >= sizeBytes) assert.deepEqual(open, { status: 416 })
      else assert.deepEqual(open, { status: 206, from: number, to: sizeBytes })
      const suffix = rangeOf(`bytes=-${number}`, sizeBytes)
      if (number === 0 || sizeBytes === 0) assert.deepEqual(suffix, { status: 416 })
      else {
        assert(suffix !== undefined && 'from' in suffix)
        assert.deepEqual(whole.subarray(suffix.from, suffix.to), whole.subarray(-number))
      }
    }),
  )
})

test('ranges that are none, or several, are ignored', () => {
  for (const header of [
    '',
    'bytes',
    'bytes=',
    'bytes=-',
    'bytes=a-b',
    'bytes=5-2',
    'bytes=0-1,3-4',
    'lines=0-1',
    'bytes=--5',
    'bytes=1.5-2',
  ]) {
    assert.equal(rangeOf(header, 100), undefined, header)
  }
})

const what = { etag: '"v1"', modifiedMs: Date.parse('2024-05-01T10:00:00.700Z'), sizeBytes: 100 }
const whole = { status: 200, from: 0, to: 100 }
const date = httpDate(what.modifiedMs)
const later = httpDate(what.modifiedMs + 5000)
const earlier = httpDate(what.modifiedMs - 5000)

test('conditions in the order of RFC 9110', () => {
  const cases: [Record<string, string>, object][] = [
    [{}, whole],
    [{ 'if-none-match': '"v1"' }, { status: 304 }],
    [{ 'if-none-match': 'W/"v1", "v2"' }, { status: 304 }],
    [{ 'if-none-match': '*' }, { status: 304 }],
    [{ 'if-none-match': '"v2"' }, whole],
    [{ 'if-none-match': '"v2"', 'if-modified-since': later }, whole],
    [{ 'if-modified-since': date }, { status: 304 }],
    [{ 'if-modified-since': earlier }, whole],
    [{ 'if-modified-since': 'nonsense' }, whole],
    [{ 'if-match': '"v1"' }, whole],
    [{ 'if-match': '"v2", "v1"' }, whole],
    [{ 'if-match': '*' }, whole],
    [{ 'if-match': '"v2"' }, { status: 412 }],
    [{ 'if-match': 'W/"v1"' }, { status: 412 }],
    [{ 'if-match': '"v2"', 'if-none-match': '"v1"' }, { status: 412 }],
    [{ 'if-unmodified-since': earlier }, { status: 412 }],
    [{ 'if-unmodified-since': date }, whole],
    [{ range: 'bytes=0-9' }, { status: 206, from: 0, to: 10 }],
    [
      { range: 'bytes=0-9', 'if-range': '"v1"' },
      { status: 206, from: 0, to: 10 },
    ],
    [
      { range: 'bytes=0-9', 'if-range': date },
      { status: 206, from: 0, to: 10 },
    ],
    [{ range: 'bytes=0-9', 'if-range': '"v2"' }, whole],
    [{ range: 'bytes=0-9', 'if-range': 'W/"v1"' }, whole],
    [{ range: 'bytes=0-9', 'if-range': earlier }, whole],
    [{ range: 'bytes=100-' }, { status: 416 }],
    [{ range: 'bytes=100-', 'if-none-match': '"v1"' }, { status: 304 }],
  ]
  for (const [headers, expected] of cases)
    assert.deepEqual(select('GET', headers, what), expected, JSON.stringify(headers))
  assert.deepEqual(select('HEAD', { range: 'bytes=0-9' }, what), whole)
})

test('If-Match lists the versions it names', () => {
  assert.equal(versionsOfIfMatch(' * '), '*')
  assert.deepEqual(versionsOfIfMatch('"a", W/"b",c'), ['a', 'c'])
})
