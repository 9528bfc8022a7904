import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NodeId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import { RepairProgress } from './repairProgress.ts'

const [self, one, two] = ['self', 'one', 'two'] as unknown as [NodeId, NodeId, NodeId]
const group = (chunks: number) => [{ key: 'a', chunks, bytes: 1000 * chunks }]
const never = () => false

/** Passes over the group every ten seconds; `turns`: how many chunks are whose. */
function watch(
  progress: RepairProgress,
  fromMs: number,
  untilMs: number,
  turns: (nowMs: number) => readonly [NodeId, number][],
): void {
  for (let now = fromMs; now <= untilMs; now += 10_000) {
    const all = turns(now).flatMap(([planner, count]) => Array.from({ length: count }, () => planner))
    progress.note(group(all.length), never, now)
    progress.moveTo('a', null, all, now)
    progress.endPass('a', self, 10_000, now)
  }
}

test('a planner whose turns bring nothing for five minutes is passed over until the group is done', () => {
  const progress = new RepairProgress()
  watch(progress, 0, limits.takeOverMs - 10_000, () => [[one, 5]])
  assert.deepEqual([...progress.stuck('a')], [])
  watch(progress, limits.takeOverMs, limits.takeOverMs, () => [[one, 5]])
  assert.deepEqual([...progress.stuck('a')], [one])
  // Its turns are another one's now, which gets on.
  watch(progress, limits.takeOverMs + 10_000, 2 * limits.takeOverMs, (now) => [[two, 100 - now / 10_000]])
  assert.deepEqual([...progress.stuck('a')], [one])
  progress.note([], () => true, 2 * limits.takeOverMs + 10_000)
  watch(progress, 2 * limits.takeOverMs + 20_000, 2 * limits.takeOverMs + 20_000, () => [[one, 5]])
  assert.deepEqual([...progress.stuck('a')], [])
})

test('what others get done does not hide who is stuck, and a stuck successor is found as well', () => {
  const progress = new RepairProgress()
  watch(progress, 0, limits.takeOverMs, (now) => [
    [one, 3],
    [two, 1000 - now / 1000],
    [self, 4],
  ])
  assert.deepEqual([...progress.stuck('a')], [one])
  watch(progress, limits.takeOverMs + 10_000, 2 * limits.takeOverMs + 10_000, () => [
    [two, 3],
    [self, 4],
  ])
  assert.deepEqual([...progress.stuck('a')], [one, two])
})

test('a machine that slept takes nobody for stuck because of that', () => {
  const progress = new RepairProgress()
  watch(progress, 0, 20_000, () => [[one, 5]])
  watch(progress, 10 * limits.takeOverMs, 10 * limits.takeOverMs + 20_000, () => [[one, 5]])
  assert.deepEqual([...progress.stuck('a')], [])
})

test('a pass that took long is repeated later', () => {
  const progress = new RepairProgress()
  progress.note(group(5), never, 0)
  progress.moveTo('a', null, [], 0)
  progress.endPass('a', self, 1_000, 4_000)
  assert.equal(progress.isResting('a', 80_000), true)
  assert.equal(progress.nextMs(80_000), 84_000)
  assert.equal(progress.isResting('a', 84_000), false)
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
