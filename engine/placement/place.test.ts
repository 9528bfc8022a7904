import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { blake3Hex } from '../base/hash.ts'
import type { ChunkId, NodeId } from '../base/ids.ts'
import { fileState } from './fileState.ts'
import { type Place, place, writerKeeps } from './place.ts'
import { pullsOf } from './pulls.ts'

const chunk = (number: number) => blake3Hex(Buffer.from(`chunk ${number}`)) as ChunkId
const node = (number: number) => blake3Hex(Buffer.from(`node ${number}`)).slice(0, 32) as NodeId
const member = (number: number, more: Partial<Place> = {}): Place => ({
  nodeId: node(number),
  weight: 1e9,
  site: 'home',
  machineHash: `machine ${number}`,
  fill: 0,
  accepts: true,
  ...more,
})

const withPulls = (places: readonly Place[], copies: number): Place[] => {
  const offers = places.map(({ nodeId, weight, machineHash }) => ({ nodeId, quotaBytes: weight, machineHash }))
  const pulls = pullsOf(offers, copies)
  return places.map((each) => ({ ...each, pull: pulls.get(each.nodeId) ?? 0 }))
}

const countHolders = (places: readonly Place[], copies: number, rounds: number) => {
  const counts = new Map<NodeId, number>()
  for (let round = 0; round < rounds; round++)
    for (const nodeId of place({ chunk: chunk(round), copies }, places))
      counts.set(nodeId, (counts.get(nodeId) ?? 0) + 1)
  return places.map(({ nodeId }) => counts.get(nodeId) ?? 0)
}

test('members of unequal size fill in proportion, with one copy and with several', () => {
  for (const [sizes, copies] of [
    [[1, 2, 5, 10, 2], 1],
    [[2, 3, 4], 2],
    [[1, 1, 1, 2], 2],
    [[1, 2, 3, 4, 5, 6, 7, 8], 2],
    [[3, 4, 5, 6, 5], 3],
  ] as const) {
    const total = sizes.reduce<number>((sum, size) => sum + size, 0)
    const rounds = 20_000
    const places = withPulls(
      sizes.map((size, index) => member(index, { weight: size * 1e12 })),
      copies,
    )
    for (const [index, count] of countHolders(places, copies, rounds).entries()) {
      const expected = (rounds * copies * (sizes[index] ?? 0)) / total
      const off = Math.abs(count - expected)
      assert.ok(
        off < 0.02 * expected + 4 * Math.sqrt(expected),
        `${sizes} ${copies}: member ${index} ${count}, not ${expected}`,
      )
    }
  }
})

test('a member larger than its share of different copies gets one of each, and the others fill alike', () => {
  const places = withPulls(
    [1, 2, 9].map((size, index) => member(index, { weight: size * 1e12 })),
    2,
  )
  const [small, middle, large] = countHolders(places, 2, 5_000) as [number, number, number]
  assert.ok(large > 4_990)
  assert.ok(Math.abs(middle / small - 2) < 0.15, `${small} and ${middle}`)
})

test('two nodes on one computer pull nearly as one of their common size', () => {
  const places = withPulls(
    [member(0), member(1, { machineHash: 'machine 0' }), member(2, { weight: 2e9 }), member(3)],
    2,
  )
  const counts = countHolders(places, 2, 10_000)
  const [together, large] = [(counts[0] ?? 0) + (counts[1] ?? 0), counts[2] ?? 0]
  assert.ok(Math.abs(together / large - 1) < 0.12, `${counts}`)
})

test('who offers nothing pulls nothing, and pulls are numbers whatever is offered', () => {
  const offers = fc.array(
    fc.record({ quotaBytes: fc.oneof(fc.constant(0), fc.nat(1e6), fc.constant(1e15)), computer: fc.nat(5) }),
    {
      maxLength: 8,
    },
  )
  fc.assert(
    fc.property(offers, fc.integer({ min: 1, max: 5 }), (shapes, copies) => {
      const made = shapes.map(({ quotaBytes, computer }, index) => ({
        nodeId: node(index),
        quotaBytes,
        machineHash: `${computer}`,
      }))
      const pulls = pullsOf(made, copies)
      for (const { nodeId, quotaBytes } of made) {
        const pull = pulls.get(nodeId) ?? Number.NaN
        assert.ok(Number.isFinite(pull) && (quotaBytes === 0 ? pull === 0 : pull > 0), `${pull} for ${quotaBytes}`)
      }
    }),
  )
})

