import assert from 'node:assert/strict'
import test from 'node:test'
import type { ReplicaHolder } from '../../shared/index.ts'
import { survivalSentence } from './survival.ts'

const holder = (name: string, chunks = 4): ReplicaHolder => ({
  nodeId: name,
  name,
  state: 'online',
  chunks,
  total: 4,
  bytes: 1,
})
const node = (id: string, site: string, state: 'online' | 'offline' = 'online') => ({ id, site, state })

test('what a file survives, in words', () => {
  const nodes = [node('A', 'home'), node('B', 'home'), node('C', 'office')]
  const sentence = (...names: string[]) =>
    survivalSentence(
      names.map((name) => holder(name)),
      nodes,
    )
  assert.equal(sentence(), '')
  assert.equal(sentence('A'), 'Only A has all of it.')
  assert.equal(sentence('A', 'B'), 'Survives any one machine failing.')
  assert.equal(sentence('A', 'C'), 'Survives any one machine failing, or a whole place.')
  assert.equal(sentence('A', 'B', 'C'), 'Survives any 2 machines failing, or a whole place.')
  assert.equal(survivalSentence([holder('A', 2), holder('B', 3)], nodes), 'No machine alone has all of it.')
  assert.equal(survivalSentence([holder('A'), holder('B', 3)], nodes), 'Only A has all of it.')
})

test('machines that are off are said', () => {
  const both = [holder('A'), holder('B')]
  assert.match(survivalSentence(both, [node('A', 'x', 'offline'), node('B', 'x')]), /Now it comes from B, the only one/)
  assert.match(survivalSentence(both, [node('A', 'x', 'offline'), node('B', 'x', 'offline')]), /Switch one of them on/)
})
