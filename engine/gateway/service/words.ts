/** What every answer writes alike: times, and what machines are called. */
import type { NodeId } from '../../base/ids.ts'
import type { PoolParts } from './parts.ts'

export function timeText(ms: number): string {
  return new Date(ms).toISOString()
}

export function machineName(pool: PoolParts, nodeId: NodeId): string {
  return pool.roster.profile(nodeId)?.name ?? nodeId.slice(0, 8)
}

/** `A`, `A and B`, `A, B and C`. */
export function listOf(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