test('a join moves only what the new member wins, a leave only what the gone one held', () => {
  const before = [0, 1, 2, 3].map((number) => member(number))
  const after = [...before, member(4)]
  let moved = 0
  for (let round = 0; round < 5_000; round++) {
    const was = place({ chunk: chunk(round), copies: 2 }, before)
    const is = place({ chunk: chunk(round), copies: 2 }, after)
    const fresh = is.filter((each) => !was.includes(each))
    assert.ok(fresh.every((each) => each === node(4)))
    moved += fresh.length
  }
  assert.ok(Math.abs(moved / 10_000 - 1 / 5) < 0.02, `${moved} of 10000 replicas moved`)
})

test('the order does not depend on the order in which members are named', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(50), { minLength: 1, maxLength: 12 }), fc.nat(), (numbers, seed) => {
      const members = numbers.map((number) => member(number, { weight: 1 + (number % 7) }))
      const reversed = [...members].reverse()
      assert.deepEqual(
        place({ chunk: chunk(seed), copies: 3 }, members),
        place({ chunk: chunk(seed), copies: 3 }, reversed),
      )
    }),
  )
})

test('copies lie on different computers, the second at another site, as far as there are any', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ computer: fc.nat(4), site: fc.constantFrom('home', 'office'), accepts: fc.boolean() }), {
        minLength: 1,
        maxLength: 9,
      }),
      fc.integer({ min: 1, max: 5 }),
      fc.nat(),
      (shapes, copies, seed) => {
        const places = shapes.map((shape, index) =>
          member(index, { ...shape, machineHash: `machine ${shape.computer}` }),
        )
        const chosen = place({ chunk: chunk(seed), copies }, places).map(
          (id) => places.find((each) => each.nodeId === id) as Place,
        )
        const open = places.filter((each) => each.accepts)
        assert.equal(chosen.length, Math.min(copies, open.length))
        assert.equal(new Set(chosen).size, chosen.length)
        assert.ok(chosen.every((each) => each.accepts))
        const computers = new Set(open.map((each) => each.machineHash)).size
        assert.equal(new Set(chosen.map((each) => each.machineHash)).size, Math.min(chosen.length, computers))
        const [first, second] = chosen
        const otherSite = open.some((each) => each.site !== first?.site && each.machineHash !== first?.machineHash)
        if (first !== undefined && second !== undefined && otherSite) assert.notEqual(second.site, first.site)
      },
    ),
  )
})

test('a full node is passed over, pins are added, holders count', () => {
  const places = [0, 1, 2, 3].map((number) => member(number))
  const [first] = place({ chunk: chunk(1), copies: 1 }, places)
  const full = places.map((each) => (each.nodeId === first ? { ...each, accepts: false } : each))
  assert.ok(!place({ chunk: chunk(1), copies: 3 }, full).includes(first as NodeId))
  const pinned = node(3)
  assert.ok(place({ chunk: chunk(1), copies: 1, pinnedTo: [pinned] }, places).includes(pinned))
  const around = place({ chunk: chunk(1), copies: 2, already: [node(2)] }, places)
  assert.equal(around[0], node(2))
  assert.equal(around.length, 2)
})

test('the writer keeps a copy until it is ten points fuller than the pool', () => {
  const places = (fill: number) => [member(0, { fill }), member(1, { fill: 0.2 }), member(2, { fill: 0.2 })]
  assert.equal(writerKeeps(node(0), places(0.3)), true)
  assert.equal(writerKeeps(node(0), places(0.6)), false)
  assert.equal(writerKeeps(node(9), places(0)), false)
})

test('the state of a file follows the first match of the contract', () => {
  const counts = { wanted: 2, existing: 2, durable: 2, reachable: 2, copying: false }
  assert.equal(fileState(counts), 'protected')
  assert.equal(fileState({ ...counts, existing: 0, durable: 0, reachable: 0 }), 'lost')
  assert.equal(fileState({ ...counts, reachable: 0 }), 'unreachable')
  assert.equal(fileState({ ...counts, durable: 1, copying: true }), 'copying')
  assert.equal(fileState({ ...counts, durable: 1 }), 'at-risk')
  assert.equal(fileState({ ...counts, wanted: 3, durable: 2 }), 'degraded')
})
