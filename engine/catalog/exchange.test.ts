import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { EngineError, isEngineError } from '../base/error.ts'
import { blake3Hex } from '../base/hash.ts'
import type { NodeId, SegmentId } from '../base/ids.ts'
import type { Keyring } from '../identity/types.ts'
import { limits } from '../limits.ts'
import { createPeerNetwork, type PeerNetwork } from '../net/index.ts'
import type { Database, Ports } from '../ports.ts'
import { createSimWorld, SeededRandom, simPorts, type SimWorld, withSeeds } from '../sim/index.ts'
import { type Catalog, type CatalogExchange, createCatalogExchange, openCatalog, type Row } from './index.ts'
import { bucketOfSlot, Fingerprints } from './fingerprint.ts'
import { file, folder, laterVersion, moved, testId, testKeyring, testSegment } from './testing/pool.ts'
import type { Change, Segment } from './types.ts'

/** One node: disk, catalog, network and exchange, which can stop, crash and start again. */
class Node {
  readonly name: string
  readonly world: SimWorld
  keyring: Keyring | null = testKeyring()
  readonly problems: string[] = []
  ports!: Ports
  database!: Database
  catalog!: Catalog
  network!: PeerNetwork
  exchange!: CatalogExchange

  constructor(world: SimWorld, name: string) {
    this.world = world
    this.name = name
  }

  get id(): NodeId {
    return this.world.identity(this.name).nodeId
  }

  get running(): boolean {
    return this.world.running(this.name)
  }

  async start(others: readonly Node[]): Promise<void> {
    this.ports = simPorts(this.world, this.name)
    const { clock, random, disk } = this.ports
    const identity = { ...this.world.identity(this.name), startNumber: Math.floor(random.fraction() * 2 ** 32) }
    this.database = disk.openDatabase('catalog.db')
    this.catalog = openCatalog({
      database: this.database,
      clock,
      nodeId: this.id,
      startNumber: identity.startNumber,
      keyring: () => this.keyring,
    })
    this.network = createPeerNetwork({
      ports: this.ports,
      identity,
      gatekeeper: { admission: () => Buffer.from('admit me'), judge: async () => {} },
      listen: { port: 7000 },
    })
    this.exchange = createCatalogExchange({
      catalog: this.catalog,
      network: this.network,
      clock,
      identity,
      report: (problem) => this.problems.push(problem),
    })
    const { catalog } = this
    this.network.setPulse(() => ({
      catalogRoot: catalog.root(),
      inventorySequence: 0,
      usedBytes: 0,
      quotaBytes: 0,
      leaving: false,
    }))
    await this.network.start()
    for (const other of others) if (other !== this) this.network.want(other.id, [`${this.world.host(other.name)}:7000`])
  }

  async stop(): Promise<void> {
    await this.exchange.stop()
    await this.network.stop()
    this.catalog.close()
    this.world.stopped(this.name)
  }

  write(...changes: Change[]): Promise<Row[]> {
    return this.writeWith([], ...changes)
  }

  async writeWith(segments: readonly Segment[], ...changes: Change[]): Promise<Row[]> {
    const { rows } = await this.catalog.transact((tx) => {
      for (const segment of segments) tx.addSegment(segment)
      for (const change of changes) tx.write(change)
    })
    return rows
  }

  /** Writes and counts the other nodes on which it is durable. */
  async count(want: number, changes: readonly Change[], segments: readonly Segment[] = []): Promise<number> {
    const rows = await this.writeWith(segments, ...changes)
    return (await this.exchange.pushAndCount(rows, segments, { want, stallMs: limits.acknowledgeStallMs })).durable
  }

  sees(other: Node): boolean {
    return this.network.peer(other.id) !== undefined
  }

  /** Hashes of all rows, sorted, straight from the table. */
  rowHashes(): string[] {
    return this.database
      .prepare('SELECT hash FROM row ORDER BY hash')
      .pluck()
      .all<Buffer>()
      .map((hash) => hash.toString('hex'))
  }

  /** The fingerprint counted from the table. */
  recount(): string {
    const prints = new Fingerprints()
    for (const { slot, hash } of this.database
      .prepare('SELECT slot, hash FROM row')
      .all<{ slot: number; hash: Buffer }>()) {
      prints.add(bucketOfSlot(slot), hash)
    }
    return prints.root()
  }
}

