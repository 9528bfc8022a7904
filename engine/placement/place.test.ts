import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { blake3Hex } from '../base/hash.ts'
import type { ChunkId, NodeId } from '../base/ids.ts'
import { fileState } from './fileState.ts'
import { type Place, place, writerKeeps } from './place.ts'
import { rendezvousOrder } from './rendezvous.ts'

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

test('each member wins a share of the chunks in proportion to its weight', () => {
  const weights = [1, 2, 5, 10, 2]
  const members = weights.map((weight, index) => member(index, { weight }))
  const wins = new Map<NodeId, number>()
  const rounds = 40_000
  for (let round = 0; round < rounds; round++) {
    const first = rendezvousOrder(chunk(round), members)[0]?.nodeId as NodeId
    wins.set(first, (wins.get(first) ?? 0) + 1)
  }
  for (const [index, weight] of weights.entries()) {
    const expected = (rounds * weight) / 20
    assert.ok(Math.abs((wins.get(node(index)) ?? 0) - expected) < 0.05 * expected + 3 * Math.sqrt(expected))
  }
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
