import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isEngineError } from '../base/error.ts'
import type { EntryId, NodeId } from '../base/ids.ts'
import { decodeRow } from './row.ts'
import { sealRow } from './seal.ts'
import { NO_STAMP, StampClock } from './stamp.ts'
import { openBare } from './testing/openBare.ts'
import { file, folder, laterVersion, moved, testClock, testId, testKeyring } from './testing/pool.ts'
import type { Catalog, Change, RowKey } from './types.ts'
import { answerList, answerLower, answerRows, type WalkPartner, walk } from './walk.ts'

const never = new AbortController().signal

/** The partner's side of a walk, straight from its catalog; `calls` fails the call of that number. */
function partnerOf(catalog: Catalog, failAt = Number.POSITIVE_INFINITY): WalkPartner & { calls: number } {
  const partner = {
    calls: 0,
    begin: () => answer(() => catalog.walk.upper()),
    lower: (uppers: readonly number[]) => answer(() => answerLower(catalog.walk, uppers)),
    list: (buckets: readonly number[], after: Uint8Array | null) =>
      answer(() => answerList(catalog.walk, buckets, after)),
    rows: (keys: readonly Uint8Array[]) =>
      answer(() => {
        const { rows, done } = answerRows(catalog.walk, keys)
        return { rows: rows.map((bytes) => decodeRow(bytes).row), done }
      }),
    push: async (rows: Parameters<WalkPartner['push']>[0]) => {
      await answer(() => 0)
      return (await catalog.merge(rows, [])).refused.map((each) => each.code)
    },
  }
  async function answer<T>(make: () => T): Promise<T> {
    partner.calls++
    if (partner.calls >= failAt) throw new Error('the wire broke')
    return make()
  }
  return partner
}

function selfOf(catalog: Catalog) {
  return {
    reads: catalog.walk,
    merge: async (rows: Parameters<Catalog['merge']>[0]) =>
      (await catalog.merge(rows, [])).refused.map((each) => each.code),
  }
}

const names = Array.from({ length: 12 }, (_, index) => `name ${index}`)
const change = fc.constantFrom<Change>(
  ...names.flatMap((name) => [folder(name), moved(name, 'x'), moved(name, 'y'), laterVersion(name, 'v2')]),
)

test('after a walk both have all rows of both, also when earlier walks broke anywhere', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom('left', 'right', 'both'), change), { maxLength: 40 }),
      fc.array(fc.nat(12), { maxLength: 3 }),
      fc.array(fc.constantFrom(...names), { maxLength: 2 }),
      async (said, breaks, ended) => {
        const clock = testClock()
        const left = openBare({ node: 'left', clock })
        const right = openBare({ node: 'right', clock, startNumber: 2 })
        for (const [who, what] of said) {
          clock.set(clock.nowMs() + 1)
          const at = who === 'right' ? right : left
          try {
            const { rows } = await at.catalog.transact((tx) => tx.write(what))
            if (who === 'both') await right.catalog.merge(rows, [])
          } catch (error) {
            assert.ok(isEngineError(error, 'gone'))
          }
        }
        const stamps = new StampClock(clock, testId<NodeId>('ender'), 1, NO_STAMP)
        for (const name of ended) {
          const key: RowKey = { kind: 'gone', id: testId<EntryId>(name), register: '' }
          const gone = sealRow(testKeyring().current(), key, stamps.next(), Buffer.alloc(0), Buffer.alloc(0))
          await left.catalog.merge([gone.row], [])
        }
        for (const failAt of breaks) {
          await walk(selfOf(left.catalog), partnerOf(right.catalog, failAt), never).catch((error: Error) =>
            assert.equal(error.message, 'the wire broke'),
          )
        }
        const report = await walk(selfOf(left.catalog), partnerOf(right.catalog), never)
        assert.deepEqual(report.refused, [])
        assert.equal(left.catalog.root(), right.catalog.root())
        const again = await walk(selfOf(right.catalog), partnerOf(left.catalog), never)
        assert.deepEqual(again, { fetched: 0, sent: 0, refused: [] })
        left.catalog.close()
        right.catalog.close()
      },
    ),
    { numRuns: 60 },
  )
})

test('equal catalogs need one question', async () => {
  const left = openBare({ node: 'left' })
  const right = openBare({ node: 'right' })
  const { rows } = await left.catalog.transact((tx) => {
    for (const name of names) tx.write(folder(name))
  })
  await right.catalog.merge(rows, [])
  const partner = partnerOf(right.catalog)
  await walk(selfOf(left.catalog), partner, never)
  assert.equal(partner.calls, 1)
})

test('a walk between catalogs of many rows fetches and sends only what differs', async () => {
  const left = openBare({ node: 'left' })
  const right = openBare({ node: 'right' })
  const { rows } = await left.catalog.transact((tx) => {
    for (let index = 0; index < 3_000; index++) tx.write(file(`file ${index}`, []))
  })
  await right.catalog.merge(rows.slice(0, 2_900), [])
  await right.catalog.transact((tx) => {
    for (let index = 0; index < 50; index++) tx.write(moved(`file ${index}`, 'moved'))
  })
  const report = await walk(selfOf(right.catalog), partnerOf(left.catalog), never)
  assert.deepEqual(report, { fetched: 100, sent: 50, refused: [] })
  assert.equal(left.catalog.root(), right.catalog.root())
})

test('a listing that does not fit one message goes on where it stopped', async () => {
  const { catalog } = openBare()
  await catalog.transact((tx) => {
    for (let index = 0; index < 9_000; index++) tx.write(folder(`folder ${index}`))
  })
  // All rows as if they lay in three buckets.
  const all = Array.from({ length: 65_536 }, (_, bucket) => catalog.walk.bucket(bucket)).flat()
  const reads = { ...walkReads(catalog), bucket: (bucket: number) => all.filter((_, index) => index % 3 === bucket) }
  const keys = new Set<string>()
  let pages = 0
  let listed = 0
  let buckets = [0, 1, 2]
  for (let after: Uint8Array | null = null; buckets.length > 0; pages++) {
    const page = answerList(reads, buckets, after)
    listed += page.rows.length
    for (const [key] of page.rows) keys.add(Buffer.from(key).toString('hex'))
    buckets = page.next === null ? [] : buckets.slice(page.next.index)
    after = page.next?.after ?? null
  }
  assert.deepEqual([keys.size, listed], [9_000, 9_000])
  assert.ok(pages > 1 && pages < 5)
})

function walkReads(catalog: Catalog): Catalog['walk'] {
  const { walk } = catalog
  return {
    upper: () => walk.upper(),
    lower: (upper) => walk.lower(upper),
    bucket: (bucket) => walk.bucket(bucket),
    row: (key) => walk.row(key),
  }
}
