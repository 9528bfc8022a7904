import assert from 'node:assert/strict'
import test from 'node:test'
import { fileStates } from '../../shared/entries.ts'
import { healthSentence } from './sentences.ts'

const none = { total: 0, protected: 0, copying: 0, degraded: 0, atRisk: 0, unreachable: 0, lost: 0 }

test('one file and many are said right', () => {
  const files = { ...none, total: 2150, protected: 2149, lost: 1 }
  assert.equal(
    healthSentence({ state: 'lost', files }, 3),
    '1 file is lost: no machine has all of it. 2,149 others are there.',
  )
  assert.equal(
    healthSentence({ state: 'protected', files: { ...none, total: 2150 } }, 3),
    'All 2,150 files have their copies on different machines.',
  )
  assert.equal(healthSentence({ state: 'protected', files: none }, 1), 'Nothing is stored yet. Everything works.')
})

test('every state has a sentence without words of the engine room', () => {
  const files = { total: 9, protected: 1, copying: 1, degraded: 2, atRisk: 2, unreachable: 2, lost: 1 }
  for (const state of [...fileStates, 'no-pool'] as const) {
    for (const machines of [1, 3]) {
      const sentence = healthSentence({ state, files }, machines)
      assert.match(sentence, /\.$/)
      assert.doesNotMatch(sentence, /replica|chunk|node|quorum|undefined/)
    }
  }
})
