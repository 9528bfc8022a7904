import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { encodeCbor } from '../base/cbor.ts'
import { EngineError } from '../base/error.ts'
import { limits, MiB } from '../limits.ts'
import type { Wire } from '../ports.ts'
import { createSimWorld, type SeededRandom, type SimWorld, simPorts, withSeeds } from '../sim/index.ts'
import { type Envelope, kinds } from './envelope.ts'
import { defineMessage } from './index.ts'
import { RawPeer } from './testRawPeer.ts'
import { bulk, echo, patterns, TestNode } from './testPool.ts'

const faults: unknown[] = []

async function victim(world: SimWorld): Promise<TestNode> {
  const node = new TestNode(world, 'b', { fault: (error) => faults.push(error) })
  await node.network.start()
  return node
}

async function expectWell(world: SimWorld, node: TestNode): Promise<void> {
  assert.deepEqual(faults, [])
  const honest = new TestNode(world, 'honest')
  await honest.network.start()
  honest.want(node)
  await world.until(() => honest.connected(node) && node.connected(honest), 'an honest node', 60_000)
  assert.equal((await world.wait(honest.peer(node).request(echo, { text: 'well' }))).body.text, 'well')
  await world.wait(honest.network.stop())
  world.stopped('honest')
}

/** Each says what a hostile peer does once it is connected, and why it is cut off. */
const crimes: [name: string, reason: RegExp, commit: (peer: RawPeer, data: Wire) => void][] = [
  ['no CBOR', /malformed CBOR/, ({ control }) => control.send(Buffer.from([0xff, 0, 1]))],
  ['nothing', /bad-message/, ({ control }) => control.send(Buffer.alloc(0))],
  ['no envelope', /neither an envelope/, ({ control }) => control.send(encodeCbor({ a: 1 }))],
  ['a bundle of rubbish', /neither an envelope/, ({ control }) => control.send(encodeCbor([[1, 2], 'x']))],
  ['an unknown kind', /not known/, (peer) => peer.send([77])],
  ['a greeting again', /not known/, (peer) => peer.hello()],
  ['deep nesting', /malformed CBOR/, ({ control }) => control.send(Buffer.alloc(1 * MiB, 0x81))],
  [
    'an array that claims millions',
    /malformed CBOR/,
    ({ control }) => control.send(Buffer.from([0x9a, 0x06, 0, 0, 0])),
  ],
  ['too long a message', /too large/, ({ control }) => control.send(Buffer.alloc(limits.wireMessageMaxBytes, 0x80))],
  ['a request without an id', /request id/, (peer) => peer.send([kinds.request, 'x', 'test.echo', {}])],
  ['a fraction for an id', /request id/, (peer) => peer.send([kinds.request, 1.5, 'test.echo', {}])],
  ['a name of a megabyte', /request name/, (peer) => peer.send([kinds.request, 1, 'x'.repeat(1000), {}])],
  ['a payload on control', /control wire/, (peer) => peer.send([kinds.request, 1, 'test.echo', {}, 5])],
  [
    'a frame on control',
    /control wire/,
    (peer) => {
      peer.send([kinds.requestFrame, 1])
      peer.control.send(Buffer.alloc(5))
    },
  ],
  [
    'a payload above the limit',
    /payload/,
    (peer, data) => peer.send([kinds.request, 1, 'test.bulk', { answerBytes: 0 }, limits.chunkMaxBytes + 1], data),
  ],
  [
    'more payload than credit',
    /granted/,
    (peer, data) => {
      for (let id = 1; id <= 3; id += 1) {
        peer.send([kinds.request, id, 'test.bulk', { answerBytes: 0 }, limits.chunkMaxBytes], data)
      }
    },
  ],
  [
    'refused payloads beyond credit',
    /granted/,
    (peer, data) => {
      for (let id = 1; id <= 3; id += 1) peer.send([kinds.request, id, 'test.none', {}, limits.chunkMaxBytes], data)
    },
  ],
  [
    'a thousand small refused payloads',
    /too many refused/,
    (peer, data) => {
      for (let id = 1; id <= limits.requestsPerPeer + 1; id += 1)
        peer.send([kinds.request, id, 'test.none', {}, 1], data)
    },
  ],
  [
    'a frame of nothing announced',
    /not announced/,
    (peer, data) => {
      peer.send([kinds.requestFrame, 9], data)
      data.send(Buffer.alloc(5))
    },
  ],
  [
    'a frame of an answer nobody asked for',
    /not announced/,
    (peer, data) => {
      peer.send([kinds.answerFrame, 9], data)
      data.send(Buffer.alloc(5))
    },
  ],
  [
    'more bytes than announced',
    /6 bytes where 5/,
    (peer, data) => {
      peer.send([kinds.request, 1, 'test.bulk', { answerBytes: 0 }, 5], data)
      peer.send([kinds.requestFrame, 1], data)
      data.send(Buffer.alloc(6))
    },
  ],
  [
    'an empty frame',
    /0 bytes/,
    (peer, data) => {
      peer.send([kinds.request, 1, 'test.bulk', { answerBytes: 0 }, 5], data)
      peer.send([kinds.requestFrame, 1], data)
      data.send(Buffer.alloc(0))
    },
  ],
  [
    'an envelope after a frame header in one bundle',
    /where a frame/,
    (_, data) => data.send(encodeCbor([[kinds.requestFrame, 1], [kinds.beat]])),
  ],
  [
    'one id twice',
    /twice/,
    (peer, data) => {
      for (let time = 0; time < 2; time += 1) peer.send([kinds.request, 1, 'test.bulk', { answerBytes: 0 }, 5], data)
    },
  ],
  [
    'an answer with more than credit',
    /granted/,
    (peer, data) => {
      for (let id = 1; id <= 3; id += 1) peer.send([kinds.answer, id, {}, limits.chunkMaxBytes], data)
    },
  ],
  ['the end of an answer nobody cancelled', /not cancelled/, (peer, data) => peer.send([kinds.cut, 3], data)],
  ['endless credit', /credit/, (peer, data) => peer.send([kinds.credit, 2 ** 40, 0], data)],
  ['negative credit', /credit/, (peer, data) => peer.send([kinds.credit, -1, 0], data)],
  ['a pulse of nonsense', /malformed pulse/, (peer) => peer.send([kinds.pulse, 1, { nowMs: 'soon' }])],
  ['an echo from the future', /malformed echo/, (peer) => peer.send([kinds.echo, 1e15, 1])],
  ['a failure without an error', /failure without/, (peer) => peer.send([kinds.failure, 1, 'x'])],
  [
    'malformed bodies without end',
    /too many malformed/,
    (peer) => {
      for (let id = 1; id < 100; id += 1) peer.send([kinds.request, id, 'test.echo', { text: id }])
    },
  ],
]

