import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { atStart, type ImportAction, type ImportState, isEnded, steered, toBegin } from './state.ts'

const states: readonly ImportState[] = ['queued', 'running', 'paused', 'done', 'failed', 'cancelled']
const actions: readonly ImportAction[] = ['pause', 'resume', 'cancel', 'retry']

test('each state allows just the actions that make sense', () => {
  const allowed = Object.fromEntries(
    states.map((state) => [state, actions.filter((action) => steered(state, action) !== undefined)]),
  )
  assert.deepEqual(allowed, {
    queued: ['pause', 'cancel'],
    running: ['pause', 'cancel'],
    paused: ['resume', 'cancel'],
    done: [],
    failed: ['retry'],
    cancelled: ['retry'],
  })
})

test('nobody but a person starts what is paused or has ended', () => {
  for (const state of states) {
    const next = atStart(state)
    if (state === 'running') assert.equal(next, 'queued')
    else assert.equal(next, state)
    if (state === 'paused' || isEnded(state)) assert.deepEqual(toBegin([{ state: next }], 9), [])
  }
})

test('as many run as may, the oldest first', () => {
  const imports = fc.array(
    fc.constantFrom(...states).map((state) => ({ state })),
    { maxLength: 12 },
  )
  fc.assert(
    fc.property(imports, fc.integer({ min: 1, max: 4 }), (all, atOnce) => {
      const begun = toBegin(all, atOnce)
      const running = all.filter(({ state }) => state === 'running').length
      const queued = all.filter(({ state }) => state === 'queued')
      assert.deepEqual(begun, queued.slice(0, begun.length))
      assert.equal(begun.length, Math.min(queued.length, Math.max(0, atOnce - running)))
    }),
  )
})
