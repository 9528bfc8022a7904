/**
 * The planner against a naive one that knows nothing of groups: it looks at one chunk, tries every set of targets and takes the
 * smallest one that brings the chunk to its copies.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { blake3Hex } from '../base/hash.ts'
import type { ChunkId, NodeId } from '../base/ids.ts'
import type { ChunkFacts } from '../catalog/index.ts'
import { rendezvousOrder } from '../placement/index.ts'
import { needOf, orderFor, planRepair, type RepairMember, type RepairView } from './repairPlan.ts'

const node = (number: number) => blake3Hex(Buffer.from(`node ${number}`)).slice(0, 32) as NodeId
const chunk = (number: number) => blake3Hex(Buffer.from(`chunk ${number}`)) as ChunkId

type Shape = Omit<RepairMember, 'place'> & { accepts: boolean; computer: number; site: string }

function memberOf(shape: Partial<Shape>, index: number): RepairMember {
  const { accepts = true, computer = index, site = 'home', ...rest } = shape
  return {
    place: { nodeId: node(index), weight: 1e9, site, machineHash: `${computer}`, fill: 0, accepts },
    plans: true,
    connected: true,
    reachable: true,
    counts: true,
    countsIfOneLeft: true,
    draining: false,
    careful: false,
    ...rest,
  }
}

function viewOf(shapes: readonly Partial<Shape>[], more: Partial<RepairView> = {}): RepairView {
  const members = shapes.map(memberOf)
  return { self: node(0), members: new Map(members.map((each) => [each.place.nodeId, each])), frozen: false, ...more }
}

const factsOf = (holders: readonly number[], wanted: number, pinnedTo: readonly number[] = []): ChunkFacts => ({
  chunkId: chunk(1),
  sizeBytes: 1,
  holders: holders.map(node),
  wanted,
  pinnedTo: pinnedTo.map(node),
})
const gone: Partial<Shape> = { connected: false, reachable: false }
const missed: Partial<Shape> = { ...gone, counts: false, countsIfOneLeft: false }

const anyMember = fc
  .record({
    state: fc.constantFrom('here', 'here', 'here', 'gone', 'missed', 'missed if one left'),
    plans: fc.constantFrom(true, true, true, false),
    accepts: fc.constantFrom(true, true, true, false),
    draining: fc.constantFrom(false, false, false, true),
    careful: fc.constantFrom(false, false, false, true),
    computer: fc.nat(5),
    site: fc.constantFrom('home', 'office'),
  })
  .map(({ state, ...rest }): Partial<Shape> => {
    if (state === 'here') return rest
    return { ...rest, ...gone, counts: state !== 'missed', countsIfOneLeft: state === 'gone' }
  })
const anyCase = fc.record({
  shapes: fc.array(anyMember, { minLength: 1, maxLength: 7 }),
  holding: fc.uniqueArray(fc.nat(8), { maxLength: 6 }),
  wanted: fc.integer({ min: 1, max: 5 }),
  frozen: fc.boolean(),
})

/** How well a set of holders does: computers first, then copies, both up to what is wanted. */
function worth(nodes: readonly RepairMember[], wanted: number): [number, number] {
  return [Math.min(wanted, new Set(nodes.map(({ place }) => place.machineHash)).size), Math.min(wanted, nodes.length)]
}

test('a plan makes just the copies that bring a chunk to its number, as a naive planner does', () => {
  fc.assert(
    fc.property(anyCase, ({ shapes, holding, wanted, frozen }) => {
      const view = viewOf(shapes, { frozen })
      const facts = factsOf(holding, wanted)
      const at = (nodeId: NodeId) => view.members.get(nodeId) as RepairMember
      const holders = facts.holders.filter((each) => view.members.has(each))
      const atRisk = holders.filter((each) => at(each).reachable).length <= 1
      const counted = holders
        .map(at)
        .filter((each) => !each.draining && (frozen || (atRisk ? each.countsIfOneLeft : each.counts)))
      const open = [...view.members.values()].filter(
        (each) =>
          each.connected &&
          each.place.accepts &&
          !each.draining &&
          (!each.careful || atRisk) &&
          !holders.includes(each.place.nodeId),
      )
      // The naive planner: of all sets of targets the best, and of equally good ones the smallest.
      let best: { worth: [number, number]; size: number } = { worth: worth(counted, wanted), size: 0 }
      for (let mask = 1; mask < 1 << open.length; mask++) {
        const targets = open.filter((_, index) => (mask >> index) & 1)
        const reached = worth([...counted, ...targets], wanted)
        const better = reached[0] - best.worth[0] || reached[1] - best.worth[1] || best.size - targets.length
        if (better > 0) best = { worth: reached, size: targets.length }
      }
      const sources = holders.filter((each) => at(each).connected && (!at(each).careful || atRisk))
      const order = orderFor(facts, needOf(facts, view), view)
      const targets = (order?.targets ?? []).map(at)
      assert.equal(targets.length, sources.length === 0 ? 0 : best.size)
      assert.equal(new Set(targets).size, targets.length)
      assert.ok(targets.every((each) => open.includes(each)))
      if (order === undefined) return
      assert.deepEqual(worth([...counted, ...targets], wanted), best.worth)
      assert.deepEqual(order.sources.toSorted(), sources.toSorted())
      if (sources.includes(view.self)) assert.equal(order.sources[0], view.self)
    }),
    { numRuns: 2000 },
  )
})

