import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesOf } from '../../base/bytes.ts'
import { isEngineError } from '../../base/error.ts'
import { blake3, blake3Hex } from '../../base/hash.ts'
import { type ChunkId, type EntryId, type NodeId, type SegmentId, type VersionId } from '../../base/ids.ts'
import type { Keyring } from '../../identity/types.ts'
import { limits } from '../../limits.ts'
import type { ChunkReference } from '../../ports.ts'
import { buildSegments } from '../segments.ts'
import { testKeyring } from '../testing/pool.ts'
import type { ChunkFacts, Segment } from '../types.ts'
import { idOf, testKeys } from './testing/openViews.ts'
import { type FileOptions, Story } from './testing/story.ts'

function nodeNumber(index: number): NodeId {
  return idOf<NodeId>(index.toString(16).padStart(2, '0'), 'node')
}

/** Ids that begin alike stand one after the other in the table. */
function referenceFrom(beginning: string, label = ''): ChunkReference {
  const chunkId = (beginning + blake3Hex(Buffer.from(beginning + label))).slice(0, 64) as ChunkId
  const key = blake3(Buffer.from(`key ${chunkId}`))
  const pieceHash = blake3(Buffer.from(`piece ${chunkId}`))
  return { chunkId, sizeBytes: 1000 + chunkId.charCodeAt(63), pieceBytes: 900, key, pieceHash }
}

/** The second and third share their slot, the fourth would stand where one of them went. */
const prefix = 'ab00ab00ab00'
const references = ['00', prefix, prefix, 'ab00ab00ab02', 'ab00ab00ab04', 'ffffffffffff', 'ffffffffffff', '7'].map(
  (beginning, index) => referenceFrom(beginning, String(index)),
)
const chunkIds = references.map((reference) => reference.chunkId)
const nodes = [0, 1, 2, 3].map(nodeNumber)

interface Told {
  readonly segments?: readonly Segment[]
}

function fileOf(story: Story, list: readonly ChunkReference[], options: FileOptions & Told = {}): EntryId {
  const segments = buildSegments(list, testKeys)
  story.views.transact(() => {
    for (const segment of segments) story.views.addSegment(segment)
  })
  return story.file('a', { ...options, segments })
}

function claim(story: Story, holder: NodeId, add: readonly ChunkId[], remove: readonly ChunkId[] = []): void {
  story.views.transact(() => story.views.chunks.claim(holder, add, remove))
}

const node = fc.constantFrom(...nodes)
const some = fc.uniqueArray(fc.constantFrom(...chunkIds))
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ what: fc.constant('claim' as const), node, add: some, remove: some }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('disclaim' as const), node }) },
  {
    weight: 2,
    arbitrary: fc.record({ what: fc.constant('file' as const), list: fc.array(fc.constantFrom(...references)) }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('forget' as const), index: fc.nat(5) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('policy' as const),
      index: fc.nat(5),
      copies: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('tidy' as const) }) },
)

test('the chunk index is what plain sets would be, whatever happens to claims, files and policies', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const story = new Story()
      const { chunks } = story.views
      const claims = new Map(nodes.map((each) => [each, new Set<ChunkId>()]))
      const files: { id: EntryId; list: readonly ChunkReference[]; copies: number }[] = []
      for (const each of steps) {
        // Sums of one node are followed, those of the others counted when asked.
        chunks.claimSums(nodes[0] as NodeId)
        if (each.what === 'claim') {
          claim(story, each.node, each.add, each.remove)
          for (const id of each.add) claims.get(each.node)?.add(id)
          for (const id of each.remove) claims.get(each.node)?.delete(id)
        } else if (each.what === 'disclaim') {
          story.views.transact(() => chunks.disclaim(each.node))
          claims.get(each.node)?.clear()
        } else if (each.what === 'file') {
          files.push({ id: fileOf(story, each.list), list: each.list, copies: 2 })
        } else if (each.what === 'tidy') {
          story.views.settle()
        } else {
          const file = files[each.index]
          if (file === undefined) continue
          if (each.what === 'policy') {
            story.policy(file.id, each.copies)
            file.copies = each.copies
          } else {
            files.splice(each.index, 1)
            story.views.transact(() => story.views.forgetEntry(file.id))
          }
        }
      }
      expectLike(story, claims, files)
      story.views.settle()
      expectLike(story, claims, files)
    }),
    { numRuns: Number(process.env['RUNS'] ?? 60) },
  )
})

