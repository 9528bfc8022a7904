/**
 * Repair on whole pools in simulated worlds: what is copied when, and above all what is not. Other workers move replicas too, so what
 * repair did is read from its own counters.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SettingsPatch } from '../../shared/index.ts'
import { NodeIds, VersionIds } from '../base/ids.ts'
import type { Engine } from '../engine.ts'
import { KiB, limits } from '../limits.ts'
import { SeededRandom } from './random.ts'
import { SimPool, type SimPoolOptions } from './testPool.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
/** For always-on machines here: virtual time is not free. */
const waitMs = 8 * minuteMs

/** A pool of always-on machines with some files, all copies made. */
async function filledPool(options: SimPoolOptions, files = 12): Promise<SimPool> {
  const profiles = Array.from({ length: options.nodes }, (_, index) => ({
    deviceClass: 'always-on' as const,
    ...options.profiles?.[index],
  }))
  const pool = await SimPool.start({ ...options, profiles })
  const random = new SeededRandom(options.seed)
  for (let file = 0; file < files; file++)
    await pool.write(file % options.nodes, `file${file}`, random.bytes(150 * KiB))
  await change(pool, { graceMs: { 'always-on': waitMs } })
  await pool.protect()
  await pool.world.run(2_000)
  return pool
}

async function change(pool: SimPool, settings: SettingsPatch): Promise<void> {
  await pool.world.play(async () => await pool.service(0).patchSettings?.(settings))
  await pool.settle()
}

async function idOf(pool: SimPool, name: string): Promise<string> {
  const nodes = await pool.world.play(async () => await pool.service(0).nodes({ limit: 9, cursor: null }))
  const node = nodes.items.find((each) => each.name === name)
  assert(node !== undefined)
  return node.id
}

function copiedBy(engine: Engine): number {
  return engine.pool()?.repair.status().copiedBytes ?? 0
}

/** Bytes that repair copies from now on, by order of nodes that run at the time of asking. */
function copiedFromNow(pool: SimPool): () => number {
  const before = new Map(pool.running.map((engine) => [engine, copiedBy(engine)]))
  return () => pool.running.reduce((sum, engine) => sum + copiedBy(engine) - (before.get(engine) ?? 0), 0)
}

/** Bytes that are missing to so many copies of each chunk on the nodes that run, as their stores have them. */
function missingBytes(pool: SimPool, copies: number): number {
  const stores = pool.running.map((engine) => engine.pool()?.store)
  const catalog = pool.running[0]?.pool()?.catalog
  assert(catalog !== undefined)
  let missing = 0
  for (const chunk of catalog.chunks.chunksWhere(() => true)) {
    const held = stores.filter((store) => store?.has(chunk)).length
    missing += Math.max(0, copies - held) * (catalog.chunks.facts(chunk)?.sizeBytes ?? 0)
  }
  return missing
}

async function untilComplete(pool: SimPool, copies: number, withinMs: number): Promise<void> {
  const endMs = pool.world.nowMs + withinMs
  while (missingBytes(pool, copies) > 0) {
    assert.ok(pool.world.nowMs < endMs, `${missingBytes(pool, copies)} bytes are still missing`)
    await pool.world.run(5_000)
  }
}

function used(pool: SimPool, index: number): number {
  return pool.engine(index).pool()?.store.usedBytes ?? 0
}

test('a node lost for good is copied after its wait, exactly the missing bytes', async () => {
  await using pool = await filledPool({ nodes: 5, copies: 3, seed: 31 })
  pool.crash(4)
  const copied = copiedFromNow(pool)
  await pool.world.run(waitMs - minuteMs)
  const missing = missingBytes(pool, 3)
  assert.ok(missing > 0)
  assert.equal(copied(), 0)
  assert.equal(pool.engine(0).pool()?.repair.status().waiting[0]?.bytes, missing)
  await pool.world.run(minuteMs + 5_000)
  assert.ok(copied() > 0, 'repair starts within five seconds of the end of the wait')
  await untilComplete(pool, 3, 5 * minuteMs)
  await pool.world.run(minuteMs)
  assert.equal(copied(), missing)
  assert.deepEqual(
    pool.problems.filter((problem) => problem.includes('repair')),
    [],
  )
})

