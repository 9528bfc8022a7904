/**
 * Changes of who belongs to the pool, alone and two at once: what was acknowledged stays whole through all of them.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isEngineError } from '../base/error.ts'
import { KiB, limits, MiB } from '../limits.ts'
import { SeededRandom } from './random.ts'
import { SimPool } from './testPool.ts'

const idOf = (pool: SimPool, index: number) => pool.engine(index).self
const store = (pool: SimPool, index: number) => {
  const parts = pool.engine(index).pool()
  assert(parts !== null)
  return parts.store
}

async function filled(pool: SimPool, files: number, bytesEach = 60 * KiB): Promise<Map<string, Buffer>> {
  const random = new SeededRandom(7)
  const written = new Map<string, Buffer>()
  for (let index = 0; index < files; index++) {
    const content = random.bytes(bytesEach)
    await pool.write(index % pool.running.length, `file${index}`, content)
    written.set(`file${index}`, content)
  }
  await pool.protect()
  return written
}

async function expectWhole(pool: SimPool, reader: number, written: ReadonlyMap<string, Buffer>): Promise<void> {
  for (const [path, content] of written) assert.ok((await pool.read(reader, path)).equals(content), path)
}

/** Every chunk that a file names has its copies on the disks of the nodes of the list. */
async function untilCopied(pool: SimPool, nodes: readonly number[], copies = 2): Promise<void> {
  await pool.world.until(
    () => {
      const counts = new Map<string, number>()
      for (const index of nodes)
        for (const id of store(pool, index).ids(null, 100_000)) {
          const named = pool.engine(index).pool()?.catalog.chunks.isNamed(id) === true
          if (named) counts.set(id, (counts.get(id) ?? 0) + 1)
        }
      return counts.size > 0 && [...counts.values()].every((count) => count >= copies)
    },
    'copies on the nodes that stay',
    3_600_000,
  )
}

const members = (pool: SimPool, index: number) =>
  pool
    .engine(index)
    .membership.members()
    .map((member) => member.nodeId)

test('a node that is removed while it writes loses nothing that was acknowledged', async () => {
  await using pool = await SimPool.start({ nodes: 3, seed: 31 })
  const random = new SeededRandom(8)
  const acknowledged = new Map<string, Buffer>()
  const removal = new AbortController()
  const writing = (async () => {
    for (let index = 0; !removal.signal.aborted; index++) {
      const content = random.bytes(40 * KiB)
      async function* once() {
        yield content
      }
      try {
        await pool.service(2).putFile([`w${index}`], once(), { signal: removal.signal })
        acknowledged.set(`w${index}`, content)
      } catch (error) {
        if (!removal.signal.aborted && !isEngineError(error)) throw error
        return
      }
    }
  })()
  await pool.world.until(() => acknowledged.size >= 5, 'some files')
  const before = new Map(acknowledged)
  await pool.world.play(async () => await pool.service(0).removeNode(idOf(pool, 2)))
  removal.abort(new Error('enough'))
  await pool.world.wait(writing)
  await pool.world.run(60_000)
  await untilCopied(pool, [0, 1])
  await expectWhole(pool, 1, before)
})

test('a dead node that is removed is made up for at once', async () => {
  await using pool = await SimPool.start({ nodes: 3, seed: 32 })
  const written = await filled(pool, 8)
  const dead = idOf(pool, 2)
  pool.crash(2)
  await pool.world.run(30_000)
  await pool.world.play(async () => await pool.service(0).removeNode(dead))
  await untilCopied(pool, [0, 1])
  await expectWhole(pool, 0, written)
})

test('a node with the last copy of something does not leave before it is told to lose it', async () => {
  await using pool = await SimPool.start({ nodes: 2, copies: 1, seed: 33 })
  const content = new SeededRandom(3).bytes(60 * KiB)
  await pool.write(0, 'only', content)
  const alone = store(pool, 0).count > 0 ? 0 : 1
  await pool.settle()
  await assert.rejects(
    pool.world.play(async () => await pool.service(alone).leavePool({})),
    (error) => isEngineError(error, 'last-copies'),
  )
  await pool.world.play(async () => await pool.service(1 - alone).patchNode(idOf(pool, alone), { drain: true }))
  await pool.world.until(() => store(pool, alone).count === 0, 'an empty node')
  await pool.world.run(1_000)
  await pool.world.play(async () => await pool.service(alone).leavePool({}))
  assert.equal(pool.engine(alone).pool(), null)
  assert.ok((await pool.read(1 - alone, 'only')).equals(content))
})