function expectLike(
  story: Story,
  claims: ReadonlyMap<NodeId, ReadonlySet<ChunkId>>,
  files: readonly { id: EntryId; list: readonly ChunkReference[]; copies: number }[],
): void {
  const { chunks } = story.views
  const all = references
    .map(({ chunkId, sizeBytes }) => {
      const naming = files.filter((file) => file.list.some((each) => each.chunkId === chunkId))
      const holders = nodes.filter((each) => claims.get(each)?.has(chunkId) === true)
      const wanted = Math.max(0, ...naming.map((file) => file.copies))
      return { chunkId, sizeBytes, holders, wanted, pinnedTo: [], files: naming.map((file) => file.id).sort() }
    })
    .sort((a, b) => (a.chunkId < b.chunkId ? -1 : 1))
  const named = all.filter(({ wanted }) => wanted > 0)
  for (const expected of all) {
    const facts = chunks.facts(expected.chunkId)
    const isKnown = expected.wanted > 0 || expected.holders.length > 0
    assert.equal(facts !== undefined, isKnown)
    assert.equal(chunks.isNamed(expected.chunkId), expected.wanted > 0)
    if (facts === undefined) continue
    assert.deepEqual([facts.wanted, [...facts.holders].sort()], [expected.wanted, expected.holders.toSorted()])
    if (expected.wanted > 0) assert.equal(facts.sizeBytes, expected.sizeBytes)
    assert.deepEqual(chunks.filesOf(expected.chunkId), expected.files)
  }
  const idsOf = (facts: readonly { chunkId: ChunkId }[]) => facts.map(({ chunkId }) => chunkId)
  const isShort = ({ holders, wanted }: { holders: readonly NodeId[]; wanted: number }) => holders.length < wanted
  assert.deepEqual([...chunks.chunksWhere(isShort)].sort(), idsOf(named.filter(isShort)).sort())
  for (const [holder, claimed] of claims) {
    const held = named.filter(({ holders }) => holders.includes(holder))
    assert.deepEqual(idsOf(paged((after) => chunks.heldBy(holder, after, 3))).sort(), idsOf(held).sort())
    const sums = new BigUint64Array(limits.fingerprintBuckets)
    for (const id of claimed) {
      const bytes = bytesOf(id)
      const bucket = bytes.readUInt16BE(0)
      sums[bucket] = (sums[bucket] as bigint) + bytes.readBigUInt64LE(8)
    }
    assert.deepEqual(chunks.claimSums(holder), sums)
    for (const bucket of [0, 0xab00, 0xffff]) {
      const inBucket = [...claimed].filter((id) => bytesOf(id).readUInt16BE(0) === bucket)
      assert.deepEqual(chunks.claimsInBucket(holder, bucket).sort(), inBucket.sort())
    }
  }
  const sums = new Map<string, [number, number]>()
  for (const { holders, wanted, sizeBytes } of named) {
    const key = `${holders.toSorted().join()} ${wanted}`
    const [count, bytes] = sums.get(key) ?? [0, 0]
    sums.set(key, [count + 1, bytes + sizeBytes])
  }
  const told = chunks
    .patterns()
    .map((each): [string, [number, number]] => [
      `${[...each.holders].sort().join()} ${each.wanted}`,
      [each.chunks, each.bytes],
    ])
  assert.deepEqual(new Map(told), sums)
  assert.equal(told.length, sums.size)
  for (const reference of references) {
    const isNamed = named.some(({ chunkId }) => chunkId === reference.chunkId)
    const found = chunks.referenceOfPiece(reference.pieceHash)
    assert.deepEqual(found, isNamed ? reference : undefined)
  }
}

