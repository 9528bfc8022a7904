import assert from 'node:assert/strict'
import test from 'node:test'
import { limitsNow } from './limitHours.ts'

const at = (hour: number, minute = 0) => new Date(2026, 5, 15, hour, minute).getTime()
const rates = { upBytesPerSec: 1000, downBytesPerSec: 2000 }
const upAt = (fromHour: number, toHour: number, nowMs: number) =>
  limitsNow({ ...rates, limitHours: { fromMinute: fromHour * 60, toMinute: toHour * 60 } }, nowMs).up

test('without hours limits hold always, without settings there are none', () => {
  assert.deepEqual(limitsNow(rates, at(3)), { up: 1000, down: 2000 })
  assert.deepEqual(limitsNow(undefined, at(3)), { up: 0, down: 0 })
})

test('limits hold from the first minute until before the last', () => {
  const told = [at(7, 59), at(8), at(17, 59), at(18)].map((nowMs) => upAt(8, 18, nowMs))
  assert.deepEqual(told, [0, 1000, 1000, 0])
})

test('hours may go over midnight', () => {
  const told = [at(21, 59), at(22), at(0), at(5, 59), at(6), at(12)].map((nowMs) => upAt(22, 6, nowMs))
  assert.deepEqual(told, [0, 1000, 1000, 1000, 0, 0])
})
