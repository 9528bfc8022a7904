/** What every answer writes alike: times, and what machines are called. */
import type { NodeId } from '../../base/ids.ts'
import type { PoolParts } from './parts.ts'

export function timeText(ms: number): string {
  return new Date(ms).toISOString()
}

export function machineName(pool: PoolParts, nodeId: NodeId): string {
  return pool.roster.profile(nodeId)?.name ?? nodeId.slice(0, 8)
}