function paged(page: (after: ChunkId | null) => ChunkFacts[]): ChunkFacts[] {
  const all: ChunkFacts[] = []
  for (let after: ChunkId | null = null; ; ) {
    const facts = page(after)
    all.push(...facts)
    after = facts.at(-1)?.chunkId ?? null
    if (after === null) return all
  }
}

test('claims that come before their file count as soon as it is named', () => {
  const story = new Story()
  const [one, two] = references as [ChunkReference, ChunkReference]
  claim(story, nodes[0] as NodeId, [one.chunkId, two.chunkId])
  assert.deepEqual(story.views.chunks.patterns(), [])
  assert.equal(story.views.chunks.facts(one.chunkId)?.wanted, 0)
  fileOf(story, [one])
  assert.deepEqual(story.views.chunks.patterns(), [{ holders: [nodes[0]], wanted: 2, chunks: 1, bytes: one.sizeBytes }])
})

test('the fewest holders of a version, as far as they count', () => {
  const story = new Story()
  const [one, two, three] = references as [ChunkReference, ChunkReference, ChunkReference]
  const file = fileOf(story, [one, two])
  const version = story.current(file)
  const [a, b, c] = nodes as [NodeId, NodeId, NodeId]
  claim(story, a, [one.chunkId, two.chunkId])
  claim(story, b, [one.chunkId])
  claim(story, c, [one.chunkId, two.chunkId])
  const fewest = (...counted: NodeId[]) => story.views.chunks.fewestHolders(version, new Set(counted))
  assert.deepEqual([fewest(a, b, c), fewest(a, b), fewest(b), fewest()], [2, 1, 0, 0])
  assert.deepEqual([...story.views.chunks.chunksOfVersion(version)], [one.chunkId, two.chunkId])
  const empty = story.current(story.file('empty'))
  assert.equal(story.views.chunks.fewestHolders(empty, new Set([a])), Number.POSITIVE_INFINITY)
  assert.deepEqual([...story.views.chunks.chunksOfVersion(empty)], [])
  const missing = buildSegments([three], testKeys)
  const partial = story.current(story.file('partial', { segments: missing }))
  claim(story, a, [three.chunkId])
  assert.equal(story.views.chunks.fewestHolders(partial, new Set([a])), 0)
  assert.throws(
    () => [...story.views.chunks.chunksOfVersion(partial)],
    (error) => isEngineError(error, 'segment-missing'),
  )
  assert.throws(
    () => [...story.views.chunks.chunksOfVersion(story.newId<VersionId>())],
    (error) => isEngineError(error, 'unknown-version'),
  )
})

test('a version of several thousand chunks, and one whose chunks repeat', () => {
  const story = new Story()
  const many = Array.from({ length: 3000 }, (_, index) =>
    referenceFrom(blake3Hex(Buffer.from(String(index))).slice(0, 12)),
  )
  const file = fileOf(story, [...many, ...many.slice(0, 10)])
  const version = story.current(file)
  assert.equal([...story.views.chunks.chunksOfVersion(version)].length, 3010)
  assert.equal(story.views.chunks.patterns()[0]?.chunks, 3000)
  claim(
    story,
    nodes[0] as NodeId,
    many.map((each) => each.chunkId),
  )
  assert.equal(story.views.chunks.fewestHolders(version, new Set(nodes)), 1)
  assert.deepEqual(story.views.chunks.referenceOfPiece(many[2345]?.pieceHash as Buffer), many[2345])
  const group = { holders: [nodes[0] as NodeId], wanted: 2 }
  const listed = paged((after) => story.views.chunks.ofGroup(group, after, 700)).map((facts) => facts.chunkId)
  assert.deepEqual(listed, many.map((each) => each.chunkId).sort())
})

