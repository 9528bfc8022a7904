/** What is told of a folder agrees with a look at every file in it, whatever machines are there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Entry } from '../../shared/index.ts'
import { KiB } from '../limits.ts'
import { SeededRandom } from './random.ts'
import { SimPool } from './testPool.ts'

async function entriesWithin(pool: SimPool, path: readonly string[]): Promise<Entry[]> {
  const query = { limit: 100, cursor: null, sort: 'name', order: 'asc' } as const
  const { items } = await pool.world.play(async () => await pool.service(0).listFolder(path, query))
  const inner = items.filter(({ kind }) => kind === 'folder').map(({ name }) => entriesWithin(pool, [...path, name]))
  const found = [...items]
  for (const each of inner) found.push(...(await each))
  return found
}

/** Compares what is told of a folder with its files, and answers it. */
async function expectTrue(pool: SimPool, path: readonly string[]) {
  const { id } = await pool.world.play(async () => await pool.service(0).entryAt(path))
  const told = await pool.world.play(async () => await pool.service(0).folderContents?.(id))
  assert(told !== undefined)
  const entries = await entriesWithin(pool, path)
  const files = entries.filter(({ kind }) => kind === 'file')
  const inState = (state: Entry['state']) => files.filter((file) => file.state === state).length
  assert.deepEqual(told.files, {
    total: files.length,
    protected: inState('protected'),
    copying: inState('copying'),
    degraded: inState('degraded'),
    atRisk: inState('at-risk'),
    unreachable: inState('unreachable'),
    lost: inState('lost'),
  })
  assert.equal(told.folders, entries.length - files.length)
  assert.equal(
    told.bytes,
    files.reduce((sum, { size }) => sum + (size ?? 0), 0),
  )
  const on = new Map<string, number>()
  for (const { nodes = [] } of files) for (const node of nodes) on.set(node, (on.get(node) ?? 0) + 1)
  assert.deepEqual(new Map(told.nodes.map((each) => [each.nodeId, each.files])), on)
  return told
}

test('what is in a folder: how much, how safe, where; with all machines, and with one that is gone', async () => {
  await using pool = await SimPool.start({ nodes: 3, copies: 2, seed: 61 })
  const random = new SeededRandom(61)
  for (let file = 0; file < 12; file++) {
    const place = ['Photos', 'Photos/2024', 'Photos/2024/May', 'Letters'][file % 4] as string
    await pool.write(file % 3, `${place}/file${file}`, random.bytes((1 + file) * 20 * KiB))
  }
  await pool.write(0, 'Photos/empty', new Uint8Array())
  await pool.protect()
  await pool.world.run(2_000)
  const photos = await expectTrue(pool, ['Photos'])
  assert.deepEqual([photos.files.total, photos.folders, photos.files.protected], [10, 2, 10])
  assert.ok(photos.nodes.length > 1 && photos.nodes[0]?.name.startsWith('node'))
  await pool.world.play(async () => await pool.service(0).patchSettings?.({ graceMs: { desktop: 30_000 } }))
  pool.crash(2)
  await pool.world.run(20_000)
  for (const path of [['Photos'], ['Photos', '2024'], ['Letters']]) await expectTrue(pool, path)
  await pool.world.play(async () => await pool.service(0).patchSettings?.({ copies: 3 }))
  await pool.world.run(60_000)
  const { files } = await expectTrue(pool, ['Photos', '2024'])
  assert.deepEqual([files.total, files.degraded], [6, 6])
  const { id } = await pool.world.play(async () => await pool.service(0).entryAt(['Letters', 'file3']))
  await assert.rejects(
    pool.world.play(async () => await pool.service(0).folderContents?.(id)),
    { code: 'wrong-kind' },
  )
})