for (const [name, reason, commit] of crimes) {
  test(`a connected peer that sends ${name} is cut off`, async () => {
    await using world = createSimWorld({ seed: 1 })
    const node = await victim(world)
    const evil = simPorts(world, 'x')
    const peer = await RawPeer.dial(world, evil, world.identity('x').nodeId, node.address)
    await peer.connect()
    commit(peer, peer.data as Wire)
    assert.match(await peer.closed(), reason)
    await world.run(100)
    assert.equal(node.network.peers().length, 0)
    assert.match(node.log.at(-1) ?? '', reason)
    await expectWell(world, node)
  })
}

test('answers and failures to requests that were cancelled or never made do no harm', async () => {
  await using world = createSimWorld({ seed: 1 })
  const node = await victim(world)
  const peer = await RawPeer.dial(world, simPorts(world, 'x'), world.identity('x').nodeId, node.address)
  await peer.connect()
  peer.send([kinds.answer, 5, {}])
  peer.send([kinds.cancel, 5])
  peer.send([kinds.failure, 6, { code: 'x', message: 'y' }])
  await world.run(1_000)
  assert.equal(peer.closeReason, undefined)
})

test('a peer that cancels at every moment leaks nothing', () =>
  withSeeds(6, async (seed) => {
    await using world = createSimWorld({ seed })
    const node = await victim(world)
    const peer = await RawPeer.dial(world, simPorts(world, 'x'), world.identity('x').nodeId, node.address)
    await peer.connect()
    const data = peer.data as Wire
    const frame = patterns[0].subarray(0, limits.frameBytes)
    for (let id = 1; id < 40; id += 1) {
      const frames = world.random.between(0, 3)
      // All of the credit each time: if some had leaked the next would overrun it.
      peer.send(
        [kinds.request, id, world.random.pick(['test.bulk', 'test.none']), { answerBytes: 3 * MiB }, 3 * MiB],
        data,
      )
      for (let sent = 0; sent < frames; sent += 1) {
        peer.send([kinds.requestFrame, id], data)
        data.send(frame)
      }
      peer.send([kinds.cancel, id], data)
      await world.run(world.random.pick([5, 10, 20]))
      // What the victim sent of its answer is ours to grant again.
      for (const envelope of peer.heard.splice(0)) {
        if (envelope[0] === kinds.answer) peer.send([kinds.credit, 0, envelope[3]], data)
      }
    }
    assert.equal(peer.closeReason, undefined)
    await expectWell(world, node)
  }))

