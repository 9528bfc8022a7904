/**
 * Replicas that are given up: drains, shrunk quotas, machines that came back or joined. On whole engines in simulated worlds;
 * at every moment a watcher counts the replicas on disks, and none may ever be missing.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChunkId } from '../base/ids.ts'
import { KiB, MiB } from '../limits.ts'
import { SeededRandom } from './random.ts'
import { SimPool } from './testPool.ts'

async function filled(pool: SimPool, files: number, bytesEach: number, writers = 1): Promise<Map<string, Buffer>> {
  const random = new SeededRandom(99)
  const written = new Map<string, Buffer>()
  for (let index = 0; index < files; index++) {
    const content = random.bytes(bytesEach)
    await pool.write(index % writers, `file${index}`, content)
    written.set(`file${index}`, content)
  }
  await pool.protect()
  return written
}

async function expectWhole(pool: SimPool, reader: number, written: ReadonlyMap<string, Buffer>): Promise<void> {
  for (const [path, content] of written) assert.ok((await pool.read(reader, path)).equals(content), path)
}

const idOf = (pool: SimPool, index: number) => pool.engine(index).self
const patch = async (pool: SimPool, by: number, index: number, change: object) =>
  await pool.world.play(async () => await pool.service(by).patchNode(idOf(pool, index), change))

/** A machine that is gone is missed after a minute. */
async function shortGrace(pool: SimPool): Promise<void> {
  const graceMs = { 'always-on': 60_000, desktop: 60_000, laptop: 60_000 }
  await pool.world.play(async () => await pool.service(0).patchSettings?.({ graceMs }))
}

