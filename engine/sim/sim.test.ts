import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isEngineError } from '../base/error.ts'
import type { Database, Ports, Wire } from '../ports.ts'
import { createSimWorld, SeededRandom, type SimWorld, simPorts, withSeeds } from './index.ts'

const announcement = (ports: string, port: number, world: SimWorld) => ({
  nodeId: world.identity(ports).nodeId,
  name: ports,
  poolHint: null,
  protocol: 1,
  port,
  addressEpoch: 1,
})

async function joined(world: SimWorld, a: Ports, b: Ports): Promise<[Wire, Wire]> {
  let far: Wire | undefined
  const listening = await b.transport.listen({}, (wire) => {
    far = wire
  })
  const near = await world.wait(a.transport.dial(listening.addresses()[0] as string, 'control', {}))
  await world.until(() => far !== undefined)
  return [near, far as Wire]
}

test('the same seed gives the same numbers, another seed or label others', () => {
  const draw = (random: SeededRandom) => random.bytes(40).toString('hex')
  assert.equal(draw(new SeededRandom(7)), draw(new SeededRandom(7)))
  assert.notEqual(draw(new SeededRandom(7)), draw(new SeededRandom(8)))
  assert.notEqual(draw(new SeededRandom(7).fork('a')), draw(new SeededRandom(7).fork('b')))
})

test('chance is spread evenly', () => {
  const random = new SeededRandom(1)
  const counts = new Array<number>(10).fill(0)
  for (let index = 0; index < 100_000; index += 1) {
    const drawn = random.between(0, 9)
    counts[drawn] = (counts[drawn] ?? 0) + 1
  }
  for (const count of counts) assert(count > 9_500 && count < 10_500, `${counts}`)
})

test('timers fire in order of time, then of making, and not after they are disposed of', async () => {
  await using world = createSimWorld({ seed: 1 })
  const { clock } = simPorts(world, 'a')
  const fired: string[] = []
  clock.timer(20, () => fired.push('late'))
  clock.timer(10, () => fired.push('first'))
  clock.timer(10, () => fired.push('second'))
  clock.timer(15, () => fired.push('never'))[Symbol.dispose]()
  await world.run(30)
  assert.deepEqual(fired, ['first', 'second', 'late'])
  assert.equal(world.nowMs, 30)
})

test('thousands of disposed timers do not stay', async () => {
  await using world = createSimWorld({ seed: 1 })
  const { clock } = simPorts(world, 'a')
  let fired = 0
  for (let round = 0; round < 20_000; round += 1) {
    const timer = clock.timer(round % 977, () => {
      fired += 1
    })
    if (round % 10 !== 0) timer[Symbol.dispose]()
  }
  await world.idle()
  assert.equal(fired, 2_000)
})

test('sleep ends with the reason of its signal', async () => {
  await using world = createSimWorld({ seed: 1 })
  const { clock } = simPorts(world, 'a')
  const stop = new AbortController()
  clock.timer(5, () => stop.abort(new Error('enough')))
  await assert.rejects(world.wait(clock.sleep(1_000, stop.signal)), /enough/)
  assert.equal(world.nowMs, 5)
})

test('a sleeping machine does nothing, then all that was due; its monotonic clock may not have counted', async () => {
  await using world = createSimWorld({ seed: 1 })
  const { clock } = simPorts(world, 'a')
  const wallMs = clock.nowMs()
  let firedAtMs = 0
  clock.timer(10, () => {
    firedAtMs = world.nowMs
  })
  world.suspend('a')
  await world.run(60_000)
  assert.equal(firedAtMs, 0)
  world.resume('a')
  await world.run(1)
  assert.equal(firedAtMs, 60_000)
  assert.equal(clock.nowMs() - wallMs, 60_001)
  assert.equal(clock.monotonicMs(), 1)
})

test('messages arrive in order, also across partitions that come and go', () =>
  withSeeds(30, async (seed) => {
    await using world = createSimWorld({ seed })
    const [near, far] = await joined(world, simPorts(world, 'a'), simPorts(world, 'b'))
    const heard: number[] = []
    far.onMessage((message) => heard.push(message.readUInt32LE()))
    for (let index = 0; index < 300; index += 1) {
      const message = Buffer.alloc(world.random.pick([4, 4_000, 400_000]))
      message.writeUInt32LE(index)
      near.send(message)
      if (world.random.chance(0.1)) world.network.partition(['a'], ['b'])
      if (world.random.chance(0.2)) world.network.heal()
      await world.run(world.random.fraction() * 2)
    }
    world.network.heal()
    near.close('done')
    let reason = ''
    far.onClose((given) => {
      reason = given
    })
    await world.until(() => reason !== '')
    assert.equal(reason, 'done')
    assert.deepEqual(
      heard,
      Array.from({ length: 300 }, (_, index) => index),
    )
  }))

