/**
 * What people are told on whole pools in simulated worlds: health with reasons, what-if, machines, search, activity.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  activityPageSchema,
  type Entry,
  type Health,
  healthSchema,
  type Node,
  nodePageSchema,
  poolSchema,
  type SearchQuery,
  settingsSchema,
  type WhatIf,
  whatIfSchema,
} from '../../shared/index.ts'
import { isEngineError } from '../base/error.ts'
import { EntryIds, type NodeId, NodeIds, VersionIds } from '../base/ids.ts'
import type { Service } from '../gateway/index.ts'
import { KiB } from '../limits.ts'
import { SeededRandom } from './random.ts'
import { SimPool, type SimPoolOptions, once } from './testPool.ts'

const hourMs = 3_600_000
const all = { limit: 1000, cursor: null }

async function filled(options: SimPoolOptions, files: number): Promise<SimPool> {
  const pool = await SimPool.start(options)
  const random = new SeededRandom(options.seed)
  for (let file = 0; file < files; file++) {
    await pool.write(
      file % options.nodes,
      `folder${file % 3}/file${file}.txt`,
      random.bytes((1 + (file % 7)) * 60 * KiB),
    )
  }
  await pool.write(0, 'empty.txt', new Uint8Array())
  await pool.protect()
  await pool.world.run(5_000)
  return pool
}

async function ask<T>(pool: SimPool, index: number, question: (service: Required<Service>) => Promise<T>): Promise<T> {
  return await pool.world.play(async () => await question(pool.service(index) as Required<Service>))
}

const healthOf = (pool: SimPool, index: number): Promise<Health> => ask(pool, index, (service) => service.health())
const codesOf = (health: Health) => health.reasons.map((each) => each.code).sort()

async function found(pool: SimPool, index: number, query: Partial<SearchQuery>): Promise<Entry[]> {
  return (await ask(pool, index, (service) => service.search({ q: '', ...all, ...query }))).items
}

async function nodesOf(pool: SimPool, index: number): Promise<Node[]> {
  return (await ask(pool, index, (service) => service.nodes(all))).items
}

/** Files whose every chunk keeps a holder, and bytes of chunks that keep none, by looking at each. */
async function naiveWhatIf(pool: SimPool, lost: ReadonlySet<NodeId>): Promise<{ lost: number; bytesLost: number }> {
  const catalog = pool.engine(0).pool()?.catalog
  assert(catalog !== undefined)
  let files = 0
  const dead = new Map<string, number>()
  for (const entry of await found(pool, 0, { kind: 'file' })) {
    let isLost = false
    for (const chunk of catalog.chunks.chunksOfVersion(VersionIds.parse(entry.version ?? ''))) {
      const facts = catalog.chunks.facts(chunk)
      if (facts?.holders.some((holder) => !lost.has(holder)) === true) continue
      isLost = true
      dead.set(chunk, facts?.sizeBytes ?? 0)
    }
    if (isLost) files++
  }
  return { lost: files, bytesLost: [...dead.values()].reduce((sum, bytes) => sum + bytes, 0) }
}

test('what-if says of every choice of machines what a look at every file says', async () => {
  await using pool = await filled({ nodes: 4, copies: 2, seed: 5 }, 25)
  const ids = (await nodesOf(pool, 0)).map((each) => NodeIds.parse(each.id))
  let someLost = 0
  for (let choice = 1; choice < 2 ** ids.length; choice++) {
    const lost = ids.filter((_, index) => (choice >> index) & 1)
    const told: WhatIf = await ask(pool, 0, (service) => service.whatIf(lost))
    const naive = await naiveWhatIf(pool, new Set(lost))
    assert.deepEqual([told.files.lost, told.bytesLost], [naive.lost, naive.bytesLost], lost.join())
    assert.deepEqual(told.files, { total: 26, lost: naive.lost, survive: 26 - naive.lost })
    // Two machines take two copies, one does not; of nothing there is nothing to copy.
    assert.equal(told.fits, lost.length <= 2 || told.bytesToCopy === 0, lost.join())
    if (naive.lost > 0) someLost++
    if (lost.length === 1) assert.ok(told.bytesToCopy > 0 && told.bytesLost === 0)
  }
  assert.ok(someLost > 5)
})

