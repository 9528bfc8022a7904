/**
 * Placement in simulation, 3 to 1,000 nodes of unequal size: how evenly they fill, what a join and a leave move compared with
 * the least that any placement must move to fill evenly, and what a look-up costs. BENCH_SVG=FILE draws the fills.
 * BENCH_CHUNKS scales the number of chunks (default 1).
 */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import type { ChunkId, NodeId } from '../engine/base/ids.ts'
import { Drawing, type Place, place, pullsOf } from '../engine/placement/index.ts'

const copies = 2
const scale = Number(process.env['BENCH_CHUNKS'] ?? 1)
/** Enough chunks that chance alone leaves the emptiest node within a few per cent of what it should have. */
const pools: readonly (readonly [nodes: number, chunks: number])[] = [
  [3, 400_000],
  [5, 400_000],
  [10, 400_000],
  [30, 1_000_000],
  [63, 1_000_000],
  [100, 1_000_000],
  [300, 2_000_000],
  [1000, 6_000_000],
]

interface Run {
  readonly nodes: number
  /** Fill of each node over the pool's, sorted. */
  readonly fills: number[]
}

function simulate(nodes: number, chunks: number): Run {
  // The last one joins: the pool before has one fewer. Then the first leaves.
  const all = Array.from({ length: nodes + 1 }, (_, index) => member(index))
  const before = new Counted(all, (index) => index < nodes)
  const joined = new Counted(all, () => true)
  const left = new Counted(all, (index) => index > 0 && index < nodes)
  let joinMoves = 0
  let leaveMoves = 0
  for (let number = 0; number < chunks; number++) {
    const chunk = chunkId(number)
    const held = before.draw(chunk)
    joinMoves += others(joined.draw(chunk), held)
    leaveMoves += others(left.draw(chunk), held)
  }
  const total = chunks * copies
  const fills = [...before.fills(total)].toSorted((a, b) => a - b)
  const worst = `${fills[0]?.toFixed(3)} to ${fills.at(-1)?.toFixed(3)}`
  const join = joinMoves / leastMoves(before, joined, total)
  const leave = leaveMoves / leastMoves(before, left, total)
  const cost = placeMicroseconds(before.places)
  const columns = [
    String(nodes).padStart(5),
    String(chunks).padStart(8),
    worst.padStart(20),
    join.toFixed(3).padStart(19),
  ]
  console.log([...columns, leave.toFixed(3).padStart(20), `${cost.toFixed(1)} µs`.padStart(8)].join(' '))
  return { nodes, fills }
}

/** A pool whose replicas are counted. */
class Counted {
  readonly places: Place[]
  readonly #counts: Float64Array
  readonly #drawing: Drawing
  readonly #quotas: number[]

  constructor(all: readonly Place[], isMember: (index: number) => boolean) {
    const members = all.filter((_, index) => isMember(index))
    const offers = members.map(({ nodeId, weight, machineHash }) => ({ nodeId, quotaBytes: weight, machineHash }))
    const pulls = pullsOf(offers, copies)
    this.places = members.map((each) => ({ ...each, pull: pulls.get(each.nodeId) ?? 0 }))
    const ofAll = all.map((each, index) => ({ ...each, pull: isMember(index) ? (pulls.get(each.nodeId) ?? 0) : 0 }))
    this.#quotas = ofAll.map(({ weight, pull }) => (pull > 0 ? weight : 0))
    this.#drawing = new Drawing(ofAll)
    this.#counts = new Float64Array(all.length)
  }

  /** The two that hold the chunk, as place() says for one site and computers of their own. */
  draw(chunk: ChunkId): [number, number] {
    const costs = this.#drawing.costs(chunk)
    let first = 0
    let second = -1
    for (let index = 1; index < costs.length; index++) {
      const cost = costs[index] as number
      if (cost < (costs[first] as number)) [first, second] = [index, first]
      else if (second < 0 || cost < (costs[second] as number)) second = index
    }
    for (const index of [first, second]) this.#counts[index] = (this.#counts[index] ?? 0) + 1
    return [first, second]
  }

  /** Part of all replicas that each should have. */
  shares(): number[] {
    const sum = this.#quotas.reduce((total, each) => total + each, 0)
    return this.#quotas.map((each) => each / sum)
  }

  *fills(total: number): IterableIterator<number> {
    for (const [index, share] of this.shares().entries()) {
      if (share > 0) yield (this.#counts[index] as number) / (share * total)
    }
  }
}

/** Every placement that fills evenly must move so many replicas. */
function leastMoves(from: Counted, to: Counted, total: number): number {
  const [was, is] = [from.shares(), to.shares()]
  return total * is.reduce((sum, share, index) => sum + Math.max(0, share - (was[index] ?? 0)), 0)
}

function others(now: readonly number[], before: readonly number[]): number {
  return now.filter((each) => !before.includes(each)).length
}

function placeMicroseconds(places: readonly Place[]): number {
  const rounds = Math.max(200, Math.round(100_000 / places.length))
  const startMs = performance.now()
  for (let round = 0; round < rounds; round++) place({ chunk: chunkId(round), copies }, places)
  return ((performance.now() - startMs) * 1000) / rounds
}

/** Quotas of 1, 1.25, … 3 TB in turn. */
function member(index: number): Place {
  const weight = (1 + ((index * 7) % 9) / 4) * 1e12
  const nodeId = createHash('sha256').update(`node ${index}`).digest('hex').slice(0, 32) as NodeId
  return { nodeId, weight, site: 'home', machineHash: nodeId, fill: 0, accepts: true }
}

function chunkId(number: number): ChunkId {
  return createHash('sha256').update(`chunk ${number}`).digest('hex') as ChunkId
}

/** One column per pool, one dot per node, at its fill over the pool's. */
function drawing(all: readonly Run[]): string {
  const [width, height, left, top] = [720, 300, 60, 20]
  const column = (width - left - 20) / all.length
  const y = (fill: number) => top + ((1.1 - fill) / 0.2) * (height - top - 40)
  const line = (fill: number, style: string) =>
    `<line x1="${left}" x2="${width - 20}" y1="${y(fill)}" y2="${y(fill)}" ${style}/><text x="${left - 8}" y="${y(fill) + 4}" text-anchor="end">${Math.round(fill * 100)} %</text>`
  const dots = all.flatMap(({ nodes, fills }, at) => {
    const middle = left + (at + 0.5) * column
    const shown = fills.map((fill, index) => {
      const x = middle + ((index + 0.5) / fills.length - 0.5) * column * 0.7
      return `<circle cx="${x.toFixed(1)}" cy="${y(fill).toFixed(1)}" r="${nodes > 100 ? 1 : 2.5}"/>`
    })
    return [...shown, `<text x="${middle}" y="${height - 12}" text-anchor="middle">${nodes}</text>`]
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="12" fill="#3b6ea5">
<rect width="${width}" height="${height}" fill="#fff"/>
<g fill="#444">${[0.9, 0.95, 1, 1.05, 1.1].map((fill) => line(fill, fill === 1 ? 'stroke="#888"' : 'stroke="#ddd" stroke-dasharray="4"')).join('')}</g>
${dots.join('')}
</svg>
`
}

console.log('nodes   chunks  fill, least to most  join moves / least  leave moves / least  place()')
const runs = pools.map(([nodes, chunks]) => simulate(nodes, Math.round(chunks * scale)))
const svg = process.env['BENCH_SVG']
if (svg !== undefined) writeFileSync(svg, drawing(runs))
