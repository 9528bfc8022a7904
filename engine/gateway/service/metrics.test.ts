import assert from 'node:assert/strict'
import test from 'node:test'
import type { Health } from '../../../shared/index.ts'
import { SimPool } from '../../sim/testPool.ts'
import { metricsText } from './metrics.ts'

/** Samples by name and labels; throws where a line is none of the format's. */
function samplesOf(text: string): Map<string, number> {
  const samples = new Map<string, number>()
  let family = ''
  for (const line of text.trimEnd().split('\n')) {
    const head = /^# (?:HELP|TYPE) (\w+) \S/.exec(line)
    if (head !== null) {
      family = head[1] as string
      continue
    }
    const [, name, labels = '', value] =
      /^([a-z_]+)(\{(?:\w+="(?:[^"\\\n]|\\[\\"n])*",?)+\})? (-?[\d.]+)$/.exec(line) ?? assert.fail(line)
    assert.equal(name, family, 'samples stand below their own family')
    assert(!samples.has(`${name}${labels}`), 'no sample comes twice')
    samples.set(`${name}${labels}`, Number(value))
  }
  return samples
}

test('metrics are the figures of the API', async () => {
  await using pool = await SimPool.start({ nodes: 2, seed: 5 })
  const service = pool.service(0)
  const ask = async () => samplesOf(await pool.world.play(async () => (await service.metrics?.()) ?? ''))
  await pool.write(0, 'folder/file', Buffer.from('content'))
  await pool.protect()
  const samples = await ask()
  const self = (await pool.world.play(() => service.nodes({ limit: 1, cursor: null }))).items[0]
  const own = `{node_id="${self?.id}",name="${self?.name}"}`
  assert.equal(samples.get('hadahoop_protected'), 1)
  assert.equal(samples.get('hadahoop_files{state="protected"}'), 1)
  assert.equal(samples.get('hadahoop_files{state="at-risk"}'), 0)
  assert.equal(samples.get('hadahoop_chunks{state="full"}'), 1)
  assert.equal(samples.get('hadahoop_content_bytes'), 7)
  assert.equal(samples.get(`hadahoop_node_online${own}`), 1)
  assert.equal(samples.get(`hadahoop_node_used_bytes${own}`), self?.usedBytes)
  assert.equal([...samples.keys()].filter((key) => key.startsWith('hadahoop_node_online')).length, 2)
})

test('in no pool there is an answer too, and names cannot break the format', () => {
  const counts = { total: 0, protected: 0, copying: 0, degraded: 0, atRisk: 0, unreachable: 0, lost: 0 }
  const health: Health = {
    state: 'no-pool',
    chunks: { total: 0, full: 0, degraded: 0, atRisk: 0, unreachable: 0, lost: 0 },
    files: counts,
    repair: {
      ...{ queuedChunks: 0, queuedBytes: 0, copiedChunks: 0, copiedBytes: 0, bytesPerSec: 0 },
      ...{ etaMs: null, frozen: null, waiting: [] },
    },
    reasons: [],
  }
  const samples = samplesOf(metricsText({ nodeId: 'a"b\\c\nd', pool: null, health, nodes: [], transfers: [] }))
  assert.equal(samples.get('hadahoop_in_pool{node_id="a\\"b\\\\c\\nd"}'), 0)
})