test('a file that has just been written elsewhere is being copied until all claims have come, never lost or away', async () => {
  await using pool = await filled({ nodes: 3, copies: 2, seed: 16 }, 3)
  const seen = new Set<string>()
  const [writer, reader] = [pool.service(0), pool.service(1)]
  const signal = new AbortController().signal
  await pool.world.play(async () => {
    for (let number = 0; number < 10; number++) {
      const name = `new${number}.txt`
      const write = writer.putFile([name], once(Buffer.alloc(30_000, `text ${number}`)), { signal })
      for (let isDone = false; !isDone; ) {
        await pool.world.sleep(5)
        const [file] = (await reader.search({ q: name, ...all })).items
        const { files } = await reader.health()
        if (file !== undefined) seen.add(file.state)
        if (files.lost + files.unreachable > 0) seen.add('lost in the counts')
        isDone = file?.state === 'protected'
      }
      await write
    }
  })
  assert.deepEqual([...seen].sort(), ['copying', 'protected'])
})

test('a machine that comes back and still asks who holds what was written meanwhile calls none of it lost', async () => {
  await using pool = await filled({ nodes: 3, copies: 2, seed: 17 }, 3)
  await pool.stop(2)
  for (let number = 0; number < 150; number++)
    await pool.write(number % 2, `new${number}.txt`, Buffer.from(`text ${number}`))
  // Asked over a slow network, one journey for each of as many buckets would take longer than rows are believed without claims.
  pool.world.network.settings.latencyMs = 250
  await pool.boot(2)
  const seen = new Set<string>()
  const startMs = pool.world.nowMs
  await pool.world.play(async () => {
    const service = pool.service(2)
    for (let isDone = false; !isDone; ) {
      await pool.world.sleep(100)
      const { files, chunks } = await service.health()
      if (files.lost + chunks.lost > 0) seen.add('lost')
      isDone = files.total === 154 && files.protected === 154
    }
  })
  assert.deepEqual([...seen], [])
  assert.ok(pool.world.nowMs - startMs < 100_000, `${pool.world.nowMs - startMs} ms`)
})

test('a machine that goes away for good turns health, and is told with its time; when it is back all is green', async () => {
  await using pool = await filled({ nodes: 3, copies: 3, seed: 6 }, 6)
  await ask(pool, 0, (service) => service.patchSettings({ graceMs: { desktop: 120_000 } }))
  assert.deepEqual([(await healthOf(pool, 0)).state, codesOf(await healthOf(pool, 0))], ['protected', []])
  pool.crash(2)
  await pool.world.run(30_000)
  const away = await healthOf(pool, 0)
  assert.deepEqual(away.filesByCopies, [0, 0, 0, away.files.total, 0, 0])
  assert.deepEqual([away.state, codesOf(away)], ['protected', ['machine-away']])
  const gone = (await nodesOf(pool, 0)).find((each) => each.state === 'offline') as Node
  // Nobody else can take a third copy, so nothing will be made anew; the wait ends all the same.
  assert.ok(Date.parse(gone.waitEnds ?? '') > pool.engine(0).clock.nowMs())
  await pool.world.run(150_000)
  const missed = await healthOf(pool, 0)
  assert.equal(missed.state, 'degraded')
  assert.deepEqual(missed.filesByCopies, [0, 0, missed.files.total, 0, 0, 0])
  // The empty one too: its rows are on two machines that count.
  assert.deepEqual([missed.files.degraded, missed.files.total, missed.chunks.full], [7, 7, 0])
  const [file] = await found(pool, 0, { q: 'file1.txt' })
  assert.equal(file?.state, 'degraded')
  assert.deepEqual(
    file?.reasons.map((each) => [each.code, each.text]),
    [['machine-away', '2 of 3 copies: node2 is away.']],
  )
  const folders = await ask(pool, 0, (service) => service.listFolder([], { ...all, sort: 'name', order: 'asc' }))
  assert.ok(folders.items.filter((each) => each.kind === 'folder').every((each) => each.state === 'degraded'))
  assert.equal((await found(pool, 0, { kind: 'file', state: 'degraded', q: 'file' })).length, 6)
  assert.equal((await found(pool, 0, { kind: 'file', state: 'lost' })).length, 0)
  await pool.boot(2)
  await pool.settle()
  await pool.world.run(10_000)
  assert.equal((await healthOf(pool, 0)).state, 'protected')
})

