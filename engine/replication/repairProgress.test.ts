import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NodeId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import { type PassStep, RepairProgress } from './repairProgress.ts'

const [self, one, two] = ['self', 'one', 'two'] as unknown as [NodeId, NodeId, NodeId]
const group = (chunks: number) => [{ key: 'a', chunks, bytes: 1000 * chunks }]
const never = () => false
const step = (of: Partial<PassStep>): PassStep => ({ cursor: null, turns: [], unfinished: false, lookedMs: 0, ...of })

/** Passes over the group every ten seconds; `turns`: how many chunks are whose, and how many of them would pass to this node. */
function watch(
  progress: RepairProgress,
  fromMs: number,
  untilMs: number,
  turns: (nowMs: number) => readonly [NodeId, number, number?][],
): void {
  for (let now = fromMs; now <= untilMs; now += 10_000) {
    const all = turns(now).flatMap(([planner, count, next = 0]) =>
      Array.from({ length: count }, (_, index) => ({ planner, isNext: index < next })),
    )
    progress.note(group(all.length), never, now)
    progress.moveOn('a', step({ turns: all }))
    progress.endPass('a', self, now)
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

test('what another successor takes over does not look like progress of the stuck planner', () => {
  const progress = new RepairProgress()
  const tookOverMs = limits.takeOverMs - 10_000
  watch(progress, 0, limits.takeOverMs, (now) => [[one, now < tookOverMs ? 5 : 2, 2]])
  assert.deepEqual([...progress.stuck('a')], [one])
  const itself = new RepairProgress()
  watch(itself, 0, limits.takeOverMs, (now) => [[one, now < tookOverMs ? 5 : 2, now < tookOverMs ? 2 : 1]])
  assert.deepEqual([...itself.stuck('a')], [])
})

test('a machine that slept takes nobody for stuck because of that', () => {
  const progress = new RepairProgress()
  watch(progress, 0, 20_000, () => [[one, 5]])
  watch(progress, 10 * limits.takeOverMs, 10 * limits.takeOverMs + 20_000, () => [[one, 5]])
  assert.deepEqual([...progress.stuck('a')], [])
})

test('a pass in which looking took long is repeated later, one with something unfinished soon', () => {
  const progress = new RepairProgress()
  progress.note(group(5), never, 0)
  progress.moveOn('a', step({ lookedMs: 1_500 }))
  progress.moveOn('a', step({ lookedMs: 2_500 }))
  progress.endPass('a', self, 4_000)
  assert.equal(progress.isResting('a', 80_000), true)
  assert.equal(progress.nextMs(80_000), 84_000)
  assert.equal(progress.isResting('a', 84_000), false)
  progress.moveOn('a', step({ lookedMs: 10 }))
  progress.endPass('a', self, 184_000)
  assert.equal(progress.nextMs(184_000), 184_000 + limits.copyRetryMs)
  progress.moveOn('a', step({ unfinished: true }))
  progress.moveOn('a', step({}))
  progress.endPass('a', self, 284_000)
  assert.equal(progress.nextMs(284_000), 284_000 + limits.copySettleMs)
})

test('chunks that come into a group end its rest, but not before it has rested for what looking took', () => {
  const progress = new RepairProgress()
  progress.note(group(5), never, 0)
  progress.moveOn('a', step({ lookedMs: 100 }))
  progress.endPass('a', self, 1_000)
  progress.note(group(4), never, 2_000)
  assert.equal(progress.nextMs(2_000), 1_000 + limits.copyRetryMs)
  progress.note(group(6), never, 2_500)
  assert.equal(progress.nextMs(2_500), 3_000)
  assert.equal(progress.isResting('a', 3_000), false)
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