test('63 members claim, a 64th is refused, a freed place is taken', () => {
  const story = new Story()
  const [one] = chunkIds as [ChunkId]
  fileOf(story, [references[0] as ChunkReference])
  const many = Array.from({ length: 63 }, (_, index) => nodeNumber(index))
  for (const each of many) claim(story, each, [one])
  assert.equal(story.views.chunks.facts(one)?.holders.length, 63)
  assert.deepEqual(story.views.chunks.patterns()[0]?.holders.toSorted(), many.toSorted())
  story.views.database.exec('BEGIN')
  assert.throws(
    () => story.views.chunks.claim(nodeNumber(63), [one], []),
    (error) => isEngineError(error, 'too-many-members'),
  )
  story.views.database.exec('ROLLBACK')
  story.views.rollback()
  story.views.transact(() => story.views.chunks.disclaim(many[62] as NodeId))
  claim(story, nodeNumber(63), [one])
  const holders = story.views.chunks.facts(one)?.holders
  assert(holders?.includes(nodeNumber(63)) === true && !holders.includes(many[62] as NodeId))
})

test('what a holder claims is listed in order, however many patterns there are', () => {
  const story = new Story()
  const many = Array.from({ length: 300 }, (_, index) =>
    referenceFrom(blake3Hex(Buffer.from(`p${index}`)).slice(0, 12)),
  )
  fileOf(story, many)
  const holder = nodeNumber(40)
  // 8 other holders make up to 256 patterns.
  for (let bit = 0; bit < 8; bit++) {
    claim(
      story,
      nodeNumber(bit),
      many.filter((_, index) => ((index >> bit) & 1) === 1).map((each) => each.chunkId),
    )
  }
  const held = many.filter((_, index) => index % 3 !== 0).map((each) => each.chunkId)
  claim(story, holder, held)
  assert(story.views.chunks.patterns().length > 200)
  const listed = paged((after) => story.views.chunks.heldBy(holder, after, 17)).map((facts) => facts.chunkId)
  assert.deepEqual(listed, held.toSorted())
})

test('pins of the files that name a chunk are its pins', () => {
  const story = new Story()
  const [one] = references as [ChunkReference]
  const [a, b] = nodes as [NodeId, NodeId]
  const first = fileOf(story, [one])
  const second = fileOf(story, [one])
  story.policy(first, null, [a])
  story.policy(second, 3, [b])
  const facts = story.views.chunks.facts(one.chunkId)
  assert.deepEqual([facts?.wanted, facts?.pinnedTo], [3, [a, b].sort()])
  assert.deepEqual(story.views.chunks.ofGroup({ holders: [], wanted: 3 }, null, 10)[0]?.pinnedTo, [a, b].sort())
})

test('sizes and pieces of a segment whose key comes late follow in the background', () => {
  let keyring: Keyring | null = null
  const story = new Story({ keyring: () => keyring })
  const [one] = references as [ChunkReference]
  const [built] = buildSegments([one], testKeys) as [Segment]
  story.views.transact(() => story.views.addSegment({ id: built.id, bytes: built.bytes }))
  story.file('a', { segments: [built] })
  assert.equal(story.views.chunks.facts(one.chunkId)?.sizeBytes, 0)
  story.views.settle()
  assert.equal(story.views.chunks.referenceOfPiece(one.pieceHash), undefined)
  keyring = testKeyring()
  story.views.settle()
  assert.equal(story.views.chunks.facts(one.chunkId)?.sizeBytes, one.sizeBytes)
  assert.equal(story.views.chunks.patterns()[0]?.bytes, one.sizeBytes)
  assert.deepEqual(story.views.chunks.referenceOfPiece(one.pieceHash), one)
})

test('a damaged segment names no chunks and stops nothing', () => {
  const story = new Story()
  const bytes = Buffer.from('no segment at all')
  const segment = { id: blake3Hex(bytes) as SegmentId, bytes }
  story.views.transact(() => story.views.addSegment(segment))
  const version = story.current(story.file('a', { segments: [segment] }))
  assert.deepEqual([...story.views.chunks.chunksOfVersion(version)], [])
  assert.equal(story.views.chunks.fewestHolders(version, new Set(nodes)), 0)
  story.views.settle()
})
