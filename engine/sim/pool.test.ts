/**
 * What a pool promises, on whole engines in simulated worlds.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MiB } from '../limits.ts'
import { SimPool } from './testPool.ts'
import { SeededRandom } from './random.ts'

const dayMs = 86_400_000

test('a file written on one node is read on another when the first has lost its power', async () => {
  await using pool = await SimPool.start({ nodes: 3, seed: 1 })
  const content = new SeededRandom(5).bytes(3 * MiB)
  const { entry } = await pool.write(0, 'a', content)
  assert.equal(entry.copies.durable, 2)
  pool.crash(0)
  assert.ok((await pool.read(1, 'a')).equals(content))
  assert.ok((await pool.read(2, 'a')).equals(content))
})

test('what was acknowledged survives power cuts of every node at once', async () => {
  for (const seed of [2, 3, 4]) {
    await using pool = await SimPool.start({ nodes: 2, seed })
    const random = new SeededRandom(seed)
    const acknowledged = new Map<string, Buffer>()
    for (let file = 0; file < 6; file++) {
      const content = random.bytes(1 + Math.floor(random.fraction() * 200_000))
      await pool.write(file % 2, `file${file}`, content)
      acknowledged.set(`file${file}`, content)
    }
    pool.crash(0)
    pool.crash(1)
    await pool.boot(0)
    await pool.boot(1)
    await pool.settle()
    for (const [path, content] of acknowledged)
      assert.ok((await pool.read(0, path)).equals(content), `${path}, seed ${seed}`)
  }
})

test('copies that a write did not wait for are made in the background, also after a restart', async () => {
  await using pool = await SimPool.start({ nodes: 3, copies: 3, seed: 6 })
  pool.crash(2)
  await pool.world.run(30_000)
  const { entry } = await pool.write(0, 'three', Buffer.from('wants three copies'))
  assert.equal(entry.copies.durable, 2)
  pool.crash(0)
  await pool.boot(0)
  await pool.boot(2)
  await pool.settle()
  await pool.protect()
  pool.crash(0)
  pool.crash(1)
  assert.equal((await pool.read(2, 'three')).toString(), 'wants three copies')
})

test('a partition heals: both sides keep what they wrote, edits of one file stay as a conflict', async () => {
  await using pool = await SimPool.start({ nodes: 4, seed: 7 })
  await pool.write(0, 'shared', Buffer.from('before'))
  await pool.settle()
  pool.world.network.partition(['node0', 'node1'], ['node2', 'node3'])
  await pool.world.run(60_000)
  await pool.write(0, 'shared', Buffer.from('left'))
  await pool.write(2, 'shared', Buffer.from('right'))
  await pool.write(1, 'only left', Buffer.from('l'))
  await pool.write(3, 'only right', Buffer.from('r'))
  pool.world.network.heal()
  await pool.settle()
  assert.deepEqual(await pool.names(0), ['only left', 'only right', 'shared'])
  assert.deepEqual(await pool.names(3), await pool.names(0))
  const entry = await pool.world.play(async () => await pool.service(1).entryAt(['shared']))
  assert.equal(entry.conflict, true)
  await pool.world.play(async () => await pool.service(1).settle?.(entry.id, { keep: 'both' }))
  await pool.settle()
  const both = [await pool.read(3, 'shared'), await pool.read(3, 'shared (2)')].map(String).toSorted()
  assert.deepEqual(both, ['left', 'right'])
})

test('a node whose clock is three days off stores and serves, and its catalog waits until the clock is right', async () => {
  await using pool = await SimPool.start({ nodes: 3, seed: 8 })
  pool.world.skew('node2', 3 * dayMs)
  await pool.world.run(60_000)
  const { entry } = await pool.write(0, 'now', Buffer.from('written while a clock is off'))
  assert.equal(entry.copies.durable, 2)
  await pool.world.run(60_000)
  assert.deepEqual(await pool.names(2), [])
  const nodes = await pool.world.play(async () => await pool.service(0).nodes({ limit: 10, cursor: null }))
  const off = nodes.items.find((node) => node.name === 'node2')
  assert.equal(off?.state, 'online')
  assert.ok(Math.abs((off?.clockOffsetMs ?? 0) - 3 * dayMs) < 1000)
  pool.world.skew('node2', 0)
  await pool.settle()
  assert.deepEqual(await pool.names(2), ['now'])
  assert.equal((await pool.read(2, 'now')).toString(), 'written while a clock is off')
})

test('concurrent moves of two folders into each other lose nothing', async () => {
  await using pool = await SimPool.start({ nodes: 2, seed: 9 })
  await pool.write(0, 'a/in a', Buffer.from('a'))
  await pool.write(0, 'b/in b', Buffer.from('b'))
  await pool.settle()
  const id = async (name: string) => (await pool.world.play(async () => await pool.service(0).entryAt([name]))).id
  const [a, b] = [await id('a'), await id('b')]
  pool.world.network.cut('node0', 'node1')
  await pool.world.run(60_000)
  await pool.world.play(async () => await pool.service(0).patchEntry(a, { path: '/b/a' }))
  await pool.world.play(async () => await pool.service(1).patchEntry(b, { path: '/a/b' }))
  pool.world.network.heal()
  await pool.settle()
  const found = await pool.world.play(async () => await pool.service(0).search({ q: 'in ', limit: 10, cursor: null }))
  assert.equal(found.items.length, 2)
  for (const item of found.items) assert.ok(item.path.startsWith('/Recovered/'), item.path)
})

test('two nodes on one computer hold both copies only while there is no other computer', async () => {
  await using pool = await SimPool.start({ nodes: 3, seed: 10, computers: [0, 0, 1] })
  for (let file = 0; file < 10; file++) await pool.write(0, `f${file}`, Buffer.from(`content ${file}`))
  await pool.protect()
  pool.crash(0)
  pool.crash(1)
  for (let file = 0; file < 10; file++) assert.equal((await pool.read(2, `f${file}`)).toString(), `content ${file}`)
})

test('an upload that is given up leaves no chunk behind, here or elsewhere, and takes none that others need', async () => {
  await using pool = await SimPool.start({ nodes: 2, seed: 11 })
  const random = new SeededRandom(12)
  const kept = random.bytes(300_000)
  await pool.write(0, 'kept', kept)
  const before = [0, 1].map((index) => pool.engine(index).pool()?.store.count)
  const gaveUp = new Error('the client went away')
  async function* broken() {
    yield kept
    yield random.bytes(2 * MiB)
    throw gaveUp
  }
  const options = { signal: new AbortController().signal }
  await assert.rejects(
    pool.world.play(async () => await pool.service(0).putFile(['cut'], broken(), options)),
    gaveUp,
  )
  await pool.world.until(
    () => [0, 1].every((index) => pool.engine(index).pool()?.store.count === before[index]),
    'the chunks of the given-up upload are gone',
  )
  assert.deepEqual(await pool.names(1), ['kept'])
  assert.ok((await pool.read(1, 'kept')).equals(kept))
})

test('a read of a version whose list of pieces is still on its way waits for it, but not for ever', async () => {
  await using pool = await SimPool.start({ nodes: 2, seed: 14 })
  const content = new SeededRandom(9).bytes(200_000)
  await pool.write(0, 'a', content)
  await pool.settle()
  const catalog = pool.engine(1).pool()?.catalog
  assert(catalog !== undefined)
  const segment = catalog.segment.bind(catalog)
  let arrivesMs = pool.world.nowMs + 2_000
  catalog.segment = (id) => (pool.world.nowMs < arrivesMs ? undefined : segment(id))
  assert.ok((await pool.read(1, 'a')).equals(content))
  assert.ok(pool.world.nowMs >= arrivesMs)
  arrivesMs = Number.POSITIVE_INFINITY
  await assert.rejects(pool.read(1, 'a'), { code: 'segment-missing' })
})

test('of a machine that dies as soon as it has written it is known that it has what it wrote', async () => {
  await using pool = await SimPool.start({ nodes: 2, copies: 1, seed: 9 })
  const chunksOn = (node: number) => pool.engine(node).pool()?.store.count ?? 0
  // Until the writer itself holds what it wrote.
  let writer = 0
  for (let number = 0; chunksOn(writer) === 0; number++) {
    writer = number % 2
    await pool.write(writer, `new${number}`, Buffer.from(`text ${number}`))
  }
  pool.crash(writer)
  await pool.world.run(60_000)
  const { files } = await pool.world.play(async () => await pool.service(1 - writer).health())
  assert.deepEqual([files.lost, files.unreachable], [0, 1])
})