/** Replicas by chunk, as they lie on the disks of running nodes. */
function replicas(pool: SimPool): Map<ChunkId, number> {
  const counts = new Map<ChunkId, number>()
  for (const engine of pool.running) {
    const store = engine.pool()?.store
    for (const id of store?.ids(null, 100_000) ?? []) counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  return counts
}

/** Lets time pass until the condition holds; at every step each chunk must have `least` replicas on disks. */
async function untilWatched(
  pool: SimPool,
  condition: () => boolean,
  what: string,
  least: number,
  withinMs = 3_600_000,
) {
  const known = replicas(pool)
  await pool.world.until(
    () => {
      const now = replicas(pool)
      for (const id of known.keys()) assert.ok((now.get(id) ?? 0) >= least, `${id} has ${now.get(id) ?? 0} replicas`)
      return condition()
    },
    what,
    withinMs,
  )
}

const held = (pool: SimPool, index: number) => pool.engine(index).pool()?.store.count ?? -1
const shedding = (pool: SimPool, index: number) => {
  const status = pool.engine(index).pool()?.shedding?.status()
  assert(status !== undefined)
  return status
}

test('a drained node is empty in the end, says how far it is, and no chunk ever has fewer copies than wanted', async () => {
  await using pool = await SimPool.start({ nodes: 3, seed: 21 })
  const written = await filled(pool, 12, 100 * KiB)
  const before = held(pool, 0)
  assert.ok(before > 0)
  await patch(pool, 1, 0, { drain: true })
  await pool.world.until(() => shedding(pool, 0).reason === 'drain', 'the drain is known')
  assert.ok(shedding(pool, 0).chunksLeft > 0)
  await untilWatched(pool, () => held(pool, 0) === 0, 'an empty node', 2)
  await pool.world.until(() => shedding(pool, 0).chunksLeft === 0, 'the claims are gone')
  assert.deepEqual(shedding(pool, 0), { reason: 'drain', chunksLeft: 0, bytesLeft: 0, stuck: null })
  await expectWhole(pool, 0, written)
  pool.crash(0)
  await expectWhole(pool, 2, written)
})

test('two nodes drain at once: both are empty in the end, and every chunk keeps its copies', async () => {
  await using pool = await SimPool.start({ nodes: 4, seed: 22 })
  const written = await filled(pool, 12, 100 * KiB, 4)
  await patch(pool, 2, 0, { drain: true })
  await patch(pool, 3, 1, { drain: true })
  await untilWatched(pool, () => held(pool, 0) === 0 && held(pool, 1) === 0, 'two empty nodes', 2)
  await expectWhole(pool, 3, written)
})

test('a drain that cannot end says why, and goes on when a machine joins', async () => {
  await using pool = await SimPool.start({ nodes: 2, seed: 23 })
  await filled(pool, 3, 50 * KiB)
  await patch(pool, 0, 0, { drain: true })
  await pool.world.run(120_000)
  assert.equal(held(pool, 0), 3)
  assert.match(shedding(pool, 0).stuck ?? '', /too few other machines/)
  await pool.join(2)
  await untilWatched(pool, () => held(pool, 0) === 0, 'an empty node', 2)
})

test('a machine that was missed returns: the surplus is trimmed by one holder, down to the wanted copies', async () => {
  await using pool = await SimPool.start({ nodes: 4, seed: 24 })
  const written = await filled(pool, 12, 50 * KiB, 4)
  await shortGrace(pool)
  pool.crash(3)
  await pool.world.run(5 * 60_000)
  await pool.protect()
  await pool.boot(3)
  await pool.settle()
  const surplus = () => [...replicas(pool).values()].reduce((sum, count) => sum + count, 0) - 2 * replicas(pool).size
  assert.ok(surplus() > 0)
  await untilWatched(pool, () => surplus() === 0, 'no surplus', 2)
  await expectWhole(pool, 0, written)
})

test('a quota shrunk below what is used: nothing comes in, and what is too much moves to where it should be', async () => {
  await using pool = await SimPool.start({ nodes: 3, seed: 25 })
  const written = await filled(pool, 20, 100 * KiB)
  const quotaBytes = Math.floor((pool.engine(0).pool()?.store.usedBytes ?? 0) / 2)
  await patch(pool, 1, 0, { quotaBytes })
  await untilWatched(pool, () => (pool.engine(0).pool()?.store.usedBytes ?? 0) <= quotaBytes, 'use within quota', 2)
  assert.equal(shedding(pool, 0).reason, null)
  assert.ok(quotaBytes - (pool.engine(0).pool()?.store.usedBytes ?? 0) < 200 * KiB)
  await expectWhole(pool, 2, written)
})

test('a node that joins gets its share and not more: what moves is at most 1.1 times the minimum', async () => {
  await using pool = await SimPool.start({ nodes: 3, seed: 26 })
  const written = await filled(pool, 60, 100 * KiB, 3)
  await pool.join(3)
  let moved = 0
  pool
    .engine(3)
    .pool()
    ?.store.on({ changed: (added) => void (moved += added.length) })
  await pool.world.run(20 * 60_000)
  const total = [...replicas(pool).values()].reduce((sum, count) => sum + count, 0)
  assert.equal(total, 2 * replicas(pool).size)
  const share = total / 4
  assert.ok(held(pool, 3) >= 0.7 * share && held(pool, 3) <= 1.3 * share, `${held(pool, 3)} of ${share}`)
  assert.ok(moved <= 1.1 * held(pool, 3), `${moved} moved for ${held(pool, 3)}`)
  const before = held(pool, 3)
  await pool.world.run(20 * 60_000)
  assert.equal(held(pool, 3), before)
  await expectWhole(pool, 3, written)
})

test('a pinned replica stays where it is pinned, whatever else is trimmed', async () => {
  await using pool = await SimPool.start({ nodes: 4, seed: 27 })
  const { entry } = await pool.write(0, 'pinned', new SeededRandom(1).bytes(50 * KiB))
  for (let index = 0; index < 4; index++) {
    await pool.world.play(
      async () => await pool.service(0).patchEntry(entry.id, { copies: 4, pinnedTo: [idOf(pool, 3)] }),
    )
  }
  await pool.protect()
  await pool.world.play(
    async () => await pool.service(0).patchEntry(entry.id, { copies: 1, pinnedTo: [idOf(pool, 3)] }),
  )
  await untilWatched(pool, () => [...replicas(pool).values()].every((count) => count === 2), 'one copy and a pin', 2)
  assert.equal(held(pool, 3), 1)
})

test('what an upload has touched is not given up before its rows are there', async () => {
  await using pool = await SimPool.start({ nodes: 3, seed: 28 })
  const content = new SeededRandom(2).bytes(2 * MiB)
  await pool.write(0, 'first', content)
  await pool.protect()
  await patch(pool, 1, 0, { drain: true })
  const { entry } = await pool.write(1, 'second', content)
  assert.equal(entry.copies.durable, 2)
  await untilWatched(pool, () => held(pool, 0) === 0, 'an empty node', 2)
  assert.ok((await pool.read(2, 'second')).equals(content))
})

test('two trimmers at once, with wires cut between any two of them: never fewer copies than wanted, and just these in the end', async () => {
  for (const seed of [41, 42]) {
    await using pool = await SimPool.start({ nodes: 4, copies: 4, seed })
    const random = new SeededRandom(seed)
    const written = await filled(pool, 6, 50 * KiB)
    await pool.world.play(async () => await pool.service(0).patchSettings?.({ copies: 2 }))
    let trimming = true
    for (let round = 0; trimming && round < 60; round++) {
      const [one, other] = [random.between(0, 3), random.between(0, 3)]
      if (one !== other) pool.world.network.cut(`node${one}`, `node${other}`)
      await untilWatched(pool, () => true, 'a look', 2)
      const until = pool.world.nowMs + 20_000
      await untilWatched(pool, () => pool.world.nowMs >= until, 'a while', 2)
      if (random.chance(0.6)) pool.world.network.heal()
      trimming = [...replicas(pool).values()].some((count) => count > 2)
    }
    pool.world.network.heal()
    await untilWatched(pool, () => [...replicas(pool).values()].every((count) => count === 2), 'two copies each', 2)
    await expectWhole(pool, 0, written)
  }
})
