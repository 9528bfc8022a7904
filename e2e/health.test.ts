/**
 * What people are told, on real processes and through the command line: health, what if, machines, settings, search, activity.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Activity, Entry, Node, Page, Pool, Settings, WhatIf } from '../shared/index.ts'
import { allOnline, endAll, startPool, type TestNode, temporaryFolder, until } from './support/nodes.ts'

const nodes: TestNode[] = []
after(async () => await endAll(nodes))

/** The JSON that a command prints. */
async function said<T>(node: TestNode, ...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await node.command(...args, '--json')
  assert.equal(code, 0, `${args.join(' ')}: ${stderr}`)
  return JSON.parse(stdout) as T
}

test('a pool tells what it holds, what it can lose, what changed, and heals when a machine goes', async () => {
  nodes.push(...(await startPool(3)))
  const [first, second, third] = nodes as [TestNode, TestNode, TestNode]
  const source = temporaryFolder('hadahoop-source-')
  mkdirSync(join(source, 'pictures'))
  for (let file = 0; file < 20; file++) writeFileSync(join(source, 'pictures', `p${file}.png`), randomBytes(40_000))
  writeFileSync(join(source, 'letter.txt'), 'Dear all')
  assert.equal((await first.command('put', source, '/home', '--wait', 'all')).code, 0)

  for (const node of [first, second])
    await until('all is protected', async () => {
      const { state, files } = await node.health()
      return (state === 'protected' && files.protected === 21) || JSON.stringify({ state, files })
    })
  const nothingLost = await said<WhatIf>(first, 'health', '--if-lost', third.name)
  assert.deepEqual(nothingLost.files, { total: 21, survive: 21, lost: 0 })
  assert.ok(nothingLost.fits && nothingLost.bytesToCopy > 0)
  const twoLost = await first.command('health', '--if-lost', second.name, third.nodeId.slice(0, 10))
  assert.match(twoLost.stdout, /^Without .+ and .+ (\d+ of 21 files are still there; \d+ \(.+\) are lost|all 21 files)/)
  assert.match((await first.command('pool', 'status')).stdout, /room for [\d.]+ [KMGT]B at 2 copies/)

  assert.equal((await second.json<Page<Entry>>('GET', '/v1/search?type=image')).items.length, 20)
  assert.equal(
    (await said<Page<Entry>>(second, 'find', 'p1', '--min-size', '39KB', '--state', 'protected')).items.length,
    11,
  )
  assert.deepEqual(
    (await second.json<Page<Entry>>('GET', '/v1/search?kind=file&maxSize=100')).items.map((each) => each.name),
    ['letter.txt'],
  )

  const set = await said<Settings>(second, 'settings', 'set', '--desktop', '1s', '--up', '50MB')
  assert.deepEqual([set.graceMs.desktop, set.upBytesPerSec], [1000, 50e6])
  await until(
    'settings arrive',
    async () => (await first.json<Settings>('GET', '/v1/settings')).graceMs.desktop === 1000,
  )
  await first.json('PUT', '/v1/conditions', { onBattery: false, metered: false })
  assert.equal((await first.command('health', '--resume')).code, 0)
  await said<Node>(first, 'nodes', 'set', third.name, '--site', 'office')

  const { nodeId } = third
  await third.stop()
  await until('the machine that is gone is told', async () =>
    (await first.health()).reasons.some((each) => each.code === 'machine-away'),
  )
  // Copied anew on the machines left, since its wait is over at once.
  const withoutIt = `/v1/health/what-if?lost=${nodeId}`
  await until('all is copied again', async () => (await first.json<WhatIf>('GET', withoutIt)).bytesToCopy === 0)
  await until('all files have their copies', async () => (await first.health()).files.protected === 21)

  const texts = async (node: TestNode) =>
    (await node.json<Page<Activity>>('GET', '/v1/activity')).items.map((each) => each.text)
  for (const node of [first, second]) {
    // By one look at the pool or by two.
    await until('both changes are told', async () => {
      const told = await texts(node)
      return (
        told.includes('Wait for a desktop: 1 s (was 1 d).') && told.some((text) => text.endsWith('stands in office.'))
      )
    })
  }
  const before = await texts(second)
  await second.stop()
  await second.restart()
  const again = await texts(second)
  assert.deepEqual(again.slice(-before.length), before)

  await allOnline([first, second])
  const onlyHere = async (node: TestNode) => (await node.nodes()).find((each) => each.self)?.onlyHere.files
  // Claims of the first come after it is connected; until then the second must take what it has for the only copy.
  await until('the second knows that it has nothing alone', async () => (await onlyHere(second)) === 0)
  // With the third machine gone for good, the second would leave nothing that it alone has; the first then has all.
  assert.equal((await first.command('nodes', 'remove', third.name)).code, 0)
  const pool = await first.json<Pool>('GET', '/v1/pool')
  assert.equal(pool.nodes, 2)
  const left = await second.command('pool', 'leave')
  assert.equal(left.code, 0, left.stderr)
  assert.equal((await first.nodes()).length, 1)
  await until('all is here alone', async () => (await onlyHere(first)) === 21)
})