test('computers that are switched off every evening miss a lost one all the same, after as much of a wait as they were on', async () => {
  await using pool = await filledPool({
    nodes: 4,
    copies: 2,
    seed: 47,
    profiles: [{}, {}, {}, { deviceClass: 'desktop' }],
  })
  const deskWaitMs = 30 * minuteMs
  await change(pool, { graceMs: { desktop: deskWaitMs } })
  pool.crash(3)
  const others = [0, 1, 2]
  const dayMs = 12 * minuteMs
  for (let day = 1; day <= 2; day++) {
    await pool.world.run(dayMs)
    assert.equal(
      pool.running.reduce((sum, engine) => sum + copiedBy(engine), 0),
      0,
      'not before the wait has ended',
    )
    for (const index of others) await pool.stop(index)
    await pool.world.run(hourMs)
    for (const index of others) await pool.boot(index)
    await pool.settle()
  }
  assert.ok(missingBytes(pool, 2) > 0)
  await untilComplete(pool, 2, deskWaitMs - 2 * dayMs + 3 * minuteMs)
})

test('when one replica is left, an always-on machine is given five minutes only', async () => {
  await using pool = await filledPool({ nodes: 4, copies: 2, seed: 32 })
  pool.crash(3)
  const copied = copiedFromNow(pool)
  await pool.world.run(limits.oneLeftWaitMs - 10_000)
  assert.equal(copied(), 0)
  const missing = missingBytes(pool, 2)
  await untilComplete(pool, 2, minuteMs)
  assert.equal(copied(), missing)
})

test('a node that is back before its wait ends sets nothing in motion', async () => {
  await using pool = await filledPool({ nodes: 4, copies: 3, seed: 33 })
  const copied = copiedFromNow(pool)
  pool.crash(3)
  await pool.world.run(waitMs - 2 * minuteMs)
  await pool.boot(3)
  await pool.settle()
  await pool.world.run(waitMs)
  assert.equal(copied(), 0)
})

test('a laptop that is closed for the night is not copied, and copies nothing when it wakes', async () => {
  await using pool = await filledPool({
    nodes: 3,
    copies: 2,
    seed: 34,
    profiles: [{}, {}, { deviceClass: 'laptop' }],
  })
  const copied = copiedFromNow(pool)
  pool.world.suspend('node2')
  await pool.world.run(5 * waitMs)
  assert.equal(copied(), 0)
  pool.world.resume('node2', { monotonicCounts: true })
  await pool.settle()
  await pool.world.run(5 * minuteMs)
  assert.equal(copied(), 0)
})

test('what a machine holds that somebody misses is copied at once, wherever that was said, and nothing more when it is back', async () => {
  await using pool = await filledPool({
    nodes: 4,
    copies: 2,
    seed: 45,
    profiles: [{}, {}, {}, { deviceClass: 'laptop' }],
  })
  const id = await idOf(pool, 'node3')
  const miss = async () => await pool.world.play(async () => await pool.service(1).patchNode(id, { missed: true }))
  await assert.rejects(miss(), { code: 'machine-there' })
  pool.crash(3)
  await pool.world.run(minuteMs)
  const copied = copiedFromNow(pool)
  assert.equal(copied(), 0)
  const missing = missingBytes(pool, 2)
  assert.ok(missing > 0)
  assert.equal((await miss()).missed, true)
  await pool.world.until(() => copied() === missing, 'copies', 2 * minuteMs)
  await pool.boot(3)
  await pool.settle()
  const isMissed = () => pool.engine(0).pool()?.catalog.read.profile(NodeIds.parse(id))?.missed
  await pool.world.until(() => isMissed() === undefined, 'expected again', minuteMs)
  // The next time it is waited for like any other.
  pool.crash(3)
  const again = copiedFromNow(pool)
  await pool.world.run(2 * waitMs)
  assert.equal(again(), 0)
})

test('most of the pool behind a failed switch: frozen everywhere, then healed, and nothing was copied', async () => {
  await using pool = await filledPool({ nodes: 5, copies: 2, seed: 35 })
  const copied = copiedFromNow(pool)
  pool.world.network.partition(['node0', 'node1'], ['node2'], ['node3'], ['node4'])
  await pool.world.run(2 * waitMs)
  for (const engine of pool.running) assert.equal(engine.pool()?.repair.status().frozen?.members, 5)
  assert.equal(copied(), 0)
  pool.world.network.heal()
  await pool.settle()
  await pool.world.run(5 * minuteMs)
  for (const engine of pool.running) assert.equal(engine.pool()?.repair.status().frozen, null)
  assert.equal(copied(), 0)
})

