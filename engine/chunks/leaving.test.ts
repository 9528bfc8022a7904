import assert from 'node:assert/strict'
import { test } from 'node:test'
import { blake3Hex } from '../base/hash.ts'
import { type ChunkId, NodeIds, VersionIds } from '../base/ids.ts'
import { KiB } from '../limits.ts'
import { randomLike } from './testBytes.ts'
import { storeFolder } from './testStoreFolder.ts'
import type { Lease } from './types.ts'

const lease: Lease = {
  upload: VersionIds.parse('1'.repeat(32)),
  writer: NodeIds.parse('2'.repeat(32)),
  writerStart: 3,
}
const chunks = [5 * KiB, 200 * KiB].map((bytes, seed) => {
  const sealed = randomLike(bytes, seed + 1)
  return { id: blake3Hex(sealed) as ChunkId, sealed }
})
const ids = chunks.map(({ id }) => id)

async function folderWithChunks() {
  const folder = await storeFolder()
  for (const { id, sealed } of chunks) await folder.store.put(id, sealed, null)
  return folder
}

test('a leaving replica is read but not touched, and deleted only under its own mark', async () => {
  await using folder = await folderWithChunks()
  const { store } = folder
  const { mark, marked } = await store.markLeaving(ids)
  assert.deepEqual(marked, [true, true])
  assert(ids.every((id) => store.isLeaving(id) && store.has(id)))
  assert.deepEqual(await store.touch(ids, lease), [false, false])
  for (const { id, sealed } of chunks) assert((await store.get(id, { verify: true }))?.equals(sealed))
  assert.deepEqual((await store.markLeaving(ids)).marked, [false, false])
  assert.deepEqual(await store.removeLeaving(ids, mark + 1), [false, false])
  assert.deepEqual(await store.removeLeaving(ids, mark), [true, true])
  assert.equal(store.count, 0)
  assert.equal(store.usedBytes, 0)
  assert.deepEqual(await folder.files(), [])
})

test('a leased replica is never marked', async () => {
  await using folder = await folderWithChunks()
  const [first] = ids as [ChunkId]
  await folder.store.touch([first], lease)
  assert.deepEqual((await folder.store.markLeaving(ids)).marked, [false, true])
  await folder.store.endLeasesOfWriter(lease.writer, null)
  assert.deepEqual((await folder.store.markLeaving([first])).marked, [true])
})

test('a put saves a leaving replica, with and without a lease, and the old mark deletes nothing any more', async () => {
  await using folder = await folderWithChunks()
  const { store } = folder
  for (const keeper of [null, lease]) {
    const { mark } = await store.markLeaving(ids)
    for (const { id, sealed } of chunks) assert.equal(await store.put(id, sealed, keeper), 'had')
    assert(ids.every((id) => !store.isLeaving(id)))
    assert.deepEqual(await store.removeLeaving(ids, mark), [false, false])
  }
  assert.equal(store.leasesOf(ids[0] as ChunkId).length, 1)
  assert.deepEqual(store.leaseWriters(), [{ writer: lease.writer, writerStart: 3 }])
})

test('marks end with the process, and by unmark under their own number only', async () => {
  await using folder = await folderWithChunks()
  const { mark } = await folder.store.markLeaving(ids)
  await folder.store.unmark(ids, mark + 1)
  assert(folder.store.isLeaving(ids[0] as ChunkId))
  await folder.store.unmark(ids, mark)
  assert(!folder.store.isLeaving(ids[0] as ChunkId))
  await folder.store.markLeaving(ids)
  await folder.crash()
  await folder.restart()
  assert(ids.every((id) => folder.store.has(id) && !folder.store.isLeaving(id)))
  assert.deepEqual((await folder.store.markLeaving(ids)).marked, [true, true])
})
