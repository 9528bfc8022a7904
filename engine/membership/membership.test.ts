import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isEngineError } from '../base/error.ts'
import type { NodeId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import { createSimWorld, type SimWorld, withSeeds } from '../sim/index.ts'
import { allConnected, TestMember, testPool } from './testMember.ts'

const fails = (code: string) => (error: unknown) => {
  assert(isEngineError(error), String(error))
  assert.equal(error.code, code, error.message)
  return true
}
const currentEpoch = (node: TestMember) => node.membership.keyring?.current().id
const noFaults = (...nodes: TestMember[]) => {
  for (const node of nodes) assert.deepEqual(node.faults, [])
}

test('a founder is the only member of its pool, and still is after a restart', async () => {
  await using world = createSimWorld({ seed: 1 })
  let a = await TestMember.start(world, 'a')
  assert.equal(a.membership.poolId, null)
  assert.equal(a.membership.keyring, null)
  await assert.rejects(a.membership.invite(), fails('no-pool'))
  await a.create()
  await assert.rejects(a.membership.create(), fails('already-in-pool'))
  const { poolId } = a.membership
  const { dedupKey, poolHint } = a.membership.keyring!
  const keys = a.membership.keyring!.current()
  assert.deepEqual(a.memberIds(), [a.nodeId])
  a = await a.restart()
  assert.equal(a.membership.poolId, poolId)
  assert.deepEqual(a.membership.keyring!.current(), keys)
  assert.deepEqual([a.membership.keyring!.dedupKey, a.membership.keyring!.poolHint], [dedupKey, poolHint])
  assert.deepEqual(a.memberIds(), [a.nodeId])
  noFaults(a)
})

test('a node joins by code, has all keys, connects, and is known to everyone', async () => {
  await using world = createSimWorld({ seed: 2 })
  const [a, b] = (await testPool(world, 'a', 'b')) as [TestMember, TestMember]
  const c = await TestMember.start(world, 'c')
  await c.joinWith(b)
  assert.equal(c.membership.poolName, 'Home')
  await allConnected(world, [a, b, c])
  assert.deepEqual(c.memberIds(), [a.nodeId, b.nodeId, c.nodeId])
  assert.deepEqual(c.membership.keyring!.current(), a.membership.keyring!.current())
  assert.deepEqual(c.membership.keyring!.dedupKey, a.membership.keyring!.dedupKey)
  assert.equal(await world.wait(c.membership.synced(a.nodeId)), true)
  noFaults(a, b, c)
})

test('members find each other again after restarts without anyone telling addresses', async () => {
  await using world = createSimWorld({ seed: 3 })
  let [a, b] = (await testPool(world, 'a', 'b')) as [TestMember, TestMember]
  await a.stop()
  await b.stop()
  b = await TestMember.start(world, 'b')
  a = await TestMember.start(world, 'a')
  await allConnected(world, [a, b])
})

test('a removed node is gone everywhere, is told, and a new epoch leaves it out', async () => {
  await using world = createSimWorld({ seed: 4 })
  const [a, b, c] = (await testPool(world, 'a', 'b', 'c')) as [TestMember, TestMember, TestMember]
  const before = currentEpoch(a)
  await assert.rejects(a.membership.remove(a.nodeId), fails('self'))
  await assert.rejects(a.membership.remove('f'.repeat(32) as NodeId), fails('no-such-node'))
  let told = 0
  c.membership.onChange(() => {
    told += 1
  })
  await world.wait(b.membership.remove(c.nodeId))
  assert(b.membership.wasRemoved(c.nodeId))
  await allConnected(world, [a, b])
  assert.deepEqual(a.memberIds(), [a.nodeId, b.nodeId])
  assert.notEqual(currentEpoch(a), before)
  await world.until(() => c.membership.removal() !== null && c.network.peers().length === 0)
  assert.deepEqual(c.membership.removal(), { by: b.nodeId, proved: true })
  assert(told > 0)
  assert.equal(c.membership.keyring!.get(currentEpoch(a)!), undefined)
  await assert.rejects(c.membership.invite(), fails('removed'))
  noFaults(a, b, c)
})

test('a node that was removed while it was away is refused and learns why', async () => {
  await using world = createSimWorld({ seed: 5 })
  const [a, b, c] = (await testPool(world, 'a', 'b', 'c')) as [TestMember, TestMember, TestMember]
  await c.stop()
  await world.wait(a.membership.remove(c.nodeId))
  await allConnected(world, [a, b])
  const back = await TestMember.start(world, 'c')
  await world.until(() => back.membership.removal() !== null, 'the news', 60_000)
  assert.equal(back.membership.removal()?.proved, false)
  assert.equal(a.network.peer(c.nodeId), undefined)

  // It joins anew, and is a member again.
  await back.joinWith(b)
  await allConnected(world, [a, b, back])
  assert.deepEqual(a.memberIds(), [a.nodeId, b.nodeId, back.nodeId])
  assert.equal(back.membership.removal(), null)
  // Removed a second time it is out again.
  await world.wait(a.membership.remove(back.nodeId))
  await world.until(() => back.membership.removal() !== null && b.memberIds().length === 2)
})

test('two that remove each other while parted: the one admitted first stays, everywhere', async () => {
  await using world = createSimWorld({ seed: 6 })
  const [f, a, b] = (await testPool(world, 'f', 'a', 'b')) as [TestMember, TestMember, TestMember]
  world.network.partition(['f'], ['a'], ['b'])
  await world.run(60_000)
  await world.wait(a.membership.remove(b.nodeId))
  await world.wait(b.membership.remove(a.nodeId))
  assert.deepEqual(a.memberIds(), [f.nodeId, a.nodeId])
  assert.deepEqual(b.memberIds(), [f.nodeId, b.nodeId])
  world.network.heal()
  await world.until(() => !f.membership.member(b.nodeId) && b.membership.removal() !== null, 'a decision', 300_000)
  await allConnected(world, [f, a])
  assert.deepEqual(f.memberIds(), [f.nodeId, a.nodeId])
  noFaults(f, a, b)
})

test('a node that leaves is gone everywhere at once and keeps nothing; the first live member makes an epoch', async () => {
  await using world = createSimWorld({ seed: 7 })
  const [a, b, c] = (await testPool(world, 'a', 'b', 'c')) as [TestMember, TestMember, TestMember]
  const before = currentEpoch(b)
  await world.wait(a.membership.leave())
  assert.equal(a.membership.poolId, null)
  assert.deepEqual(a.memberIds(), [])
  assert(!world.disk('a').paths().includes('pool.json'))
  await world.until(() => currentEpoch(b) !== before && !b.membership.member(a.nodeId))
  await allConnected(world, [b, c])
  assert.deepEqual(b.memberIds(), [b.nodeId, c.nodeId])
  await world.until(() => a.network.peers().length === 0)
  const again = await a.restart()
  assert.equal(again.membership.poolId, null)
  await assert.rejects(again.membership.leave(), fails('no-pool'))
  // It may come back.
  await again.joinWith(c)
  await allConnected(world, [b, c, again])
  noFaults(a, b, c)
})

test('leaving waits no longer than five seconds for others', async () => {
  await using world = createSimWorld({ seed: 8 })
  const [a, b] = (await testPool(world, 'a', 'b')) as [TestMember, TestMember]
  world.network.partition(['a'], ['b'])
  const startMs = world.nowMs
  await world.wait(b.membership.leave())
  assert(world.nowMs - startMs <= limits.memberRowsArriveMs + 1)
  assert.equal(b.membership.poolId, null)
  assert.equal(a.memberIds().length, 2)
})

test('a node that leaves alone simply forgets', async () => {
  await using world = createSimWorld({ seed: 9 })
  const a = await (await TestMember.start(world, 'a')).create()
  const first = a.membership.poolId
  await world.wait(a.membership.leave())
  await a.create()
  assert.notEqual(a.membership.poolId, first)
})

test('a node cut off by a crash while it leaves has left', async () => {
  await using world = createSimWorld({ seed: 10 })
  const [a, b] = (await testPool(world, 'a', 'b')) as [TestMember, TestMember]
  // The removal is committed, the forgetting is not.
  const leaving = b.membership.leave()
  await world.until(() => !a.membership.member(b.nodeId))
  assert.notEqual(b.membership.poolId, null)
  world.crash('b', 'kill')
  leaving.catch(() => {})
  const back = await TestMember.start(world, 'b')
  assert.equal(back.membership.poolId, null)
  assert(!world.disk('b').paths().includes('pool.json'))
})

test('a member admitted while an epoch was made elsewhere gets its secret from others', async () => {
  await using world = createSimWorld({ seed: 11 })
  const [a, b, c] = (await testPool(world, 'a', 'b', 'c')) as [TestMember, TestMember, TestMember]
  const d = await TestMember.start(world, 'd')
  world.network.partition(['a', 'd'], ['b', 'c'])
  await world.run(30_000)
  await d.joinWith(a)
  await world.wait(b.membership.remove(c.nodeId))
  const madeByB = currentEpoch(b)
  assert.equal(d.membership.keyring!.get(madeByB!), undefined)
  world.network.heal()
  await allConnected(world, [a, b, d])
  assert.equal(currentEpoch(d), madeByB)
  assert.deepEqual(d.membership.keyring!.current(), b.membership.keyring!.current())
  assert.equal(d.memberIds().length, 3)
  const again = await d.restart()
  assert.deepEqual(again.membership.keyring!.current(), b.membership.keyring!.current())
})

test('the removal of a node that joined after the epoch was made changes the epoch', async () => {
  await using world = createSimWorld({ seed: 12 })
  const [a, b] = (await testPool(world, 'a', 'b')) as [TestMember, TestMember]
  const known = currentEpoch(b)
  assert.equal(currentEpoch(a), known)
  await world.wait(a.membership.remove(b.nodeId))
  assert.notEqual(currentEpoch(a), known)
})

test('machines of two pools refuse each other', async () => {
  await using world = createSimWorld({ seed: 13 })
  const a = await (await TestMember.start(world, 'a')).create()
  const b = await (await TestMember.start(world, 'b')).create()
  const c = await TestMember.start(world, 'c')
  a.network.want(b.nodeId, [b.address])
  c.network.want(a.nodeId, [a.address])
  await world.until(
    () => a.network.lastProblem(b.nodeId) !== undefined && c.network.lastProblem(a.nodeId) !== undefined,
  )
  assert.equal(a.network.lastProblem(b.nodeId)?.code, 'other-pool')
  assert.equal(c.network.lastProblem(a.nodeId)?.code, 'other-pool')
  assert.equal(a.network.peers().length, 0)
})

test('a stranger that knows the pool by name is no member', async () => {
  await using world = createSimWorld({ seed: 14 })
  const [a] = (await testPool(world, 'a', 'b')) as [TestMember, TestMember]
  const stranger = await TestMember.start(world, 's')
  const remote = { nodeId: stranger.nodeId, certificate: stranger.identity.certificate }
  await assert.rejects(a.membership.judge(remote, a.membership.admission()), fails('not-a-member'))
  const asMember = { nodeId: a.nodeId, certificate: stranger.identity.certificate }
  await assert.rejects(a.membership.judge(asMember, a.membership.admission()), fails('wrong-identity'))
  for (const rubbish of [Buffer.alloc(0), Buffer.alloc(600_000), Buffer.from('ffff', 'hex')]) {
    await assert.rejects(a.membership.judge(remote, rubbish), (error) => isEngineError(error))
  }
})

test('rows arrive everywhere through partitions and restarts: all agree in the end', async () => {
  await using world: SimWorld = createSimWorld({ seed: 15 })
  const nodes = await testPool(world, 'a', 'b', 'c', 'd')
  const [a, b, c, d] = nodes as [TestMember, TestMember, TestMember, TestMember]
  world.network.partition(['a', 'b'], ['c', 'd'])
  await world.run(40_000)
  const e = await TestMember.start(world, 'e')
  const f = await TestMember.start(world, 'f')
  world.network.partition(['a', 'b', 'e'], ['c', 'd', 'f'])
  await e.joinWith(b)
  await f.joinWith(d)
  await world.wait(a.membership.remove(d.nodeId))
  world.network.heal()
  await world.until(() => a.memberIds().length === c.memberIds().length && f.membership.removal() !== null, 'agreement')
  // d admitted f unknown to a, whose removal of d therefore voids it: f must be let in again.
  await allConnected(world, [a, b, c, e])
  assert.deepEqual(a.memberIds(), [a.nodeId, b.nodeId, c.nodeId, e.nodeId])
  noFaults(...nodes, e, f)
})

test('a node whose secrets are gone, or are of another pool, says so and changes nothing', async () => {
  await using world = createSimWorld({ seed: 16 })
  const a = await (await TestMember.start(world, 'a')).create()
  const b = await (await TestMember.start(world, 'b')).create()
  const own = world.disk('a').peek('pool.json')
  assert(own !== undefined)
  assert.equal(world.disk('a').modeOf('pool.json'), 0o600)
  await a.stop()
  world.disk('a').plant('pool.json', world.disk('b').peek('pool.json') ?? Buffer.alloc(0))
  await assert.rejects(TestMember.start(world, 'a'), fails('damaged-file'))
  world.crash('a', 'kill')
  world.disk('a').plant('pool.json', own)
  const again = await TestMember.start(world, 'a')
  assert.deepEqual(again.memberIds(), [a.nodeId])
  assert.notEqual(b.membership.poolId, again.membership.poolId)
})

test('whatever happens between parted nodes, they agree once they have met', async () => {
  await withSeeds(4, async (seed) => {
    await using world = createSimWorld({ seed })
    const names = ['a', 'b', 'c', 'd', 'e']
    const nodes = await testPool(world, ...names)
    const { random } = world
    const pick = () => random.between(0, nodes.length - 1)
    for (let step = 0; step < 14; step += 1) {
      const at = pick()
      const node = nodes[at] as TestMember
      switch (random.between(0, 4)) {
        case 0: {
          const side = names.filter(() => random.chance(0.5))
          world.network.partition(
            side,
            names.filter((name) => !side.includes(name)),
          )
          break
        }
        case 1:
          world.network.heal()
          break
        case 2:
          world.crash(node.name, random.chance(0.5) ? 'power' : 'kill')
          nodes[at] = await TestMember.start(world, node.name)
          break
        case 3: {
          const target = nodes[pick()] as TestMember
          const { membership } = node
          if (target === node || membership.removal()?.proved === true || !membership.member(target.nodeId)) break
          await world.wait(membership.remove(target.nodeId))
          break
        }
        default: {
          // Whoever is out of the pool by its own knowledge, or is told so, asks another to let it in again.
          const inviter = nodes[pick()] as TestMember
          if (node.membership.removal() === null || inviter.membership.removal() !== null) break
          if (world.network.parted(node.name, inviter.name)) break
          await node.joinWith(inviter)
        }
      }
      await world.run(random.between(1, 40_000))
    }
    world.network.heal()
    // Those that are members in the eyes of one that is itself a member meet and agree; nobody else is with them.
    const introduced = nodes.map((node) => node.membership)
    for (const membership of introduced) {
      const introduce = () => {
        for (const other of nodes) membership.addresses.replace(other.nodeId, [other.address], 'seen')
      }
      introduce()
      membership.onChange(introduce)
    }
    const insiders = () => nodes.filter((node) => node.membership.removal() === null)
    const agree = () =>
      insiders().every(
        (node) =>
          node.memberIds().join() === insiders()[0]?.memberIds().join() &&
          currentEpoch(node) === currentEpoch(insiders()[0] as TestMember) &&
          node.memberIds().length === insiders().length &&
          insiders().every((other) => other === node || node.isConnected(other)),
      )
    await world.until(agree, 'agreement', 600_000)
    noFaults(...nodes)
  })
})
