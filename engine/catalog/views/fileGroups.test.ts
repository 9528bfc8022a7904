import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { blake3, blake3Hex } from '../../base/hash.ts'
import { type ChunkId, type EntryId, type NodeId, ROOT_ENTRY } from '../../base/ids.ts'
import type { ChunkReference } from '../../ports.ts'
import { buildSegments } from '../segments.ts'
import type { EntryView, FileGroup, Segment } from '../types.ts'
import { RECOVERED_ENTRY } from './entryTable.ts'
import { listAll } from './testing/dump.ts'
import { idOf, testKeys } from './testing/openViews.ts'
import { Story } from './testing/story.ts'

const nodes = ['00', '01', '02'].map((digits) => idOf<NodeId>(digits, 'node'))
const references = ['a', 'b', 'c', 'd', 'e'].map((label): ChunkReference => {
  const chunkId = blake3Hex(Buffer.from(label)) as ChunkId
  const pieceHash = blake3(Buffer.from(`piece ${label}`))
  return { chunkId, sizeBytes: 1000, pieceBytes: 900, key: blake3(Buffer.from(label)), pieceHash }
})
const chunkIds = references.map((each) => each.chunkId)

const list = fc.array(fc.constantFrom(...references), { maxLength: 4 })
const at = fc.nat(7)
const step = fc.oneof(
  fc.record({ what: fc.constant('file' as const), at, list, hidden: fc.boolean() }),
  fc.record({ what: fc.constant('folder' as const), at }),
  fc.record({ what: fc.constant('edit' as const), at, list, hidden: fc.boolean() }),
  fc.record({ what: fc.constant('trash' as const), at, back: fc.boolean() }),
  fc.record({ what: fc.constant('move' as const), at, to: at }),
  fc.record({ what: fc.constant('forget' as const), at }),
  fc.record({ what: fc.constant('arrive' as const), at }),
  fc.record({ what: fc.constant('policy' as const), at, copies: fc.integer({ min: 1, max: 4 }) }),
  fc.record({
    what: fc.constant('claim' as const),
    node: fc.constantFrom(...nodes),
    add: fc.subarray(chunkIds),
    remove: fc.subarray(chunkIds),
  }),
  fc.record({ what: fc.constant('disclaim' as const), node: fc.constantFrom(...nodes) }),
  fc.record({ what: fc.constant('rebuild' as const) }),
  // Groups are made at the first look and follow from there on.
  fc.record({ what: fc.constant('look' as const), steps: fc.nat(3) }),
)
type Step = typeof step extends fc.Arbitrary<infer Each> ? Each : never

class Tale extends Story {
  readonly folders: EntryId[] = [ROOT_ENTRY]
  readonly files: EntryId[] = []
  readonly withheld: Segment[] = []

  take(each: Step): void {
    const pick = <T>(all: readonly T[], index: number) => all[index % all.length]
    switch (each.what) {
      case 'file': {
        const parent = pick(this.folders, each.at) as EntryId
        this.files.push(this.file(`f${this.files.length}`, { parent, segments: this.segments(each) }))
        break
      }
      case 'folder': {
        this.folders.push(this.folder(`d${this.folders.length}`, { parent: pick(this.folders, each.at) ?? ROOT_ENTRY }))
        break
      }
      case 'edit': {
        const file = pick(this.files, each.at)
        const current = file === undefined ? undefined : this.views.entry(file)?.version
        if (file !== undefined && current) this.edit(file, [current], { segments: this.segments(each) })
        break
      }
      case 'trash': {
        const entry = pick([...this.files, ...this.folders.slice(1)], each.at)
        if (entry === undefined) break
        if (each.back) this.restore(entry)
        else this.trash(entry)
        break
      }
      case 'move': {
        const entry = pick([...this.files, ...this.folders.slice(1)], each.at)
        if (entry !== undefined) this.move(entry, pick(this.folders, each.to) as EntryId, `m${each.to}`)
        break
      }
      case 'forget': {
        const [file] = this.files.splice(each.at, 1)
        if (file !== undefined) this.views.transact(() => this.views.forgetEntry(file))
        break
      }
      case 'arrive': {
        const [segment] = this.withheld.splice(each.at, 1)
        if (segment !== undefined) this.views.transact(() => this.views.addSegment(segment))
        break
      }
      case 'policy': {
        const entry = pick([...this.folders, ...this.files], each.at)
        if (entry !== undefined) this.policy(entry, each.copies)
        break
      }
      case 'claim':
        this.views.transact(() => this.views.chunks.claim(each.node, each.add, each.remove))
        break
      case 'disclaim':
        this.views.transact(() => this.views.chunks.disclaim(each.node))
        break
      case 'rebuild':
        this.views.settle()
        break
      case 'look':
        for (let steps = 0; steps < each.steps; steps++) this.views.groups.step()
    }
  }

  segments({ list: named, hidden }: { list: readonly ChunkReference[]; hidden: boolean }): Segment[] {
    const segments = named.length === 0 ? [] : buildSegments(named, testKeys)
    if (hidden) this.withheld.push(...segments)
    else {
      this.views.transact(() => {
        for (const segment of segments) this.views.addSegment(segment)
      })
    }
    return segments
  }