test('a full buffer drains as the line allows, and not across a partition', async () => {
  await using world = createSimWorld({ seed: 3 })
  world.network.settings.bytesPerMs = 10_000
  const [near] = await joined(world, simPorts(world, 'a'), simPorts(world, 'b'))
  for (let index = 0; index < 8; index += 1) near.send(Buffer.alloc(1_000_000))
  assert.equal(near.bufferedBytes, 8_000_000)
  let drained = false
  void near.drained().then(() => {
    drained = true
  })
  await world.run(100)
  world.network.partition(['a'], ['b'])
  await world.run(10_000)
  assert.equal(drained, false)
  world.network.heal()
  await world.run(900)
  assert.equal(drained, true)
})

test('a wire whose other end crashed without power stays silent; after a kill it closes', async () => {
  await using world = createSimWorld({ seed: 3 })
  const a = simPorts(world, 'a')
  for (const kind of ['power', 'kill'] as const) {
    const [near] = await joined(world, a, simPorts(world, 'b'))
    let closed = false
    near.onClose(() => {
      closed = true
    })
    world.crash('b', kind)
    await world.run(60_000)
    assert.equal(closed, kind === 'kill')
  }
})

test('dialling fails as it does on real networks', async () => {
  await using world = createSimWorld({ seed: 3 })
  const a = simPorts(world, 'a')
  const b = simPorts(world, 'b')
  const { port } = await b.transport.listen({}, () => {})
  const address = `10.0.0.2:${port}`
  const code = (error: unknown) => (isEngineError(error) ? error.code : String(error))
  const dial = (to: string, expect?: string) =>
    world
      .wait(a.transport.dial(to, 'control', expect === undefined ? {} : { expect: world.identity(expect).nodeId }))
      .then(() => 'joined', code)
  assert.equal(await dial(address, 'b'), 'joined')
  assert.equal(await dial(address, 'c'), 'wrong-identity')
  assert.equal(await dial('10.0.0.2:1'), 'unreachable')
  world.network.partition(['a'], ['b'])
  const beganMs = world.nowMs
  assert.equal(await dial(address), 'unreachable')
  assert.equal(world.nowMs - beganMs, world.network.settings.dialTimeoutMs)
})

test('nodes see each other unless parted, and hear goodbyes', async () => {
  await using world = createSimWorld({ seed: 3 })
  const heard: string[] = []
  const ports = new Map(['a', 'b', 'c'].map((name) => [name, simPorts(world, name)]))
  world.network.partition(['a', 'b'], ['c'])
  for (const [name, { discovery }] of ports) {
    await discovery.start(
      announcement(name, 1, world),
      (sighting) => heard.push(`${name} sees ${sighting.name} at ${sighting.addresses[0]}`),
      () => heard.push(`${name} misses one`),
    )
  }
  await world.run(100)
  assert.deepEqual(heard.sort(), ['a sees b at 10.0.0.2:1', 'b sees a at 10.0.0.1:1'])
  await ports.get('b')?.discovery.stop()
  await world.run(100)
  assert.equal(heard.at(-1), 'a misses one')
})

test('what was flushed survives a loss of power, what was not may be lost or torn', () =>
  withSeeds(40, async (seed) => {
    await using world = createSimWorld({ seed })
    const { disk } = simPorts(world, 'a')
    const before = Buffer.alloc(100, 1)
    const after = Buffer.alloc(100, 2)
    await world.wait(disk.writeDurable('x/kept', before))
    await world.wait(disk.writeDurable('x/risky', before))
    await world.wait(disk.write('x/risky', after))
    world.disk('a').crashAfter(1)
    void disk.writeDurable('x/kept', after)
    await world.run(10)
    assert.equal(world.running('a'), false)
    const again = simPorts(world, 'a').disk
    const kept = await world.wait(again.read('x/kept'))
    assert(kept.equals(before) || kept.equals(after))
    const risky = await world.wait(again.read('x/risky'))
    if (!risky.equals(before) && !risky.equals(after)) fates.add('torn')
    else fates.add(risky.equals(before) ? 'lost' : 'kept')
    assert.deepEqual(await world.wait(again.list('x')), ['kept', 'risky'])
  }).then(() => {
    if (everySeed) assert.deepEqual([...fates].sort(), ['kept', 'lost', 'torn'])
  }))
const fates = new Set<string>()
/** One replayed seed cannot show all fates. */
const everySeed = process.env['SIM_SEED'] === undefined

test('a full disk says so, and a missing file', async () => {
  await using world = createSimWorld({ seed: 3 })
  const { disk } = simPorts(world, 'a')
  world.disk('a').setCapacity(1_000)
  await world.wait(disk.write('half', Buffer.alloc(600)))
  await assert.rejects(world.wait(disk.write('more', Buffer.alloc(600))), { code: 'disk-full' })
  await assert.rejects(world.wait(disk.read('more')), { code: 'no-file' })
  assert.equal(await disk.freeBytes(), 400)
})