test('a chunk is the turn of exactly one live full member, the first that is not stuck', () => {
  fc.assert(
    fc.property(anyCase, fc.uniqueArray(fc.nat(6), { maxLength: 4 }), fc.nat(), ({ shapes }, stuckOnes, number) => {
      const view = viewOf(shapes)
      const stuck = new Set(stuckOnes.map(node))
      const facts = { ...factsOf([0], 2), chunkId: chunk(number) }
      const live = [...view.members.values()].filter(
        (each) => each.plans && each.reachable && !stuck.has(each.place.nodeId),
      )
      const [first] = rendezvousOrder(
        facts.chunkId,
        live.map((each) => each.place),
      )
      for (const self of view.members.keys()) {
        const plan = planRepair([facts], stuck, { ...view, self })
        assert.equal(plan.turns[0]?.planner, first?.nodeId)
        if (self !== first?.nodeId) assert.deepEqual(plan.orders, [])
      }
    }),
  )
})

test('who takes over from a stuck planner asks another holder first', () => {
  const view = viewOf([{}, {}, {}, {}], { self: node(3) })
  const facts = factsOf([0, 1, 2], 4)
  const sources = orderFor(facts, needOf(facts, view), view)?.sources ?? []
  assert.deepEqual(orderFor(facts, needOf(facts, view), view, sources.slice(0, 1))?.sources, [
    ...sources.slice(1),
    ...sources.slice(0, 1),
  ])
})

test('all members together order each chunk once, and once more is no order at all', () => {
  const shapes = [{}, {}, missed, {}, {}]
  const chunks = Array.from({ length: 200 }, (_, number) => ({ ...factsOf([0, 2], 2), chunkId: chunk(number) }))
  const orders = [0, 1, 2, 3, 4]
    .filter((index) => index !== 2)
    .flatMap((index) => planRepair(chunks, new Set(), viewOf(shapes, { self: node(index) })).orders)
  assert.equal(orders.length, chunks.length)
  assert.equal(new Set(orders.map((order) => order.chunk)).size, chunks.length)
  const copied = chunks.map((facts) => ({
    ...facts,
    holders: [...facts.holders, ...(orders.find((order) => order.chunk === facts.chunkId)?.targets ?? [])],
  }))
  const others = new Set([1, 3, 4].map(node))
  assert.deepEqual(planRepair(copied, others, viewOf(shapes)).orders, [])
})

test('whoever is merely gone sets nothing in motion; whoever is missed, draining or removed does', () => {
  const targets = (shapes: Partial<Shape>[], facts: ChunkFacts, more: Partial<RepairView> = {}) => {
    const view = viewOf(shapes, more)
    return orderFor(facts, needOf(facts, view), view)?.targets ?? []
  }
  assert.deepEqual(targets([{}, gone, {}], factsOf([0, 1], 2)), [])
  assert.deepEqual(targets([{}, missed, {}], factsOf([0, 1], 2)), [node(2)])
  assert.deepEqual(targets([{}, { draining: true, accepts: false }, {}], factsOf([0, 1], 2)), [node(2)])
  assert.deepEqual(targets([{}, {}], factsOf([0, 9], 2)), [node(1)])
  // Too few at all: the one that is away counts, and the third is made at once.
  assert.deepEqual(targets([{}, gone, {}], factsOf([0, 1], 3)), [node(2)])
})

test('with one replica left in reach the short wait counts, with two the long one', () => {
  const shapes = [{}, {}, { ...gone, countsIfOneLeft: false }, {}]
  const targets = (holders: number[]) => {
    const view = viewOf(shapes)
    return orderFor(factsOf(holders, 2), needOf(factsOf(holders, 2), view), view)?.targets.length ?? 0
  }
  assert.equal(targets([0, 2]), 1)
  assert.equal(needOf(factsOf([0, 1, 2], 3), viewOf(shapes)).missing, 0)
})

test('a freeze holds back what waits would copy, and not what has too few replicas at all', () => {
  const shapes = [{}, missed, missed, missed, {}]
  const frozen = viewOf(shapes, { frozen: true })
  assert.equal(needOf(factsOf([0, 1], 2), frozen).missing, 0)
  assert.equal(needOf(factsOf([0], 2), frozen).missing, 1)
  assert.equal(needOf(factsOf([0, 1], 2), viewOf(shapes)).missing, 1)
})

test('two nodes on one computer are one copy as soon as there is another computer', () => {
  const twins = [{ computer: 1 }, { computer: 1 }]
  assert.equal(needOf(factsOf([0, 1], 2), viewOf(twins)).missing, 0)
  assert.equal(needOf(factsOf([0], 2), viewOf(twins)).missing, 1)
  const need = needOf(factsOf([0, 1], 2), viewOf([...twins, { computer: 2 }]))
  assert.equal(need.missing, 1)
  assert.equal(needOf(factsOf([0, 1, 2], 2), viewOf([...twins, { computer: 2 }])).missing, 0)
})

test('a machine on battery sends and takes only what is at risk', () => {
  const shapes = [{}, { careful: true }, {}, {}]
  const order = (holders: number[], wanted: number) => {
    const view = viewOf(shapes)
    return orderFor(factsOf(holders, wanted), needOf(factsOf(holders, wanted), view), view)
  }
  assert.ok(!order([0, 2], 4)?.targets.includes(node(1)))
  assert.equal(order([0], 4)?.targets.length, 3)
  assert.deepEqual(order([1], 2)?.sources, [node(1)])
  assert.ok(!order([0, 1, 2], 4)?.sources.includes(node(1)))
})

test('the second copy goes to another site, and a pinned machine gets its copy too', () => {
  const shapes = [{}, {}, {}, { site: 'office' }]
  const view = viewOf(shapes)
  const second = factsOf([0], 2)
  assert.deepEqual(orderFor(second, needOf(second, view), view)?.targets, [node(3)])
  const pinned = factsOf([0, 1], 2, [2])
  assert.deepEqual(orderFor(pinned, needOf(pinned, view), view)?.targets, [node(2)])
})
