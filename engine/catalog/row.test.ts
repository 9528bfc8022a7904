import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { isEngineError } from '../base/error.ts'
import type { NodeId } from '../base/ids.ts'
import { decodeChange, encodeChange, isName } from './change.ts'
import { decodeKey, decodeRow, encodeKey, encodeRow, rowHash, rowSizeBytes } from './row.ts'
import { openRow, sealRow } from './seal.ts'
import { NO_STAMP, StampClock } from './stamp.ts'
import {
  file,
  folder,
  laterVersion,
  moved,
  testClock,
  testId,
  testKeyring,
  testKeys,
  testSegment,
} from './testing/pool.ts'
import type { Change, RowKey } from './types.ts'

const keyring = testKeyring()
const keys = keyring.current()
const stamps = () => new StampClock(testClock(), testId<NodeId>('node'), 7, NO_STAMP)
const node = testId<NodeId>('node')

/** One change of every kind, with what is unusual in each. */
const changes: Change[] = [
  folder('Photos'),
  file('a.txt', [testSegment('1'), testSegment('2')]),
  file('empty', []),
  laterVersion('a.txt', 'second', [testSegment('3')]),
  moved('a.txt', 'ünïcode 🦉\n'),
  { what: 'trash', entry: testId('a.txt'), trashed: true, version: testId('v'), by: node, atMs: 1_800_000_000_000 },
  { what: 'trash', entry: testId('b'), trashed: false, version: null, by: node, atMs: -1 },
  { what: 'policy', entry: testId('a.txt'), copies: 3, pinnedTo: [node, testId('other')] },
  { what: 'policy', entry: testId('a.txt'), copies: null, pinnedTo: [] },
  { what: 'properties', entry: testId('a.txt'), properties: { '{DAV:}colour': 'red', __proto: 'x', '': '' } },
  {
    what: 'profile',
    node,
    profile: {
      name: 'Kitchen',
      site: 'home',
      deviceClass: 'always-on',
      quotaBytes: 2 ** 44,
      machineHash: testId('machine'),
      addresses: ['10.0.0.1:4000', '[fe80::1]:4000'],
      drain: false,
      awayUntilMs: null,
    },
  },
  { what: 'presence', node, atMs: 1_800_000_000_000 },
  {
    what: 'settings',
    settings: {
      name: 'Home',
      copies: 2,
      graceMs: { 'always-on': 1, desktop: 2, laptop: 3 },
      trashDays: 30,
      versionDays: 30,
      versionCount: 10,
      upBytesPerSec: 0,
      downBytesPerSec: 0,
    },
  },
]

function seal(change: Change, stamp = stamps().next()) {
  const { key, header, plain } = encodeChange(change, keyring.poolId)
  return sealRow(keys, key, stamp, header, plain)
}

test('every change comes back from the bytes of its row', () => {
  for (const change of changes) {
    const sealed = seal(change)
    const bytes = encodeRow(sealed.row)
    assert.equal(bytes.length, rowSizeBytes(sealed.row))
    const decoded = decodeRow(bytes)
    assert.deepEqual(decodeChange(decoded.row, openRow(keys, decoded)).change, change)
    assert.deepEqual(rowHash(decoded), sealed.hash)
    assert.deepEqual(decodeKey(encodeKey(sealed.row)), {
      kind: sealed.row.kind,
      id: sealed.row.id,
      register: sealed.row.register,
    })
  }
})

test('no bit of a row can be changed without its tag telling', () => {
  const bytes = encodeRow(seal(file('a.txt', [testSegment('1')])).row)
  fc.assert(
    fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
      const changed = Buffer.from(bytes)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      assert.throws(
        () => {
          const decoded = decodeRow(changed)
          // The epoch is in the head: the receiver would look for other keys; here it is opened with these all the same.
          openRow(keys, decoded)
        },
        (error) => isEngineError(error, 'bad-row') || isEngineError(error, 'bad-tag'),
      )
    }),
    { numRuns: 2_000 },
  )
})

test('a row does not open under the keys of another epoch', () => {
  assert.throws(() => openRow(testKeys('other'), seal(folder('x'))), { code: 'bad-tag' })
})

