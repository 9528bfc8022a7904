/**
 * Random histories that make everything meet: few entries, few names, moves in circles, deletions, restores, concurrent
 * versions, policies, rows that replace others, segments that come late.
 */
import fc from 'fast-check'
import { blake3, blake3Hex } from '../../../base/hash.ts'
import { type ChunkId, type EntryId, type NodeId, ROOT_ENTRY, type VersionId } from '../../../base/ids.ts'
import type { ChunkReference } from '../../../ports.ts'
import { buildSegments } from '../../segments.ts'
import type { Change, Segment } from '../../types.ts'
import { RECOVERED_ENTRY } from '../index.ts'
import { idOf, keyOf, type StampedChange, stampAt, testKeys } from './openViews.ts'

/** Some share their first digits, so that names need more of them. */
export const entryIds: EntryId[] = ['aaaa1', 'aaaa2', '11', '5', 'aaaa1b', 'c', '0000', 'f0', '7', 'bbbb'].map(
  (start) => idOf<EntryId>(start),
)
export const nodeIds: NodeId[] = ['1', '2', '3', '4'].map((start) => idOf<NodeId>(start, 'node'))
const versionIds: VersionId[] = Array.from({ length: 9 }, (_, index) => idOf<VersionId>(index.toString(16)))
const names = ['a', 'A', 'b.txt', 'B.txt', '\u00e9', 'e\u0301', 'Recovered', `b (${entryIds[0]?.slice(0, 4)}).txt`]

export function referenceOf(label: string): ChunkReference {
  const chunkId = blake3Hex(Buffer.from(`chunk ${label}`)) as ChunkId
  const key = blake3(Buffer.from(`key ${label}`))
  const pieceHash = blake3(Buffer.from(`piece ${label}`))
  return { chunkId, sizeBytes: 100 + label.length, pieceBytes: 90, key, pieceHash }
}

/** Segments of which some share chunks. */
export const segments: Segment[] = [['a'], ['b'], ['a', 'b'], ['c', 'd', 'c'], ['dd'], ['e', 'a']].flatMap((labels) =>
  buildSegments(labels.map(referenceOf), testKeys),
)
export const chunkLabels = ['a', 'b', 'c', 'd', 'dd', 'e']

const entry = fc.constantFrom(...entryIds)
/** Mostly folders come first in the list. */
const parent = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...entryIds.slice(0, 6)) },
  { weight: 2, arbitrary: fc.constant(ROOT_ENTRY) },
  { weight: 1, arbitrary: fc.constantFrom(...entryIds, RECOVERED_ENTRY, idOf<EntryId>('9', 'never born')) },
)
const name = fc.constantFrom(...names)
const named = fc.uniqueArray(fc.constantFrom(...segments), { maxLength: 3 })

const version = fc
  .record({
    index: fc.nat(versionIds.length - 1),
    entry,
    named,
    parents: fc.uniqueArray(fc.constantFrom(...versionIds), { maxLength: 2 }),
    sizeBytes: fc.constantFrom(0, 10, 20),
    modifiedMs: fc.constantFrom(1, 2, 3),
  })
  .map(({ index, named: list, ...rest }) => ({
    ...rest,
    version: versionIds[index] as VersionId,
    segments: list.map((each) => each.id),
    createdMs: 5,
    author: nodeIds[0] as NodeId,
  }))

/** Entries from the fifth on are files, now and then the other way round. */
const birth = fc.record({ entry, parent, name, version, odd: fc.nat(9) }).map((drawn): Change => {
  const isFile = entryIds.indexOf(drawn.entry) > 4 !== (drawn.odd === 0)
  const { entry: id, parent: above, name: called } = drawn
  return {
    what: 'birth',
    entry: id,
    parent: above,
    name: called,
    version: isFile ? { ...drawn.version, entry: id } : null,
  }
})

const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 5, arbitrary: birth },
  { weight: 4, arbitrary: fc.record({ what: fc.constant('location' as const), entry, parent, name }) },
  {
    weight: 4,
    arbitrary: fc
      .record({ entry, trashed: fc.integer({ min: 0, max: 3 }), version: fc.option(fc.constantFrom(...versionIds)) })
      .map(
        (drawn): Change => ({
          ...drawn,
          what: 'trash',
          trashed: drawn.trashed > 0,
          by: nodeIds[0] as NodeId,
          atMs: 7,
        }),
      ),
  },
  { weight: 4, arbitrary: version.map((drawn): Change => ({ what: 'version', version: drawn })) },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constant('policy' as const),
      entry: fc.oneof(entry, fc.constant(ROOT_ENTRY)),
      copies: fc.option(fc.integer({ min: 1, max: 5 })),
      pinnedTo: fc.uniqueArray(fc.constantFrom(...nodeIds), { maxLength: 2 }),
    }),
  },
)

/** Changes with stamps that all differ; many within one millisecond. */
export const history: fc.Arbitrary<StampedChange[]> = fc
  .array(fc.tuple(change, fc.nat(12)), { minLength: 1, maxLength: 60, size: 'max' })
  .map((drawn) => drawn.map(([each, ms], index) => ({ change: each, stamp: stampAt(ms, index) })))

/** What stands in the end: of each register the change with the greatest stamp. */
export function standing(changes: readonly StampedChange[]): StampedChange[] {
  const latest = new Map<string, StampedChange>()
  for (const each of changes) {
    const key = JSON.stringify(keyOf(each.change))
    const other = latest.get(key)
    if (other === undefined || other.stamp < each.stamp) latest.set(key, each)
  }
  return [...latest.values()]
}

/** Feeds winners only, as the catalog does. */
export function* winners(changes: Iterable<StampedChange>): IterableIterator<StampedChange> {
  const stamps = new Map<string, string>()
  for (const each of changes) {
    const key = JSON.stringify(keyOf(each.change))
    if ((stamps.get(key) ?? '') >= each.stamp) continue
    stamps.set(key, each.stamp)
    yield each
  }
}

/** The items in another order, drawn from numbers. */
export function shuffled<T>(items: readonly T[], draws: readonly number[]): T[] {
  const rest = [...items]
  const order: T[] = []
  for (let index = 0; rest.length > 0; index++) {
    order.push(...rest.splice((draws[index % Math.max(1, draws.length)] ?? 0) % rest.length, 1))
  }
  return order
}
