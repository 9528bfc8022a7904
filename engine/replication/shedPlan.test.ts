import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { blake3Hex } from '../base/hash.ts'
import type { ChunkId, NodeId } from '../base/ids.ts'
import { place } from '../placement/index.ts'
import type { RepairMember } from './repairPlan.ts'
import { emptyMembers, moveTarget, obstacleOf, pledgersFor, type ShedView, shedTargets, trimmerOf } from './shedPlan.ts'

const node = (number: number) => blake3Hex(Buffer.from(`node ${number}`)).slice(0, 32) as NodeId
const chunk = (number: number) => blake3Hex(Buffer.from(`chunk ${number}`)) as ChunkId

interface Wish {
  readonly computer?: number
  readonly connected?: boolean
  readonly counts?: boolean
  readonly draining?: boolean
  readonly accepts?: boolean
  readonly fill?: number
}

function member(number: number, wish: Wish = {}): RepairMember {
  const { computer = number, connected = true, counts = true, draining = false, accepts = true, fill = 0.5 } = wish
  const place = {
    ...{ nodeId: node(number), weight: 1e9, site: 'home', machineHash: `${computer}`, fill },
    accepts: accepts && !draining,
  }
  return {
    ...{ place, plans: true, connected, reachable: connected },
    ...{ counts, countsIfOneLeft: counts, draining, careful: false },
  }
}

function view(self: number, wishes: readonly Wish[]): ShedView {
  return { self: node(self), members: new Map(wishes.map((wish, number) => [node(number), member(number, wish)])) }
}

const anyMembers = fc.array(
  fc.record({
    computer: fc.nat(4),
    connected: fc.boolean(),
    counts: fc.boolean(),
    draining: fc.boolean(),
    accepts: fc.boolean(),
  }),
  { minLength: 1, maxLength: 7 },
)

test('one holder trims at most, and what it leaves is enough copies on enough computers', () => {
  fc.assert(
    fc.property(
      anyMembers,
      fc.uniqueArray(fc.nat(6)),
      fc.integer({ min: 1, max: 4 }),
      fc.uniqueArray(fc.nat(6)),
      (wishes, holding, wanted, pinning) => {
        const holders = holding.filter((each) => each < wishes.length).map(node)
        const facts = { chunkId: chunk(1), sizeBytes: 1, holders, wanted, pinnedTo: pinning.map(node) }
        const said = new Set(wishes.map((_, self) => trimmerOf(facts, view(self, wishes))))
        assert.equal(said.size, 1)
        const [trimmer] = said
        if (trimmer === undefined) return
        const of = (nodeId: NodeId) => wishes[wishes.findIndex((_, number) => node(number) === nodeId)] as Wish
        const rest = holders.filter(
          (holder) => holder !== trimmer && of(holder).counts === true && of(holder).draining !== true,
        )
        assert.ok(rest.length >= wanted)
        assert.ok(!facts.pinnedTo.includes(trimmer))
        assert.equal(of(trimmer).connected, true)
        const computers = (nodes: readonly NodeId[]) => new Set(nodes.map((each) => of(each).computer)).size
        assert.ok(computers(rest) >= Math.min(wanted, computers([...rest, trimmer])))
      },
    ),
    { numRuns: 500 },
  )
})

test('pledges are asked of as many connected others as copies are wanted, on different computers where there are any', () => {
  fc.assert(
    fc.property(anyMembers, fc.uniqueArray(fc.nat(6)), fc.integer({ min: 1, max: 4 }), (wishes, holding, wanted) => {
      const holders = holding.filter((each) => each < wishes.length).map(node)
      const asked = pledgersFor({ holders, wanted }, view(0, wishes))
      if (asked === undefined) return
      assert.equal(new Set(asked).size, wanted)
      const numbers = asked.map((nodeId) => wishes.findIndex((_, number) => node(number) === nodeId))
      for (const number of numbers) {
        const wish = wishes[number] as Wish
        assert.ok(number !== 0 && wish.connected && wish.counts && !wish.draining)
      }
      const holdingOthers = wishes.filter(
        (wish, number) => wish.counts && !wish.draining && holders.includes(node(number)),
      )
      const possible = new Set(holdingOthers.map((wish) => wish.computer))
      assert.ok(new Set(numbers.map((number) => wishes[number]?.computer)).size >= Math.min(wanted, possible.size))
    }),
    { numRuns: 500 },
  )
})

