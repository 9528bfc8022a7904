import assert from 'node:assert/strict'
import test from 'node:test'
import type { Clock } from '../ports.ts'
import { StallWatch } from './stallWatch.ts'

/** A clock whose timers fire when told to. */
function manualClock(): { clock: Clock; pending: Set<() => void>; round: () => void } {
  const pending = new Set<() => void>()
  const timer = (_delayMs: number, fire: () => void) => {
    pending.add(fire)
    return { [Symbol.dispose]: () => void pending.delete(fire) }
  }
  const round = () => {
    for (const fire of [...pending]) {
      pending.delete(fire)
      fire()
    }
  }
  return { clock: { timer } as unknown as Clock, pending, round }
}

test('only the other end’s standing still is cut, after the whole limit', () => {
  const { clock, pending, round } = manualClock()
  const watch = new StallWatch(clock, 60_000)
  let cuts = 0
  const stall = watch.watch(() => cuts++)
  for (let rounds = 0; rounds < 20; rounds++) round()
  assert.equal(cuts, 0)
  for (let rounds = 0; rounds < 20; rounds++) {
    stall.waiting()
    round()
    round()
    stall.moved()
  }
  assert.equal(cuts, 0)
  stall.waiting()
  for (let rounds = 0; rounds < 4; rounds++) round()
  assert.equal(cuts, 0)
  round()
  assert.equal(cuts, 1)
  round()
  assert.equal(cuts, 1)
  assert.equal(pending.size, 0)
})

test('what is disposed is not cut, and the timer rests when nothing is watched', () => {
  const { clock, pending, round } = manualClock()
  const watch = new StallWatch(clock, 60_000)
  {
    using stall = watch.watch(() => assert.fail())
    stall.waiting()
    assert.equal(pending.size, 1)
  }
  for (let rounds = 0; rounds < 10; rounds++) round()
  assert.equal(pending.size, 0)
})