test('search narrows by type, size, time and machine', async () => {
  await using pool = await filled({ nodes: 3, copies: 1, seed: 7 }, 9)
  await pool.write(1, 'picture.JPG', new Uint8Array(1000))
  const names = async (query: Partial<SearchQuery>) => (await found(pool, 0, query)).map((each) => each.name).sort()
  assert.deepEqual(await names({ type: 'image' }), ['picture.JPG'])
  assert.equal((await names({ type: 'document' })).length, 10)
  assert.deepEqual(await names({ type: 'document', maxSize: 0 }), ['empty.txt'])
  assert.deepEqual(await names({ minSize: 1, maxSize: 1000 }), ['picture.JPG'])
  assert.deepEqual(await names({ kind: 'folder', type: 'image' }), [])
  const written = (await found(pool, 0, { q: 'picture' }))[0]?.modified as string
  assert.ok((await names({ kind: 'file', after: written })).includes('picture.JPG'))
  assert.equal((await names({ kind: 'file', before: written })).length, 10)
  assert.equal((await names({ kind: 'file', after: written, before: written })).length, 0)
  const catalog = pool.engine(0).pool()?.catalog
  for (const { id } of await nodesOf(pool, 0)) {
    const expected: string[] = []
    for (const entry of await found(pool, 0, { kind: 'file' })) {
      const chunks = [...(catalog?.chunks.chunksOfVersion(VersionIds.parse(entry.version ?? '')) ?? [])]
      const isHere = chunks.some((each) => catalog?.chunks.facts(each)?.holders.includes(NodeIds.parse(id)))
      if (isHere) expected.push(entry.name)
      assert.equal(entry.nodes?.includes(id), isHere, `${entry.name} tells the machines that it is on`)
    }
    assert.ok(expected.length > 0)
    assert.deepEqual(await names({ node: [id] }), expected.sort())
  }
})

test('machines tell what only they hold, who shares a computer, and what people decided', async () => {
  await using pool = await filled({ nodes: 3, copies: 1, seed: 8, computers: [0, 0, 1] }, 9)
  const before = await nodesOf(pool, 0)
  assert.deepEqual(
    before.map((each) => each.sameComputerAs.length),
    [1, 1, 0],
  )
  const catalog = pool.engine(0).pool()?.catalog
  assert.equal(
    before.reduce((sum, each) => sum + each.chunks, 0),
    catalog?.chunks.patterns().reduce((sum, each) => sum + each.chunks * each.holders.length, 0),
  )
  for (const node of before) {
    const told = await ask(pool, 0, (service) => service.whatIf([node.id]))
    assert.deepEqual(node.onlyHere, { files: told.files.lost, bytes: told.bytesLost })
    assert.ok(node.onlyHere.files > 0)
  }
  const nowMs = pool.engine(0).clock.nowMs()
  const away = (days: number) => new Date(nowMs + days * 24 * hourMs).toISOString()
  const id = (before[2] as Node).id
  await assert.rejects(
    ask(pool, 0, (service) => service.patchNode(id, { awayUntil: away(8) })),
    (error) => isEngineError(error, 'away-too-long'),
  )
  const patched = await ask(pool, 0, (service) => service.patchNode(id, { awayUntil: away(6), site: 'office' }))
  assert.deepEqual([patched.awayUntil, patched.site], [away(6), 'office'])
  await assert.rejects(
    ask(pool, 0, (service) => service.removeNode((before[0] as Node).id)),
    (error) => isEngineError(error, 'self'),
  )
  await pool.world.run(10_000)
  const texts = (await ask(pool, 1, (service) => service.activity(all))).items.map((each) => each.text)
  assert.ok(
    texts.includes('node2 stands in office.') && texts.includes('node2 is announced as away.'),
    texts.join('\n'),
  )
})

test('what a machine stored right before it died counts as used on it', async () => {
  await using pool = await filled({ nodes: 2, copies: 1, seed: 13 }, 4)
  const used = (await nodesOf(pool, 1))[1]?.usedBytes ?? 0
  await pool.write(1, 'last.bin', new SeededRandom(13).bytes(500 * KiB))
  pool.crash(1)
  await pool.world.run(30_000)
  const gone = (await nodesOf(pool, 0)).find((each) => each.state === 'offline') as Node
  assert.ok(gone.usedBytes >= used + 500 * KiB, `${gone.usedBytes} of ${used}`)
})

test('a machine that was removed says so', async () => {
  await using pool = await filled({ nodes: 3, copies: 2, seed: 9 }, 4)
  const target = (await nodesOf(pool, 0))[2] as Node
  await ask(pool, 0, (service) => service.removeNode(target.id))
  await pool.world.run(10_000)
  const health = await healthOf(pool, 2)
  assert.ok(codesOf(health).includes('removed'), codesOf(health).join())
  const own = (await nodesOf(pool, 2)).find((each) => each.self)
  assert.equal(own?.state, 'removed')
  assert.equal((await ask(pool, 0, (service) => service.node(target.id))).state, 'removed')
  await assert.rejects(
    ask(pool, 0, (service) => service.patchNode(target.id, { drain: true })),
    (error) => isEngineError(error, 'no-such-node'),
  )
})

