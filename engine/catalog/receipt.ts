/**
 * How many nodes have rows durably, counted as the answers to their pushes come in. Waiting ends as soon as enough have
 * them, when no answer is outstanding, or when none has come for a while (invariant 1: it answers with what it has).
 */
import type { NodeId } from '../base/ids.ts'
import type { Clock } from '../ports.ts'
import type { Push } from './push.ts'
import type { Row } from './types.ts'

export interface CountOptions {
  /** Other nodes to wait for; 0 or less waits for none. */
  readonly want: number
  /** Without a new answer for so long it answers with what it has. */
  readonly stallMs?: number
  /** Aborted: it answers with what it has. */
  readonly signal?: AbortSignal
}

/** Where rows are durable, this node not counted. */
export interface Durable {
  readonly durable: number
  readonly nodes: readonly NodeId[]
}

/** Resolves once `rows`, sent with `pushes`, are durable at `want` nodes or no more can be expected. Never rejects. */
export function countDurable(
  clock: Clock,
  rows: readonly Row[],
  pushes: ReadonlyMap<Row, Push>,
  { want, stallMs, signal }: CountOptions,
): Promise<Durable> {
  const distinct = [...new Set(pushes.values())]
  const count = (): Durable => {
    const [first] = distinct
    const nodes = (first?.answered() ?? []).filter((node) =>
      rows.every((row) => pushes.get(row)?.isDurableAt(node, row)),
    )
    return { durable: nodes.length, nodes }
  }
  const isOver = ({ durable }: Durable) => durable >= want || distinct.every((push) => push.open === 0)
  const now = count()
  if (isOver(now) || signal?.aborted) return Promise.resolve(now)
  return new Promise((resolve) => {
    const end = () => {
      stall?.[Symbol.dispose]()
      for (const listening of listenings) listening[Symbol.dispose]()
      signal?.removeEventListener('abort', end)
      resolve(count())
    }
    const wait = () => (stallMs === undefined ? undefined : clock.timer(stallMs, end))
    let stall = wait()
    const listenings = distinct.map((push) =>
      push.onSettled(() => {
        stall?.[Symbol.dispose]()
        if (isOver(count())) end()
        else stall = wait()
      }),
    )
    signal?.addEventListener('abort', end)
  })
}
