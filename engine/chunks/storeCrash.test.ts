/**
 * What was acknowledged survives: a power cut at any moment (simulated: torn files, a cut write-ahead log), and a real
 * process killed with SIGKILL while it stores.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { EngineError, isEngineError } from '../base/error.ts'
import { blake3Hex } from '../base/hash.ts'
import { type ChunkId, NodeIds, VersionIds } from '../base/ids.ts'
import { GiB, KiB } from '../limits.ts'
import { createDisk, systemClock } from '../platform/index.ts'
import { createSimWorld, type SimWorld, simPorts, withSeeds } from '../sim/index.ts'
import { type OpenChunkStore, openChunkStore } from './store.ts'
import { randomLike } from './testBytes.ts'
import { crashChunk, crashLease } from './testCrashingStore.ts'

const lease = {
  upload: VersionIds.parse('1'.repeat(32)),
  writer: NodeIds.parse('2'.repeat(32)),
  writerStart: 3,
}

async function openSim(world: SimWorld): Promise<OpenChunkStore> {
  const { disk, clock } = simPorts(world, 'a')
  const store = await world.wait(openChunkStore({ disk, clock, quotaBytes: 1 * GiB, minimumFreeBytes: 0 }))
  await world.wait(store.reconciled)
  return store
}

test('simulated power cuts: what was acknowledged is there with its lease, what was removed is not, nothing else is wrong', async () => {
  await withSeeds(40, async (seed) => {
    await using world = createSimWorld({ seed })
    const chunks = Array.from({ length: 12 }, (_, index) => {
      const sealed = randomLike(index % 2 === 0 ? 3000 + index : 70 * KiB + index, seed * 100 + index)
      return { id: blake3Hex(sealed) as ChunkId, sealed }
    })
    /** What the last call said of each chunk once it is acknowledged; undefined until then, whatever came before. */
    const expected = new Map<ChunkId, boolean | undefined>(chunks.map(({ id }) => [id, false]))
    const lastCall = new Map<ChunkId, Promise<unknown>>()
    for (let life = 0; life < 4; life++) {
      const store = await openSim(world)
      for (const { id, sealed } of chunks) {
        const there = expected.get(id)
        if (there !== undefined) assert.equal(store.has(id), there, `life ${life}: ${id} of ${sealed.length} bytes`)
        if (!store.has(id)) continue
        assert.deepEqual(await world.wait(store.get(id, { verify: true })), sealed)
        if (there === true) assert.deepEqual(store.leasesOf(id), [lease])
        expected.set(id, true)
      }
      for (const { id } of chunks) expected.set(id, store.has(id))
      await world.wait(store.touch(store.ids(null, 100), lease))
      if (life === 3) break
      world.disk('a').crashAfter(world.random.between(1, 14))
      for (let turn = 0; turn < 6; turn++) {
        for (const { id, sealed } of chunks) {
          if (world.random.chance(0.5)) continue
          const put = world.random.chance(0.7)
          expected.set(id, undefined)
          const call: Promise<unknown> = put ? store.put(id, sealed, lease) : store.remove([id])
          lastCall.set(id, call)
          call.then(
            () => lastCall.get(id) === call && expected.set(id, put),
            () => undefined,
          )
        }
        await world.run(5)
      }
      if (world.running('a')) world.crash('a')
    }
  })
})

test('a simulated full disk leaves nothing half-written, and the store goes on when there is space again', async () => {
  await using world = createSimWorld({ seed: 1 })
  const store = await openSim(world)
  const disk = world.disk('a')
  const chunks = Array.from({ length: 20 }, (_, seed) => {
    const sealed = randomLike(seed % 2 === 0 ? 20 * KiB : 100 * KiB, seed)
    return { id: blake3Hex(sealed) as ChunkId, sealed }
  })
  disk.setCapacity(disk.usedBytes + 400 * KiB)
  const ends = await world.wait(Promise.allSettled(chunks.map(({ id, sealed }) => store.put(id, sealed, lease))))
  const refused = ends.filter((end) => end.status === 'rejected')
  assert(refused.length > 5 && refused.length < 20)
  for (const { reason } of refused) assert(isEngineError(reason, 'disk-full'), String(reason))
  for (const [index, { id, sealed }] of chunks.entries()) {
    assert.equal(store.has(id), ends[index]?.status === 'fulfilled')
    assert.equal(
      disk.paths().some((path) => path.endsWith(id)),
      store.has(id) && sealed.length > 64 * KiB,
    )
  }
  disk.setCapacity(1 * GiB)
  await world.run(10_000)
  await world.wait(Promise.all(chunks.map(({ id, sealed }) => store.put(id, sealed, lease))))
  assert.equal(store.count, 20)
})

test('a commit that fails takes the file of its chunk with it', async () => {
  await using world = createSimWorld({ seed: 2 })
  const store = await openSim(world)
  const disk = world.disk('a')
  const sealed = randomLike(100 * KiB, 1)
  const id = blake3Hex(sealed) as ChunkId
  disk.fault = (operation) => (operation === 'commit' ? new EngineError('disk-full', 'no space left') : undefined)
  await assert.rejects(world.wait(store.put(id, sealed, lease)), (error) => isEngineError(error, 'disk-full'))
  disk.fault = undefined
  assert.equal(store.has(id), false)
  assert.deepEqual(
    disk.paths().filter((path) => path.endsWith(id)),
    [],
  )
  assert.equal(await world.wait(store.put(id, sealed, lease)), 'stored')
})

test('kill -9 while storing: every acknowledged chunk is there, whole, with its lease', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hadahoop-kill-'))
  try {
    let next = 0
    for (let life = 0; life < 3; life++) {
      const acknowledged: number[] = []
      const program = fileURLToPath(new URL('./testCrashingStore.ts', import.meta.url))
      const child = spawn(process.execPath, [program, folder, String(next)], { stdio: ['ignore', 'pipe', 'inherit'] })
      const gone = new Promise((resolve) => child.on('exit', resolve))
      for await (const line of createInterface({ input: child.stdout })) {
        acknowledged.push(Number(line))
        next = Math.max(next, Number(line) + 100)
        if (acknowledged.length === 60 + life * 37) child.kill('SIGKILL')
      }
      await gone
      assert(acknowledged.length >= 60)
      const store = await openChunkStore({
        disk: createDisk(folder),
        clock: systemClock,
        quotaBytes: 1 * GiB,
        minimumFreeBytes: 0,
      })
      await store.reconciled
      for (const number of acknowledged) {
        const { id, sealed } = crashChunk(number)
        assert.deepEqual(await store.get(id, { verify: true }), sealed, `chunk ${number}`)
        assert.deepEqual(store.leasesOf(id), [crashLease(number)])
      }
      // Whatever else is there is whole as well.
      for (const id of store.ids(null, 10_000)) assert(await store.get(id, { verify: true }))
      await store.close()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
})