async function startPool(world: SimWorld, count: number): Promise<Node[]> {
  const nodes = Array.from({ length: count }, (_, index) => new Node(world, `node ${index}`))
  for (const node of nodes) await world.wait(node.start(nodes))
  await world.until(
    () => nodes.every((node) => nodes.every((other) => node === other || node.sees(other))),
    'a pool',
    60_000,
  )
  return nodes
}

/** Two nodes; the first is the one that walks. */
async function startPair(world: SimWorld): Promise<[Node, Node]> {
  const [one, two] = await startPool(world, 2)
  return one!.id < two!.id ? [one!, two!] : [two!, one!]
}

function equal(nodes: readonly Node[]): boolean {
  return nodes.every(({ catalog }) => catalog.root() === nodes[0]!.catalog.root())
}

/** Equal by what the tables hold, not only by what the fingerprints say. */
function assertEqual(nodes: readonly Node[]): void {
  const [first] = nodes
  for (const node of nodes) {
    assert.equal(node.catalog.root(), node.recount(), `${node.name}: fingerprints follow the rows`)
    assert.deepEqual(node.rowHashes(), first!.rowHashes())
  }
}

function assertWhole(nodes: readonly Node[]): void {
  assertEqual(nodes)
  for (const node of nodes) {
    assert.deepEqual(node.catalog.missingSegments(10), [])
    assert.deepEqual(node.problems, [])
  }
}

/** Counts the requests of one name that a node makes to another over their present connection. */
function countRequests(from: Node, to: Node, name: string): () => number {
  const peer = from.network.peer(to.id)!
  const request = peer.request.bind(peer)
  let count = 0
  peer.request = (message, body, options) => {
    if (message.name === name) count++
    return request(message, body, options)
  }
  return () => count
}

// ---------------------------------------------------------------- the live push

test('what one node writes is on the others within a round trip, and the writer counts them', async () => {
  await using world = createSimWorld({ seed: 1 })
  const nodes = await startPool(world, 3)
  const startedMs = world.nowMs
  const segment = testSegment('1')
  assert.equal(await world.wait(nodes[0]!.count(2, [folder('a'), file('b', [segment])], [segment])), 2)
  assert.ok(world.nowMs - startedMs < 20)
  assertWhole(nodes)
  for (const node of nodes) assert.deepEqual(Buffer.from(node.catalog.segment(segment.id)!), segment.bytes)
})

test('many small writes at once travel in few messages', async () => {
  await using world = createSimWorld({ seed: 2 })
  const [one, two] = await startPair(world)
  const messages = countRequests(one, two, 'rows.push')
  const writes = Array.from({ length: 400 }, (_, index) => one.count(1, [folder(`folder ${index}`)]))
  assert.deepEqual(new Set(await world.wait(Promise.all(writes))), new Set([1]))
  assert.ok(messages() <= 3, `${messages()} messages`)
  assertWhole([one, two])
})

test('a write that waits for nobody, or for nobody who is there, answers at once', async () => {
  await using world = createSimWorld({ seed: 3 })
  const [one, two] = await startPair(world)
  const rows = await world.wait(one.write(folder('x')))
  assert.equal((await one.exchange.pushAndCount(rows, [], { want: 0 })).durable, 0)
  world.crash(two.name, 'kill')
  await world.until(() => !one.sees(two))
  assert.equal(await world.wait(one.count(1, [folder('y')])), 0)
})

test('a peer that falls silent costs a write the stall and no more; what it missed it gets later', async () => {
  await using world = createSimWorld({ seed: 4 })
  const [one, two] = await startPair(world)
  world.network.cut(one.name, two.name)
  const startedMs = world.nowMs
  assert.equal(await world.wait(one.count(1, [folder('x')])), 0)
  assert.ok(world.nowMs - startedMs <= limits.acknowledgeStallMs + limits.offlineAfterMs)
  world.network.heal()
  await world.until(() => equal([one, two]), 'equal catalogs')
  assertWhole([one, two])
})