test('settings act at once and everywhere, and are told', async () => {
  await using pool = await filled({ nodes: 3, copies: 2, seed: 10 }, 4)
  const heard: string[] = []
  pool.service(0).subscribe((notice) => heard.push(notice.type === 'node' ? `node ${notice.id}` : notice.type))
  await ask(pool, 1, (service) => service.patchSettings({ copies: 3, graceMs: { laptop: hourMs } }))
  const file = (await found(pool, 1, { q: 'file0' }))[0] as Entry
  assert.deepEqual([file.copies.wanted, file.state], [3, 'copying'])
  assert.match(file.reasons[0]?.text ?? '', /^2 of 3 copies; being copied to node[012]\.$/)
  await pool.protect()
  await pool.world.run(10_000)
  assert.ok(heard.includes('health') && heard.includes('activity'))
  const [named] = await nodesOf(pool, 1)
  await ask(pool, 1, (service) => service.patchNode(named?.id ?? '', { name: 'Kitchen' }))
  await pool.world.run(10_000)
  assert.ok(heard.includes(`node ${named?.id}`), heard.join())
  const there = await ask(pool, 0, (service) => service.settings())
  assert.deepEqual([there.copies, there.graceMs.laptop], [3, hourMs])
  assert.equal((await ask(pool, 0, (service) => service.entry(EntryIds.parse(file.id)))).state, 'protected')
  assert.equal((await healthOf(pool, 0)).chunks.full, (await healthOf(pool, 0)).chunks.total)
  for (const index of [0, 1, 2]) {
    const texts = (await ask(pool, index, (service) => service.activity(all))).items.map((each) => each.text)
    assert.ok(texts.includes('Copies wanted: 3 (was 2).'), texts.join('\n'))
  }
})

test('what is answered has the shapes of the contract', async () => {
  await using pool = await filled({ nodes: 3, copies: 2, seed: 11 }, 3)
  pool.crash(2)
  await pool.world.run(30_000)
  const lost = (await nodesOf(pool, 0))[1]?.id ?? ''
  healthSchema.parse(await healthOf(pool, 0))
  poolSchema.parse(await ask(pool, 0, (service) => service.pool()))
  nodePageSchema.parse(await ask(pool, 0, (service) => service.nodes(all)))
  whatIfSchema.parse(await ask(pool, 0, (service) => service.whatIf([lost])))
  settingsSchema.strict().parse(await ask(pool, 0, (service) => service.settings()))
  const page = activityPageSchema.parse(await ask(pool, 0, (service) => service.activity({ limit: 2, cursor: null })))
  const next = await ask(pool, 0, (service) => service.activity({ limit: 2, cursor: page.next }))
  assert.ok(Number(next.items[0]?.id) < Number(page.items[1]?.id), 'newest first, page by page')
})

test('leaving with files that lie here alone wants the word that the refusal gave', async () => {
  await using pool = await filled({ nodes: 2, copies: 1, seed: 12 }, 4)
  const own = (await nodesOf(pool, 1)).find((each) => each.self) as Node
  assert.ok(own.onlyHere.files > 0)
  const refusal = await ask(pool, 1, (service) => service.leavePool({})).then(
    () => undefined,
    (error: unknown) => error,
  )
  assert.ok(isEngineError(refusal, 'last-copies'))
  const facts = refusal.facts ?? {}
  assert.deepEqual([facts['entries'], facts['bytes']], [own.onlyHere.files, own.onlyHere.bytes])
  await assert.rejects(
    ask(pool, 1, (service) => service.leavePool({ confirm: '0'.repeat(16) })),
    (error) => isEngineError(error, 'last-copies'),
  )
  await ask(pool, 1, (service) => service.leavePool({ confirm: String(facts['confirm']) }))
  assert.equal(await ask(pool, 1, (service) => service.pool()), null)
  await pool.world.run(5_000)
  assert.equal((await healthOf(pool, 0)).files.lost, own.onlyHere.files)
})

test('the last machine of a pool loses everything by leaving, so it wants the word too', async () => {
  await using pool = await filled({ nodes: 1, copies: 1, seed: 12 }, 3)
  const refusal = await ask(pool, 0, (service) => service.leavePool({})).then(
    () => undefined,
    (error: unknown) => error,
  )
  assert.ok(isEngineError(refusal, 'last-copies'))
  assert.equal(refusal.facts?.['entries'], 3)
  await ask(pool, 0, (service) => service.leavePool({ confirm: String(refusal.facts?.['confirm']) }))
  assert.equal(await ask(pool, 0, (service) => service.pool()), null)
  await ask(pool, 0, (service) => service.createPool({ name: 'again' }))
  await ask(pool, 0, (service) => service.leavePool({}))
})

