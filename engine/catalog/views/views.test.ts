import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { EntryId, NodeId, SegmentId } from '../../base/ids.ts'
import { chunkIdsOf } from '../segments.ts'
import type { Segment } from '../types.ts'
import { dump, seenIn, seenOf, trashIn } from './testing/dump.ts'
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

const runs = Number(process.env['RUNS'] ?? 60)

/** What comes, in order: of changes only those that win when they come. */
function arrivalsOf(changes: readonly StampedChange[], order: readonly number[]): (StampedChange | Segment)[] {
  const arrivals = shuffled([...changes, ...segments.slice(0, 5)], order)
  const winning = new Set(winnersIn(arrivals.filter((each) => 'change' in each)))
  return arrivals.filter((each) => !('change' in each) || winning.has(each))
}

function arrive(views: TestViews, each: StampedChange | Segment): void {
  if ('change' in each) views.apply(openRow(each))
  else views.addSegment(each)
}

function claimSome(views: TestViews): void {
  for (const [index, label] of chunkLabels.entries()) {
    views.chunks.claim(nodeIds[index % 3] as NodeId, [referenceOf(label).chunkId], [])
    views.chunks.claim(nodeIds[3] as NodeId, [referenceOf(label).chunkId], [])
  }
}

/** Changes and segments, some of them missing to the end, in this order, with a few claims. */
function viewsOf(changes: readonly StampedChange[], order: readonly number[]): TestViews {
  const views = new TestViews()
  views.countAll() // so that the sums are followed, not counted at the end
  views.transact(() => claimSome(views))
  for (const each of arrivalsOf(changes, order)) views.transact(() => arrive(views, each))
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
  const total = { files: 0, folders: 0, bytes: 0 }
  for (const { kind, ids, size } of model.seen()) {
    if (kind === 'file') total.files++
    else total.folders += ids.length
    total.bytes += size ?? 0
  }
  assert.deepEqual(views.countAll(), total)
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
  const told = views.chunks
    .patterns()
    .map((each): [string, number] => [`${[...each.holders].sort().join()} ${each.wanted}`, each.bytes])
  assert.deepEqual(new Map(told), counted)
}

test('whatever order rows and segments come in, the views are those of the rules', () => {
  fc.assert(
    fc.property(history, draws, (changes, order) => {
      const views = viewsOf(changes, order)
      expectLikeModel(views, standing(changes))
    }),
    { numRuns: runs },
  )
})

test('views built anew from the rows that stand are those that followed every row', () => {
  fc.assert(
    fc.property(history, draws, (changes, order) => {
      const views = viewsOf(changes, order)
      const followed = dump(views)
      views.transact(() => views.reset())
      assert.equal(views.takeChanged(), 'all')
      for (const change of shuffled(standing(changes), order)) views.take(change)
      views.settle()
      assert.deepEqual(dump(views), followed)
    }),
    { numRuns: runs },
  )
})

test('work that is undone leaves no trace', () => {
  fc.assert(
    fc.property(history, history, draws, (changes, undone, order) => {
      const straight = viewsOf(changes, order)
      const views = new TestViews()
      views.transact(() => {
        claimSome(views)
        views.mark()
      })
      for (const node of nodeIds) views.chunks.claimSums(node)
      const spare = [...undone]
      for (const each of arrivalsOf(changes, order)) {
        views.transact(() => {
          views.database.exec('SAVEPOINT work')
          dump(views)
          for (const change of spare.splice(0, 3)) views.apply(openRow(change))
          views.chunks.claim(
            nodeIds[0] as NodeId,
            chunkLabels.map((label) => referenceOf(label).chunkId),
            [],
          )
          views.chunks.disclaim(nodeIds[1] as NodeId)
          for (const segment of segments) views.addSegment(segment)
          dump(views)
          for (const id of entryIds.slice(0, 2)) views.forgetEntry(id)
          views.database.exec('ROLLBACK TO work; RELEASE work')
          views.undo()
          views.mark()
          arrive(views, each)
        })
      }
      views.settle()
      assert.deepEqual(dump(views), dump(straight))
      for (const node of nodeIds) assert.deepEqual(views.chunks.claimSums(node), straight.chunks.claimSums(node))
    }),
    { numRuns: Math.ceil(runs / 2) },
  )
})

test('a transaction that is rolled back leaves no trace', () => {
  fc.assert(
    fc.property(history, history, draws, (changes, lost, order) => {
      const views = viewsOf(changes, order)
      const before = dump(views)
      views.takeChanged()
      views.database.exec('BEGIN')
      for (const change of lost) {
        views.mark()
        views.apply(openRow(change))
      }
      views.mark()
      views.chunks.disclaim(nodeIds[3] as NodeId)
      dump(views)
      views.database.exec('ROLLBACK')
      views.rollback()
      assert.deepEqual(dump(views), before)
      assert.deepEqual(views.takeChanged(), [])
    }),
    { numRuns: Math.ceil(runs / 2) },
  )
})

test('an entry that is gone for ever leaves what others say of it, and nothing of its own', () => {
  fc.assert(
    fc.property(
      history,
      draws,
      fc.uniqueArray(fc.constantFrom(...entryIds), { maxLength: 3 }),
      (changes, order, gone) => {
        const views = viewsOf(changes, order)
        views.transact(() => {
          for (const id of gone) views.forgetEntry(id)
        })
        views.settle()
        const isGone = ({ change }: StampedChange) =>
          change.what === 'version'
            ? gone.includes(change.version.entry)
            : 'entry' in change && gone.includes(change.entry)
        expectLikeModel(
          views,
          standing(changes).filter((each) => !isGone(each)),
        )
      },
    ),
    { numRuns: runs },
  )
})
