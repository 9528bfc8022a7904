import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isEngineError } from '../base/error.ts'
import { blake3, blake3Hex } from '../base/hash.ts'
import type { ChunkId, EpochId, PoolId } from '../base/ids.ts'
import type { EpochKeys, Keyring } from '../identity/types.ts'
import { limits } from '../limits.ts'
import type { ChunkReference } from '../ports.ts'
import { buildSegments, chunkIdsOf, openSegment, SegmentBuilder } from './segments.ts'

function epochKeys(seed: string): EpochKeys {
  const key = (label: string) => blake3(Buffer.from(`${seed} ${label}`))
  return {
    id: key('id').toString('hex').slice(0, 32) as EpochId,
    rowSaltKey: key('row salt'),
    rowBodyKey: key('row body'),
    chunkSealKey: key('chunk seal'),
    segmentKey: key('segment'),
  }
}

const keys = epochKeys('first')
const keyring: Keyring = {
  poolId: '0'.repeat(32) as PoolId,
  current: () => keys,
  get: (epoch) => (epoch === keys.id ? keys : undefined),
  epochs: () => [keys.id],
  dedupKey: Buffer.alloc(32),
  poolHint: '0'.repeat(16),
}

function reference(seed: string | number): ChunkReference {
  const chunkId = blake3Hex(Buffer.from(`chunk ${seed}`)) as ChunkId
  const number = Number.parseInt(chunkId.slice(0, 6), 16)
  return {
    chunkId,
    sizeBytes: 1 + (number % limits.chunkMaxBytes),
    pieceBytes: 1 + (number % limits.pieceMaxBytes),
    key: blake3(Buffer.from(`key ${seed}`)),
    pieceHash: blake3(Buffer.from(`piece ${seed}`)),
  }
}

function references(count: number, from = 0): ChunkReference[] {
  return Array.from({ length: count }, (_, index) => reference(from + index))
}

function isDamaged(error: unknown): boolean {
  return isEngineError(error, 'damaged')
}

test('a small file is one segment of one reference, an empty file has none', () => {
  assert.deepEqual(buildSegments([], keys), [])
  const [segment, ...others] = buildSegments([reference('small')], keys)
  assert(segment !== undefined)
  assert.equal(others.length, 0)
  assert.deepEqual(openSegment(segment.bytes, keyring), [reference('small')])
})

test('frozen: the bytes of a segment of two references', () => {
  const [segment] = buildSegments(references(2), keys)
  assert(segment !== undefined)
  assert.equal(segment.bytes.length, 1 + 16 + 2 + 2 * 32 + 32 + 2 * 72 + 16)
  assert.equal(
    Buffer.from(segment.bytes).toString('hex'),
    '01dafd2771e8dd8a3cb4b5068d5c92db790002e04e88a9fe2a1a4ed7d4f11df264f6a77b45327218a06506890ca80c4515b76c30d81dba31cd3e3c3dfebe0dff57bbd5fd72b7ba95edaddbe4ccce34565063dc91a3274684bf7d5918116624523272e2cadc5e9fdb1b44f39a43886c4b9804ed375524daef55456d9c4d80143d123a37030422fe58759925088034ce5ebaa466eef20e0f434d9bfcb48d8abd130c577d83dfbd6642f35f16a20a04a20d070cafb1a965154412103794658a903a040667f51e63c272d619fbf0011318f73ccb81e257759b961a331fabea289b3ccedba3a4df41d4bef374b88b74d6fe8bcbc8a950bd6d32e2b157cead739c9fb5af7c928018d3439f4672d4b7846bad87fd1d7f',
  )
  assert.equal(segment.id, blake3Hex(segment.bytes))
})

test('references come back in order, also from many segments, also one by one', () => {
  const all = references(5000)
  const segments = buildSegments(all, keys)
  assert(segments.length >= 5 && segments.length <= 19, `${segments.length} segments`)
  assert.deepEqual(
    segments.flatMap((segment) => openSegment(segment.bytes, keyring)),
    all,
  )
  assert.deepEqual(
    segments.flatMap((segment) => chunkIdsOf(segment.bytes)),
    all.map((each) => each.chunkId),
  )
  for (const segment of segments) {
    assert.equal(segment.id, blake3Hex(segment.bytes))
    assert(segment.bytes.length <= limits.segmentMaxBytes)
    assert(chunkIdsOf(segment.bytes).length <= limits.segmentMaxReferences)
  }
  const builder = new SegmentBuilder(keys)
  const streamed = all.map((each) => builder.push(each)).filter((each) => each !== undefined)
  const last = builder.finish()
  assert.deepEqual([...streamed, ...(last === undefined ? [] : [last])], segments)
  assert.equal(builder.finish(), undefined)
})

test('a content without any boundary is cut at the largest size', () => {
  const same = Array.from({ length: 2500 }, () => reference(0))
  assert.notEqual(Number.parseInt(reference(0).chunkId.slice(6, 8), 16), 0)
  const counts = buildSegments(same, keys).map((segment) => chunkIdsOf(segment.bytes).length)
  assert.deepEqual(counts, [1024, 1024, 452])
})

test('versions of a large file share all segments but those around the change', () => {
  const before = references(20_000)
  const after = [...before.slice(0, 9000), ...references(3, 1_000_000), ...before.slice(9001)]
  const known = new Set(buildSegments(before, keys).map((segment) => segment.id))
  const fresh = buildSegments(after, keys).filter((segment) => !known.has(segment.id))
  assert(fresh.length >= 1 && fresh.length <= 6, `${fresh.length} of ${known.size} are new`)
})

test('another epoch makes other bytes, and a keyring without it says so', () => {
  const other = epochKeys('second')
  const [here] = buildSegments([reference(1)], keys)
  const [there] = buildSegments([reference(1)], other)
  assert(here !== undefined && there !== undefined)
  assert.notEqual(here.id, there.id)
  assert.throws(
    () => openSegment(there.bytes, keyring),
    (error) => isEngineError(error, 'unknown-epoch'),
  )
  assert.deepEqual(chunkIdsOf(there.bytes), [reference(1).chunkId])
})

test('whatever bit is flipped, a segment is damaged', () => {
  const [segment] = buildSegments(references(3), keys)
  assert(segment !== undefined)
  for (let at = 0; at < segment.bytes.length; at++) {
    const bytes = Buffer.from(segment.bytes)
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (at % 8)), at)
    const isEpoch = at >= 1 && at <= 16
    assert.throws(
      () => openSegment(bytes, keyring),
      (error) => isEngineError(error, isEpoch ? 'unknown-epoch' : 'damaged'),
      `byte ${at}`,
    )
  }
})

test('truncated, lengthened, empty and random bytes are damaged', () => {
  const [segment] = buildSegments(references(2), keys)
  assert(segment !== undefined)
  for (let length = 0; length < segment.bytes.length; length++) {
    assert.throws(() => chunkIdsOf(segment.bytes.subarray(0, length)), isDamaged, `${length} bytes`)
  }
  assert.throws(() => chunkIdsOf(Buffer.concat([segment.bytes, Buffer.alloc(1)])), isDamaged)
  assert.throws(() => chunkIdsOf(blake3(Buffer.from('random'))), isDamaged)
})

test('sizes that no chunk has are refused though they are well sealed', () => {
  const [segment] = buildSegments([{ ...reference(1), sizeBytes: limits.chunkMaxBytes + 1 }], keys)
  assert(segment !== undefined)
  assert.throws(() => openSegment(segment.bytes, keyring), isDamaged)
})