test('two copies on one computer do not replace the one on another', () => {
  const wishes = [{ computer: 0 }, { computer: 1 }, { computer: 1 }]
  assert.equal(pledgersFor({ holders: [node(0), node(1), node(2)], wanted: 2 }, view(0, wishes)), undefined)
  assert.equal(obstacleOf({ holders: [node(0), node(1), node(2)], wanted: 2 }, view(0, wishes)), 'too-few-machines')
  const trimmer = trimmerOf(
    { chunkId: chunk(1), holders: [node(0), node(1), node(2)], wanted: 2, pinnedTo: [] },
    view(0, wishes),
  )
  assert.ok(trimmer === node(1) || trimmer === node(2))
})

test('a join moves what the new member wins, each chunk once, and moving ends', () => {
  const members = 5
  const chunks = 3000
  const holders = Array.from({ length: chunks }, (_, number) => {
    const before = Array.from({ length: members - 1 }, (_each, index) => member(index).place)
    return place({ chunk: chunk(number), copies: 2 }, before)
  })
  const load = (nodeId: NodeId) => holders.filter((each) => each.includes(nodeId)).length
  let moves = 0
  for (let round = 0; ; round++) {
    let moved = 0
    const fills = Array.from({ length: members }, (_, number) => load(node(number)) / chunks)
    const wishes = fills.map((fill) => ({ fill }))
    for (let self = 0; self < members; self++) {
      const seen = view(self, wishes)
      const empty = emptyMembers(seen)
      for (const [number, now] of holders.entries()) {
        if (!now.includes(seen.self)) continue
        const facts = { chunkId: chunk(number), sizeBytes: 1, holders: now, wanted: 2, pinnedTo: [] }
        const target = moveTarget(facts, empty, seen)
        if (target === undefined) continue
        holders[number] = [...now.filter((each) => each !== seen.self), target]
        moved++
      }
    }
    moves += moved
    if (moved === 0) break
    assert.ok(round < 3)
  }
  const wins = Array.from({ length: chunks }, (_, number) => {
    const all = Array.from({ length: members }, (_each, index) => member(index).place)
    return place({ chunk: chunk(number), copies: 2 }, all).includes(node(members - 1))
  }).filter(Boolean).length
  const share = (2 * chunks) / members
  assert.ok(moves <= 1.1 * wins && moves >= 0.75 * share, `${moves} moved, ${wins} won, share ${share}`)
})

test('a shrunk quota sends copies where placement wants them, and only what is missing', () => {
  const wishes = [{}, {}, {}, { accepts: false }, { connected: false }]
  const facts = { chunkId: chunk(3), sizeBytes: 1, holders: [node(0), node(1)], wanted: 2, pinnedTo: [] }
  assert.deepEqual(shedTargets(facts, view(0, wishes)), [node(2)])
  assert.deepEqual(shedTargets({ ...facts, holders: [node(0), node(1), node(2)] }, view(0, wishes)), [])
})

test('why nothing goes: too few machines, no room, machines that are off', () => {
  const group = { holders: [node(0), node(1)], wanted: 2 }
  assert.equal(obstacleOf(group, view(0, [{}, {}])), 'too-few-machines')
  assert.equal(obstacleOf(group, view(0, [{}, {}, { accepts: false }])), 'no-room')
  assert.equal(obstacleOf(group, view(0, [{}, {}, { connected: false }])), 'machines-off')
  assert.equal(obstacleOf(group, view(0, [{}, {}, {}])), undefined)
})