test('a node that cannot take a row durably is not counted', async () => {
  await using world = createSimWorld({ seed: 5 })
  const nodes = await startPool(world, 3)
  world.disk(nodes[1]!.name).fault = (operation) =>
    operation === 'commit' ? new EngineError('disk-full', 'no space left', { retryable: true }) : undefined
  assert.equal(await world.wait(nodes[0]!.count(2, [folder('x')])), 1)
  assert.equal(nodes[1]!.rowHashes().length, 0)
  world.disk(nodes[1]!.name).fault = undefined
  await world.until(() => equal(nodes), 'equal catalogs')
  for (const node of nodes) node.problems.length = 0
  assertWhole(nodes)
})

test('segments too large for one message follow, and only then is the write counted', async () => {
  await using world = createSimWorld({ seed: 6 })
  const [one, two] = await startPair(world)
  const segments = Array.from({ length: 9 }, (_, index) => largeSegment(`large ${index}`, 200_000))
  let counted: number | undefined
  const write = one.count(1, [file('large', segments)], segments).then((durable) => {
    counted = durable
  })
  await world.until(() => {
    assert.ok(counted === undefined || two.catalog.missingSegments(1).length === 0, 'counted without its segments')
    return counted !== undefined
  })
  await write
  assert.equal(counted, 1)
  assertWhole([one, two])
})

test('one transaction of many rows is pushed in messages that fit, and counted as one', async () => {
  await using world = createSimWorld({ seed: 7 })
  const [one, two] = await startPair(world)
  const changes = Array.from({ length: 2_700 }, (_, index) => folder(`folder ${index}`))
  assert.equal(await world.wait(one.count(1, changes)), 1)
  assertWhole([one, two])
})

test('a row that the receiver refuses is not counted, its neighbours are', async () => {
  await using world = createSimWorld({ seed: 8 })
  const [one, two] = await startPair(world)
  one.keyring = testKeyring('new epoch', 'epoch')
  const writes = [one.count(1, [folder('of an unknown epoch')])]
  one.keyring = testKeyring('epoch', 'new epoch')
  writes.push(one.count(1, [folder('of a known one')]))
  // Both works run in one commit, with the keys of that moment.
  assert.deepEqual(await world.wait(Promise.all(writes)), [1, 1])
  one.keyring = testKeyring('new epoch', 'epoch')
  assert.equal(await world.wait(one.count(1, [folder('really unknown')])), 0)
  two.keyring = testKeyring('new epoch', 'epoch')
  two.exchange.walkAgain()
  await world.until(() => equal([one, two]), 'equal catalogs', 1_000)
  assertWhole([one, two])
})

// ---------------------------------------------------------------- the walk

test('nodes that meet walk at once; both record it, and the heartbeats find nothing more to do', async () => {
  await using world = createSimWorld({ seed: 10 })
  const [one, two] = ['node 0', 'node 1'].map((name) => new Node(world, name)) as [Node, Node]
  const segments = [testSegment('1'), testSegment('2')]
  await world.wait(one.start([]))
  await world.wait(two.start([]))
  await world.wait(one.writeWith(segments, folder('a'), file('b', segments), moved('b', 'c')))
  await world.wait(two.write(folder('d')))
  one.network.want(two.id, [`${world.host(two.name)}:7000`])
  two.network.want(one.id, [`${world.host(one.name)}:7000`])
  await world.until(() => equal([one, two]) && two.catalog.missingSegments(1).length === 0, 'equal catalogs', 5_000)
  assertWhole([one, two])
  await world.until(() => [one, two].every((node) => node.exchange.lastWalk(other(node).id) !== undefined))
  function other(node: Node): Node {
    return node === one ? two : one
  }
  const [walk, same] = [one.exchange.lastWalk(two.id)!, two.exchange.lastWalk(one.id)!]
  assert.deepEqual([walk.ourStart, walk.theirStart], [same.theirStart, same.ourStart])
  assert.ok(walk.begunMs <= walk.endedMs)
  await world.run(60_000)
  assert.deepEqual(one.exchange.lastWalk(two.id), walk, 'equal roots are no reason to walk')
})

test('a difference that no push explains is found by heartbeats and healed by a walk', async () => {
  await using world = createSimWorld({ seed: 11 })
  const [one, two] = await startPair(world)
  await world.run(5_000)
  const before = one.exchange.lastWalk(two.id)!
  // Rows that come to one of them from elsewhere are not pushed on.
  const stranger = new Node(world, 'stranger')
  await world.wait(stranger.start([]))
  const rows = await world.wait(stranger.write(folder('a'), folder('b')))
  await world.wait(two.catalog.merge(rows, []))
  await world.until(() => equal([one, two]), 'equal catalogs', 3 * limits.heartbeatMs)
  await world.until(() => one.exchange.lastWalk(two.id)!.begunMs > before.begunMs, 'the record of the walk', 1_000)
  assertWhole([one, two])
})