  /** Fewest holders and copies wanted of each live file, by looking at its chunks. */
  *naive(folder = this.views.at([]) as EntryView): Generator<{ file: EntryView; fewest: number | null }> {
    for (const view of listAll(this.views, folder)) {
      if (view.kind === 'folder') yield* this.naive(view)
      else {
        const fewest = this.views.chunks.fewestHoldersAmong(view.version as never, [new Set(nodes)])
        yield { file: view, fewest: fewest?.[0] ?? null }
      }
    }
  }
}

function textOf(copies: number, fewest: number | null): string {
  return `${copies} wanted, ${fewest === null ? 'unknown' : fewest}`
}

function drained<T>(work: Generator<undefined, T>): T {
  for (;;) {
    const next = work.next()
    if (next.done === true) return next.value
  }
}

/** Finishes the groups and compares them with what a look at every chunk of every live file finds. */
function expectLikeNaive(tale: Tale): void {
  const { groups } = tale.views
  while (groups.step()) continue
  assert.ok(groups.isDone)
  const holders = groups.holdersByPattern()
  const fewestOf = ({ patterns }: FileGroup) =>
    patterns === null ? null : Math.min(...patterns.map((each) => holders.get(each)?.length ?? 0))
  const all = groups.groups()
  const counted = new Map<string, number>()
  for (const [number, files] of drained(groups.tally()).entries()) {
    const group = all[number] as FileGroup
    const text = textOf(group.copies, fewestOf(group))
    if (files > 0) counted.set(text, (counted.get(text) ?? 0) + files)
  }
  const found = new Map<string, number>()
  const worst = new Map<EntryId, number>()
  const codeOf = (fewest: number | null) => (fewest === null ? 9 : fewest === 0 ? 8 : fewest === 1 ? 7 : 0)
  for (const { file, fewest } of tale.naive()) {
    const { copies } = tale.views.policy(file.id)
    const text = textOf(copies, fewest)
    found.set(text, (found.get(text) ?? 0) + 1)
    for (let above = tale.views.entry(file.parent); above !== undefined; above = tale.views.entry(above.parent)) {
      worst.set(above.id, Math.max(worst.get(above.id) ?? 0, codeOf(fewest)))
      if (above.id === ROOT_ENTRY) break
    }
    const own = all[groups.groupOf(groups.entryNumber(file.id) as number)] as FileGroup
    assert.equal(textOf(own.copies, fewestOf(own)), text)
  }
  assert.deepEqual(counted, found)
  for (const folder of [...tale.folders, RECOVERED_ENTRY]) {
    const view = tale.views.entry(folder)
    if (view === undefined) continue
    const within = [...tale.naive()].filter(({ file }) => tale.views.isWithin(file.id, view.id))
    const told = drained(groups.tally(view.ids.length === 0 ? [view.id] : view.ids)).reduce(
      (sum, files) => sum + files,
      0,
    )
    assert.equal(told, within.length, view.path)
  }
  const codes = Uint8Array.from(all.map((group) => codeOf(fewestOf(group))))
  const below = drained(groups.worstByFolder(codes))
  for (const folder of tale.folders) {
    const view = tale.views.entry(folder)
    if (view === undefined) continue
    const told = Math.max(...view.ids.map((id) => below[groups.entryNumber(id) as number] ?? 0))
    assert.equal(told, worst.get(view.id) ?? 0, view.path)
  }
}

test('files counted by group are those that a look at every chunk of every live file finds', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const tale = new Tale()
      for (const each of steps) tale.take(each)
      // What policies change follows in the background.
      tale.views.settle()
      expectLikeNaive(tale)
    }),
    { numRuns: Number(process.env['RUNS'] ?? 150) },
  )
})

test('what changes while the groups are being made is counted', () => {
  const tale = new Tale()
  tale.take({ what: 'folder', at: 0 })
  for (let made = 0; made < 1500; made++) {
    tale.take({ what: 'file', at: made % 2, list: references.slice(made % 4, 4), hidden: made % 300 === 0 })
  }
  const changes: Step[] = [
    { what: 'claim', node: nodes[0] as NodeId, add: chunkIds, remove: [] },
    { what: 'trash', at: 1500, back: false },
    { what: 'edit', at: 700, list: references.slice(0, 1), hidden: false },
    { what: 'arrive', at: 0 },
    { what: 'move', at: 3, to: 1 },
    { what: 'trash', at: 1500, back: true },
    { what: 'claim', node: nodes[1] as NodeId, add: chunkIds.slice(2), remove: [] },
    { what: 'claim', node: nodes[0] as NodeId, add: [], remove: chunkIds.slice(3) },
  ]
  let steps = 0
  for (; tale.views.groups.step() || changes.length > 0; steps++) {
    const change = changes.shift()
    if (change !== undefined) tale.take(change)
  }
  assert.ok(steps > 5, `made in ${steps} steps`)
  expectLikeNaive(tale)
})
