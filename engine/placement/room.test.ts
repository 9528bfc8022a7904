import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { NodeId } from '../base/ids.ts'
import { fits, type Need, roomFor, type Space } from './room.ts'

const node = (number: number) => number.toString(16).padStart(32, '0') as NodeId

function spacesOf(shapes: readonly { computer: number; freeBytes: number }[]): Space[] {
  return shapes.map(({ computer, freeBytes }, index) => ({
    nodeId: node(index),
    machineHash: `computer ${computer}`,
    freeBytes,
  }))
}

const shapes = (maxLength: number) =>
  fc.array(fc.record({ computer: fc.nat(4), freeBytes: fc.nat(12) }), { maxLength }).map(spacesOf)

/** Puts bytes one by one on the emptiest places, each copy on another: best possible, since all bytes are alike. */
function fillOneByOne(free: readonly number[], copies: number): number {
  const left = [...free]
  for (let bytes = 0; ; bytes++) {
    const open = [...left.keys()].filter((at) => (left[at] as number) > 0)
    open.sort((a, b) => (left[b] as number) - (left[a] as number))
    if (open.length < copies || copies === 0) return bytes
    for (const at of open.slice(0, copies)) left[at] = (left[at] as number) - 1
  }
}

test('room is what fits when it is filled byte by byte', () => {
  fc.assert(
    fc.property(shapes(7), fc.integer({ min: 1, max: 5 }), (spaces, copies) => {
      const byComputer = Map.groupBy(spaces, (each) => each.machineHash)
      const free =
        byComputer.size >= copies
          ? [...byComputer.values()].map((each) => each.reduce((sum, one) => sum + one.freeBytes, 0))
          : spaces.map((each) => each.freeBytes)
      const kept = Math.min(copies, free.length)
      assert.deepEqual(roomFor(spaces, copies), { bytes: fillOneByOne(free, kept), copies: kept })
    }),
    { numRuns: 500 },
  )
})

test('room of a large and two small machines is not a share of the sum', () => {
  const spaces = spacesOf([1000, 10, 10].map((freeBytes, computer) => ({ computer, freeBytes })))
  assert.deepEqual(roomFor(spaces, 2), { bytes: 20, copies: 2 })
  assert.deepEqual(roomFor(spaces, 1), { bytes: 1020, copies: 1 })
})

/** Tries every place for every copy of every byte. */
function fitsByTrying(needs: readonly Need[], spaces: readonly Space[], computerOf: (id: NodeId) => string): boolean {
  const left = new Map(spaces.map((each) => [each.nodeId, each.freeBytes]))
  const computers = new Set(spaces.map((each) => each.machineHash))
  const bytes = needs.flatMap((need) => Array.from({ length: need.bytes }, () => need))
  const place = (at: number, copy: number, used: readonly NodeId[]): boolean => {
    const need = bytes[at]
    if (need === undefined) return true
    if (copy === need.copies) return place(at + 1, 0, [])
    const taken = new Set(need.holders.map(computerOf))
    const enough = [...computers].filter((each) => !taken.has(each)).length >= need.copies
    return spaces.some(({ nodeId, machineHash }) => {
      const free = left.get(nodeId) as number
      const clash = enough
        ? taken.has(machineHash) || used.some((each) => computerOf(each) === machineHash)
        : need.holders.includes(nodeId) || used.includes(nodeId)
      if (free === 0 || clash) return false
      left.set(nodeId, free - 1)
      const done = place(at, copy + 1, [...used, nodeId])
      left.set(nodeId, free)
      return done
    })
  }
  return place(0, 0, [])
}

test('copies fit exactly where trying every place finds one', () => {
  let no = 0
  let yes = 0
  fc.assert(
    fc.property(
      fc.array(fc.record({ computer: fc.nat(2), freeBytes: fc.nat(3) }), { minLength: 1, maxLength: 4 }).map(spacesOf),
      fc.array(fc.record({ bytes: fc.nat(2), copies: fc.nat(2), held: fc.subarray([0, 1, 2, 3]) }), { maxLength: 2 }),
      (spaces, shapesOfNeeds) => {
        const needs = shapesOfNeeds.map(({ bytes, copies, held }) => ({ bytes, copies, holders: held.map(node) }))
        const computerOf = (id: NodeId) => spaces.find((each) => each.nodeId === id)?.machineHash ?? `gone ${id}`
        const expected = fitsByTrying(needs, spaces, computerOf)
        if (expected) yes++
        else no++
        assert.equal(fits(needs, spaces, computerOf), expected)
      },
    ),
    { numRuns: 400 },
  )
  assert.ok(yes > 40 && no > 40, `${yes} fit, ${no} do not`)
})
