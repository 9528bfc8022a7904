import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isEngineError } from '../base/error.ts'
import { blake3Hex } from '../base/hash.ts'
import { addToSums } from '../base/idSums.ts'
import { type ChunkId, NodeIds, VersionIds } from '../base/ids.ts'
import { KiB, limits, MiB } from '../limits.ts'
import { randomLike } from './testBytes.ts'
import { storeFolder } from './testStoreFolder.ts'
import type { Lease } from './types.ts'

const lease = (number: number, writer = 1, writerStart = 4_000_000_000): Lease => ({
  upload: VersionIds.parse(number.toString(16).padStart(32, '0')),
  writer: NodeIds.parse(writer.toString(16).padStart(32, '0')),
  writerStart,
})

/** A sealed chunk, or what passes for one. */
function chunk(bytes: number, seed: number): { id: ChunkId; sealed: Buffer } {
  const sealed = randomLike(bytes, seed)
  return { id: blake3Hex(sealed) as ChunkId, sealed }
}

const small = chunk(5000, 1)
const large = chunk(200 * KiB, 2)
const border = [chunk(limits.smallChunkBytes, 3), chunk(limits.smallChunkBytes + 1, 4)]

const code = (expected: string) => (error: unknown) => isEngineError(error, expected)

test('what was put is there, with its lease, also after a restart', async () => {
  await using folder = await storeFolder()
  for (const { id, sealed } of [small, large, ...border]) {
    assert.equal(await folder.store.put(id, sealed, lease(7)), 'stored')
    assert.equal(await folder.store.put(id, sealed, lease(8, 2, 5)), 'had')
  }
  for (let round = 0; round < 2; round++) {
    const { store } = folder
    for (const { id, sealed } of [small, large, ...border]) {
      assert((await store.get(id))?.equals(sealed))
      assert((await store.get(id, { verify: true }))?.equals(sealed))
      assert(store.has(id))
      assert.equal(store.sizeBytes(id), sealed.length)
      assert.deepEqual(store.leasesOf(id), [lease(7), lease(8, 2, 5)])
    }
    assert.equal(store.count, 4)
    assert.equal(store.usedBytes, small.sealed.length + large.sealed.length + 2 * limits.smallChunkBytes + 1)
    await folder.restart()
  }
})

test('small chunks lie in the database, large ones in files of their own', async () => {
  await using folder = await storeFolder()
  for (const { id, sealed } of [small, large, ...border]) await folder.store.put(id, sealed, null)
  const inFiles = [large, border[1] as typeof large]
  assert.deepEqual(
    await folder.files(),
    inFiles.map(({ id }) => `chunks/${id.slice(0, 2)}/${id.slice(2, 4)}/${id}`).toSorted(),
  )
})

test('the entrance takes nothing whose hash is not the id', async () => {
  await using folder = await storeFolder()
  for (const { id, sealed } of [small, large]) {
    const wrong = Buffer.from(sealed)
    wrong[0] = (wrong[0] as number) ^ 1
    await assert.rejects(folder.store.put(id, wrong, null), code('wrong-chunk'))
    await assert.rejects(folder.store.put(id, sealed.subarray(1), null), code('wrong-chunk'))
  }
  const tooLong = chunk(limits.chunkMaxBytes + 1, 5)
  await assert.rejects(folder.store.put(tooLong.id, tooLong.sealed, null), code('wrong-chunk'))
  assert.equal(folder.store.count, 0)
  assert.deepEqual(await folder.files(), [])
})

test('chunks may lie in shared memory', async () => {
  await using folder = await storeFolder()
  for (const { id, sealed } of [small, large]) {
    const shared = Buffer.from(new SharedArrayBuffer(sealed.length))
    shared.set(sealed)
    await folder.store.put(id, shared, lease(1))
    assert((await folder.store.get(id))?.equals(sealed))
  }
})