test('a stranger that sends rubbish instead of greeting, or nothing, is cut off in time', () =>
  withSeeds(30, async (seed) => {
    await using world = createSimWorld({ seed })
    const node = await victim(world)
    const ports = simPorts(world, 'x')
    const { random } = world
    const wire = await world.wait(ports.transport.dial(node.address, random.pick(['control', 'data']), {}))
    let reason: string | undefined
    wire.onClose((given) => {
      reason = given
    })
    const count = random.between(0, 4)
    for (let index = 0; index < count; index += 1) wire.send(rubbish(random))
    await world.until(() => reason !== undefined, 'the close', limits.handshakeTimeoutMs + 1_000)
    await expectWell(world, node)
  }))

test('a greeting that stops half-way or breaks at any step ends in time and harms nobody', () =>
  withSeeds(30, async (seed) => {
    await using world = createSimWorld({ seed })
    const node = await victim(world)
    const ports = simPorts(world, 'x')
    const { random } = world
    const peer = await RawPeer.dial(world, ports, world.identity('x').nodeId, node.address)
    const steps = random.between(1, 3)
    peer.hello(random.chance(0.3) ? { [random.pick(['admission', 'linkId', 'protocol', 'windowBytes'])]: -1 } : {})
    if (steps > 1) peer.send([kinds.welcome])
    if (steps > 2) {
      const data = await world.wait(ports.transport.dial(node.address, 'data', {}))
      if (random.chance(0.5)) data.send(encodeCbor([kinds.dataHello, 'raw-link', world.identity('x').nodeId, 1]))
      if (random.chance(0.5)) data.send(rubbish(random))
    }
    if (random.chance(0.5))
      for (let more = random.between(1, 5); more > 0; more -= 1) peer.control.send(rubbish(random))
    await peer.closed()
    await world.run(limits.handshakeTimeoutMs)
    assert.equal(node.network.peers().length, 0)
    await expectWell(world, node)
  }))

test('strangers that flood with handshakes are turned away while others are let in', async () => {
  await using world = createSimWorld({ seed: 1 })
  const node = await victim(world)
  const ports = simPorts(world, 'x')
  const reasons: string[] = []
  for (let count = 0; count < limits.handshakesAtOnce + 5; count += 1) {
    const wire = await world.wait(ports.transport.dial(node.address, count % 2 === 0 ? 'control' : 'data', {}))
    wire.onClose((reason) => reasons.push(reason))
  }
  await world.run(100)
  assert.deepEqual(reasons, Array(5).fill('too-busy'))
  await world.run(limits.handshakeTimeoutMs)
  await expectWell(world, node)
})

test('a stranger cannot make a node hold much before it has greeted', async () => {
  await using world = createSimWorld({ seed: 1 })
  const node = await victim(world)
  const peer = await RawPeer.dial(world, simPorts(world, 'x'), world.identity('x').nodeId, node.address)
  peer.hello()
  await peer.until(kinds.hello)
  peer.send([kinds.welcome])
  await world.run(10)
  for (let count = 0; count < 100; count += 1) peer.control.send(Buffer.alloc(100_000))
  assert.match(await peer.closed(), /before the greeting/)
  await expectWell(world, node)
})

test('a peer that takes nothing in fills no memory: requests to it fail, its own are refused', async () => {
  await using world = createSimWorld({ seed: 1 })
  const node = await victim(world)
  const x = world.identity('x').nodeId
  const peer = await RawPeer.dial(world, simPorts(world, 'x'), x, node.address)
  await peer.connect()
  const text = 'x'.repeat(900_000)
  const large = defineMessage('test.large', 'control', z.object({}), z.object({ text: z.string() }))
  node.network.handle(large, async () => ({ text }))
  const queued = () => world.network.openWires().reduce((sum, wire) => sum + wire.bufferedBytes, 0)
  for (let id = 1; id <= 500; id += 1) peer.send([kinds.request, id, 'test.large', {}])
  await world.run(20)
  world.network.settings.bytesPerMs = 2_000
  const codes = new Set<unknown>()
  for (let count = 1; count <= 100; count += 1) {
    const asked = node.network.peer(x)?.request(echo, { text })
    asked?.catch((error: unknown) => codes.add(error instanceof EngineError && error.code))
    await world.run(10)
  }
  assert.deepEqual([...codes], ['too-busy'])
  assert(queued() < 2 * limits.laneQueueBytes, `${queued()}`)
  world.network.settings.bytesPerMs = 1_000_000
  await world.run(5_000)
  const failures = peer.heard.filter(([kind]) => kind === kinds.failure)
  const answers = peer.heard.filter(([kind]) => kind === kinds.answer)
  assert.equal(failures.length + answers.length, 500)
  assert(failures.every((failure) => (failure[2] as { code: string }).code === 'too-busy'))
  assert.equal(peer.closeReason, undefined)
})

