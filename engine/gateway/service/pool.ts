/**
 * The service's operations on the pool as a whole: making, joining and leaving it, what it holds and what still fits.
 */
import { EngineError, isEngineError } from '../../base/error.ts'
import { blake3Hex } from '../../base/hash.ts'
import { roomFor } from '../../placement/index.ts'
import { formatCount, type Pool } from '../../../shared/index.ts'
import type { Service } from '../service.ts'
import { pageOfAll } from './paging.ts'
import { timeText } from './words.ts'
import { membersShown } from './nodes.ts'
import { inPool, type NodeParts, type PoolParts } from './parts.ts'

type PoolOperations = Pick<Service, 'pool' | 'createPool' | 'invite' | 'joinPool' | 'leavePool' | 'discovered'>

export const defaultCopies = 2

export function poolOperations(parts: NodeParts): PoolOperations {
  const pool = () => inPool(parts)
  return {
    async pool() {
      const here = parts.pool()
      return here === null ? null : toPool(parts, here)
    },
    async createPool({ name, copies }) {
      await parts.createPool(name, copies ?? defaultCopies)
      return toPool(parts, pool())
    },
    async invite() {
      pool()
      const { code, expiresAtMs } = await parts.invite()
      return { code, expiresAt: timeText(expiresAtMs), address: parts.network.addresses()[0] ?? '' }
    },
    async joinPool({ code, address }) {
      await parts.joinPool(code, address)
      return toPool(parts, pool())
    },
    async leavePool({ confirm }) {
      await leave(parts, pool(), confirm)
    },
    async discovered(query) {
      const hint = parts.membership.keyring?.poolHint ?? null
      const seen = parts.sightings().map(({ sighting, atMs }) => ({
        nodeId: sighting.nodeId,
        name: sighting.name,
        addresses: sighting.addresses,
        pool:
          sighting.poolHint === null
            ? ('none' as const)
            : sighting.poolHint === hint
              ? ('same' as const)
              : ('other' as const),
        lastSeen: timeText(atMs),
      }))
      return pageOfAll('discovered', seen, query)
    },
  }
}

/** Leaves; what lies here alone is only given up with the token that the refusal gave, which names just that much. */
async function leave(parts: NodeParts, pool: PoolParts, confirm: string | undefined): Promise<void> {
  const only = (await pool.census.onlyOn()).get(parts.self) ?? { files: 0, bytes: 0 }
  const token = blake3Hex(Buffer.from(`leave ${only.files} ${only.bytes}`)).slice(0, 16)
  try {
    await parts.leavePool(confirm === token ? confirm : undefined)
  } catch (error) {
    if (!isEngineError(error, 'last-copies')) throw error
    throw new EngineError(
      'last-copies',
      `${formatCount(only.files, 'file')} ${only.files === 1 ? 'lies' : 'lie'} on this machine alone`,
      {
        cause: error,
        hint: 'Wait until health says that all is protected, or repeat the request with the header Confirm to lose them.',
        facts: { ...error.facts, confirm: token, entries: only.files, bytes: only.bytes },
      },
    )
  }
}

function toPool(parts: NodeParts, pool: PoolParts): Pool {
  const { catalog, roster } = pool
  const ids = membersShown(parts)
  const spaces = ids.map((id) => ({ quotaBytes: roster.profile(id)?.quotaBytes, ...freeOf(pool, id) }))
  const sum = (pick: (space: (typeof spaces)[number]) => number) => spaces.reduce((all, each) => all + pick(each), 0)
  const settings = catalog.read.settings()
  const copies = settings?.copies ?? defaultCopies
  const places = roster.places().filter(({ nodeId }) => roster.durable().has(nodeId))
  const open = places.filter(({ nodeId }) => roster.profile(nodeId)?.drain !== true)
  return {
    id: parts.membership.poolId ?? '',
    name: settings?.name ?? '',
    copies,
    nodeId: parts.self,
    nodes: ids.length,
    nodesOnline: ids.filter((id) => roster.liveness(id) === 'online').length,
    ...catalog.read.countAll(),
    quotaBytes: sum((each) => each.quotaBytes ?? each.usableBytes),
    usedBytes: sum((each) => each.usedBytes),
    freeBytes: sum((each) => each.freeBytes),
    room: roomFor(
      open.map(({ nodeId, machineHash }) => ({ nodeId, machineHash, freeBytes: freeOf(pool, nodeId).freeBytes })),
      copies,
    ),
  }
}

function freeOf(pool: PoolParts, nodeId: Parameters<PoolParts['roster']['space']>[0]) {
  const { usedBytes, quotaBytes } = pool.roster.space(nodeId)
  return { usedBytes, usableBytes: quotaBytes, freeBytes: Math.max(0, quotaBytes - usedBytes) }
}
