/**
 * The service's operations on health: one state for the pool, the reasons for it with what to do, what repair does and waits for,
 * and what losing machines would cost.
 */
import { NodeIds } from '../../base/ids.ts'
import type { StateCounts } from '../../files/index.ts'
import { type FileState, fileStates, worse } from '../../placement/index.ts'
import type { FileCounts, Health } from '../../../shared/index.ts'
import type { Service } from '../service.ts'

import { timeText } from './words.ts'
import { healthReasons } from './healthReasons.ts'
import { inPool, knownMember, type NodeParts, type PoolParts } from './parts.ts'

type HealthOperations = Pick<Service, 'health' | 'whatIf' | 'resumeRepair' | 'setConditions'>

export function healthOperations(parts: NodeParts): Required<HealthOperations> {
  const pool = () => inPool(parts)
  return {
    async health() {
      const here = parts.pool()
      return here === null ? noPoolHealth : await toHealth(parts, here)
    },
    async whatIf(lost) {
      const here = pool()
      const nodes = [...new Set(lost)].map((id) => knownMember(parts, id))
      return { lost: nodes, ...(await here.census.whatIf(new Set(nodes.map((id) => NodeIds.parse(id))))) }
    },
    async resumeRepair() {
      await pool().repair.resume()
    },
    async setConditions(conditions) {
      pool().repair.setConditions(conditions)
      parts.network.setAsleep(conditions.asleep ?? false)
    },
  }
}

const noPoolHealth: Health = {
  state: 'no-pool',
  chunks: { total: 0, full: 0, degraded: 0, atRisk: 0, unreachable: 0, lost: 0 },
  files: { total: 0, protected: 0, copying: 0, degraded: 0, atRisk: 0, unreachable: 0, lost: 0 },
  repair: {
    ...{ queuedChunks: 0, queuedBytes: 0, copiedChunks: 0, copiedBytes: 0, bytesPerSec: 0 },
    ...{ etaMs: null, frozen: null, waiting: [] },
  },
  reasons: [
    { code: 'no-pool', text: 'This machine is in no pool.', action: 'Create a pool, or join one with a code.' },
  ],
}

async function toHealth(parts: NodeParts, pool: PoolParts): Promise<Health> {
  const { counts: files, byCopies } = await pool.census.settled()
  const { counts: chunks } = pool.census.chunks()
  const repair = pool.repair.status()
  return {
    state: worstOf(files),
    chunks: {
      total: totalOf(chunks),
      full: chunks.protected,
      degraded: chunks.degraded + chunks.copying,
      atRisk: chunks['at-risk'],
      unreachable: chunks.unreachable,
      lost: chunks.lost,
    },
    files: toFileCounts(files),
    filesByCopies: [...byCopies],
    repair: {
      queuedChunks: repair.queuedChunks,
      queuedBytes: repair.queuedBytes,
      copiedChunks: repair.copiedChunks,
      copiedBytes: repair.copiedBytes,
      bytesPerSec: Math.round(repair.bytesPerSec),
      etaMs: repair.etaMs === null ? null : Math.round(repair.etaMs),
      frozen:
        repair.frozen === null
          ? null
          : {
              since: timeText(repair.frozen.sinceMs),
              gone: repair.frozen.gone,
              members: repair.frozen.members,
            },
      waiting: repair.waiting.map(({ nodeId, untilMs, chunks: waiting, bytes }) => ({
        nodeId,
        until: timeText(untilMs),
        chunks: waiting,
        bytes,
      })),
    },
    reasons: healthReasons(parts, pool, { files, repair }),
  }
}

export function toFileCounts(counts: StateCounts): FileCounts {
  const { protected: whole, copying, degraded, 'at-risk': atRisk, unreachable, lost } = counts
  return { total: totalOf(counts), protected: whole, copying, degraded, atRisk, unreachable, lost }
}

const totalOf = (counts: StateCounts) => Object.values(counts).reduce((sum, count) => sum + count, 0)

function worstOf(counts: StateCounts): FileState {
  return fileStates.reduce<FileState>((worst, state) => (counts[state] > 0 ? worse(worst, state) : worst), 'protected')
}
