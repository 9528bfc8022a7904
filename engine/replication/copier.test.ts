import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { blake3Hex } from '../base/hash.ts'
import type { ChunkId, NodeId } from '../base/ids.ts'
import type { Place } from '../placement/index.ts'
import { planCopies } from './copier.ts'

const node = (number: number) => blake3Hex(Buffer.from(`node ${number}`)).slice(0, 32) as NodeId
const chunkId = blake3Hex(Buffer.from('chunk')) as ChunkId
const places = (count: number): Place[] =>
  Array.from({ length: count }, (_, number) => ({
    nodeId: node(number),
    weight: 1e9,
    site: 'home',
    machineHash: `${number}`,
    fill: 0,
    accepts: true,
  }))

test('exactly one connected holder acts on a short chunk, and copies just what is missing', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 5 }),
      fc.uniqueArray(fc.nat(7), { minLength: 1, maxLength: 8 }),
      fc.uniqueArray(fc.nat(7), { maxLength: 8 }),
      (members, wanted, holding, connecting) => {
        const all = places(members)
        const holders = holding.filter((each) => each < members).map(node)
        const connected = new Set(connecting.filter((each) => each < members).map(node))
        const facts = { chunkId, sizeBytes: 1, holders, wanted, pinnedTo: [] }
        const orders = all
          .filter((each) => connected.has(each.nodeId))
          .map((each) => planCopies(facts, each.nodeId, all, connected))
          .filter((order) => order !== undefined)
        const free = [...connected].filter((each) => !holders.includes(each)).length
        const missing = Math.min(Math.max(wanted - holders.length, 0), free)
        const canAct = holders.some((each) => connected.has(each))
        assert.equal(orders.length, canAct && missing > 0 ? 1 : 0)
        const [order] = orders
        if (order === undefined) return
        assert.equal(order.targets.length, missing)
        assert.ok(order.targets.every((each) => connected.has(each) && !holders.includes(each)))
      },
    ),
  )
})

test('a pinned node gets its copy beside the others', () => {
  const all = places(4)
  const facts = { chunkId, sizeBytes: 1, holders: [node(0), node(1)], wanted: 2, pinnedTo: [node(3)] }
  const connected = new Set(all.map((each) => each.nodeId))
  const orders = all
    .map((each) => planCopies(facts, each.nodeId, all, connected))
    .filter((order) => order !== undefined)
  assert.deepEqual(
    orders.map((order) => order.targets),
    [[node(3)]],
  )
})