test('a walk that is asked for begins after the asking, on either side, and brings what was there then', async () => {
  await using world = createSimWorld({ seed: 20 })
  const [one, two] = await startPair(world)
  await world.run(5_000)
  const stranger = new Node(world, 'stranger')
  await world.wait(stranger.start([]))
  for (const [asker, other] of [
    [one, two],
    [two, one],
  ] as const) {
    const rows = await world.wait(stranger.write(folder(`unpushed ${asker.name}`)))
    await world.wait(other.catalog.merge(rows, []))
    const asked = [asker.exchange.walkNow(other.id, 10_000), asker.exchange.walkNow(other.id, 10_000)]
    assert.deepEqual(await world.wait(Promise.all(asked)), [true, true])
    assert.ok(asker.catalog.walk.row(rows[0]!) !== undefined)
  }
  world.network.cut(one.name, two.name)
  assert.equal(await world.wait(one.exchange.walkNow(two.id, 5_000)), false)
  assert.equal(await world.wait(one.exchange.walkNow(stranger.id, 5_000)), false)
})

test('rows under way do not set off walks, nor does a stream of them hold walks off for ever', async () => {
  await using world = createSimWorld({ seed: 12 })
  const [one, two] = await startPair(world)
  await world.run(5_000)
  const before = one.exchange.lastWalk(two.id)!.begunMs
  world.network.settings.latencyMs = 30
  const stop = new AbortController()
  const stream = (async () => {
    for (let index = 0; !stop.signal.aborted; index++) {
      await (index % 2 === 0 ? one : two).write(folder(`streamed ${index}`))
      await world.sleep(50)
    }
  })()
  await world.run(limits.walkPatienceMs / 2)
  assert.equal(one.exchange.lastWalk(two.id)!.begunMs, before)
  const stranger = new Node(world, 'stranger')
  await world.wait(stranger.start([]))
  const rows = await world.wait(stranger.write(folder('not pushed')))
  await world.wait(two.catalog.merge(rows, []))
  await world.until(() => one.catalog.walk.row(rows[0]!) !== undefined, 'the row', limits.walkPatienceMs + 10_000)
  stop.abort()
  await world.wait(stream)
})

test('a chain of nodes becomes equal although its ends never meet', async () => {
  await using world = createSimWorld({ seed: 13 })
  const nodes = ['a', 'b', 'c'].map((name) => new Node(world, name))
  const [a, b, c] = nodes as [Node, Node, Node]
  await world.wait(a.start([b]))
  await world.wait(b.start([a, c]))
  await world.wait(c.start([b]))
  await world.until(() => a.sees(b) && b.sees(c))
  const segment = testSegment('1')
  await world.wait(a.writeWith([segment], file('x', [segment])))
  await world.wait(c.write(folder('y')))
  await world.until(() => equal(nodes) && c.catalog.missingSegments(1).length === 0, 'equal catalogs', 20_000)
  assert.ok(!a.sees(c))
  assertWhole(nodes)
})

test('either node may ask for a walk, and gets one that began after it asked', async () => {
  await using world = createSimWorld({ seed: 16 })
  const [one, two] = await startPair(world)
  for (const asking of [one, two]) {
    await world.run(5_000)
    const askedMs = one.ports.clock.nowMs()
    asking.exchange.walkAgain()
    const walks = () => [one.exchange.lastWalk(two.id)!, two.exchange.lastWalk(one.id)!]
    await world.until(() => walks().every((walk) => walk.begunMs >= askedMs), 'a walk', 1_000)
  }
})

