import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { EngineError } from '../base/error.ts'
import { limits } from '../limits.ts'
import { createSimWorld, type SimWorld, withSeeds } from '../sim/index.ts'
import { commonProtocol } from './hello.ts'
import { defineMessage } from './index.ts'
import { echo, openGate, pool, TestNode } from './testPool.ts'
import type { Gatekeeper, PeerNetworkOptions } from './types.ts'

async function start(world: SimWorld, name: string, options: Partial<PeerNetworkOptions> = {}): Promise<TestNode> {
  const node = new TestNode(world, name, options)
  await node.network.start()
  return node
}

/** Both ends agree on one connection, and it works. */
async function expectConnected(world: SimWorld, a: TestNode, b: TestNode): Promise<void> {
  assert.deepEqual(
    [a.wires(b), b.wires(a)],
    [
      ['control', 'data'],
      ['control', 'data'],
    ],
  )
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    const answer = await world.wait(from.peer(to).request(echo, { text: from.name }))
    assert.equal(answer.body.text, from.name)
  }
}

test('a peer shows who it is, where it is and what it speaks', async () => {
  await using world = createSimWorld({ seed: 1 })
  world.skew('b', 90_000)
  const [a, b] = [await start(world, 'a', { software: 'one' }), await start(world, 'b', { software: 'two' })]
  a.want(b)
  await world.until(() => a.connected(b) && b.connected(a))
  const [there, here] = [a.peer(b), b.peer(a)]
  assert.deepEqual([there.nodeId, there.software, there.protocol], [b.nodeId, 'two', 1])
  assert.deepEqual([there.dialled, here.dialled], [true, false])
  assert.deepEqual([there.address, here.address], [b.address, a.address])
  assert(Math.abs(there.clockOffsetMs - 90_000) < 20, `${there.clockOffsetMs}`)
  await world.run(limits.heartbeatMs)
  assert(Math.abs(there.clockOffsetMs - 90_000) <= 2 && Math.abs(here.clockOffsetMs + 90_000) <= 2)
  assert(there.roundTripMs > 1 && there.roundTripMs < 5)
  await expectConnected(world, a, b)
})