test('too few machines, machines on one computer, full and leaving ones are reasons with a remedy', async () => {
  await using one = await filled({ nodes: 1, copies: 2, seed: 13 }, 0)
  const alone = await healthOf(one, 0)
  assert.deepEqual(
    alone.reasons.map((each) => [each.code, each.text, each.remedy]),
    [['too-few-machines', 'The pool has one machine; 2 copies need 2.', 'add-machine']],
  )
  await using pool = await filled({ nodes: 3, copies: 2, seed: 14, computers: [0, 0, 0] }, 3)
  const together = await healthOf(pool, 0)
  assert.deepEqual(
    together.reasons.map((each) => [each.code, each.text]),
    [['same-computer', 'node0, node1 and node2 run on one computer: what they hold is lost together with it.']],
  )
  const status = await ask(pool, 0, (service) => service.pool())
  assert.ok(status !== null && status.room.copies === 2 && status.room.bytes > 0)
  const [, second, third] = (await nodesOf(pool, 0)) as [Node, Node, Node]
  await ask(pool, 0, (service) => service.patchNode(third.id, { drain: true }))
  const leaving = (code: string) => code.startsWith('drain')
  assert.match(codesOf(await healthOf(pool, 0)).find(leaving) ?? '', /^draining$|^drain-stuck$/)
  const fewer = await ask(pool, 0, (service) => service.pool())
  assert.ok(fewer !== null && fewer.room.bytes < status.room.bytes, 'a machine that leaves is no room')
  const isDrained = async () => codesOf(await healthOf(pool, 0)).find(leaving) === 'drained'
  for (let waits = 0; !(await isDrained()); waits++) {
    assert.ok(waits < 100, 'it is told when the machine is empty')
    await pool.world.run(5_000)
  }
  await ask(pool, 0, (service) => service.patchNode(second.id, { quotaBytes: 1000 }))
  await pool.world.run(10_000)
  assert.ok(codesOf(await healthOf(pool, 0)).includes('machine-full'), codesOf(await healthOf(pool, 0)).join())
})

test('a machine of which nothing is known yet is not called full', async () => {
  await using pool = await filled({ nodes: 2, copies: 1, seed: 16 }, 1)
  const roster = pool.engine(0).pool()?.roster ?? assert.fail()
  const [, other] = roster.places()
  const unknown = { ...(other ?? assert.fail()), fill: 1, accepts: false }
  Object.assign(roster, { places: () => [unknown] })
  const codes = async () => codesOf(await healthOf(pool, 0)).filter((code) => /full|no-room/.test(code))
  assert.deepEqual(await codes(), ['no-room'])
  Object.assign(roster, { profile: () => undefined })
  assert.deepEqual(await codes(), [])
})

test('copies made anew because a machine is missed are told', async () => {
  await using pool = await filled({ nodes: 4, copies: 2, seed: 15 }, 12)
  await ask(pool, 0, (service) => service.patchSettings({ graceMs: { desktop: 60_000 }, upBytesPerSec: 30_000 }))
  await pool.world.run(2_000)
  pool.crash(3)
  const told = async () => (await ask(pool, 0, (service) => service.activity(all))).items.map((each) => each.text)
  await pool.world.run(240_000)
  assert.ok(
    (await told()).some((text) => text.startsWith('What node3 held has been copied to other machines.')),
    (await told()).join('\n'),
  )
})

test('limits of rates can hold for some hours of the day, and for all of them again', async () => {
  await using pool = await filled({ nodes: 2, copies: 2, seed: 9 }, 1)
  const hoursOf = async () => (await ask(pool, 1, (service) => service.settings())).limitHours
  assert.equal(await hoursOf(), null)
  await ask(pool, 0, (service) => service.patchSettings({ limitHours: { from: '08:00', to: '18:30' } }))
  await pool.world.run(5_000)
  assert.deepEqual(await hoursOf(), { from: '08:00', to: '18:30' })
  await ask(pool, 1, (service) => service.patchSettings({ upBytesPerSec: 1000 }))
  assert.deepEqual(await hoursOf(), { from: '08:00', to: '18:30' })
  await ask(pool, 1, (service) => service.patchSettings({ limitHours: null }))
  assert.equal(await hoursOf(), null)
})
