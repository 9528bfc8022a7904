import assert from 'node:assert/strict'
import test from 'node:test'
import { GiB, KiB } from '../limits.ts'
import { EngineError, isEngineError } from '../base/error.ts'
import type { DiskOperation, SimDisk } from './disk.ts'
import { SeededRandom } from './random.ts'
import { withSeeds } from './seeds.ts'
import { once, SimPool } from './testPool.ts'
import type { Engine } from '../engine.ts'

test('a file that no machine has room for is told in words for people, whoever refused it last', async () => {
  for (const nodes of [1, 3]) {
    await using pool = await SimPool.start({ nodes, copies: 1, seed: 71 })
    const ids = (await pool.world.play(() => pool.service(0).nodes({ limit: 10, cursor: null }))).items
    for (const { id } of ids) await pool.world.play(() => pool.service(0).patchNode(id, { quotaBytes: 1000 }))
    await pool.world.run(10_000)
    const refusal = await pool.write(0, 'large', new SeededRandom(1).bytes(300 * KiB)).then(
      () => assert.fail('stored'),
      (error: unknown) => error,
    )
    assert.ok(isEngineError(refusal, 'quota-full'))
    assert.match(
      refusal.message,
      nodes === 1 ? /^this machine gives the pool no more space$/ : /^no machine .* has room/,
    )
    assert.match(refusal.hint ?? '', /add a machine/)
  }
})

function onlyFull(error: unknown): void {
  assert.ok(isEngineError(error), String(error))
  assert.ok(['disk-full', 'quota-full', 'not-found'].includes(error.code), `${error.code}: ${error.message}`)
}

/** Not even the log of a database grows. */
function notAByte(operation: DiskOperation): EngineError | undefined {
  const isWrite = ['commit', 'write', 'writeDurable'].includes(operation)
  return isWrite ? new EngineError('disk-full', 'not a byte is left', { retryable: true }) : undefined
}

function makeRoom(disk: SimDisk): void {
  disk.fault = undefined
  disk.setCapacity(GiB)
}

/** What a node believes of everybody's replicas is what they have. */
function knowsAll(engine: Engine, all: readonly Engine[]): boolean {
  const catalog = engine.pool()?.catalog
  return all.every((other) => {
    const claimed = catalog?.chunks.claimSums(other.self)
    const held = other.pool()?.store.sums()
    return claimed !== undefined && held !== undefined && claimed.every((sum, bucket) => sum === held[bucket])
  })
}

/** All that uploads without room left behind has been deleted. */
function holdsWhatIsWanted(pool: SimPool): boolean {
  const patterns = pool.engine(0).pool()?.catalog.chunks.patterns() ?? []
  const wanted = patterns.reduce((sum, each) => sum + each.wanted * each.bytes, 0)
  return pool.usedBytes().reduce((sum, used) => sum + used, 0) === wanted
}

test('a disk that others fill at any moment: no machine falls over, and all goes on when there is room again', async () => {
  await withSeeds(4, async (seed) => {
    await using pool = await SimPool.start({ nodes: 3, seed })
    const random = new SeededRandom(seed)
    const { signal } = new AbortController()
    const stored = new Map<string, Buffer>()
    const all = [0, 1, 2]
    const diskOf = (index: number) => pool.world.disk(SimPool.nameOf(index))
    const changeAt = async (node: number, name: string) => {
      const service = pool.service(node)
      const content = random.bytes(random.between(1, 200 * KiB))
      const [gone] = random.chance(0.3) ? stored.keys() : []
      if (gone !== undefined) {
        stored.delete(gone)
        await service.deleteFile([gone], {}).catch(onlyFull)
      }
      await service.putFile([name], once(content), { signal }).then(() => void stored.set(name, content), onlyFull)
    }
    for (let round = 0; round < 12; round++) {
      const victim = random.between(0, 2)
      const full = diskOf(victim)
      if (random.chance(0.3)) full.fault = notAByte
      else
        full.setCapacity(full.usedBytes + (random.chance(0.5) ? random.between(0, 40) : random.between(0, 400)) * KiB)
      await pool.world.play(async () => {
        await Promise.all(all.map(async (node) => await changeAt(node, `${round} of ${node}`)))
      })
      if (random.chance(0.3)) {
        const other = random.pick(all.filter((node) => node !== victim))
        makeRoom(diskOf(other))
        pool.crash(other)
        await pool.boot(other)
      }
      await pool.world.run(random.between(0, 20_000))
      if (random.chance(0.7)) makeRoom(full)
    }
    for (const index of all) makeRoom(diskOf(index))
    await pool.settle()
    await pool.protect()
    for (const [name, content] of stored)
      for (const node of all) assert.ok((await pool.read(node, name)).equals(content), `${name} at ${node}`)
    await pool.world.until(() => pool.running.every((engine) => knowsAll(engine, pool.running)), 'equal claims')
    await pool.world.until(() => holdsWhatIsWanted(pool), 'no replica too many', 3_600_000)
  })
})