test('a machine that was cut off alone copies nothing when it is back among the others', async () => {
  await using pool = await filledPool({
    nodes: 3,
    copies: 2,
    seed: 44,
    profiles: [{}, {}, { deviceClass: 'laptop' }],
  })
  const copied = copiedFromNow(pool)
  pool.world.network.partition(['node0', 'node1'], ['node2'])
  await pool.world.run(2 * waitMs)
  // First one wire works again, the other one a minute later.
  pool.world.network.heal()
  pool.world.network.cut('node1', 'node2')
  await pool.world.run(minuteMs)
  pool.world.network.heal()
  await pool.settle()
  await pool.world.run(5 * minuteMs)
  assert.equal(copied(), 0)
})

test('a person ends the freeze: what is left is copied, also by a node that has restarted since', async () => {
  await using pool = await filledPool({ nodes: 5, copies: 2, seed: 36 })
  for (const index of [2, 3, 4]) pool.crash(index)
  await pool.world.run(waitMs + minuteMs)
  assert.equal(pool.engine(1).pool()?.repair.status().frozen?.gone, 3)
  const copied = copiedFromNow(pool)
  await pool.world.play(async () => await pool.engine(0).pool()?.repair.resume())
  pool.crash(1)
  await pool.boot(1)
  await pool.settle()
  await pool.world.until(() => copied() > 0, 'copies', 10 * minuteMs)
  for (const engine of pool.running) assert.equal(engine.pool()?.repair.status().frozen, null)
})

test('a removed machine is copied without any wait, also while the pool is frozen', async () => {
  await using pool = await filledPool({ nodes: 6, copies: 2, seed: 37 })
  for (const index of [2, 3, 4, 5]) pool.crash(index)
  await pool.world.run(minuteMs)
  const copied = copiedFromNow(pool)
  const id = await idOf(pool, 'node4')
  await pool.world.play(async () => await pool.service(0).removeNode(id))
  await pool.world.until(() => copied() > 0, 'copies of what the removed machine had', minuteMs)
  assert.equal(pool.engine(0).pool()?.repair.status().frozen?.gone, 3)
})

test('the first planner takes orders and never gets on: the next takes over after five minutes', async () => {
  await using pool = await filledPool({ nodes: 5, copies: 3, seed: 38 }, 20)
  const stuck = pool.engine(0).pool()?.courier
  assert(stuck !== undefined)
  stuck.store = () => new Promise(() => {})
  pool.crash(4)
  const missing = missingBytes(pool, 3)
  await pool.world.run(waitMs + limits.takeOverMs - minuteMs)
  const left = missingBytes(pool, 3)
  assert.ok(left > 0 && left < missing, `${missing - left} of ${missing} copied by the others`)
  await untilComplete(pool, 3, 4 * minuteMs)
})

test('a clock that is three days off ends no wait, neither its own nor "away until"', async () => {
  await using pool = await filledPool({ nodes: 5, copies: 3, seed: 39 })
  const away = await idOf(pool, 'node4')
  pool.world.skew('node0', 3 * 24 * hourMs)
  pool.crash(4)
  const copied = copiedFromNow(pool)
  await pool.world.run(waitMs - minuteMs)
  assert.equal(copied(), 0)
  const awayUntil = new Date(Date.UTC(2026, 0, 1) + pool.world.nowMs + 24 * hourMs).toISOString()
  await pool.world.play(async () => await pool.service(1).patchNode(away, { awayUntil }))
  pool.world.skew('node0', 0)
  await pool.settle()
  pool.world.skew('node0', 3 * 24 * hourMs)
  await pool.world.run(15 * minuteMs)
  assert.equal(copied(), 0)
  await pool.world.play(async () => await pool.service(1).patchNode(away, { awayUntil: null }))
  await untilComplete(pool, 3, 15 * minuteMs)
})

