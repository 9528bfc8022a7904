import assert from 'node:assert/strict'
import test from 'node:test'
import { ignoring } from './ignore.ts'

test('what is unfinished or litter is left alone, at any depth', () => {
  const ignores = ignoring([])
  for (const path of [
    '.DS_Store',
    'a/b/THUMBS.DB',
    '~$Letter.docx',
    'x/scan.tif.part',
    '.~lock.a.odt#',
    '._photo.jpg',
  ]) {
    assert.equal(ignores(path), true, path)
  }
  for (const path of ['scan.tif', 'a/party', 'part', 'tmp', 'DS_Store', 'notes.tmp.txt'])
    assert.equal(ignores(path), false, path)
})

test('own patterns are held against names, those with a slash against paths', () => {
  const ignores = ignoring(['*.log', 'cache/', '/top', 'Old/*/raw', '**/build', 'a[1].t?t', 'deep/**/x'])
  const left = [
    'run.log',
    'sub/run.LOG',
    'Old/1/raw',
    'x/y/build',
    'build',
    'a[1].txt',
    'b/a[1].tzt',
    'deep/x',
    'deep/1/2/x',
  ]
  for (const path of left) assert.equal(ignores(path), true, path)
  for (const path of ['run.logs', 'Old/raw', 'Old/1/2/raw', 'a1.txt', 'x/deep/x', 'a[1].t/t']) {
    assert.equal(ignores(path), false, path)
  }
  assert.deepEqual(['cache', 'sub/cache', 'top', 'sub/top'].map(ignores), [true, true, true, false])
})
