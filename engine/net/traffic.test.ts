import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { NodeIds } from '../base/ids.ts'
import { limits } from '../limits.ts'
import { TrafficMeter } from './traffic.ts'

const peer = NodeIds.parse('0'.repeat(31) + '1')
const other = NodeIds.parse('0'.repeat(31) + '2')
const stepMs = limits.trafficStepMs

test('bytes stand in the step in which they moved, as rates, the step under way left out', () => {
  const meter = new TrafficMeter()
  const connection = {}
  meter.note(peer, connection, { sentBytes: 1000, receivedBytes: 0 }, 0)
  assert.deepEqual(meter.of(peer, 0)?.sentBytesPerSec.at(-1), 0)
  meter.note(peer, connection, { sentBytes: 1000, receivedBytes: 5000 }, stepMs)
  const sent = meter.of(peer, stepMs)?.sentBytesPerSec
  assert.equal(sent?.length, limits.trafficSteps)
  assert.equal(sent?.at(-1), 1_000_000 / stepMs)
  assert.deepEqual(meter.of(peer, 2 * stepMs)?.receivedBytesPerSec.slice(-2), [0, 5_000_000 / stepMs])
  assert.equal(meter.of(other, stepMs), undefined)
})

test('a new connection counts from zero, and a peer long gone is forgotten', () => {
  const meter = new TrafficMeter()
  meter.note(peer, {}, { sentBytes: 9000, receivedBytes: 0 }, 0)
  meter.note(peer, {}, { sentBytes: 1000, receivedBytes: 0 }, 1)
  assert.equal(meter.of(peer, stepMs)?.sentBytesPerSec.at(-1), 10_000_000 / stepMs)
  const laterMs = (limits.trafficSteps + 2) * stepMs
  assert.equal(meter.of(peer, laterMs), undefined)
})

test('whenever it is looked at, it tells what a plain list of all moves tells', () => {
  const moves = fc.array(fc.tuple(fc.integer({ min: 0, max: 40 * stepMs }), fc.integer({ min: 0, max: 1e6 })), {
    maxLength: 60,
  })
  fc.assert(
    fc.property(moves, (given) => {
      const meter = new TrafficMeter()
      const connection = {}
      const bytesByStep = new Map<number, number>()
      let nowMs = 0
      let sentBytes = 0
      meter.note(peer, connection, { sentBytes, receivedBytes: 0 }, nowMs)
      for (const [waitMs, bytes] of given) {
        nowMs += waitMs
        sentBytes += bytes
        const step = Math.floor(nowMs / stepMs)
        bytesByStep.set(step, (bytesByStep.get(step) ?? 0) + bytes)
        meter.note(peer, connection, { sentBytes, receivedBytes: 0 }, nowMs)
        const told = meter.of(peer, nowMs)?.sentBytesPerSec
        const expected = Array.from({ length: limits.trafficSteps }, (_, index) =>
          Math.round(((bytesByStep.get(step - limits.trafficSteps + index) ?? 0) * 1000) / stepMs),
        )
        assert.deepEqual(told, expected)
      }
    }),
  )
})
