import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { limits } from '../limits.ts'
import { type LivenessFacts, livenessOf } from './liveness.ts'

const quiet: LivenessFacts = { member: true, connected: false, lastHeardMs: null, leaving: false, watchingSinceMs: 0 }

type Event = { readonly what: 'heard'; readonly leaving: boolean } | { readonly what: 'woke' | 'silence' }
const histories = fc.array(
  fc.record({
    afterMs: fc.nat(2 * limits.offlineAfterMs),
    event: fc.oneof(
      fc.record({ what: fc.constant('heard' as const), leaving: fc.boolean() }),
      fc.record({ what: fc.constantFrom('woke' as const, 'silence' as const) }),
    ),
  }),
)

/** The definition told as a history: what came last, and how long ago. */
function naive(history: readonly { atMs: number; event: Event }[], startMs: number, nowMs: number): string {
  const heard = history.findLast((each) => each.event.what === 'heard')
  if (heard?.event.what === 'heard' && heard.event.leaving) return 'away'
  const watchingMs = history.findLast((each) => each.event.what === 'woke')?.atMs ?? startMs
  if (heard === undefined || heard.atMs < watchingMs) return nowMs - watchingMs < 15_000 ? 'suspect' : 'offline'
  const silentMs = nowMs - heard.atMs
  return silentMs < 6_000 ? 'online' : silentMs < 15_000 ? 'suspect' : 'offline'
}

test('liveness follows what was heard, as the naive definition says', () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), histories, fc.nat(30_000), (startMs, steps, laterMs) => {
      const history: { atMs: number; event: Event }[] = []
      const facts: { -readonly [K in keyof LivenessFacts]: LivenessFacts[K] } = { ...quiet, watchingSinceMs: startMs }
      let nowMs = startMs
      for (const { afterMs, event } of steps) {
        nowMs += afterMs
        if (event.what === 'heard') [facts.lastHeardMs, facts.leaving] = [nowMs, event.leaving]
        if (event.what === 'woke') facts.watchingSinceMs = nowMs
        history.push({ atMs: nowMs, event })
      }
      assert.equal(livenessOf(facts, nowMs + laterMs), naive(history, startMs, nowMs + laterMs))
    }),
  )
})

test('in silence it only gets worse', () => {
  const order = ['online', 'suspect', 'offline']
  fc.assert(
    fc.property(fc.option(fc.nat(50_000)), fc.nat(50_000), fc.nat(50_000), fc.nat(50_000), (heard, since, a, b) => {
      const facts = { ...quiet, lastHeardMs: heard, watchingSinceMs: since }
      const [before, after] = [Math.min(a, b), Math.max(a, b)].map((ms) =>
        order.indexOf(livenessOf(facts, Math.max(heard ?? 0, since) + ms)),
      ) as [number, number]
      assert(before >= 0 && before <= after)
    }),
  )
})

test('who is no member is removed, whatever was heard', () => {
  assert.equal(livenessOf({ ...quiet, member: false, connected: true, lastHeardMs: 10 }, 11), 'removed')
})

test('after a wake nobody is called offline before this node has watched for 15 seconds', () => {
  const facts = { ...quiet, connected: true, lastHeardMs: 1_000 }
  const wokeMs = 8 * 3_600_000
  assert.equal(livenessOf(facts, wokeMs), 'offline')
  const woken = { ...facts, watchingSinceMs: wokeMs }
  assert.equal(livenessOf(woken, wokeMs), 'suspect')
  assert.equal(livenessOf(woken, wokeMs + 14_999), 'suspect')
  assert.equal(livenessOf(woken, wokeMs + 15_000), 'offline')
  assert.equal(livenessOf({ ...woken, lastHeardMs: wokeMs + 16_000 }, wokeMs + 16_000), 'online')
})

test('who said that it sleeps is away until it is heard again', () => {
  const away = { ...quiet, lastHeardMs: 1_000, leaving: true, watchingSinceMs: 2_000 }
  assert.equal(livenessOf(away, 1e9), 'away')
  assert.equal(livenessOf({ ...away, lastHeardMs: 1e9, leaving: false }, 1e9), 'online')
})

test('a node that has just connected is online before its first heartbeat', () => {
  assert.equal(livenessOf({ ...quiet, connected: true }, 100), 'online')
  assert.equal(livenessOf(quiet, 100), 'suspect')
})