test('a peer whose every message may be cut, flipped, doubled, lost, swapped or replaced never harms the other', () =>
  withSeeds(20, async (seed) => {
    await using world = createSimWorld({ seed })
    const { random } = world
    const node = await victim(world)
    const evil = new TestNode(world, 'evil', { fault: () => {} })
    const chance = random.pick([0.02, 0.1, 0.3])
    mangleAll(evil, random, chance)
    await evil.network.start()
    evil.want(node)
    if (random.chance(0.5)) node.want(evil)
    for (let round = 0; round < 15; round += 1) {
      for (const [from, to] of [
        [evil, node],
        [node, evil],
      ] as const) {
        if (!from.connected(to)) continue
        const payload = patterns[0].subarray(0, random.pick([0, 10, 3_000_000]))
        from
          .peer(to)
          .request(bulk, { answerBytes: random.pick([0, 10, 3_000_000]) }, { payload })
          .catch(() => {})
        from
          .peer(to)
          .request(echo, { text: 'x' })
          .catch(() => {})
      }
      await world.run(random.fraction() * 3_000)
    }
    await world.wait(evil.network.stop())
    world.crash('evil', 'kill')
    await world.run(120_000)
    await expectWell(world, node)
  }))

function mangleAll(node: TestNode, random: SeededRandom, chance: number): void {
  const { transport } = node.ports
  const [dial, listen] = [transport.dial.bind(transport), transport.listen.bind(transport)]
  transport.dial = async (...args) => mangle(await dial(...args), random, chance)
  transport.listen = (options, onWire) => listen(options, (wire) => onWire(mangle(wire, random, chance)))
}

function mangle(wire: Wire, random: SeededRandom, chance: number): Wire {
  const send = wire.send.bind(wire)
  let kept: Uint8Array | undefined
  wire.send = (message) => {
    if (!random.chance(chance)) send(message)
    else {
      const kind = random.between(0, 6)
      if (kind === 0) send(message.subarray(0, random.between(0, message.length)))
      else if (kind === 1) send(flipped(message, random))
      else if (kind === 2) {
        send(message)
        send(message)
      } else if (kind === 3) kept = Buffer.from(message)
      else if (kind === 4) send(rubbish(random))
      else if (kind === 5) send(encodeCbor(randomEnvelope(random)))
    }
    if (kept !== undefined && random.chance(0.5)) {
      send(kept)
      kept = undefined
    }
  }
  return wire
}

function flipped(message: Uint8Array, random: SeededRandom): Buffer {
  const copy = Buffer.from(message)
  if (copy.length > 0) {
    const at = random.between(0, copy.length - 1)
    copy[at] = (copy[at] ?? 0) ^ (1 << random.between(0, 7))
  }
  return copy
}

function rubbish(random: SeededRandom): Buffer {
  const kind = random.between(0, 4)
  if (kind === 0) return random.bytes(random.between(0, 100))
  if (kind === 1) return Buffer.alloc(random.between(0, limits.wireMessageMaxBytes), random.between(0, 255))
  if (kind === 2) return encodeCbor(randomValue(random, 3))
  if (kind === 3) return encodeCbor([randomEnvelope(random), randomEnvelope(random)])
  return encodeCbor(randomEnvelope(random))
}

function randomEnvelope(random: SeededRandom): Envelope {
  const rest = Array.from({ length: random.between(0, 4) }, () => randomValue(random, 2))
  return [random.chance(0.9) ? random.pick(Object.values(kinds)) : random.between(-5, 300), ...rest]
}

function randomValue(random: SeededRandom, depth: number): unknown {
  const leaves = [
    random.between(0, 20),
    random.between(0, 40 * MiB),
    -1,
    1.5,
    Number.NaN,
    2 ** 60,
    null,
    undefined,
    true,
    '',
    'test.bulk',
    'raw-link',
    random.bytes(random.between(0, 40)),
    new Date(0),
    { code: 'x', message: 'y', facts: { a: 1 } },
    { answerBytes: random.between(0, 20 * MiB) },
  ]
  if (depth === 0 || random.chance(0.7)) return random.pick(leaves)
  if (random.chance(0.5)) return Array.from({ length: random.between(0, 4) }, () => randomValue(random, depth - 1))
  return Object.fromEntries(
    ['nodeId', 'text', '__proto__', 'length'].map((key) => [key, randomValue(random, depth - 1)]),
  )
}