test('a machine that flaps is copied once, after as much silence as its wait', async () => {
  await using pool = await filledPool({ nodes: 5, copies: 3, seed: 40 })
  const copied = copiedFromNow(pool)
  for (let silentMs = 0; silentMs < waitMs - 2 * minuteMs; silentMs += 90_000) {
    pool.world.network.partition(['node0', 'node1', 'node2', 'node3'], ['node4'])
    await pool.world.run(90_000)
    pool.world.network.heal()
    await pool.world.until(() => pool.engine(0).network.peers().length === 4, 'a short return')
    await pool.world.run(10_000)
  }
  assert.equal(copied(), 0)
  pool.crash(4)
  const missing = missingBytes(pool, 3)
  await pool.world.run(minuteMs)
  assert.equal(copied(), 0)
  await untilComplete(pool, 3, 3 * minuteMs)
  assert.equal(copied(), missing)
})

test('a repair goes on where it was when nodes restart in the middle of it', async () => {
  await using pool = await filledPool({ nodes: 5, copies: 3, seed: 41 }, 20)
  await change(pool, { upBytesPerSec: 20_000, graceMs: { 'always-on': minuteMs, desktop: hourMs, laptop: hourMs } })
  pool.crash(4)
  for (const index of [0, 1, 2, 3]) {
    const missing = missingBytes(pool, 3)
    assert.ok(missing > 0, 'the middle of it')
    const copied = copiedFromNow(pool)
    await pool.world.until(() => copied() > 0, 'more copies', 10 * minuteMs)
    pool.crash(index)
    await pool.boot(index)
    await pool.settle()
  }
  await untilComplete(pool, 3, 30 * minuteMs)
})

test('copies keep to the limits of rates, of those who send and of those who receive', async () => {
  for (const limit of [{ upBytesPerSec: 50_000 }, { downBytesPerSec: 50_000 }]) {
    await using pool = await filledPool({ nodes: 2, copies: 1, seed: 42 })
    await change(pool, limit)
    const startMs = pool.world.nowMs
    const missing = used(pool, 0) + used(pool, 1)
    await change(pool, { copies: 2 })
    await untilComplete(pool, 2, 10 * minuteMs)
    const tookMs = pool.world.nowMs - startMs
    assert.ok(tookMs > (1000 * missing) / 2 / 50_000 - 2_000, `${tookMs} ms for ${missing} bytes`)
    assert.ok(tookMs < (2000 * missing) / 50_000 + 30_000, `${tookMs} ms for ${missing} bytes`)
  }
})

test('a machine on battery gets only what is at risk', async () => {
  await using pool = await filledPool({ nodes: 5, copies: 3, seed: 43 })
  pool.engine(3).pool()?.repair.setConditions({ onBattery: true, metered: false })
  await pool.world.run(5_000)
  const here = used(pool, 3)
  pool.crash(4)
  const copied = copiedFromNow(pool)
  await pool.world.run(2 * waitMs)
  assert.ok(copied() > 0)
  assert.ok(used(pool, 3) <= here)
  pool.crash(0)
  pool.crash(1)
  await pool.world.run(minuteMs)
  await pool.world.play(async () => await pool.engine(2).pool()?.repair.resume())
  await pool.world.until(() => used(pool, 3) > here, 'copies of what is at risk', 40 * minuteMs)
})

test('a machine that a file is pinned to gets its copies, also where there are enough already', async () => {
  await using pool = await filledPool({ nodes: 3, copies: 1, seed: 45 })
  const [entry] = (
    await pool.world.play(
      async () => await pool.service(0).listFolder([], { limit: 1, cursor: null, sort: 'name', order: 'asc' }),
    )
  ).items
  assert(entry !== undefined)
  const before = used(pool, 2)
  await pool.world.play(
    async () => await pool.service(0).patchEntry(entry.id, { pinnedTo: [pool.engine(2).self, pool.engine(1).self] }),
  )
  await pool.settle()
  await pool.world.run(2 * minuteMs)
  const catalog = pool.engine(0).pool()?.catalog
  assert(catalog !== undefined && entry.version !== null)
  const chunks = [...catalog.chunks.chunksOfVersion(VersionIds.parse(entry.version))]
  assert.ok(chunks.length > 0)
  for (const chunk of chunks)
    for (const index of [1, 2]) assert.equal(pool.engine(index).pool()?.store.has(chunk), true)
  assert.ok(used(pool, 2) > before)
})