test('a chunk put many times at once is stored once and leased by all', async () => {
  await using folder = await storeFolder()
  for (const { id, sealed } of [small, large]) {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => folder.store.put(id, sealed, lease(n))))
    assert.equal(answers.filter((answer) => answer === 'stored').length, 1)
    assert.equal(folder.store.leasesOf(id).length, 20)
  }
  assert.equal(folder.store.usedBytes, small.sealed.length + large.sealed.length)
  assert.equal(await folder.store.roomBytes(), folder.options.quotaBytes - folder.store.usedBytes)
})

// ---------------------------------------------------------------- leases

test('a touch leases what is here and tells which', async () => {
  await using folder = await storeFolder()
  await folder.store.put(small.id, small.sealed, null)
  assert.deepEqual(await folder.store.touch([large.id, small.id], lease(1)), [false, true])
  assert.deepEqual(folder.store.leasesOf(small.id), [lease(1)])
  assert.deepEqual(folder.store.leasesOf(large.id), [])
})

test('leases end by upload and by writer, those of the start named stay', async () => {
  await using folder = await storeFolder()
  const { store } = folder
  for (const each of [lease(1), lease(2), lease(3, 2, 10), lease(4, 2, 11), lease(5, 3, 1)]) {
    await store.put(small.id, small.sealed, each)
  }
  await store.endLeases([lease(1).upload, lease(9).upload])
  assert.deepEqual(store.leasesOf(small.id), [lease(2), lease(3, 2, 10), lease(4, 2, 11), lease(5, 3, 1)])
  await store.endLeasesOfWriter(lease(0, 2).writer, 11)
  assert.deepEqual(store.leasesOf(small.id), [lease(2), lease(4, 2, 11), lease(5, 3, 1)])
  await store.endLeasesOfWriter(lease(0, 3).writer, null)
  assert.deepEqual(store.leasesOf(small.id), [lease(2), lease(4, 2, 11)])
})

// ---------------------------------------------------------------- removal, inventory, events

test('what is removed is gone with its leases and gives its room back; it can come again', async () => {
  await using folder = await storeFolder()
  const { store } = folder
  for (let round = 0; round < 2; round++) {
    for (const { id, sealed } of [small, large]) await store.put(id, sealed, lease(round))
    await store.remove([small.id, large.id, blake3Hex(Buffer.of(1)) as ChunkId])
    assert.equal(await store.get(small.id), undefined)
    assert.equal(await store.get(large.id), undefined)
    assert.deepEqual(store.leasesOf(large.id), [])
    assert.deepEqual([store.count, store.usedBytes], [0, 0])
    assert.deepEqual(await folder.files(), [])
  }
})

test('a chunk that comes and goes at the same time ends as the last call says, never without its bytes', async () => {
  await using folder = await storeFolder()
  const { store } = folder
  await Promise.all(
    Array.from({ length: 30 }, (_, turn) =>
      turn % 2 === 0 ? store.put(large.id, large.sealed, null) : store.remove([large.id]),
    ),
  )
  assert.equal(store.has(large.id), false)
  await Promise.all([store.remove([large.id]), store.put(large.id, large.sealed, null)])
  assert((await store.get(large.id))?.equals(large.sealed))
  assert.equal((await folder.files()).length, 1)
})

test('listeners hear what came and went, once it is durable', async () => {
  await using folder = await storeFolder()
  const heard: string[] = []
  const listening = folder.store.on({
    changed: (added, removed) => {
      for (const id of added) heard.push(`+${id} ${folder.store.has(id)}`)
      for (const id of removed) heard.push(`-${id} ${folder.store.has(id)}`)
    },
  })
  await folder.store.put(small.id, small.sealed, null)
  await folder.store.put(small.id, small.sealed, lease(1))
  await folder.store.put(large.id, large.sealed, null)
  await folder.store.remove([large.id])
  assert.deepEqual(heard, [`+${small.id} true`, `+${large.id} true`, `-${large.id} false`])
  listening[Symbol.dispose]()
  await folder.store.remove([small.id])
  assert.equal(heard.length, 3)
})

