import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { NodeId } from '../base/ids.ts'
import { NO_STAMP, StampClock, stampFloor, stampMs } from './stamp.ts'
import { testClock, testId } from './testing/pool.ts'

const node = testId<NodeId>('node')

test('a stamp holds the time, the author and its start number', () => {
  const clock = testClock(1_800_000_000_123)
  const stamp = new StampClock(clock, node, 0xdeadbeef, NO_STAMP).next()
  assert.equal(stamp, `${(1_800_000_000_123).toString(16).padStart(12, '0')}0000${node}deadbeef`)
  assert.equal(stampMs(stamp), 1_800_000_000_123)
})

test('stamps of a clock that stands still or goes back keep growing, past 65,536 in a millisecond', () => {
  const clock = testClock(1_000_000)
  const stamps = new StampClock(clock, node, 1, NO_STAMP)
  let last = stamps.next()
  for (let made = 0; made < 70_000; made++) {
    if (made === 100) clock.set(500_000)
    const next = stamps.next()
    assert.ok(next > last)
    last = next
  }
  assert.equal(stampMs(last), 1_000_001)
})

test('a new stamp exceeds every stamp merged before, also after a restart from the saved greatest', () => {
  const authors = fc.array(fc.record({ author: fc.nat(3), jumpMs: fc.integer({ min: -5_000, max: 5_000 }) }))
  fc.assert(
    fc.property(authors, fc.infiniteStream(fc.boolean()), (steps, restarts) => {
      const clocks = [0, 1, 2, 3].map(() => testClock(1_000_000))
      let nodes = clocks.map((clock, index) => new StampClock(clock, testId(`node ${index}`), index, NO_STAMP))
      for (const { author, jumpMs } of steps) {
        const clock = clocks[author]!
        clock.set(clock.nowMs() + jumpMs)
        const before = nodes.map((each) => each.greatest)
        const stamp = nodes[author]!.next()
        assert.ok(stamp > before[author]!)
        for (const each of nodes) each.observe(stamp)
        assert.ok(nodes.every((each) => each.greatest >= stamp))
        if (restarts.next().value) {
          nodes = nodes.map(
            (each, index) => new StampClock(clocks[index]!, testId(`node ${index}`), index + 10, each.greatest),
          )
        }
      }
    }),
  )
})

test('the floor of a time is at or below every stamp of that time and above all earlier ones', () => {
  const stamp = new StampClock(testClock(5_000), node, 1, NO_STAMP).next()
  assert.ok(stampFloor(5_000) <= stamp && stampFloor(5_001) > stamp)
})