test('nodes of many rows meet: all of them come across, segments too', async () => {
  await using world = createSimWorld({ seed: 17 })
  const [one, two] = ['node 0', 'node 1'].map((name) => new Node(world, name)) as [Node, Node]
  await world.wait(one.start([two]))
  const segments = Array.from({ length: 40 }, (_, index) => largeSegment(`large ${index}`, 60_000))
  for (let first = 0; first < 3_000; first += 500) {
    const changes = Array.from({ length: 500 }, (_, index) => file(`file ${first + index}`, [segments[index % 40]!]))
    await world.wait(one.writeWith(first === 0 ? segments : [], ...changes))
  }
  await world.wait(two.start([one]))
  await world.until(() => equal([one, two]) && two.catalog.missingSegments(1).length === 0, 'equal catalogs', 10_000)
  assertWhole([one, two])
})

test('a refused row does not make two nodes walk at every heartbeat', async () => {
  await using world = createSimWorld({ seed: 14 })
  const [one, two] = await startPair(world)
  await world.run(5_000)
  one.keyring = testKeyring('new epoch', 'epoch')
  await world.wait(one.write(folder('of an unknown epoch')))
  const walks = countRequests(one, two, 'walk.begin')
  const before = one.exchange.lastWalk(two.id)
  await world.run(50_000)
  assert.ok(walks() >= 1 && walks() <= 2, `${walks()} walks`)
  assert.deepEqual(one.exchange.lastWalk(two.id), before, 'a walk with a refused row is not complete')
  // Other rows still get there.
  await world.wait(one.catalog.merge(await stranded(world), []))
  await world.until(() => two.rowHashes().length === 1, 'the other row', 20_000)
  await world.run(limits.walkRetryMs)
  two.keyring = testKeyring('new epoch', 'epoch')
  await world.until(() => equal([one, two]), 'equal catalogs', limits.walkRetryMs + 10_000)
})

async function stranded(world: SimWorld): Promise<Row[]> {
  const stranger = new Node(world, 'stranger')
  await world.wait(stranger.start([]))
  return await world.wait(stranger.write(folder('from elsewhere')))
}

test('segments that only a third node has are fetched from there', async () => {
  await using world = createSimWorld({ seed: 15 })
  const nodes = await startPool(world, 3)
  const [one, two, three] = nodes as [Node, Node, Node]
  const segment = testSegment('1')
  world.network.partition([one.name, two.name], [three.name])
  await world.until(() => !one.sees(three) && !two.sees(three))
  const stranger = new Node(world, 'stranger')
  await world.wait(stranger.start([]))
  const rows = await world.wait(stranger.writeWith([segment], file('x', [segment])))
  await world.wait(one.catalog.merge(rows, []))
  await world.wait(three.catalog.merge(rows, [segment]))
  await world.until(() => equal(nodes), 'equal catalogs')
  await world.run(60_000)
  assert.deepEqual(two.catalog.missingSegments(1), [segment.id])
  world.network.heal()
  await world.until(() => nodes.every((node) => node.catalog.segment(segment.id) !== undefined), 'the segment')
  assertWhole(nodes)
})

// ---------------------------------------------------------------- clocks

test('the catalogs of nodes whose clocks differ wait, say so, and go on when the clocks agree', async () => {
  await using world = createSimWorld({ seed: 20 })
  const threeDaysMs = 3 * 86_400_000
  world.skew('node 1', threeDaysMs)
  const [one, two] = ['node 0', 'node 1'].map((name) => new Node(world, name)) as [Node, Node]
  await world.wait(one.start([two]))
  await world.wait(two.start([one]))
  await world.until(() => one.sees(two) && two.sees(one))
  const [walker, other] = one.id < two.id ? [one, two] : [two, one]
  const asked = ['walk.begin', 'rows.push'].map((name) => countRequests(walker, other, name))
  assert.equal(await world.wait(one.count(1, [folder('of the right clock')])), 0)
  assert.equal(await world.wait(two.count(1, [folder('of the wrong clock')])), 0)
  await world.run(30_000)
  assert.deepEqual([one.rowHashes().length, two.rowHashes().length], [1, 1])
  assert.equal(one.exchange.lastWalk(two.id), undefined)
  assert.deepEqual(
    asked.map((count) => count()),
    [0, 0],
  )
  const [problem] = one.exchange.problems()
  assert.equal(problem?.node, two.id)
  assert.ok(Math.abs(problem.clockOffsetMs - threeDaysMs) < 5_000)
  assert.ok(two.exchange.problems().length === 1)
  // Somebody sets the clock: what it stamped ahead is stamped anew and merged everywhere.
  world.skew('node 1', 0)
  await world.until(() => equal([one, two]) && one.rowHashes().length === 2, 'equal catalogs', 60_000)
  assertWhole([one, two])
  assert.deepEqual(one.exchange.problems(), [])
  const nowMs = one.ports.clock.nowMs()
  const stamps = one.database.prepare('SELECT hex(stamp) FROM row').pluck().all<string>()
  assert.ok(stamps.every((stamp) => Number.parseInt(stamp.slice(0, 12), 16) < nowMs + 1_000))
  assert.equal(await world.wait(two.count(1, [folder('afterwards')])), 1)
})

