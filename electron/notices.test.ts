import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type NoticeMemory, nothingSeen, noticesFor, type PoolFacts, type PoolState } from './notices.ts'

const minuteMs = 60_000
const machine = (name: string, state: string, self = false) => ({ id: name, name, state, self })
const facts = (state: PoolState, machines = [machine('here', 'online', true)], filesAtRisk = 0): PoolFacts => ({
  state,
  filesAtRisk,
  machines,
})

/** Titles told, one after the other, for facts at minutes. */
function told(story: readonly (readonly [number, PoolFacts])[]): string[] {
  let memory: NoticeMemory = nothingSeen
  return story.flatMap(([minutes, each]) => {
    const step = noticesFor(memory, each, minutes * minuteMs)
    memory = step.memory
    return step.notices.map(({ title }) => title)
  })
}

test('a machine that is gone is told once, after a minute', () => {
  const there = facts('protected', [machine('NAS', 'online')])
  const gone = facts('degraded', [machine('NAS', 'offline')])
  assert.deepEqual(
    told([
      [0, there],
      [1, gone],
      [1.5, gone],
    ]),
    [],
  )
  assert.deepEqual(
    told([
      [0, there],
      [1, gone],
      [2, gone],
      [3, gone],
      [60, gone],
    ]),
    ['NAS is gone'],
  )
  assert.deepEqual(
    told([
      [0, there],
      [1, gone],
      [1.5, there],
      [2.2, gone],
      [3, gone],
    ]),
    [],
    'it was back in between',
  )
  assert.deepEqual(
    told([
      [0, there],
      [1, gone],
      [2, gone],
      [30, there],
      [31, gone],
      [33, gone],
    ]),
    ['NAS is gone', 'NAS is gone'],
  )
})

test('who said that it goes, was gone before, or is this machine is no news', () => {
  for (const state of ['away', 'removed', 'suspect'])
    assert.deepEqual(
      told([
        [0, facts('protected', [machine('Laptop', 'online')])],
        [1, facts('protected', [machine('Laptop', state)])],
        [9, facts('protected', [machine('Laptop', state)])],
      ]),
      [],
    )
  const gone = facts('protected', [machine('Old', 'offline')])
  assert.deepEqual(
    told([
      [0, gone],
      [5, gone],
    ]),
    [],
  )
  const self = facts('protected', [machine('here', 'offline', true)])
  assert.deepEqual(
    told([
      [0, facts('protected')],
      [1, self],
      [5, self],
    ]),
    [],
  )
})

test('several at once are one notice', () => {
  const all = (state: string) =>
    facts(
      'protected',
      ['A', 'B', 'C'].map((name) => machine(name, state)),
    )
  assert.deepEqual(
    told([
      [0, all('online')],
      [1, all('offline')],
      [2, all('offline')],
    ]),
    ['3 machines are gone'],
  )
})

test('files at risk are told when it lasts, and that all is protected only after that', () => {
  const well = facts('protected')
  const bad = facts('at-risk', [], 12)
  const copying = facts('copying')
  assert.deepEqual(
    told([
      [0, well],
      [1, bad],
      [1.5, well],
      [9, well],
    ]),
    [],
  )
  assert.deepEqual(
    told([
      [0, well],
      [1, bad],
      [2, bad],
      [5, bad],
      [6, copying],
      [8, well],
      [9, well],
    ]),
    ['12 files at risk', 'All protected again'],
  )
  assert.deepEqual(
    told([
      [0, copying],
      [5, well],
    ]),
    [],
    'copying is everyday',
  )
  assert.deepEqual(
    told([
      [0, well],
      [1, facts('lost', [], 1)],
      [2, facts('lost', [], 1)],
    ]),
    ['1 file lost'],
  )
})

test('whatever happens, at most four notices in ten minutes', () => {
  const states = fc.constantFrom<PoolState>('protected', 'at-risk', 'lost', 'degraded')
  const machineStates = fc.constantFrom('online', 'offline')
  fc.assert(
    fc.property(fc.array(fc.tuple(states, machineStates, machineStates), { maxLength: 200 }), (story) => {
      let memory: NoticeMemory = nothingSeen
      const sentMs: number[] = []
      for (const [at, [state, a, b]] of story.entries()) {
        const nowMs = at * 61_000
        const step = noticesFor(memory, facts(state, [machine('A', a), machine('B', b)], 3), nowMs)
        memory = step.memory
        sentMs.push(...step.notices.map(() => nowMs))
        assert(sentMs.filter((each) => nowMs - each < 10 * minuteMs).length <= 4)
      }
    }),
  )
})
