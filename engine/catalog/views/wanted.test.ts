import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type EntryId, type NodeId, ROOT_ENTRY } from '../../base/ids.ts'
import type { PoolSettings } from '../types.ts'
import { nodeIds, referenceOf, segments } from './testing/history.ts'
import { Story } from './testing/story.ts'

const [nodeA, nodeB] = nodeIds as [NodeId, NodeId]
const [segmentA, segmentB] = segments.slice(0, 2)
const chunkA = referenceOf('a').chunkId

function storyWithSegments(): Story {
  const story = new Story()
  story.views.transact(() => {
    for (const segment of segments) story.views.addSegment(segment)
  })
  return story
}

function wantedOf(story: Story): number | undefined {
  return story.views.chunks.facts(chunkA)?.wanted
}

const settings: PoolSettings = {
  name: 'pool',
  copies: 4,
  graceMs: { 'always-on': 1, desktop: 1, laptop: 1 },
  trashDays: 30,
  versionDays: 30,
  versionCount: 10,
  upBytesPerSec: 0,
  downBytesPerSec: 0,
}

test('the nearest policy counts, pins add up along the way, the default is what remains', () => {
  const story = new Story()
  const outer = story.folder('f')
  const inner = story.folder('g', { parent: outer })
  const file = story.file('a', { parent: inner })
  assert.deepEqual(story.views.policy(file), { copies: 2, pinnedTo: [] })
  story.policy(outer, 3, [nodeA])
  story.policy(inner, null, [nodeB])
  assert.deepEqual(story.views.policy(file), { copies: 3, pinnedTo: [nodeA, nodeB].sort() })
  story.policy(file, 1)
  assert.equal(story.views.policy(file).copies, 1)
  assert.deepEqual(story.views.ownPolicy(inner), { copies: null, pinnedTo: [nodeB] })
  assert.equal(story.views.ownPolicy(story.file('b')), undefined)
  story.policy(ROOT_ENTRY, 5)
  assert.equal(story.views.policy(story.file('c')).copies, 5)
  assert.deepEqual(story.views.policy(story.newId()), { copies: 2, pinnedTo: [] })
})

test('folders that show as one have the highest copies and all pins', () => {
  const story = storyWithSegments()
  const one = story.folder('f')
  const inOne = story.folder('g', { parent: one })
  const file = story.file('a', { parent: inOne, segments: [segmentA as never] })
  story.policy(one, 1, [nodeA])
  assert.equal(wantedOf(story), 1)
  const two = story.folder('f')
  story.policy(two, 3, [nodeB])
  assert.deepEqual(story.views.policy(file), { copies: 3, pinnedTo: [nodeA, nodeB].sort() })
  assert.equal(wantedOf(story), 3)
  const inTwo = story.folder('g', { parent: two })
  story.policy(inTwo, 4)
  assert.equal(wantedOf(story), 4)
  story.move(two, ROOT_ENTRY, 'h')
  assert.equal(wantedOf(story), 1)
  story.move(two, ROOT_ENTRY, 'f')
  assert.equal(wantedOf(story), 4)
})

test('a chunk wants the highest of what the files that name it want, deleted ones and older versions too', () => {
  const story = storyWithSegments()
  const low = story.folder('low')
  const high = story.folder('high')
  story.policy(low, 1)
  story.policy(high, 3)
  story.file('a', { parent: low, segments: [segmentA as never] })
  assert.equal(wantedOf(story), 1)
  const file = story.file('a', { parent: high, segments: [segmentA as never] })
  assert.equal(wantedOf(story), 3)
  story.edit(file, [story.current(file)], { segments: [segmentB as never] })
  assert.equal(wantedOf(story), 3)
  story.trash(file)
  assert.equal(wantedOf(story), 3)
  story.policy(high, 5)
  assert.equal(wantedOf(story), 5)
  story.views.transact(() => story.views.forgetEntry(file))
  assert.equal(wantedOf(story), 1)
})

test('folders that meet without a policy of their own bring together what is below them', () => {
  const story = storyWithSegments()
  const one = story.folder('f')
  story.file('a', { parent: story.folder('g', { parent: one }), segments: [segmentA as never] })
  const two = story.folder('h')
  story.policy(story.folder('g', { parent: two }), 4)
  assert.equal(wantedOf(story), 2)
  story.move(two, ROOT_ENTRY, 'f')
  assert.equal(wantedOf(story), 4)
  story.move(one, ROOT_ENTRY, 'i')
  assert.equal(wantedOf(story), 2)
})

