import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { settleContests } from './contests.ts'

const strikesOf = (count: number, edges: readonly (readonly [number, number])[]) => {
  const victims = Array.from({ length: count }, () => new Set<number>())
  for (const [from, to] of edges) victims[from]!.add(to)
  return victims.map((set) => Int32Array.from(set))
}
const settle = (count: number, ...edges: [number, number][]) => settleContests(strikesOf(count, edges))

/** The three sentences of the header, with reachability from the textbook. */
function naive(strikes: readonly Int32Array[]): number[] {
  let left = [...strikes.keys()].filter((each) => !strikes[each]!.includes(each))
  const counting: number[] = []
  const hits = (from: number, to: number) => strikes[from]!.includes(to)
  const accept = (each: number) => {
    counting.push(each)
    left = left.filter((other) => other !== each && !hits(each, other) && !hits(other, each))
  }
  while (left.length > 0) {
    const free = left.find((each) => !left.some((other) => hits(other, each)))
    if (free !== undefined) {
      accept(free)
      continue
    }
    const reach = new Map(left.map((from) => [from, new Set(left.filter((to) => hits(from, to)))]))
    for (const via of left) {
      for (const from of left) if (reach.get(from)!.has(via)) for (const to of reach.get(via)!) reach.get(from)!.add(to)
    }
    const circle = left.find((each) =>
      left.every((other) => !reach.get(other)!.has(each) || reach.get(each)!.has(other)),
    )!
    accept(Math.min(...left.filter((other) => other === circle || reach.get(other)!.has(circle))))
  }
  return counting.sort((one, other) => one - other)
}

test('what nothing strikes counts, and voids what it strikes', () => {
  assert.deepEqual(settle(0), [])
  assert.deepEqual(settle(3), [0, 1, 2])
  assert.deepEqual(settle(3, [2, 1], [1, 0]), [0, 2])
  assert.deepEqual(settle(1, [0, 0]), [])
  assert.deepEqual(settle(2, [0, 0], [0, 1]), [1])
})

test('in a circle the first counts, and its strikers are void', () => {
  assert.deepEqual(settle(2, [0, 1], [1, 0]), [0])
  assert.deepEqual(settle(3, [0, 1], [1, 2], [2, 0]), [0])
  assert.deepEqual(settle(4, [3, 2], [2, 3], [2, 1], [1, 0], [0, 1]), [0, 2])
})

test('a circle waits for what strikes it, even if it has the lowest of all', () => {
  assert.deepEqual(settle(4, [0, 1], [1, 0], [2, 3], [3, 2], [2, 0]), [1, 2])
})

test('a circle that has lost a link is no circle any more', () => {
  // 0 to 3 are one circle until 4, which wins its own, takes out 3; then 1 and 2 decide over 0, not 0 over them.
  assert.deepEqual(settle(6, [1, 2], [2, 1], [1, 0], [0, 3], [3, 2], [4, 5], [5, 4], [4, 3]), [1, 4])
})

test('the same as the naive definition, whoever strikes whom', () => {
  const graphs = fc
    .integer({ min: 1, max: 14 })
    .chain((count) =>
      fc
        .array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1)), { maxLength: 3 * count })
        .map((edges) => strikesOf(count, edges)),
    )
  fc.assert(
    fc.property(graphs, (strikes) => assert.deepEqual(settleContests(strikes), naive(strikes))),
    { numRuns: 3000 },
  )
})

test('what counts strikes nothing that counts, and all else is struck by it or lost a circle to it', () => {
  const graphs = fc
    .integer({ min: 1, max: 60 })
    .chain((count) =>
      fc
        .array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1)), { maxLength: 4 * count })
        .map((edges) => strikesOf(count, edges)),
    )
  fc.assert(
    fc.property(graphs, (strikes) => {
      const counting = settleContests(strikes)
      const touches = (one: number, other: number) => strikes[one]!.includes(other) || strikes[other]!.includes(one)
      for (const [each, victims] of strikes.entries()) {
        if (counting.includes(each)) assert(counting.every((other) => !touches(each, other)))
        else assert(victims.includes(each) || counting.some((other) => touches(each, other)))
      }
    }),
    { numRuns: 500 },
  )
})

test('what hostile members can weave of rows is settled in time', () => {
  const half = 800
  const all = Array.from({ length: half }, (_, index) => index)
  const cases: Record<string, Int32Array[]> = {
    'everyone of one strikes everyone of the other': strikesOf(
      2 * half,
      all.flatMap((one) =>
        all.map((other): [number, number] => (other % 2 === 0 ? [one, half + other] : [half + other, one])),
      ),
    ),
    'circles within circles': strikesOf(
      2 * half,
      all.flatMap((one): [number, number][] => [
        [one, half + one],
        [half + one, half + Math.max(0, one - 1)],
        ...all.slice(one, one + 200).map((other): [number, number] => [half + one, other]),
      ]),
    ),
  }
  for (const [name, strikes] of Object.entries(cases)) {
    const startMs = performance.now()
    settleContests(strikes)
    const tookMs = performance.now() - startMs
    assert(tookMs < 20_000, `${name}: ${tookMs} ms`)
  }
})
