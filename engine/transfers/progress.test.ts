import assert from 'node:assert/strict'
import test from 'node:test'
import { Progress } from './progress.ts'

test('the rate is that of the last seconds, without what was there already', () => {
  const progress = new Progress()
  progress.filesFound = 100
  progress.bytesFound = 100_000_000
  progress.sample(0)
  for (let at = 0; at < 50; at++) progress.skipped(1_000_000)
  for (let second = 1; second <= 20; second++) {
    // The first ten seconds fast, then slow.
    progress.moved(second <= 10 ? 2_000_000 : 500_000)
    progress.sample(second * 1000)
  }
  assert.equal(progress.rateBytesPerSec(20_000), 500_000)
  assert.equal(progress.secondsLeft(20_000), null)
  progress.isCounted = true
  // 25 MB and 50 files of 64 KiB are left.
  assert.equal(progress.secondsLeft(20_000), Math.ceil((25_000_000 + 50 * 65_536) / 500_000))
})

test('totals are never below what is done; nothing is said while nothing moves', () => {
  const progress = new Progress()
  progress.moved(10)
  progress.stored()
  progress.filesFailed++
  assert.deepEqual([progress.filesTotal, progress.bytesTotal], [2, 10])
  progress.moved(-10)
  progress.isCounted = true
  progress.sample(0)
  assert.deepEqual([progress.rateBytesPerSec(5000), progress.secondsLeft(5000)], [0, null])
})