test('ids come in order and in buckets, and the sums are those of the ids, also after a restart', async () => {
  await using folder = await storeFolder()
  const chunks = Array.from({ length: 300 }, (_, seed) => chunk(100 + seed, seed))
  folder.store.sums() // from here on they are kept up
  await Promise.all(chunks.map(({ id, sealed }) => folder.store.put(id, sealed, null)))
  await folder.store.remove(chunks.slice(0, 50).map(({ id }) => id))
  const ids = chunks
    .slice(50)
    .map(({ id }) => id)
    .toSorted()
  const sums = new BigUint64Array(limits.fingerprintBuckets)
  for (const id of ids) addToSums(sums, Buffer.from(id, 'hex'))
  for (let round = 0; round < 2; round++) {
    const { store } = folder
    const paged: ChunkId[] = []
    for (let page = store.ids(null, 7); page.length > 0; page = store.ids(page.at(-1) ?? null, 7)) paged.push(...page)
    assert.deepEqual(paged, ids)
    assert.deepEqual(store.sums(), sums)
    for (const id of ids) assert(store.idsInBucket(Number.parseInt(id.slice(0, 4), 16)).includes(id))
    await folder.restart()
  }
})

// ---------------------------------------------------------------- room

test('the quota holds, also while many chunks come at once, and nothing of what is refused stays', async () => {
  await using folder = await storeFolder({ quotaBytes: 1 * MiB })
  const { store } = folder
  const chunks = [...Array(30).keys()].map((seed) => chunk(seed % 2 === 0 ? 100 * KiB : 40 * KiB, 100 + seed))
  const ends = await Promise.allSettled(chunks.map(({ id, sealed }) => store.put(id, sealed, null)))
  const stored = chunks.filter((_, index) => ends[index]?.status === 'fulfilled')
  for (const end of ends) assert(end.status === 'fulfilled' || isEngineError(end.reason, 'quota-full'))
  assert.equal(
    store.usedBytes,
    stored.reduce((sum, { sealed }) => sum + sealed.length, 0),
  )
  assert(store.usedBytes <= 1 * MiB && store.usedBytes > 800 * KiB)
  assert.equal((await folder.files()).length, stored.filter(({ sealed }) => sealed.length > 64 * KiB).length)
  // A full store still leases what it has, takes what fits, and more when the quota grows.
  const first = stored[0] as { id: ChunkId; sealed: Buffer }
  assert.equal(await store.put(first.id, first.sealed, lease(1)), 'had')
  assert.equal(await store.roomBytes(), 1 * MiB - store.usedBytes)
  await assert.rejects(store.put(large.id, large.sealed, null), code('quota-full'))
  store.setQuotaBytes(2 * MiB)
  assert.equal(await store.put(large.id, large.sealed, null), 'stored')
  store.setQuotaBytes(0)
  assert.equal(await store.roomBytes(), 0)
})

test('room that a failed put had reserved is there for the next', async () => {
  const failing = { path: '' }
  await using folder = await storeFolder({ quotaBytes: large.sealed.length }, (disk) => ({
    ...disk,
    writeDurable: async (path, data) => {
      if (failing.path !== '') throw new Error('the cable')
      await disk.writeDurable(path, data)
    },
  }))
  failing.path = 'all'
  await assert.rejects(folder.store.put(large.id, large.sealed, null), /the cable/)
  failing.path = ''
  assert.equal(await folder.store.put(large.id, large.sealed, null), 'stored')
})

test('the minimum of free disk holds by what was written since the disk was asked, and it is asked rarely', async () => {
  let asked = 0
  let freeBytes = 10 * MiB
  await using folder = await storeFolder({ minimumFreeBytes: 9 * MiB }, (disk) => ({
    ...disk,
    freeBytes: async () => {
      asked++
      return freeBytes
    },
  }))
  const { store } = folder
  const chunks = [...Array(40).keys()].map((seed) => chunk(50 * KiB, 200 + seed))
  const ends = await Promise.allSettled(chunks.map(({ id, sealed }) => store.put(id, sealed, null)))
  const refused = ends.filter((end) => end.status === 'rejected')
  for (const { reason } of refused) assert(isEngineError(reason, 'disk-full'))
  assert(store.usedBytes <= 1 * MiB && store.usedBytes > 900 * KiB)
  assert(asked < 10, `asked ${asked} times`)
  freeBytes = 100 * MiB
  folder.clockMoves(limits.freeSpaceAskMs)
  assert.equal(await store.put(large.id, large.sealed, null), 'stored')
})

