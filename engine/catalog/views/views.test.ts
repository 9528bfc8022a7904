import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { EntryId, SegmentId } from '../../base/ids.ts'
import { chunkIdsOf } from '../segments.ts'
import { RECOVERED_ENTRY } from './index.ts'
import { dump, rootOf, seenIn, seenOf, trashIn } from './testing/dump.ts'
import {
  chunkLabels,
  entryIds,
  history,
  nodeIds,
  referenceOf,
  segments,
  shuffled,
  standing,
  winners,
} from './testing/history.ts'
import { Model } from './testing/model.ts'
import { openRow, type StampedChange, TestViews } from './testing/openViews.ts'

const draws = fc.array(fc.nat(1000), { minLength: 1, maxLength: 60 })

/** Applies changes and segments in this order, with a few claims. */
function viewsOf(
  changes: readonly StampedChange[],
  order: readonly number[],
  options = { segmentsFirst: false },
): TestViews {
  const views = new TestViews()
  views.countAll() // so that the sums are followed, not counted at the end
  views.transact(() => {
    for (const [index, label] of chunkLabels.entries()) {
      views.chunks.claim(nodeIds[index % 3] as never, [referenceOf(label).chunkId], [])
      views.chunks.claim(nodeIds[3] as never, [referenceOf(label).chunkId], [])
    }
    if (options.segmentsFirst) for (const segment of segments) views.addSegment(segment)
  })
  const arrivals = shuffled([...winnersIn(shuffled(changes, order)), ...segments.slice(0, 5)], order)
  // Winners must be judged in the order of arrival.
  const applied = new Set(winnersIn(arrivals.filter((each) => 'change' in each)))
  for (const each of arrivals) {
    if (!('change' in each)) views.transact(() => views.addSegment(each))
    else if (applied.has(each)) views.take(each)
  }
  views.settle()
  return views
}

function winnersIn(changes: readonly StampedChange[]): StampedChange[] {
  return [...winners(changes)]
}

function expectLikeModel(views: TestViews, changes: readonly StampedChange[]): void {
  const model = new Model(changes, 2)
  assert.deepEqual(seenIn(views), model.seen())
  assert.deepEqual(trashIn(views), model.trash())
  for (const id of entryIds) {
    const policy = model.policy(id)
    assert.deepEqual(views.policy(id), { ...policy, copies: policy.copies ?? 2 }, `policy of ${id}`)
  }
  for (const seen of model.seen()) {
    const view = views.at(seen.path.split('/').slice(1))
    assert(view !== undefined, `nothing at ${seen.path}`)
    assert.deepEqual(seenOf(view), seen)
    for (const id of seen.ids) assert.equal(views.entry(id as EntryId)?.path, seen.path)
  }
  const live = new Set(model.seen().flatMap((seen) => seen.ids))
  for (const id of entryIds) assert.equal(views.entry(id) !== undefined, live.has(id))
  expectChunksLikeModel(views, model)
}

function expectChunksLikeModel(views: TestViews, model: Model): void {
  const wantedOfSegment = model.wantedOfSegments()
  const here = segments.slice(0, 5)
  for (const label of chunkLabels) {
    const { chunkId } = referenceOf(label)
    const listing = here.filter((segment) => chunkIdsOf(segment.bytes).includes(chunkId))
    const wanted = Math.max(0, ...listing.map((segment) => wantedOfSegment.get(segment.id) ?? 0))
    assert.equal(views.chunks.facts(chunkId)?.wanted ?? 0, wanted, `copies of chunk ${label}`)
    const files = model.entriesNaming(new Set<SegmentId>(listing.map((segment) => segment.id)))
    assert.deepEqual(views.chunks.filesOf(chunkId), files)
  }
  const isNamed = (segment: { id: SegmentId }) => wantedOfSegment.has(segment.id)
  assert.deepEqual(
    views.missingSegments(100),
    segments
      .slice(5)
      .filter(isNamed)
      .map((each) => each.id),
  )
  expectPatternsAddUp(views)
}

/** Patterns counted from the facts of every chunk. */
function expectPatternsAddUp(views: TestViews): void {
  const counted = new Map<string, number>()
  for (const label of chunkLabels) {
    const facts = views.chunks.facts(referenceOf(label).chunkId)
    if (facts === undefined || facts.wanted === 0) continue
    const key = `${[...facts.holders].sort().join()} ${facts.wanted}`
    counted.set(key, (counted.get(key) ?? 0) + facts.sizeBytes)
  }
  const told = views.chunks.patterns().map((each) => [`${[...each.holders].sort().join()} ${each.wanted}`, each.bytes])
  assert.deepEqual(new Map(told.sort() as [string, number][]), new Map([...counted].sort()))
}

test('whatever order rows and segments come in, the views are those of the rules', () => {
  fc.assert(
    fc.property(history, draws, (changes, order) => {
      const views = viewsOf(changes, order)
      expectLikeModel(views, standing(changes))
    }),
    { numRuns: Number(process.env['RUNS'] ?? 100) },
  )
})