test('a node that comes back with an empty disk is filled again, and what it claimed is made anew', async () => {
  await using pool = await SimPool.start({ nodes: 3, seed: 34 })
  const written = await filled(pool, 8)
  pool.crash(2)
  pool.world.disk('node2').wipe((path) => path.startsWith('chunks'))
  await pool.boot(2)
  await pool.settle()
  await untilCopied(pool, [0, 1, 2])
  pool.crash(0)
  await expectWhole(pool, 2, written)
})

test('a node that comes back with an old image of its disk loses nothing, of what it had and of what it gave up', async () => {
  await using pool = await SimPool.start({ nodes: 4, seed: 35 })
  const written = await filled(pool, 8)
  pool.crash(2)
  const image = pool.world.disk('node2').image()
  await pool.boot(2)
  await pool.settle()
  await pool.world.play(async () => await pool.service(0).patchNode(idOf(pool, 2), { drain: true }))
  await pool.world.until(() => store(pool, 2).count === 0, 'an empty node')
  await pool.world.play(async () => await pool.service(0).patchNode(idOf(pool, 2), { drain: false }))
  pool.crash(2)
  pool.world.disk('node2').restore(image)
  await pool.boot(2)
  await pool.settle()
  await pool.world.run(10 * 60_000)
  await untilCopied(pool, [0, 1, 2, 3])
  pool.crash(1)
  await expectWhole(pool, 2, written)
})

test('a node that was removed while it was off learns it, serves nobody, and its replicas are made anew elsewhere', async () => {
  await using pool = await SimPool.start({ nodes: 3, seed: 36 })
  const written = await filled(pool, 6)
  const removed = idOf(pool, 2)
  pool.crash(2)
  await pool.world.run(30_000)
  await pool.world.play(async () => await pool.service(0).removeNode(removed))
  await pool.boot(2)
  await pool.world.until(() => pool.engine(2).membership.removal() !== null, 'the removed node knows')
  await untilCopied(pool, [0, 1])
  assert.equal(members(pool, 0).length, 2)
  await expectWhole(pool, 1, written)
})

test('what went with a machine that was removed names it, and is whole again when it has joined again', async () => {
  await using pool = await SimPool.start({ nodes: 3, copies: 1, seed: 46 })
  const written = await filled(pool, 6)
  const removed = idOf(pool, 2)
  pool.crash(2)
  await pool.world.run(30_000)
  await pool.world.play(async () => await pool.service(0).removeNode(removed))
  await pool.world.run(2 * limits.claimsComeMs)
  const found = { q: 'file', kind: 'file', state: 'lost', limit: 9, cursor: null } as const
  const lost = await pool.world.play(async () => (await pool.service(0).search?.(found))?.items ?? [])
  assert.ok(lost.length > 0)
  for (const { reasons } of lost) {
    assert.deepEqual(
      [reasons[0]?.nodeId, reasons[0]?.text],
      [removed, 'No machine has all of it. node2 may have had it and was removed.'],
    )
    const [former] = pool.engine(0).membership.former()
    assert.deepEqual([former?.nodeId, former?.removedAtMs], [removed, Date.parse(reasons[0]?.since ?? '')])
  }
  const health = await pool.world.play(async () => await pool.service(0).health())
  assert.equal(
    health.reasons.find(({ code }) => code === 'lost')?.action,
    'If node2 still has its disk, let it join again with a code.',
  )
  await pool.boot(2)
  await pool.world.until(() => pool.engine(2).membership.removal() !== null, 'the removed node knows')
  const { code, address } = await pool.world.play(async () => await pool.service(0).invite())
  await pool.world.play(async () => await pool.service(2).joinPool({ code, address }))
  await pool.settle()
  await expectWhole(pool, 1, written)
})

test('A removes B while B removes A: all agree who stays, and nothing is lost', async () => {
  await using pool = await SimPool.start({ nodes: 4, seed: 37 })
  const written = await filled(pool, 8)
  const [a, b] = [idOf(pool, 1), idOf(pool, 2)]
  pool.world.network.partition(['node0', 'node1'], ['node2', 'node3'])
  await pool.world.run(20_000)
  await pool.world.play(async () => await pool.service(1).removeNode(b))
  await pool.world.play(async () => await pool.service(2).removeNode(a))
  pool.world.network.heal()
  const sorted = (index: number) => members(pool, index).toSorted().join()
  await pool.world.until(() => members(pool, 0).length === 3 && sorted(0) === sorted(3), 'both sides agree')
  assert.notEqual(members(pool, 0).includes(a), members(pool, 0).includes(b))
  const stays = [0, 1, 2, 3].filter((index) => members(pool, 0).includes(idOf(pool, index)))
  await untilCopied(pool, stays)
  await expectWhole(pool, 0, written)
})