test('a file put into a folder that has just got a policy has it too', () => {
  const story = storyWithSegments()
  const folder = story.folder('f')
  story.file('a', { parent: folder })
  story.policy(folder, 3)
  story.file('b', { parent: folder, segments: [segmentA as never] })
  assert.equal(wantedOf(story), 3)
})

test('a move under another policy changes what its chunks want, in the patterns too', () => {
  const story = storyWithSegments()
  const folder = story.folder('f')
  const strict = story.folder('strict')
  story.policy(strict, 3)
  story.file('a', { parent: folder, segments: [segmentA as never] })
  assert.equal(wantedOf(story), 2)
  story.move(folder, strict, 'f')
  assert.equal(wantedOf(story), 3)
  assert.deepEqual(
    story.views.chunks.patterns().map(({ wanted, chunks }) => ({ wanted, chunks })),
    [{ wanted: 3, chunks: 1 }],
  )
})

test("the pool's default is changed in one step for all chunks", () => {
  const story = storyWithSegments()
  story.file('a', { segments: [segmentA as never] })
  const one = story.folder('one')
  story.policy(one, 3)
  story.file('b', { parent: one, segments: [segmentB as never] })
  assert.deepEqual(new Set(story.views.chunks.patterns().map(({ wanted }) => wanted)), new Set([2, 3]))
  story.do({ what: 'settings', settings })
  assert.deepEqual(story.views.settings(), settings)
  assert.equal(wantedOf(story), 4)
  assert.deepEqual(new Set(story.views.chunks.patterns().map(({ wanted }) => wanted)), new Set([3, 4]))
  assert.equal(story.views.policy(ROOT_ENTRY).copies, 4)
})

test('a policy of a large folder is carried out in bounded steps', () => {
  const story = storyWithSegments()
  const folder = story.folder('f')
  const parents = Array.from({ length: 5 }, (_, index) => story.folder(`g${index}`, { parent: folder }))
  const changes = parents.flatMap((parent) =>
    Array.from({ length: 250 }, (_, index) => {
      const entry = story.newId<EntryId>()
      const version = story.versionOf(entry, [], { segments: [segmentA as never] })
      return story.say({ what: 'birth', entry, parent, name: `file ${index}`, version })
    }),
  )
  story.views.take(...changes)
  const stale = story.views.database.prepare('SELECT count(*) FROM entry WHERE kind = 2 AND wanted <> 8').pluck()
  story.policy(folder, 3)
  assert((stale.get<number>() ?? 0) > 900, 'not all at once')
  // What comes meanwhile is right at once or when its folder's turn comes.
  story.file('late', { parent: parents[4] as EntryId, segments: [segmentB as never] })
  let steps = 0
  while (story.views.transact(() => story.views.workOff(100))) steps++
  assert(steps > 5)
  assert.equal(stale.get<number>(), 0)
  assert.equal(wantedOf(story), 3)
  assert.equal(story.views.chunks.facts(referenceOf('b').chunkId)?.wanted, 3)
})

test('a policy that is being carried out in a folder goes on when the folder is renamed meanwhile', () => {
  const story = storyWithSegments()
  const folder = story.folder('f')
  const changes = Array.from({ length: 1500 }, (_, index) => {
    const entry = story.newId<EntryId>()
    const version = story.versionOf(entry, [], { segments: [segmentA as never] })
    return story.say({ what: 'birth', entry, parent: folder, name: `file ${index}`, version })
  })
  story.views.take(...changes)
  const stale = story.views.database.prepare('SELECT count(*) FROM entry WHERE kind = 2 AND wanted <> 8').pluck()
  story.policy(folder, 3)
  for (let turn = 0; turn < 3; turn++) {
    assert((stale.get<number>() ?? 0) > 100, 'not all at once')
    story.move(folder, ROOT_ENTRY, `g${turn}`)
  }
  while (story.views.transact(() => story.views.workOff(100))) continue
  assert.equal(stale.get<number>(), 0)
})

test('profiles and presence are those said last', () => {
  const story = new Story()
  assert.equal(story.views.profile(nodeA), undefined)
  assert.equal(story.views.presenceMs(nodeA), undefined)
  story.do({ what: 'presence', node: nodeA, atMs: 5 })
  assert.equal(story.views.profile(nodeA), undefined)
  const profile = {
    name: 'pc',
    site: 'home',
    deviceClass: 'desktop',
    quotaBytes: 5,
    machineHash: '0'.repeat(32),
    addresses: ['a:1'],
    drain: false,
    awayUntilMs: null,
  } as const
  story.do({ what: 'profile', node: nodeA, profile })
  story.do({ what: 'presence', node: nodeA, atMs: 6 })
  assert.deepEqual(story.views.profile(nodeA), profile)
  assert.equal(story.views.presenceMs(nodeA), 6)
})