test('a key never seals two things: salts differ whenever anything of the row differs', () => {
  const clock = stamps()
  const [first, second] = [clock.next(), clock.next()]
  const key: RowKey = { kind: 'entry', id: testId('a'), register: 'location' }
  const plain = Buffer.from('plain')
  const header = Buffer.from('header')
  const variants = [
    sealRow(keys, key, first, header, plain),
    sealRow(keys, key, second, header, plain),
    sealRow(keys, { ...key, register: 'birth' }, first, header, plain),
    sealRow(keys, { ...key, id: testId('b') }, first, header, plain),
    sealRow(keys, { ...key, kind: 'node' }, first, header, plain),
    sealRow(keys, key, first, Buffer.from('heade'), Buffer.from('rplain')),
    sealRow(keys, key, first, header, Buffer.from('Plain')),
    sealRow(testKeys('other'), key, first, header, plain),
  ]
  const salts = variants.map(({ row }) => Buffer.from(row.body.subarray(0, 32)).toString('hex'))
  assert.equal(new Set(salts).size, variants.length)
  // The same again is the same row, on whichever node.
  assert.deepEqual(encodeRow(sealRow(keys, key, first, header, plain).row), encodeRow(variants[0]!.row))
})

test('random and truncated bytes are refused as bad rows and never crash', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      assert.throws(() => decodeRow(bytes), { code: 'bad-row' })
      try {
        decodeKey(bytes)
      } catch (error) {
        assert.ok(isEngineError(error, 'bad-row'))
      }
    }),
  )
  const whole = encodeRow(seal(file('a.txt', [testSegment('1')])).row)
  for (let length = 0; length < whole.length; length++) {
    assert.throws(
      () => openRow(keys, decodeRow(whole.subarray(0, length))),
      (error) => isEngineError(error, 'bad-row') || isEngineError(error, 'bad-tag'),
    )
  }
})

test('bodies that break a rule are bad rows, whoever sealed them', () => {
  const decode = (key: RowKey, header: Buffer, plain: Buffer) => {
    const { row } = sealRow(keys, key, stamps().next(), header, plain)
    return decodeChange(row, plain)
  }
  for (const change of changes) {
    const { key, header, plain } = encodeChange(change, keyring.poolId)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
        for (const body of [Buffer.from(noise), Buffer.concat([plain.subarray(0, plain.length - 1), noise])]) {
          try {
            decode(key, header, body)
          } catch (error) {
            assert.ok(isEngineError(error, 'bad-row'), String(error))
          }
        }
      }),
      { numRuns: 50 },
    )
    assert.throws(() => decode(key, header, Buffer.alloc(0)), { code: 'bad-row' })
  }
  for (const name of ['', '.', '..', 'a/b', 'a\0b', 'x'.repeat(256), 'ü'.repeat(128), '\ud800']) {
    assert.equal(isName(name), false, JSON.stringify(name))
    const { key, header, plain } = encodeChange(moved('a', name), keyring.poolId)
    if (name !== '\ud800') assert.throws(() => decode(key, header, plain), { code: 'bad-row' }, JSON.stringify(name))
  }
  for (const name of ['x'.repeat(255), '.hidden', 'CON', '\n', '...', 'a\\b', '🦉']) assert.ok(isName(name))
})

test('unknown kinds and registers are rows without a change', () => {
  const stamp = stamps().next()
  for (const key of [
    { kind: 'purge', id: testId('x'), register: 'node' },
    { kind: 'entry', id: testId('x'), register: 'colour' },
    { kind: 'gone', id: testId('x'), register: '' },
  ]) {
    const sealed = sealRow(keys, key as RowKey, stamp, Buffer.alloc(0), Buffer.from('anything'))
    const decoded = decodeRow(encodeRow(sealed.row))
    assert.deepEqual(decodeChange(decoded.row, openRow(keys, decoded)), { change: null, header: null })
  }
})

test('the row format is the one that was released', () => {
  const clock = stamps()
  const lines = changes.map((change) => {
    const sealed = seal(change, clock.next())
    return `${sealed.hash.toString('hex')} ${encodeRow(sealed.row).toString('hex')}`
  })
  const fixture = new URL('./fixtures/rows-1.txt', import.meta.url)
  // Only for a format that nobody has stored anything in yet.
  if (process.env['FREEZE_FIXTURES'] !== undefined) writeFileSync(fixture, `${lines.join('\n')}\n`)
  const frozen = readFileSync(fixture, 'utf8').trim().split('\n')
  assert.deepEqual(lines, frozen)
  for (const [index, line] of frozen.entries()) {
    const decoded = decodeRow(Buffer.from(line.split(' ')[1]!, 'hex'))
    assert.deepEqual(decodeChange(decoded.row, openRow(keys, decoded)).change, changes[index])
  }
})
