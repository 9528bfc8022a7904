/**
 * The second half of every change: its rows become durable here in one group commit, are pushed to the connected members, and
 * the answer waits until enough of them have said that they are durable there (invariant 1). What the slower ones have not
 * said by then they still get: the push goes on, and the walk is behind it.
 */
import type { NodeId } from '../base/ids.ts'
import type { Catalog, CatalogExchange, CatalogTransaction, Segment } from '../catalog/index.ts'
import { limits } from '../limits.ts'
import type { Roster } from '../replication/index.ts'

export interface CommitDeps {
  readonly self: NodeId
  readonly catalog: Catalog
  readonly exchange: CatalogExchange
  readonly roster: Roster
}

export interface Committed<T> {
  readonly value: T
  /** Nodes on which all rows of this change are durable, this one included. */
  readonly durable: number
}

export interface CommitWish {
  readonly segments?: readonly Segment[]
  /** Wait for every connected member instead of for two. */
  readonly everyone?: boolean
  readonly signal?: AbortSignal
}

/** Runs `work` in a catalog transaction and waits for acknowledgements. An exception of `work` undoes all of it and rejects. */
export async function commit<T>(
  deps: CommitDeps,
  work: (tx: CatalogTransaction) => T,
  wish: CommitWish = {},
): Promise<Committed<T>> {
  const { value, rows } = await deps.catalog.transact(work)
  if (rows.length === 0) return { value, durable: 1 }
  const connected = deps.roster.connected().size
  const want = (wish.everyone === true ? connected : Math.min(limits.acknowledgeNodes, connected)) - 1
  const { durable } = await deps.exchange.pushAndCount(rows, wish.segments ?? [], {
    want,
    stallMs: limits.acknowledgeStallMs,
    ...(wish.signal === undefined ? {} : { signal: wish.signal }),
  })
  return { value, durable: 1 + durable }
}