// ---------------------------------------------------------------- damage

test('a damaged file is quarantined, withdrawn, and can come again', async () => {
  for (const harm of ['flip', 'cut'] as const) {
    await using folder = await storeFolder()
    const { store } = folder
    await store.put(large.id, large.sealed, lease(1))
    const removed: ChunkId[] = []
    store.on({ changed: (_, gone) => void removed.push(...gone) })
    const rotten = Buffer.from(harm === 'cut' ? large.sealed.subarray(1) : large.sealed)
    rotten[1000] = (rotten[1000] as number) ^ 4
    await folder.disk.write(pathOf(large.id), rotten)
    // Without the hash check only a wrong length shows.
    if (harm === 'flip') assert((await store.get(large.id))?.equals(rotten))
    assert.equal(await store.get(large.id, { verify: harm === 'flip' }), undefined)
    assert.equal(store.has(large.id), false)
    assert.deepEqual(removed, [large.id])
    assert.equal(store.usedBytes, 0)
    assert.deepEqual(await folder.files(), [`quarantine/${large.id}`])
    assert((await folder.disk.read(`quarantine/${large.id}`)).equals(rotten))
    assert.equal(folder.problems.length, 1)
    await store.put(large.id, large.sealed, null)
    assert((await store.get(large.id, { verify: true }))?.equals(large.sealed))
  }
})

test('a damaged small chunk is quarantined as well', async () => {
  await using folder = await storeFolder()
  await folder.store.put(small.id, small.sealed, null)
  folder.sql('UPDATE body SET sealed = zeroblob(length(sealed))')
  assert.equal(await folder.store.get(small.id, { verify: true }), undefined)
  assert.equal(folder.store.count, 0)
  assert.deepEqual(await folder.files(), [`quarantine/${small.id}`])
})

test('the quarantine does not grow without end', async () => {
  await using folder = await storeFolder()
  for (let seed = 0; seed < limits.quarantinedChunks + 3; seed++) {
    const { id, sealed } = chunk(300, 300 + seed)
    await folder.store.put(id, sealed, null)
    folder.sql('UPDATE body SET sealed = zeroblob(length(sealed))')
    await folder.store.get(id, { verify: true })
  }
  assert.equal((await folder.files()).length, limits.quarantinedChunks)
})

test('a missing file is withdrawn when it is wanted', async () => {
  await using folder = await storeFolder()
  await folder.store.put(large.id, large.sealed, null)
  await folder.disk.remove(pathOf(large.id))
  assert.equal(await folder.store.get(large.id), undefined)
  assert.equal(folder.store.has(large.id), false)
})

// ---------------------------------------------------------------- start

test('after a crash files and rows are compared: strangers taken in or removed, rows without file withdrawn', async () => {
  await using folder = await storeFolder()
  const [kept, lost, orphan, rotten] = [
    large,
    ...[20, 21, 22].map((seed) => chunk(100 * KiB, seed)),
  ] as (typeof large)[]
  assert(kept && lost && orphan && rotten)
  for (const { id, sealed } of [kept, lost, small]) await folder.store.put(id, sealed, lease(1))
  await folder.crash()
  await folder.disk.remove(pathOf(lost.id))
  await folder.disk.write(pathOf(orphan.id), orphan.sealed)
  await folder.disk.write(pathOf(rotten.id), orphan.sealed)
  await folder.disk.write(`${pathOf(kept.id)}.part`, orphan.sealed)
  await folder.disk.write(pathOf(small.id), small.sealed)
  await folder.restart()
  await folder.store.reconciled
  assert.deepEqual(folder.store.ids(null, 10), [kept.id, orphan.id, small.id].toSorted())
  assert.deepEqual(await folder.files(), [pathOf(kept.id), pathOf(orphan.id)].toSorted())
  assert.equal(folder.store.usedBytes, kept.sealed.length + orphan.sealed.length + small.sealed.length)
  assert.deepEqual(folder.store.leasesOf(kept.id), [lease(1)])
  assert.deepEqual(folder.store.leasesOf(orphan.id), [])
})

