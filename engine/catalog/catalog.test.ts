import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { EngineError } from '../base/error.ts'
import type { EntryId, NodeId, SegmentId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import { openSqlite } from '../platform/index.ts'
import type { Database, Statement } from '../ports.ts'
import { encodeChange } from './change.ts'
import { bucketOfSlot, Fingerprints } from './fingerprint.ts'
import { compareRows } from './merge.ts'
import { encodeHead, keyText, rowHash } from './row.ts'
import { sealRow } from './seal.ts'
import { NO_STAMP, StampClock, stampMs } from './stamp.ts'
import { openBare } from './testing/openBare.ts'
import {
  file,
  folder,
  laterVersion,
  moved,
  testClock,
  testId,
  testKeyring,
  testKeys,
  testSegment,
} from './testing/pool.ts'
import type { Change, Row, RowKey, Stamp } from './types.ts'

const nobody = Buffer.alloc(0)

/** Seals rows as some other node would. */
function author(name: string, nowMs = 1_800_000_000_000, startNumber = 1) {
  const clock = testClock(nowMs)
  const stamps = new StampClock(clock, testId<NodeId>(name), startNumber, NO_STAMP)
  const keyring = testKeyring()
  return {
    clock,
    say(change: Change, stamp: Stamp = stamps.next()): Row {
      const { key, header, plain } = encodeChange(change, keyring.poolId)
      return sealRow(keyring.current(), key, stamp, header, plain).row
    },
    gone(entry: EntryId, stamp: Stamp = stamps.next()): Row {
      return sealRow(keyring.current(), { kind: 'gone', id: entry, register: '' }, stamp, nobody, nobody).row
    },
    raw(key: RowKey, header: Buffer, plain: Buffer, stamp: Stamp = stamps.next()): Row {
      return sealRow(keyring.current(), key, stamp, header, plain).row
    },
  }
}

function allRows(database: Database): { slot: number; hash: Buffer; number: number }[] {
  return database.prepare('SELECT number, slot, hash FROM row ORDER BY hash').all()
}

function recount(database: Database): string {
  const prints = new Fingerprints()
  for (const { slot, hash } of allRows(database)) prints.add(bucketOfSlot(slot), hash)
  return prints.root()
}

function hashOf(row: Row): Buffer {
  return rowHash({ row, head: encodeHead(row, row.stamp, row.epoch, row.header) })
}

// ---------------------------------------------------------------- writing

test('a transaction authors rows with growing stamps and tells of them once they are durable', async () => {
  const { catalog, views } = openBare()
  const told: string[] = []
  catalog.on({
    authored: (rows, segments) => told.push(`authored ${rows.length} ${segments.length}`),
    versions: (versions) => told.push(`versions ${versions.length}`),
    changed: (entries) => told.push(`changed ${entries.length}`),
  })
  const segment = testSegment('1')
  const { value, rows } = await catalog.transact((tx) => {
    tx.write(folder('a'))
    tx.addSegment(segment)
    tx.write(file('b', [segment]))
    return 'done'
  })
  assert.equal(value, 'done')
  assert.equal(rows.length, 2)
  assert.ok(rows[0]!.stamp < rows[1]!.stamp)
  assert.deepEqual(told, ['authored 2 1', 'versions 1', 'changed 2'])
  assert.equal(views.applied.length, 2)
  assert.deepEqual(Buffer.from(catalog.segment(segment.id)!), segment.bytes)
  assert.deepEqual(catalog.walk.row(rows[0]!)!.stamp, rows[0]!.stamp)
  catalog.close()
})

test('works of one turn share one commit, and one that throws is undone alone', async () => {
  const database = openSqlite(':memory:')
  let commits = 0
  const counting = {
    ...spread(database),
    prepare(sql: string): Statement {
      const statement = database.prepare(sql)
      if (sql !== 'COMMIT') return statement
      return new Proxy(statement, {
        get: (target, name: keyof Statement) => {
          if (name === 'run') commits++
          return target[name].bind(target)
        },
      })
    },
  }
  const { catalog, views } = openBare({ database: counting })
  const works = [
    catalog.transact((tx) => tx.write(folder('a'))),
    catalog.transact((tx) => {
      tx.addSegment(testSegment('lost'))
      tx.write(folder('lost'))
      throw new EngineError('exists', 'no')
    }),
    catalog.transact((tx) => tx.write(folder('c'))),
  ]
  const outcomes = await Promise.allSettled(works)
  assert.deepEqual(
    outcomes.map((each) => each.status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  assert.equal(commits, 1)
  assert.equal(allRows(database).length, 2)
  assert.equal(catalog.root(), recount(database))
  assert.equal(views.segment(testSegment('lost').id), undefined)
  catalog.close()
})

test('a commit that fails for lack of space rejects all its works, changes nothing, and the node goes on', async () => {
  const database = openSqlite(':memory:')
  let full = false
  const { catalog, views } = openBare({ database: failing(database, () => full) })
  const told: number[] = []
  catalog.on({ authored: (rows) => told.push(rows.length) })
  await catalog.transact((tx) => tx.write(folder('before')))
  const root = catalog.root()
  full = true
  const outcomes = await Promise.allSettled([
    catalog.transact((tx) => tx.write(folder('x'))),
    catalog.merge([author('other').say(folder('y'))], []),
    catalog.transact((tx) => tx.addSegment(testSegment('1'))),
  ])
  for (const each of outcomes) {
    assert.ok(each.status === 'rejected')
    assert.equal(each.reason.code, 'disk-full')
  }
  assert.equal(catalog.root(), root)
  assert.equal(views.segment(testSegment('1').id), undefined)
  full = false
  await catalog.transact((tx) => tx.write(folder('after')))
  assert.deepEqual(told, [1, 1])
  assert.equal(allRows(database).length, 2)
  assert.equal(catalog.root(), recount(database))
  catalog.close()
})

/** A real full disk: SQLite may undo more than the statement that failed. */
test('a database that may not grow rejects what does not fit and keeps what does', async () => {
  const { path, dispose } = await tempFile()
  const database = openSqlite(path)
  const { catalog } = openBare({ database })
  const pages = database.prepare('PRAGMA page_count').pluck().get<number>()!
  database.exec(`PRAGMA max_page_count = ${pages + 12}`)
  const written: string[] = []
  const refused: string[] = []
  for (let batch = 0; batch < 8; batch++) {
    const names = Array.from({ length: 20 }, (_, index) => `${batch} ${index} ${'x'.repeat(200)}`)
    const outcomes = await Promise.allSettled(names.map((name) => catalog.transact((tx) => tx.write(folder(name)))))
    for (const [index, each] of outcomes.entries()) {
      if (each.status === 'fulfilled') written.push(names[index]!)
      else {
        assert.equal(each.reason.code, 'disk-full')
        refused.push(names[index]!)
      }
    }
    assert.equal(catalog.root(), recount(database))
  }
  assert.ok(written.length > 0 && refused.length > 0)
  assert.equal(allRows(database).length, written.length)
  database.exec('PRAGMA max_page_count = 100000')
  await catalog.transact((tx) => tx.write(folder('room again')))
  assert.equal(allRows(database).length, written.length + 1)
  catalog.close()
  dispose()
})

test('what was committed is there after reopening: rows, fingerprints, greatest stamp', async () => {
  const { path, dispose } = await tempFile()
  const first = openBare({ database: openSqlite(path), clock: testClock(2_000_000_000_000) })
  const { rows } = await first.catalog.transact((tx) => {
    for (let index = 0; index < 50; index++) tx.write(folder(`folder ${index}`))
  })
  const root = first.catalog.root()
  first.catalog.close()
  // The clock is set back an hour: stamps go on growing all the same.
  const second = openBare({
    database: openSqlite(path),
    clock: testClock(2_000_000_000_000 - 3_600_000),
    startNumber: 2,
  })
  assert.equal(second.catalog.root(), root)
  const again = await second.catalog.transact((tx) => tx.write(moved('folder 3', 'new name')))
  assert.ok(again.rows[0]!.stamp > rows[49]!.stamp)
  assert.equal(second.catalog.root(), recount(second.database))
  second.catalog.close()
  dispose()
})

test('what no node would merge cannot be written', async () => {
  const { catalog } = openBare()
  for (const name of ['a/b', '', '..', 'x'.repeat(256)]) {
    await assert.rejects(
      catalog.transact((tx) => tx.write(folder(name))),
      { code: 'bad-row' },
    )
  }
  const outside = openBare({ keyring: null })
  await assert.rejects(
    outside.catalog.transact((tx) => tx.write(folder('x'))),
    { code: 'no-pool' },
  )
  catalog.close()
})

test('a closed catalog rejects what waits and what comes', async () => {
  const { catalog } = openBare()
  const waiting = catalog.transact((tx) => tx.write(folder('x')))
  catalog.close()
  await assert.rejects(waiting, { code: 'stopped' })
  await assert.rejects(
    catalog.transact(() => 0),
    { code: 'stopped' },
  )
})

// ---------------------------------------------------------------- merging

test('in whatever order, however often and from whatever old image rows come, equal rows remain', async () => {
  const names = ['a', 'b', 'c']
  const change = fc.constantFrom<Change>(
    ...names.flatMap((name) => [folder(name), moved(name, 'here'), moved(name, 'there'), laterVersion(name, 'v2')]),
  )
  const said = fc.record({
    by: fc.constantFrom('anna', 'bert', 'carl'),
    // Few distinct times: equal stamps with different contents must be settled as well.
    atMs: fc.integer({ min: 0, max: 3 }),
    what: fc.oneof({ weight: 12, arbitrary: change }, { weight: 1, arbitrary: fc.constantFrom(...names) }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(said, { maxLength: 25 }), fc.array(fc.nat(), { maxLength: 60 }), async (all, order) => {
      const rows = all.map(({ by, atMs, what }) => {
        const stamp = new StampClock(testClock(1_800_000_000_000 + atMs), testId<NodeId>(by), 1, NO_STAMP).next()
        return typeof what === 'string' ? author(by).gone(testId(what), stamp) : author(by).say(what, stamp)
      })
      const expected = naiveMerge(rows)
      const straight = openBare()
      await straight.catalog.merge(rows, [])
      const mixed = openBare()
      // Any of them in any order, some of them several times, then all: the last delivery may be stale.
      const picked = order.map((index) => rows[index % rows.length]).filter((row) => row !== undefined)
      for (let first = 0; first < picked.length; first += 7)
        await mixed.catalog.merge(picked.slice(first, first + 7), [])
      await mixed.catalog.merge(rows.toReversed(), [])
      await mixed.catalog.merge(picked, [])
      for (const { catalog, database } of [straight, mixed]) {
        const hashes = allRows(database).map((row) => row.hash.toString('hex'))
        assert.deepEqual(hashes, expected)
        assert.equal(catalog.root(), recount(database))
      }
      assert.equal(straight.catalog.root(), mixed.catalog.root())
      straight.catalog.close()
      mixed.catalog.close()
    }),
    { numRuns: 150 },
  )
})

/** Hashes of the rows that should remain, sorted: by a map and a sort. */
function naiveMerge(rows: readonly Row[]): string[] {
  const goneIds = new Set(rows.filter((row) => row.kind === 'gone').map((row) => row.id))
  const owners = new Map<string, string>(
    ['a', 'b', 'c'].map((name) => [encodeChange(laterVersion(name, 'v2'), testId('pool')).key.id, testId(name)]),
  )
  const byKey = new Map<string, Row[]>()
  for (const row of rows) {
    if (row.kind === 'entry' && goneIds.has(row.id)) continue
    if (row.kind === 'version' && goneIds.has(owners.get(row.id)!)) continue
    const key = keyText(row)
    byKey.set(key, [...(byKey.get(key) ?? []), row])
  }
  const ranked = (row: Row) => ({ stamp: row.stamp, hash: hashOf(row) })
  return [...byKey.values()]
    .map((group) => group.sort((left, right) => compareRows(ranked(right), ranked(left)))[0]!)
    .map((row) => hashOf(row).toString('hex'))
    .sort()
}

test('the greater stamp stands; of equal stamps the greater hash', () => {
  const low = Buffer.alloc(32, 1)
  const high = Buffer.alloc(32, 2)
  const [early, late] = ['0'.repeat(56) as Stamp, `${'0'.repeat(55)}1` as Stamp]
  assert.ok(compareRows({ stamp: late, hash: low }, { stamp: early, hash: high }) > 0)
  assert.ok(compareRows({ stamp: early, hash: low }, { stamp: early, hash: high }) < 0)
  assert.equal(compareRows({ stamp: early, hash: low }, { stamp: early, hash: Buffer.from(low) }), 0)
})

test('what is forged, unreadable or stamped too far ahead is refused, row by row', async () => {
  const { catalog, database } = openBare()
  const other = author('other')
  const good = other.say(folder('good'))
  const forged = { ...other.say(folder('forged')), stamp: `f${good.stamp.slice(1)}` as Stamp }
  const swapped = { ...other.say(file('swapped', [testSegment('1')])), header: Buffer.alloc(0) }
  const stranger = { ...other.say(folder('stranger')), epoch: testKeys('strange').id }
  const misnamed = other.raw({ kind: 'entry', id: testId('m'), register: 'location' }, nobody, Buffer.from('a0', 'hex'))
  const early = other.say(folder('early'), aheadBy(limits.stampAheadMaxMs + 1))
  const barely = other.say(folder('barely'), aheadBy(limits.stampAheadMaxMs))
  const unknown = other.raw({ kind: 'purge' as 'gone', id: testId('u'), register: 'vote' }, nobody, Buffer.from('?'))
  const result = await catalog.merge([forged, good, swapped, stranger, misnamed, early, barely, unknown], [])
  assert.equal(result.accepted, 3)
  assert.deepEqual(
    result.refused.map(({ index, code }) => [index, code]),
    [
      [0, 'bad-tag'],
      [2, 'bad-tag'],
      [3, 'unknown-epoch'],
      [4, 'bad-row'],
      [5, 'stamp-ahead'],
    ],
  )
  assert.equal(allRows(database).length, 3)
  // A row of an unknown kind is kept and can be handed on.
  assert.deepEqual(hashOf(catalog.walk.row(unknown)!), hashOf(unknown))
  catalog.close()
})

function aheadBy(aheadMs: number): Stamp {
  return new StampClock(testClock(1_800_000_000_000 + aheadMs), testId<NodeId>('fast'), 1, NO_STAMP).next()
}

test('gone ends an entry for ever: its rows and those of its versions leave and do not come back', async () => {
  const { catalog, database, views } = openBare()
  const other = author('other')
  const rows = [file('a', [testSegment('1')]), moved('a', 'b'), laterVersion('a', 'v2'), file('keep', [])].map((each) =>
    other.say(each),
  )
  const odd = other.raw({ kind: 'entry', id: testId('a'), register: 'colour' }, nobody, Buffer.from('red'))
  await catalog.merge([...rows, odd], [testSegment('1')])
  assert.equal(allRows(database).length, 5)
  const gone = other.gone(testId('a'))
  await catalog.merge([gone], [])
  assert.equal(allRows(database).length, 2)
  assert.deepEqual(views.forgotten, [testId('a')])
  const again = await catalog.merge([...rows, odd, gone], [])
  assert.deepEqual(
    again.refused.map(({ index, code }) => [index, code]),
    [0, 1, 2, 4].map((index) => [index, 'gone']),
  )
  assert.equal(allRows(database).length, 2)
  assert.equal(catalog.root(), recount(database))
  await assert.rejects(
    catalog.transact((tx) => tx.write(moved('a', 'c'))),
    { code: 'gone' },
  )
  catalog.close()
})

test('segments: checked by hash, kept only where a version names them, missing ones are told', async () => {
  const { catalog } = openBare()
  const [one, two, stray] = [testSegment('1'), testSegment('2'), testSegment('stray')] as const
  const whole: string[] = []
  catalog.on({ versions: (versions) => whole.push(...versions) })
  const row = author('other').say(file('a', [one, two]))
  await assert.rejects(catalog.merge([row], [{ id: one.id, bytes: two.bytes }]), { code: 'bad-segment' })
  assert.deepEqual(catalog.missingSegments(10), [])
  const result = await catalog.merge([row], [one, stray])
  assert.deepEqual(result.missingSegments, [two.id])
  assert.equal(catalog.segment(stray.id), undefined)
  assert.deepEqual(catalog.missingSegments(10), [two.id])
  assert.equal(whole.length, 0)
  // Merging it again does not forget what is missing: nobody may count this row as durable here.
  assert.deepEqual((await catalog.merge([row], [])).missingSegments, [two.id])
  await assert.rejects(catalog.addSegments([{ id: 'ab'.repeat(32) as SegmentId, bytes: two.bytes }]), {
    code: 'bad-segment',
  })
  await catalog.addSegments([two, stray])
  assert.deepEqual(catalog.missingSegments(10), [])
  assert.equal(catalog.segment(stray.id), undefined)
  assert.equal(whole.length, 1)
  catalog.close()
})

test('large merges go in batches, and other work gets its turn between them', async () => {
  const { catalog, database } = openBare()
  const other = author('other')
  const rows = Array.from({ length: 2_500 }, (_, index) => other.say(folder(`folder ${index}`)))
  const turns: number[] = []
  const merging = catalog.merge(rows, [])
  const own = catalog.transact((tx) => {
    turns.push(allRows(database).length)
    tx.write(folder('own'))
  })
  await own
  assert.ok(turns[0]! <= limits.rowsPerBatch, 'the own write did not wait for the whole merge')
  assert.equal((await merging).accepted, 2_500)
  assert.equal(allRows(database).length, 2_501)
  assert.equal(catalog.root(), recount(database))
  catalog.close()
})

// ---------------------------------------------------------------- upkeep

test('rows that a wrong clock stamped ahead get new stamps in their order, once, and others take them then', async () => {
  const clock = testClock(1_800_000_000_000)
  const { catalog, database } = openBare({ clock })
  const early = (await catalog.transact((tx) => tx.write(folder('before')))).rows[0]!
  clock.set(clock.nowMs() + 3 * 86_400_000)
  for (let index = 0; index < 1_200; index++) void catalog.transact((tx) => tx.write(folder(`ahead ${index}`)))
  await catalog.transact((tx) => tx.write(moved('ahead 0', 'later')))
  clock.set(1_800_000_001_000)
  const told: Row[] = []
  using _listening = catalog.on({ authored: (rows) => told.push(...rows) })
  assert.equal(await catalog.restampAhead(), 1_201)
  assert.equal(told.length, 1_201)
  assert.ok(told.every((row) => stampMs(row.stamp) < clock.nowMs() + 10 && row.stamp > early.stamp))
  assert.equal(told[1_200]!.register, 'location')
  assert.equal(catalog.root(), recount(database))
  assert.equal(await catalog.restampAhead(), 0)
  const after = (await catalog.transact((tx) => tx.write(folder('after')))).rows[0]!
  assert.ok(after.stamp > told[1_200]!.stamp && stampMs(after.stamp) < clock.nowMs() + 10)
  const other = openBare({ clock, node: 'other' })
  assert.deepEqual((await other.catalog.merge([early, ...told], [])).refused, [])
  assert.equal(other.catalog.root(), catalog.root())
  catalog.close()
})

test('views derived anew see every row once', async () => {
  const { catalog, views } = openBare()
  await catalog.transact((tx) => {
    for (let index = 0; index < 30; index++) tx.write(folder(`f${index}`))
    tx.write(moved('f1', 'x'))
    tx.write(moved('f1', 'y'))
  })
  await catalog.rebuildViews()
  assert.equal(views.applied.length, 31)
  catalog.close()
})

test('the last walk with each node is kept over restarts', async () => {
  const { path, dispose } = await tempFile()
  const node = testId<NodeId>('other')
  const walk = { node, ourStart: 4_000_000_000, theirStart: 2, begunMs: 10, endedMs: 20 }
  const first = openBare({ database: openSqlite(path) })
  assert.equal(first.catalog.walks.last(node), undefined)
  await first.catalog.walks.record({ ...walk, endedMs: 15 })
  await first.catalog.walks.record(walk)
  first.catalog.close()
  const second = openBare({ database: openSqlite(path) })
  assert.deepEqual(second.catalog.walks.last(node), walk)
  second.catalog.close()
  dispose()
})

// ---------------------------------------------------------------- support

async function tempFile() {
  const { mkdtempSync, rmSync } = await import('node:fs')
  const { tmpdir } = await import('node:os')
  const folder = mkdtempSync(join(tmpdir(), 'hadahoop-catalog-'))
  return { path: join(folder, 'catalog.db'), dispose: () => rmSync(folder, { recursive: true }) }
}

function spread(database: Database): Database {
  return {
    prepare: (sql) => database.prepare(sql),
    exec: (sql) => database.exec(sql),
    define: (name, call) => database.define(name, call),
    close: () => database.close(),
  }
}

/** A database whose COMMIT finds the disk full while `isFull` says so. */
function failing(database: Database, isFull: () => boolean): Database {
  return {
    ...spread(database),
    prepare(sql) {
      const statement = database.prepare(sql)
      if (sql !== 'COMMIT') return statement
      return new Proxy(statement, {
        get: (target, name: keyof Statement) => {
          if (name === 'run' && isFull()) {
            return () => {
              throw new EngineError('disk-full', 'no space left', { retryable: true })
            }
          }
          return target[name].bind(target)
        },
      })
    },
  }
}