test('a peer that ignores the difference of clocks is refused', async () => {
  await using world = createSimWorld({ seed: 21 })
  world.skew('node 1', 3_600_000)
  const [one, two] = ['node 0', 'node 1'].map((name) => new Node(world, name)) as [Node, Node]
  await world.wait(one.start([two]))
  await world.wait(two.start([one]))
  await world.until(() => one.sees(two))
  const { beginWalk, pushRows } = await import('./messages.ts')
  const peer = one.network.peer(two.id)!
  await assert.rejects(world.wait(peer.request(beginWalk, {})), { code: 'clock-skew' })
  await assert.rejects(world.wait(peer.request(pushRows, { rows: [], segments: [] })), { code: 'clock-skew' })
})

test('random, truncated and forged rows in a push are refused one by one', async () => {
  await using world = createSimWorld({ seed: 22 })
  const [one, two] = await startPair(world)
  const { pushRows } = await import('./messages.ts')
  const { encodeRow } = await import('./row.ts')
  const rows = await stranded(world)
  const good = encodeRow(rows[0]!)
  const forged = Buffer.from(good)
  forged[forged.length - 1]! ^= 1
  const random = new SeededRandom(22)
  const { body } = await world.wait(
    one.network.peer(two.id)!.request(pushRows, {
      rows: [random.bytes(200), good.subarray(0, 90), Buffer.alloc(0), forged, good],
      segments: [random.bytes(50)],
    }),
  )
  assert.deepEqual(
    body.refused.sort(([left], [right]) => left - right),
    [
      [0, 'bad-row'],
      [1, 'bad-row'],
      [2, 'bad-row'],
      [3, 'bad-tag'],
    ],
  )
  assert.equal(two.rowHashes().length, 1)
})

// ---------------------------------------------------------------- everything at once

const names = Array.from({ length: 8 }, (_, index) => `name ${index}`)

function randomChange(random: SeededRandom, step: number): { change: Change; segments: Segment[] } {
  const name = random.pick(names)
  const segments = random.chance(0.5) ? [testSegment(`${step}`), testSegment(`${random.between(0, 5)}`)] : []
  switch (random.between(0, 4)) {
    case 0:
      return { change: file(`${name} ${step}`, segments), segments }
    case 1:
      return { change: laterVersion(name, `version ${step}`, segments), segments }
    case 2:
      return { change: moved(name, `to ${step}`), segments: [] }
    case 3:
      return {
        change: { what: 'policy', entry: testId(name), copies: random.between(1, 5), pinnedTo: [] },
        segments: [],
      }
    default:
      return { change: folder(name), segments: [] }
  }
}

function databasePath(node: Node): string {
  return node.database.prepare('PRAGMA database_list').get<{ file: string }>()!.file
}

/** An image of the node's database as it is now. */
function imageOf(node: Node): Buffer {
  const path = `${databasePath(node)}.image`
  node.database.exec(`VACUUM INTO '${path}'`)
  const bytes = readFileSync(path)
  rmSync(path)
  return bytes
}

/** Unless the node crashes over it. */
function takeImage(node: Node, images: Map<Node, Buffer>): void {
  try {
    images.set(node, imageOf(node))
  } catch (error) {
    assert.ok(isEngineError(error, 'crashed'), String(error))
  }
}

/** The node starts again from an old image. */
async function restore(world: SimWorld, node: Node, image: Buffer, nodes: readonly Node[]): Promise<void> {
  const path = databasePath(node)
  await world.wait(node.stop())
  for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true })
  writeFileSync(path, image)
  await world.wait(node.start(nodes))
}

