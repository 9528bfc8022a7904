import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { formatBytes, formatCount, formatDuration, parseSize } from './format.ts'
import { contentTypeOf, mediaTypeOf } from './mediaTypes.ts'
import { VERSION } from './version.ts'

test('sizes read as on a disk’s box', () => {
  assert.equal(formatBytes(0), '0 B')
  assert.deepEqual(
    [0, 1, 2].map((count) => formatCount(count, 'file')),
    ['0 files', '1 file', '2 files'],
  )
  assert.equal(formatBytes(999), '999 B')
  assert.equal(formatBytes(1000), '1 KB')
  assert.equal(formatBytes(1536), '1.5 KB')
  assert.equal(formatBytes(999_499), '999 KB')
  assert.equal(formatBytes(999_500), '1 MB')
  assert.equal(formatBytes(12_345_678), '12.3 MB')
  assert.equal(formatBytes(2 * 2 ** 30), '2.1 GB')
})

test('sizes as people type them', () => {
  assert.equal(parseSize('500GB'), 500e9)
  assert.equal(parseSize('1.5 TiB'), 1.5 * 2 ** 40)
  assert.equal(parseSize('4096'), 4096)
  assert.equal(parseSize('10k'), 10_000)
  for (const wrong of ['', 'GB', '-1', '5 XB', '1e3', '1,5GB', '99999999PB'])
    assert.equal(parseSize(wrong), undefined, wrong)
})

test('the version is the package’s', () => {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  assert.equal(VERSION, (JSON.parse(text) as { version: string }).version)
})

test('durations', () => {
  assert.equal(formatDuration(850), '850 ms')
  assert.equal(formatDuration(12_000), '12 s')
  assert.equal(formatDuration(200_000), '3 min 20 s')
  assert.equal(formatDuration(3_600_000), '1 h')
  assert.equal(formatDuration(86_400_000 * 4 + 7_200_000), '4 d 2 h')
})

test('media types go by the last extension, in any case', () => {
  assert.equal(mediaTypeOf('Photo.JPG'), 'image/jpeg')
  assert.equal(mediaTypeOf('a.tar.gz'), 'application/gzip')
  for (const name of ['png', 'a.', 'x.constructor', '.', 'x.unknown'])
    assert.equal(mediaTypeOf(name), 'application/octet-stream')
  assert.equal(contentTypeOf('a.docx'), 'document')
  assert.equal(contentTypeOf('a.7z'), 'archive')
  assert.equal(contentTypeOf('a'), 'other')
})
