/**
 * The greatest flow through a network of pipes (Dinic 1970): levels by breadth first search, then paths along them, until no
 * path is left. For networks of some thousand edges; capacities are whole numbers.
 */

export interface Pipe {
  readonly from: number
  readonly to: number
  readonly capacity: number
}

interface Half {
  readonly to: number
  left: number
  readonly back: number
}

/** Nodes are numbered from 0 to `nodes` - 1. */
export function greatestFlow(nodes: number, pipes: readonly Pipe[], source: number, sink: number): number {
  const halves: Half[] = []
  const leaving: number[][] = Array.from({ length: nodes }, () => [])
  for (const { from, to, capacity } of pipes) {
    leaving[from]?.push(halves.length)
    leaving[to]?.push(halves.length + 1)
    halves.push({ to, left: capacity, back: halves.length + 1 }, { to: from, left: 0, back: halves.length })
  }
  let flow = 0
  for (;;) {
    const levels = levelsFrom(source, leaving, halves)
    if (levels[sink] === -1) return flow
    const next = new Int32Array(nodes)
    for (let pushed = -1; pushed !== 0; flow += pushed) {
      pushed = push(source, Number.POSITIVE_INFINITY, { leaving, halves, levels, next, sink })
    }
  }
}

function levelsFrom(source: number, leaving: readonly number[][], halves: readonly Half[]): Int32Array {
  const levels = new Int32Array(leaving.length).fill(-1)
  levels[source] = 0
  const queue = [source]
  for (const node of queue) {
    for (const index of leaving[node] ?? []) {
      const half = halves[index] as Half
      if (half.left === 0 || levels[half.to] !== -1) continue
      levels[half.to] = (levels[node] as number) + 1
      queue.push(half.to)
    }
  }
  return levels
}

interface Levelled {
  readonly leaving: readonly number[][]
  readonly halves: readonly Half[]
  readonly levels: Int32Array
  /** Per node: pipes before this one have nothing left. */
  readonly next: Int32Array
  readonly sink: number
}

/** Pushes as much as fits along one path; 0 if there is none. */
function push(node: number, offered: number, network: Levelled): number {
  if (node === network.sink) return offered
  const { leaving, halves, levels, next } = network
  const pipes = leaving[node] as number[]
  for (; (next[node] as number) < pipes.length; next[node] = (next[node] as number) + 1) {
    const half = halves[pipes[next[node] as number] as number] as Half
    if (half.left === 0 || levels[half.to] !== (levels[node] as number) + 1) continue
    const pushed = push(half.to, Math.min(offered, half.left), network)
    if (pushed === 0) continue
    half.left -= pushed
    ;(halves[half.back] as Half).left += pushed
    return pushed
  }
  return 0
}
