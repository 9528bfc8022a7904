import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NodeId } from '../base/ids.ts'
import { createSimWorld, simPorts } from '../sim/index.ts'
import { keepSilences, loadSilences } from './silenceFile.ts'
import { keptSilence, restoredSilence } from './standing.ts'

const node = 'a'.repeat(32) as NodeId

test('silences come back as they were kept; what cannot be read is reported and forgotten', async () => {
  await using world = createSimWorld({ seed: 1 })
  const { disk } = simPorts(world, 'a')
  const problems: string[] = []
  const load = () => loadSilences(disk, (problem) => problems.push(problem))
  assert.deepEqual(await world.wait(load()), [])
  const kept = [{ nodeId: node, silentMs: 123_456 }]
  await world.wait(keepSilences(disk, kept))
  assert.deepEqual(await world.wait(load()), kept)
  assert.deepEqual(problems, [])
  for (const bad of ['', '{', '{"format":2,"silences":[]}', '{"format":1,"silences":[{"nodeId":"x","silentMs":1}]}']) {
    problems.length = 0
    await world.wait(disk.write('silences.json', Buffer.from(bad)))
    assert.deepEqual(await world.wait(load()), [], bad)
    assert.equal(problems.length, 1, bad)
  }
})

test('a silence goes on after a restart where it was; the time in between and a short return do not count', () => {
  const silence = { sinceMs: 1_000, backSinceMs: null }
  const kept = keptSilence(node, silence, 61_000)
  assert.equal(kept.silentMs, 60_000)
  assert.deepEqual(restoredSilence(kept, 5_000_000), { sinceMs: 4_940_000, backSinceMs: null })
  assert.equal(keptSilence(node, { sinceMs: 1_000, backSinceMs: 31_000 }, 61_000).silentMs, 30_000)
})