test('a machine is replaced while it lives: it hands over its name, its pins and its chunks, and goes', async () => {
  await using pool = await SimPool.start({ nodes: 4, seed: 38 })
  const written = await filled(pool, 8)
  const entry = await pool.world.play(async () => await pool.service(0).entryAt(['file0']))
  await pool.world.play(async () => await pool.service(0).patchEntry(entry.id, { pinnedTo: [idOf(pool, 1)] }))
  await pool.world.play(async () => await pool.service(0).patchNode(idOf(pool, 1), { name: 'Studio', site: 'office' }))
  await pool.settle()
  const [old, heir] = [idOf(pool, 1), idOf(pool, 3)]
  await pool.world.play(async () => await pool.engine(0).replaceNode(old, heir))
  await pool.world.until(() => !members(pool, 0).includes(old), 'the old machine has left', 3_600_000)
  const profile = pool.engine(0).pool()?.catalog.read.profile(heir)
  assert.deepEqual([profile?.name, profile?.site, profile?.drain], ['Studio', 'office', false])
  const after = await pool.world.play(async () => await pool.service(0).entryAt(['file0']))
  assert.deepEqual(after.pinnedTo, [heir])
  await pool.world.until(() => pool.engine(1).pool() === null, 'the old machine is free')
  await untilCopied(pool, [0, 2, 3])
  await expectWhole(pool, 3, written)
})

test('a machine that died is replaced: it is removed at once, and its copies are made anew', async () => {
  await using pool = await SimPool.start({ nodes: 4, seed: 39 })
  const written = await filled(pool, 8)
  const old = idOf(pool, 1)
  pool.crash(1)
  await pool.world.run(30_000)
  await pool.world.play(async () => await pool.engine(0).replaceNode(old, idOf(pool, 3)))
  assert.ok(!members(pool, 0).includes(old))
  assert.equal(pool.engine(0).pool()?.catalog.read.profile(idOf(pool, 3))?.name, 'node1')
  await untilCopied(pool, [0, 2, 3])
  await expectWhole(pool, 2, written)
})

test('one machine joins while another is drained: both come to an end', async () => {
  await using pool = await SimPool.start({ nodes: 3, seed: 40 })
  const written = await filled(pool, 12, 1 * MiB)
  await pool.world.play(async () => await pool.service(0).patchNode(idOf(pool, 1), { drain: true }))
  await pool.join(3)
  await pool.world.until(() => store(pool, 1).count === 0, 'an empty node', 3_600_000)
  await untilCopied(pool, [0, 2, 3])
  assert.ok(store(pool, 3).count > 0)
  await expectWhole(pool, 3, written)
})

test('a node that leaves while another gives up because of its pledge finds that it has the last copy', async () => {
  for (const waitMs of [2, 4, 5, 7, 8, 9, 10, 11, 12]) {
    await using pool = await SimPool.start({ nodes: 2, seed: 44 })
    const content = new SeededRandom(4).bytes(60 * KiB)
    const { entry } = await pool.write(0, 'kept', content)
    await pool.protect()
    await pool.world.play(async () => await pool.service(0).patchEntry(entry.id, { copies: 1 }))
    const leaving = () =>
      [0, 1].find((index) =>
        store(pool, index)
          .ids(null, 10)
          .some((id) => store(pool, index).isLeaving(id)),
      )
    await pool.world.until(() => leaving() !== undefined, 'a mark')
    const pledger = leaving() === 0 ? 1 : 0
    await pool.world.run(waitMs)
    const gone = await pool.world.play(async () => {
      try {
        await pool.service(pledger).leavePool({})
        return true
      } catch (error) {
        if (!isEngineError(error, 'last-copies')) throw error
        return false
      }
    })
    await pool.world.run(5_000)
    assert.ok((await pool.read(1 - pledger, 'kept')).equals(content), `left ${gone}, after ${waitMs} ms`)
  }
})