test('a chunk that was removed does not come back when the process dies before its file is gone', async () => {
  const deaf = { on: true }
  await using folder = await storeFolder({}, (disk) => ({
    ...disk,
    remove: async (path) => {
      if (deaf.on) throw new Error('killed here')
      await disk.remove(path)
    },
  }))
  await folder.store.put(large.id, large.sealed, null)
  await assert.rejects(folder.store.remove([large.id]), /killed here/)
  assert.deepEqual(await folder.files(), [pathOf(large.id)])
  await folder.crash()
  deaf.on = false
  await folder.restart()
  await folder.store.reconciled
  assert.equal(folder.store.has(large.id), false)
  assert.deepEqual(await folder.files(), [])
})

test('after an orderly end nothing is compared', async () => {
  await using folder = await storeFolder()
  await folder.store.close()
  await folder.disk.write(pathOf(large.id), large.sealed)
  await folder.restart()
  await folder.store.reconciled
  assert.equal(folder.store.count, 0)
})

test('a lost database is made again from the files', async () => {
  await using folder = await storeFolder()
  const chunks = [30, 31, 32].map((seed) => chunk(80 * KiB, seed))
  for (const { id, sealed } of chunks) await folder.store.put(id, sealed, lease(1))
  await folder.store.close()
  for (const file of ['chunks.db', 'chunks.db-wal', 'chunks.db-shm']) {
    await folder.disk.remove(file).catch(() => undefined)
  }
  await folder.restart()
  await folder.store.reconciled
  for (const { id, sealed } of chunks) assert((await folder.store.get(id, { verify: true }))?.equals(sealed))
})

test('a closed store refuses everything', async () => {
  await using folder = await storeFolder()
  await folder.store.close()
  await assert.rejects(folder.store.put(small.id, small.sealed, null), code('stopped'))
  await assert.rejects(folder.store.touch([small.id], lease(1)), code('stopped'))
  await folder.restart()
})

test('against a naive model: puts, removals, leases and restarts in any order', async () => {
  const chunks = [
    ...[...Array(4).keys()].map((seed) => chunk(1000, 400 + seed)),
    chunk(70 * KiB, 410),
    chunk(90 * KiB, 411),
  ]
  const step = fc.record({
    what: fc.constantFrom('put', 'put', 'put', 'remove', 'touch', 'end', 'restart'),
    which: fc.nat(chunks.length - 1),
    upload: fc.nat(3),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      await using folder = await storeFolder()
      const model = new Map<ChunkId, Set<number>>()
      for (const { what, which, upload } of steps) {
        const { id, sealed } = chunks[which] as (typeof chunks)[number]
        const { store } = folder
        if (what === 'put') {
          assert.equal(await store.put(id, sealed, lease(upload)), model.has(id) ? 'had' : 'stored')
          model.set(id, (model.get(id) ?? new Set()).add(upload))
        } else if (what === 'remove') {
          await store.remove([id])
          model.delete(id)
        } else if (what === 'touch') {
          assert.deepEqual(await store.touch([id], lease(upload)), [model.has(id)])
          model.get(id)?.add(upload)
        } else if (what === 'end') {
          await store.endLeases([lease(upload).upload])
          for (const uploads of model.values()) uploads.delete(upload)
        } else {
          await folder.restart()
        }
      }
      const { store } = folder
      assert.deepEqual(store.ids(null, 100), [...model.keys()].toSorted())
      for (const { id, sealed } of chunks) {
        const uploads = [...(model.get(id) ?? [])].toSorted((a, b) => a - b)
        assert.deepEqual(
          store.leasesOf(id),
          uploads.map((upload) => lease(upload)),
        )
        assert.deepEqual(await store.get(id, { verify: true }), model.has(id) ? sealed : undefined)
      }
    }),
    { numRuns: 15 },
  )
})

function pathOf(id: ChunkId): string {
  return `chunks/${id.slice(0, 2)}/${id.slice(2, 4)}/${id}`
}
