import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { limits } from '../limits.ts'
import { afterSleep, agreedNowMs, nextSilence, type Silence, type WaitFacts, waitEndsMs } from './standing.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const graceMs = { 'always-on': 30 * minuteMs, desktop: 24 * hourMs, laptop: 24 * hourMs }
const facts = (more: Partial<WaitFacts> = {}): WaitFacts => ({
  silence: { sinceMs: 0, backSinceMs: null },
  deviceClass: 'always-on',
  graceMs,
  awayLeftMs: null,
  missed: false,
  expectingSinceMs: 0,
  ...more,
})

test('the wait is that of the machine that is gone, shorter for an always-on one when one replica is left', () => {
  assert.equal(waitEndsMs(facts(), false, 0), 30 * minuteMs)
  assert.equal(waitEndsMs(facts(), true, 0), 5 * minuteMs)
  for (const deviceClass of ['desktop', 'laptop'] as const) {
    assert.equal(waitEndsMs(facts({ deviceClass }), false, 0), 24 * hourMs)
    assert.equal(waitEndsMs(facts({ deviceClass }), true, 0), 24 * hourMs)
  }
  const short = { ...graceMs, 'always-on': minuteMs }
  assert.equal(waitEndsMs(facts({ graceMs: short }), true, 0), minuteMs)
})

test('"away until" prolongs the wait, to seven days of silence at most, and never shortens it', () => {
  const away = (awayLeftMs: number, nowMs: number) => waitEndsMs(facts({ awayLeftMs }), false, nowMs)
  assert.equal(away(10 * hourMs, hourMs), 11 * hourMs)
  assert.equal(away(minuteMs, minuteMs), 30 * minuteMs)
  assert.equal(away(-hourMs, minuteMs), 30 * minuteMs)
  assert.equal(away(30 * 24 * hourMs, hourMs), 7 * 24 * hourMs)
  assert.equal(away(hourMs, 7 * 24 * hourMs - minuteMs), 7 * 24 * hourMs)
})

test('a machine that is missed by what somebody said is waited for no longer, whatever else was said', () => {
  const missed = facts({ silence: { sinceMs: hourMs, backSinceMs: null }, missed: true, awayLeftMs: 10 * hourMs })
  assert.equal(waitEndsMs(missed, false, hourMs + minuteMs), hourMs)
  assert.equal(waitEndsMs({ ...missed, expectingSinceMs: 2 * hourMs }, false, 2 * hourMs), hourMs)
})

/** What a node sees that looks every two seconds at a member that is there or not, for so long each. */
function look(spells: readonly { alive: boolean; forMs: number }[]): Silence | undefined {
  let silence: Silence | undefined
  let lastHeardMs: number | null = null
  let now = 0
  for (const { alive, forMs } of spells) {
    for (const endMs = now + forMs; now < endMs; now += 2000) {
      if (alive) lastHeardMs = now
      silence = nextSilence(silence, { alive, lastHeardMs, watchingSinceMs: 0 }, now)
    }
  }
  return silence
}

test('a machine that flaps keeps its silence, one that stays back loses it', () => {
  const gone = { alive: false, forMs: 10 * minuteMs }
  const blink = { alive: true, forMs: 20_000 }
  const once = look([{ alive: true, forMs: hourMs }, gone])
  assert.equal(once?.sinceMs, hourMs - 2000)
  const flapping = look([{ alive: true, forMs: hourMs }, gone, blink, gone, blink, gone])
  // Thirty minutes of silence; the two returns are not counted.
  const end = hourMs + 3 * gone.forMs + 2 * blink.forMs
  assert.ok(Math.abs(end - (flapping?.sinceMs ?? 0) - 3 * gone.forMs) < 10_000)
  const stayed = look([{ alive: true, forMs: hourMs }, gone, { alive: true, forMs: limits.returnSettleMs + 4000 }])
  assert.equal(stayed, undefined)
  const anew = look([gone, { alive: true, forMs: limits.returnSettleMs + 4000 }, gone])
  assert.ok((anew?.sinceMs ?? 0) >= gone.forMs + limits.returnSettleMs)
})

test('silence is never longer than the time in which the member was not there', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ alive: fc.boolean(), forMs: fc.integer({ min: 2000, max: 400_000 }) }), { maxLength: 12 }),
      (spells) => {
        const silence = look([{ alive: true, forMs: 2000 }, ...spells, { alive: false, forMs: 2000 }])
        const total = spells.reduce((sum, { forMs }) => sum + 2000 * Math.ceil(forMs / 2000), 4000)
        const absent = spells.reduce(
          (sum, { alive, forMs }) => sum + (alive ? 0 : 2000 * Math.ceil(forMs / 2000)),
          2000,
        )
        assert.ok(silence !== undefined)
        // Each vanishing is dated back to the last heartbeat.
        assert.ok(
          total - silence.sinceMs <= absent + 2000 * (spells.length + 2),
          `${total - silence.sinceMs} of ${absent}`,
        )
      },
    ),
  )
})

test('a node that slept counts no silence for that time, and gives the others a moment to come back', () => {
  const before = { sinceMs: 0, backSinceMs: null }
  const slept = afterSleep(before, 8 * hourMs)
  const wokenMs = 8 * hourMs + 25 * minuteMs
  assert.equal(waitEndsMs(facts({ silence: slept, expectingSinceMs: wokenMs }), false, wokenMs), 8.5 * hourMs)
  const nearlyOver = afterSleep({ sinceMs: 0, backSinceMs: null }, hourMs)
  const lateMs = hourMs + 30 * minuteMs - 1000
  assert.equal(
    waitEndsMs(facts({ silence: nearlyOver, expectingSinceMs: lateMs }), false, lateMs),
    lateMs + limits.returnSettleMs,
  )
})

test('one clock that is three days off changes no time, whoever has it', () => {
  const dayMs = 24 * hourMs
  const now = 100 * dayMs
  assert.equal(agreedNowMs(now, [0, 3 * dayMs, 0]), now)
  assert.equal(agreedNowMs(now + 3 * dayMs, [-3 * dayMs, -3 * dayMs]), now)
  assert.equal(agreedNowMs(now - 3 * dayMs, [3 * dayMs, 3 * dayMs, 3 * dayMs]), now)
  assert.equal(agreedNowMs(now, []), now)
})
