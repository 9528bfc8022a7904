import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BATCH_FILES, decodeBatch, encodeBatch } from './batch.ts'

test('a batch comes out as it went in', () => {
  const file = fc.record({ name: fc.stringMatching(/^[a-zä🦊]{1,9}$/u), bytes: fc.uint8Array({ maxLength: 99 }) })
  fc.assert(
    fc.property(fc.array(file, { maxLength: 9 }), (files) => {
      const batch = files.map(({ name, bytes }) => ({
        head: { path: `/${name}`, size: bytes.length, modified: '2026-01-02T03:04:05.678Z' },
        bytes,
      }))
      const body = Buffer.concat(encodeBatch(batch))
      const decoded = decodeBatch(body).map(({ head, bytes }) => ({ head, bytes: Uint8Array.from(bytes) }))
      assert.deepEqual(
        decoded,
        batch.map(({ head, bytes }) => ({ head, bytes: Uint8Array.from(bytes) })),
      )
    }),
  )
})

test('a cut body, a foreign head, a bad path and too many files are refused', () => {
  const one = { head: { path: '/a', size: 3 }, bytes: new Uint8Array(3) }
  const body = Buffer.concat(encodeBatch([one]))
  for (let length = 1; length < body.length; length++) assert.throws(() => decodeBatch(body.subarray(0, length)))
  for (const head of [{ path: '/a' }, { path: '/../b', size: 0 }, { path: 'a', size: 0 }, { path: '/a', size: -1 }]) {
    assert.throws(() => decodeBatch(Buffer.concat(encodeBatch([{ head: head as never, bytes: new Uint8Array(0) }]))))
  }
  const many = Array.from({ length: BATCH_FILES + 1 }, () => ({
    head: { path: '/a', size: 0 },
    bytes: new Uint8Array(0),
  }))
  assert.throws(() => decodeBatch(Buffer.concat(encodeBatch(many))), /more than/)
})