test('pulses arrive at every beat, also while the data wire is full', async () => {
  await using world = createSimWorld({ seed: 1 })
  const [a, b] = (await pool(world, ['a', 'b'])) as [TestNode, TestNode]
  world.network.settings.bytesPerMs = 1_000
  const beats: number[] = []
  b.network.on({ pulse: (_, pulse) => beats.push(pulse.usedBytes) })
  let usedBytes = 0
  a.network.setPulse(() => {
    usedBytes += 1
    return { catalogRoot: 'ab', inventorySequence: 1, usedBytes, quotaBytes: 2, leaving: false }
  })
  const drop = defineMessage('test.drop', 'data', z.object({}), z.object({}))
  b.network.handle(drop, async () => ({}))
  const asked = Promise.all([1, 2, 3].map(() => a.peer(b).request(drop, {}, { payload: Buffer.alloc(9_000_000) })))
  await world.run(20_000)
  assert.deepEqual(beats, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  await world.wait(asked)
})

test('pulses overtake large messages that wait on the control wire', async () => {
  await using world = createSimWorld({ seed: 1 })
  const [a, b] = (await pool(world, ['a', 'b'])) as [TestNode, TestNode]
  world.network.settings.bytesPerMs = 1_000
  const heardMs: number[] = []
  b.network.on({ pulse: () => heardMs.push(world.nowMs) })
  const text = 'x'.repeat(900_000)
  const asked = Array.from({ length: 15 }, () => a.peer(b).request(echo, { text }))
  await world.run(14_000)
  // On the line and in the wire's buffer lie some 6 MB at first; after that no pulse is late by more than the buffer.
  const gapsMs = heardMs.slice(1).map((atMs, index) => atMs - (heardMs[index] ?? 0))
  assert(heardMs.length >= 4 && gapsMs.every((gapMs) => gapMs < limits.suspectAfterMs), `${gapsMs}`)
  await world.wait(Promise.all(asked))
})

const refusing = (code: string): Gatekeeper => ({
  ...openGate,
  judge: async () => {
    throw new EngineError(code, `refused as ${code}`, { hint: 'Do something.' })
  },
})

test('a refusal is told to the other end and remembered at both, whoever refuses', async () => {
  for (const refuser of ['dialler', 'listener'] as const) {
    await using world = createSimWorld({ seed: 1 })
    const a = await start(world, 'a', refuser === 'dialler' ? { gatekeeper: refusing('removed') } : {})
    const b = await start(world, 'b', refuser === 'listener' ? { gatekeeper: refusing('removed') } : {})
    a.want(b)
    await world.until(
      () => a.network.lastProblem(b.nodeId) !== undefined && b.network.lastProblem(a.nodeId) !== undefined,
    )
    for (const [node, other] of [
      [a, b],
      [b, a],
    ] as const) {
      const problem = node.network.lastProblem(other.nodeId)
      assert.deepEqual(
        [problem?.code, problem?.message, problem?.hint],
        ['removed', 'refused as removed', 'Do something.'],
      )
      assert.equal(problem?.refusedBy, (node === a) === (refuser === 'dialler') ? 'us' : 'peer')
    }
    assert.deepEqual([a.log, b.log], [[], []])
  }
})

test('a listener tells a stranger nothing of the pool, and judges what the stranger brings', async () => {
  await using world = createSimWorld({ seed: 1 })
  let told = 0
  const judged: string[] = []
  const a = await start(world, 'a', { gatekeeper: { ...openGate, admission: () => Buffer.from('rows of a') } })
  const b = await start(world, 'b', {
    gatekeeper: {
      admission: () => {
        told += 1
        return Buffer.alloc(0)
      },
      judge: async ({ nodeId }, admission) => {
        judged.push(`${nodeId} ${Buffer.from(admission).toString()}`)
        throw new EngineError('not-a-member', 'who are you')
      },
    },
  })
  a.want(b)
  await world.until(() => a.network.lastProblem(b.nodeId)?.code === 'not-a-member')
  assert.deepEqual([told, judged], [0, [`${a.nodeId} rows of a`]])
})

test('once the gate opens a refused node gets in by itself, and the problem is forgotten', async () => {
  await using world = createSimWorld({ seed: 1 })
  let open = false
  const gatekeeper: Gatekeeper = {
    ...openGate,
    judge: async () => {
      if (!open) throw new EngineError('not-a-member', 'not yet')
    },
  }
  const [a, b] = [await start(world, 'a'), await start(world, 'b', { gatekeeper })]
  a.want(b)
  await world.run(60_000)
  assert.equal(a.network.lastProblem(b.nodeId)?.code, 'not-a-member')
  open = true
  await world.until(() => a.connected(b), 'admission', limits.reconnectMaxMs + 1_000)
  assert.equal(a.network.lastProblem(b.nodeId), undefined)
})

test('protocol ranges that overlap use the newest common version, others are refused with a clear code', async () => {
  assert.equal(commonProtocol({ min: 1, max: 3 }, { min: 2, max: 9 }), 3)
  assert.throws(() => commonProtocol({ min: 1, max: 1 }, { min: 2, max: 3 }), { code: 'unknown-protocol' })
  for (const [ours, theirs, spoken] of [
    [{ min: 1, max: 1 }, { min: 1, max: 2 }, 1],
    [{ min: 1, max: 2 }, { min: 2, max: 3 }, 2],
    [{ min: 2, max: 2 }, { min: 1, max: 1 }, undefined],
    [{ min: 1, max: 1 }, { min: 2, max: 3 }, undefined],
  ] as const) {
    await using world = createSimWorld({ seed: 1 })
    const [a, b] = [await start(world, 'a', { protocol: ours }), await start(world, 'b', { protocol: theirs })]
    a.want(b)
    await world.until(() => (a.connected(b) && b.connected(a)) || a.network.lastProblem(b.nodeId) !== undefined)
    if (spoken !== undefined) {
      assert.deepEqual([a.peer(b).protocol, b.peer(a).protocol], [spoken, spoken])
      continue
    }
    for (const problem of [a.network.lastProblem(b.nodeId), b.network.lastProblem(a.nodeId)]) {
      assert.equal(problem?.code, 'unknown-protocol')
      assert.match(problem?.hint ?? '', /Update Hadahoop/)
    }
  }
})

test('a hello that names another node than the wire has proved is refused', async () => {
  await using world = createSimWorld({ seed: 1 })
  const liar = await start(world, 'a', {
    identity: { nodeId: world.identity('c').nodeId, certificate: Buffer.alloc(1), startNumber: 1 },
  })
  const b = await start(world, 'b')
  liar.want(b)
  await world.until(() => b.network.lastProblem(liar.nodeId) !== undefined)
  assert.equal(b.network.lastProblem(liar.nodeId)?.code, 'wrong-identity')
  assert.equal(b.network.peers().length, 0)
})

test('another node at a remembered address is noticed', async () => {
  await using world = createSimWorld({ seed: 1 })
  const [a, b, c] = [await start(world, 'a'), await start(world, 'b'), await start(world, 'c')]
  a.network.want(c.nodeId, [b.address])
  await world.until(() => a.network.lastProblem(c.nodeId)?.code === 'wrong-identity')
  a.network.want(c.nodeId, [b.address, c.address])
  await world.until(() => a.connected(c), 'the right address', 1_000)
})

test('two nodes that dial each other at once end with one connection on which both agree, and keep it', () =>
  withSeeds(60, async (seed) => {
    await using world = createSimWorld({ seed })
    const { random, network } = world
    network.settings.latencyMs = random.pick([0.01, 1, 30, 200])
    network.settings.jitterMs = random.pick([0, 1, 100])
    network.settings.dialFailure = random.pick([0, 0, 0.4])
    const [a, b] = [await start(world, 'a'), await start(world, 'b')]
    await world.run(random.fraction() * 100)
    a.want(b)
    await world.run(random.pick([0, random.fraction(), random.fraction() * 1_000]))
    b.want(a)
    // Wires that die, nodes that rebuild theirs, cuts that come and go while they settle.
    for (let trouble = random.between(0, 5); trouble > 0; trouble -= 1) {
      await world.run(random.fraction() * 2_000)
      const kind = random.between(0, 3)
      if (kind === 0) network.sever('a', 'b')
      else if (kind === 1) random.pick([a, b]).network.reset('test')
      else if (kind === 2) network.cut('a', 'b')
      else network.heal()
    }
    network.heal()
    network.settings.dialFailure = 0
    await world.run(90_000)
    const settled = [a.log.length, b.log.length]
    await expectConnected(world, a, b)
    await world.run(120_000)
    assert.deepEqual([a.log.length, b.log.length], settled, 'no flapping')
    await expectConnected(world, a, b)
  }))

test('a race of two undisturbed dials connects each end once', () =>
  withSeeds(40, async (seed) => {
    await using world = createSimWorld({ seed })
    const { random, network } = world
    network.settings.latencyMs = random.pick([0.01, 1, 30])
    network.settings.jitterMs = random.pick([0, 1, 50])
    const [a, b] = [await start(world, 'a'), await start(world, 'b')]
    a.want(b)
    await world.run(random.pick([0, random.fraction(), random.fraction() * 300]))
    b.want(a)
    await world.run(60_000)
    await expectConnected(world, a, b)
    assert.deepEqual([a.log.length, b.log.length], [1, 1], `${a.log} ${b.log}`)
  }))

test('a restarted node is let in at once although its old connection still seems to stand', () =>
  withSeeds(6, async (seed) => {
    await using world = createSimWorld({ seed })
    const [a, b] = (await pool(world, ['a', 'b'])) as [TestNode, TestNode]
    const [stays, dies] = seed % 2 === 0 ? [a, b] : [b, a]
    const before = stays.peer(dies).startNumber
    world.crash(dies.name)
    const again = await start(world, dies.name)
    again.want(stays)
    await world.until(() => again.connected(stays) && stays.log.length === 3, 'the restarted node', 2_000)
    await expectConnected(world, again, stays)
    assert.notEqual(stays.peer(again).startNumber, before)
    assert.deepEqual(
      stays.log.map((line) => line.split(' ')[0]),
      ['connected', 'disconnected', 'connected'],
    )
  }))

test('a half-open connection does not block its successor for longer than a probe', () =>
  withSeeds(20, async (seed) => {
    await using world = createSimWorld({ seed })
    const [a, b] = (await pool(world, seed % 2 === 0 ? ['a', 'b'] : ['b', 'a'])) as [TestNode, TestNode]
    await world.run(world.random.fraction() * 10_000)
    const gaveUp = world.random.pick([a, b])
    // One end gives its wires up and the other does not hear of it.
    world.network.cut('a', 'b')
    gaveUp.network.reset('test')
    world.network.forgetClosed()
    world.network.heal()
    await world.until(() => gaveUp.connected(gaveUp === a ? b : a), 'the successor', limits.probeMs + 1_000)
    await world.run(limits.reconnectMaxMs)
    await expectConnected(world, a, b)
  }))

test('silence closes a connection at both ends, healing brings it back', async () => {
  await using world = createSimWorld({ seed: 4 })
  const [a, b] = (await pool(world, ['a', 'b'])) as [TestNode, TestNode]
  world.network.partition(['a'], ['b'])
  await world.run(limits.offlineAfterMs - limits.heartbeatMs)
  assert(a.connected(b))
  await world.run(2 * limits.heartbeatMs + 100)
  assert.equal(a.connected(b), false)
  assert.match(a.log.at(-1) ?? '', /silent/)
  await world.run(300_000)
  world.network.heal()
  await world.until(
    () => a.connected(b) && b.connected(a),
    'the healing',
    limits.reconnectMaxMs + limits.handshakeTimeoutMs,
  )
  await world.run(60_000)
  await expectConnected(world, a, b)
})

test('dials back off, with jitter, up to the cap; a new address is tried at once', async () => {
  await using world = createSimWorld({ seed: 4 })
  const a = await start(world, 'a')
  const b = new TestNode(world, 'b')
  const dials: number[] = []
  const { transport } = a.ports
  const dial = transport.dial.bind(transport)
  transport.dial = (...args) => {
    dials.push(world.nowMs)
    return dial(...args)
  }
  a.network.want(b.nodeId, ['10.0.0.9:1'])
  await world.run(300_000)
  const gaps = dials.slice(1).map((atMs, index) => atMs - (dials[index] ?? 0))
  assert((gaps[0] ?? 0) < 600 && gaps.every((gap) => gap < limits.reconnectMaxMs + 100), `${gaps}`)
  assert((gaps.at(-1) ?? 0) > limits.reconnectMaxMs / 2)
  assert.equal(new Set(gaps.slice(-4).map(Math.round)).size, 4, 'jitter')
  await b.network.start()
  a.network.want(b.nodeId, ['10.0.0.9:1', b.address])
  await world.until(() => a.connected(b), 'the new address', 1_000)
})

test('one dead address among many does not hold up the others', async () => {
  await using world = createSimWorld({ seed: 4 })
  const [a, b, c] = [await start(world, 'a'), await start(world, 'b'), await start(world, 'c')]
  world.network.cut('a', 'c')
  a.network.want(b.nodeId, [c.address, b.address])
  await world.until(() => a.connected(b), 'the second address', limits.dialStaggerMs + 500)
})

test('a node that slept rebuilds its connections when it wakes', async () => {
  for (const monotonicCounts of [true, false]) {
    await using world = createSimWorld({ seed: 4 })
    const [a, b] = (await pool(world, ['a', 'b'])) as [TestNode, TestNode]
    world.suspend('a')
    await world.run(3_600_000)
    assert.equal(b.connected(a), false)
    world.resume('a', { monotonicCounts })
    await world.until(() => a.connected(b) && b.connected(a) && a.log.length === 3, 'the rebuilt connection', 4_000)
    assert.match(a.log[1] ?? '', /wake|silent/)
    await world.run(60_000)
    await expectConnected(world, a, b)
  }
})

test('stopping says goodbye first and ends everything', async () => {
  await using world = createSimWorld({ seed: 4 })
  const [a, b] = (await pool(world, ['a', 'b'])) as [TestNode, TestNode]
  const leaving: boolean[] = []
  b.network.on({ pulse: (_, pulse) => leaving.push(pulse.leaving) })
  await world.wait(a.network.stop())
  await world.run(100)
  assert.equal(leaving.at(-1), true)
  assert.match(b.log.at(-1) ?? '', /disconnected .* stopped/)
  assert.deepEqual([a.wires(b), b.wires(a)], [[], []])
  await world.run(120_000)
  assert.equal(b.network.lastProblem(a.nodeId)?.code, 'unreachable')
})

test('a node that goes to sleep says so at once, and so when it is awake again', async () => {
  await using world = createSimWorld({ seed: 4 })
  const [a, b] = (await pool(world, ['a', 'b'])) as [TestNode, TestNode]
  const leaving: boolean[] = []
  b.network.on({ pulse: (_, pulse) => leaving.push(pulse.leaving) })
  a.network.setAsleep(true)
  await world.run(100)
  assert.deepEqual(leaving, [true])
  a.network.setAsleep(false)
  await world.run(100)
  assert.deepEqual(leaving, [true, false])
  a.network.setAsleep(true)
  await world.run(100)
  world.suspend('a')
  await world.run(3_600_000)
  world.resume('a')
  await world.until(() => b.connected(a) && leaving.slice(-1).includes(false), 'a beat that says it is awake', 20_000)
})

test('a node that is not wanted any more is left alone', async () => {
  await using world = createSimWorld({ seed: 4 })
  const [a, b] = (await pool(world, ['a', 'b'])) as [TestNode, TestNode]
  b.network.unwant(a.nodeId, 'removed')
  a.network.unwant(b.nodeId, 'removed')
  await world.run(120_000)
  assert.deepEqual([a.connected(b), b.connected(a), a.wires(b)], [false, false, []])
})

test('eight nodes that all know each other settle under bad weather', () =>
  withSeeds(3, async (seed) => {
    await using world = createSimWorld({ seed })
    world.network.settings.deathPerMessage = 0.002
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
    const nodes = await pool(world, names)
    for (let storm = 0; storm < 10; storm += 1) {
      const shuffled = world.random.shuffle(names)
      world.network.partition(shuffled.slice(0, storm % 8), shuffled.slice(storm % 8))
      await world.run(world.random.fraction() * 30_000)
    }
    world.network.heal()
    world.network.settings.deathPerMessage = 0
    await world.run(120_000)
    const logged = nodes.map((node) => node.log.length)
    await world.run(120_000)
    assert.deepEqual(
      nodes.map((node) => node.log.length),
      logged,
    )
    for (const node of nodes) {
      for (const other of nodes) if (other !== node) assert.deepEqual(node.wires(other), ['control', 'data'])
    }
  }))

test('pairing wires are handed over, or closed when nobody waits for them', async () => {
  await using world = createSimWorld({ seed: 4 })
  const [a, b] = [await start(world, 'a'), await start(world, 'b')]
  const dial = () => world.wait(a.ports.transport.dial(b.address, 'pair', {}))
  const closed: string[] = []
  const first = await dial()
  first.onClose((reason) => closed.push(reason))
  await world.run(100)
  assert.deepEqual(closed, ['nobody is being invited'])
  const heard: string[] = []
  b.network.onPairingWire((wire) => wire.onMessage((message) => heard.push(message.toString())))
  ;(await dial()).send(Buffer.from('hello'))
  await world.run(100)
  assert.deepEqual(heard, ['hello'])
})
