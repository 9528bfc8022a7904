import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../limits.ts'
import { RepairProgress } from './repairProgress.ts'

const group = (chunks: number) => [{ key: 'a', chunks, bytes: 1000 * chunks }]
const never = () => false

/** Looks every ten seconds until `untilMs`; `chunks` of the time. */
function watch(progress: RepairProgress, fromMs: number, untilMs: number, chunks: (nowMs: number) => number): void {
  for (let now = fromMs; now <= untilMs; now += 10_000) progress.note(group(chunks(now)), never, now)
}

test('the next planner takes over after five minutes without progress, and keeps the turn until the group is done', () => {
  const progress = new RepairProgress()
  watch(progress, 0, limits.takeOverMs - 10_000, () => 100)
  assert.equal(progress.rank('a'), 0)
  progress.rest('a', 1e9)
  watch(progress, limits.takeOverMs, limits.takeOverMs, () => 100)
  assert.equal(progress.rank('a'), 1)
  assert.equal(progress.isResting('a', limits.takeOverMs), false)
  watch(progress, limits.takeOverMs + 10_000, 2 * limits.takeOverMs, (now) => 100 - now / 10_000)
  assert.equal(progress.rank('a'), 1)
  progress.note([], () => true, 2 * limits.takeOverMs + 10_000)
  watch(progress, 2 * limits.takeOverMs + 20_000, 2 * limits.takeOverMs + 20_000, () => 5)
  assert.equal(progress.rank('a'), 0)
})

test('a second stuck planner costs five minutes more; progress costs nobody the turn', () => {
  const stuck = new RepairProgress()
  watch(stuck, 0, 2 * limits.takeOverMs, () => 7)
  assert.equal(stuck.rank('a'), 2)
  const going = new RepairProgress()
  watch(going, 0, 4 * limits.takeOverMs, (now) => 1_000_000 - Math.floor(now / 200_000))
  assert.equal(going.rank('a'), 0)
})

test('the rate is what the groups shrank by, not what a returning machine makes good', () => {
  const progress = new RepairProgress()
  progress.note(group(100), never, 0)
  progress.note(group(70), never, 10_000)
  assert.equal(progress.bytesPerSec(10_000), 1000)
  progress.note([], () => false, 20_000)
  assert.equal(progress.bytesPerSec(20_000), 1000)
  assert.equal(progress.bytesPerSec(60_000), 0)
})
