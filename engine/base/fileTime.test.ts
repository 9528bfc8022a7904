import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileTimeMs } from './fileTime.ts'

test('a time that was set in milliseconds is read as the same, whatever the system made of it', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hadahoop-time-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'file')
  writeFileSync(path, '')
  for (const startMs of [1_700_000_000_100, 946_684_800_000, 4_000_000_000_000, 0]) {
    for (let atMs = startMs; atMs < startMs + 1_000; atMs += 7) {
      utimesSync(path, new Date(atMs), new Date(atMs))
      assert.equal(fileTimeMs(statSync(path, { bigint: true }).mtimeNs), atMs)
    }
  }
})

test('of a finer time the whole milliseconds count', () => {
  assert.equal(fileTimeMs(1_795_417_583_098_999_977n), 1_795_417_583_099)
  assert.equal(fileTimeMs(1_795_417_583_098_900_000n), 1_795_417_583_098)
  assert.equal(fileTimeMs(-123_000_119n), -123)
  assert.equal(fileTimeMs(-122_999_881n), -123)
})