test('a flipped bit is one flipped bit', async () => {
  await using world = createSimWorld({ seed: 3 })
  const { disk } = simPorts(world, 'a')
  await world.wait(disk.writeDurable('file', Buffer.alloc(50)))
  world.disk('a').flip('file')
  const data = await world.wait(disk.read('file'))
  assert.equal(
    data.reduce((bits, byte) => bits + byte.toString(2).replaceAll('0', '').length, 0),
    1,
  )
})

const rows = (database: Database) =>
  database
    .prepare('SELECT batch, count(*) AS many FROM t GROUP BY batch ORDER BY batch')
    .all<{ batch: number; many: number }>()

function batch(database: Database, number: number): void {
  database.exec('BEGIN')
  const insert = database.prepare('INSERT INTO t VALUES (?, ?)')
  for (let index = 0; index < 50; index += 1) insert.run(number, Buffer.alloc(900, number))
  database.exec('COMMIT')
}

test('a database keeps every commit that returned, and a commit it crashed in wholly or not at all', () =>
  withSeeds(40, async (seed) => {
    await using world = createSimWorld({ seed })
    const database = simPorts(world, 'a').disk.openDatabase('catalog/rows.db')
    database.exec('CREATE TABLE t (batch INTEGER, data BLOB) STRICT')
    const returned = world.random.between(0, 60)
    for (let number = 0; number < returned; number += 1) batch(database, number)
    world.disk('a').crashAfter(1)
    assert.throws(() => batch(database, returned), { code: 'crashed' })
    assert.throws(() => database.exec('SELECT 1'), { code: 'crashed' })
    const again = simPorts(world, 'a').disk.openDatabase('catalog/rows.db')
    const found = rows(again)
    assert(found.length === returned || found.length === returned + 1, `${found.length} of ${returned}`)
    assert(found.every((row) => row.many === 50))
    commitFates.add(found.length - returned)
    assert.equal(again.prepare('PRAGMA integrity_check').pluck().get(), 'ok')
  }).then(() => {
    if (everySeed)
      assert.deepEqual(
        [...commitFates].sort((left, right) => left - right),
        [0, 1],
      )
  }))
const commitFates = new Set<number>()

test('an open transaction is gone after a crash', async () => {
  await using world = createSimWorld({ seed: 3 })
  const database = simPorts(world, 'a').disk.openDatabase('a.db')
  database.exec('CREATE TABLE t (batch INTEGER, data BLOB) STRICT')
  batch(database, 1)
  database.exec('BEGIN')
  for (let index = 0; index < 20_000; index += 1)
    database.prepare('INSERT INTO t VALUES (2, ?)').run(Buffer.alloc(1000))
  world.crash('a')
  assert.deepEqual(rows(simPorts(world, 'a').disk.openDatabase('a.db')), [{ batch: 1, many: 50 }])
})

test('a database on a full disk says disk-full', async () => {
  await using world = createSimWorld({ seed: 3 })
  const database = simPorts(world, 'a').disk.openDatabase('a.db')
  database.exec('CREATE TABLE t (batch INTEGER, data BLOB) STRICT')
  world.disk('a').setCapacity(world.disk('a').usedBytes + 20_000)
  assert.throws(() => batch(database, 1), { code: 'disk-full' })
})

test('a dead process does nothing more', async () => {
  await using world = createSimWorld({ seed: 3 })
  const old = simPorts(world, 'a')
  let happened = false
  const mark = () => {
    happened = true
  }
  old.clock.timer(10, mark)
  void old.disk.write('x', Buffer.alloc(1)).then(mark)
  void old.clock.sleep(1).then(mark)
  world.crash('a')
  void old.disk.write('y', Buffer.alloc(1)).then(mark)
  await world.run(1_000)
  assert.equal(happened, false)
  assert.deepEqual(world.disk('a').paths(), [])
})

test('a world runs the same again under the same seed', async () => {
  const trace = async () => {
    await using world = createSimWorld({ seed: 11 })
    world.network.settings.deathPerMessage = 0.05
    const lines: string[] = []
    const [near, far] = await joined(world, simPorts(world, 'a'), simPorts(world, 'b'))
    for (const wire of [near, far]) {
      wire.onClose((reason) => lines.push(`${world.nowMs} closed ${reason}`))
      wire.onMessage((message) => {
        lines.push(`${world.nowMs} ${message.length}`)
        wire.send(message)
      })
    }
    near.send(Buffer.alloc(10))
    await world.run(1_000)
    return lines
  }
  const first = await trace()
  assert(first.length > 3)
  assert.deepEqual(await trace(), first)
})