/** Starts the node if it is dead; a crash that was due may strike again while it starts. */
async function revive(world: SimWorld, node: Node, nodes: readonly Node[]): Promise<void> {
  while (!node.running) {
    await world
      .wait(node.start(nodes))
      .catch((error: unknown) => assert.ok(isEngineError(error, 'crashed'), String(error)))
  }
}

async function storm(seed: number, count: number, steps: number): Promise<void> {
  await using world = createSimWorld({ seed })
  const random = new SeededRandom(seed, 'storm')
  const nodes = await startPool(world, count)
  const acknowledged: { readonly row: Row; readonly at: NodeId }[] = []
  const images = new Map<Node, Buffer>()
  const running = () => nodes.filter((node) => node.running)
  world.network.settings.deathPerMessage = random.pick([0, 0, 0.002, 0.01])
  for (let step = 0; step < steps; step++) {
    const node = random.pick(nodes)
    const action = random.between(0, 19)
    if (action < 12 && node.running) {
      const { change, segments } = randomChange(random, step)
      node.writeWith(segments, change).catch((error: unknown) => assert.ok(isEngineError(error), String(error)))
      const rows = node.write(folder(`kept ${seed} ${step}`)).catch(() => [])
      void rows.then(async ([row]) => {
        if (row === undefined) return
        const { nodes: at } = await node.exchange.pushAndCount([row], [], { want: 9, stallMs: 1_000 })
        acknowledged.push({ row, at: node.id }, ...at.map((id) => ({ row, at: id })))
      })
    } else if (action === 12) {
      const groups = nodes.map((each) => ({ each, group: random.between(0, 1) }))
      world.network.partition(
        ...[0, 1].map((group) => groups.filter((each) => each.group === group).map(({ each }) => each.name)),
      )
    } else if (action === 13) world.network.heal()
    else if (action === 14 && node.running) world.crash(node.name, random.pick(['power', 'kill'] as const))
    else if (action === 15 && node.running) world.disk(node.name).crashAfter(random.between(1, 5))
    else if (action === 16) await revive(world, node, nodes)
    else if (action === 17 && node.running) world.network.sever(node.name, random.pick(nodes).name)
    else if (action === 18 && node.running && !images.has(node)) takeImage(node, images)
    else if (action === 19) await world.run(random.between(0, 20_000))
    else await world.run(random.between(0, 300))
  }
  // An acknowledged row is on every node that was counted, whatever happened to that node since.
  for (const node of nodes) await revive(world, node, nodes)
  for (const { row, at } of acknowledged) {
    const holder = nodes.find((node) => node.id === at)!
    assert.ok(holder.catalog.walk.row(row) !== undefined, `${holder.name} lost a row that it had acknowledged`)
  }
  for (const node of nodes) world.disk(node.name).fault = undefined
  // Old disk images come back.
  let restored = 0
  for (const [node, image] of images) {
    if (!random.chance(0.5)) continue
    await restore(world, node, image, nodes)
    restored++
    await world.wait(node.write(moved(random.pick(names), 'after the restore')))
  }
  world.network.heal()
  world.network.settings.deathPerMessage = 0
  const dead = () => running().length < nodes.length
  // A restored image may have been the only node's that had a segment; whatever any node still has must be everywhere.
  const lost = (id: SegmentId) => restored > 0 && nodes.every(({ catalog }) => catalog.segment(id) === undefined)
  const whole = () => equal(running()) && running().every(({ catalog }) => catalog.missingSegments(100).every(lost))
  do {
    for (const node of nodes) await revive(world, node, nodes)
    await world.until(() => dead() || whole(), 'equal catalogs', 300_000)
  } while (dead())
  assertEqual(nodes)
}

test('two nodes become equal after writes, crashes, broken wires and restored images', async () => {
  await withSeeds(8, (seed) => storm(seed, 2, 120))
})

test('three to five nodes become equal after partitions, crashes and restored images', async () => {
  await withSeeds(6, (seed) => storm(seed + 100, 3 + (seed % 3), 150))
})

function largeSegment(label: string, sizeBytes: number): Segment {
  const { bytes } = testSegment(label)
  const padded = Buffer.concat([bytes, Buffer.alloc(sizeBytes)])
  return { ...segmentOf(padded) }
}

function segmentOf(bytes: Buffer): Segment {
  return { id: blake3Hex(bytes) as Segment['id'], bytes }
}
