import assert from 'node:assert/strict'
import test from 'node:test'
import type { Entry } from '../../shared/index.ts'
import { stateSentence } from './states.ts'

const file: Entry = {
  id: '1',
  path: '/a',
  name: 'a',
  kind: 'file',
  size: 1,
  modified: '2026-01-01T00:00:00.000Z',
  version: null,
  copies: { wanted: 2, durable: 2, reachable: 2 },
  state: 'protected',
  nodes: ['n1', 'n2'],
  reasons: [],
}
const machines = [
  { id: 'n1', name: 'Office-PC' },
  { id: 'n2', name: 'NAS' },
]

test('what is protected says on which machines', () => {
  assert.equal(stateSentence(file, machines), '2 copies: Office-PC, NAS.')
  assert.equal(stateSentence(file), '2 copies.')
})

test('what is lost says who was removed, and when', () => {
  const reason = {
    code: 'lost',
    text: 'No machine has all of it. Old-PC may have had it and was removed.',
    since: '2020-05-03T12:00:00.000Z',
  } as const
  const sentence = stateSentence({ ...file, state: 'lost', reasons: [reason] }, machines)
  assert.match(sentence, /^No machine has all of it\. Old-PC may have had it and was removed \(.*2020.*\)\.$/)
})

test('what a machine that is away has says since when', () => {
  const since = new Date(Date.now() - 400 * 86_400_000)
  const reason = {
    code: 'machine-away',
    text: 'On Laptop, which is switched off.',
    action: 'Switch on Laptop.',
    since: since.toISOString(),
  } as const
  const sentence = stateSentence({ ...file, state: 'unreachable', reasons: [reason] }, machines)
  assert.match(sentence, /^On Laptop, which is switched off since .*20\d\d.*\. Switch on Laptop\.$/)
})
