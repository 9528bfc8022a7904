/**
 * Why the pool is not as it should be, in the words of people, each with the next step: what threatens files first. Times stand
 * in fields, so that every reader shows them in its own clock and language.
 */
import type { NodeId } from '../../base/ids.ts'
import type { StateCounts } from '../../files/index.ts'
import { limits } from '../../limits.ts'
import { formatBytes, type Reason } from '../../../shared/index.ts'
import { listOf, machineName, timeText } from './words.ts'
import type { NodeParts, PoolParts } from './parts.ts'
import { defaultCopies } from './pool.ts'

interface Findings {
  readonly files: StateCounts
  readonly repair: ReturnType<PoolParts['repair']['status']>
}

/** So many machines that were removed last may have what is lost. */
const removedNamed = 3
/** A machine with less than this part of its space left is named as full. */
const fullAt = 0.98

export function healthReasons(parts: NodeParts, pool: PoolParts, findings: Findings): Reason[] {
  return [
    ...removed(parts),
    ...lost(pool, findings),
    ...frozen(findings),
    ...away(pool, findings),
    ...machines(pool),
    ...space(pool, findings),
    ...clocks(parts, pool),
    ...leaving(parts, pool),
  ]
}

/** What a machine is told that the pool has put out. */
function removed(parts: NodeParts): Reason[] {
  if (parts.membership.removal() === null) return []
  return [
    {
      code: 'removed',
      nodeId: parts.self,
      text: 'This machine was removed from the pool.',
      action: 'Leave the pool here, or join it anew with a code from another machine.',
    },
  ]
}

function lost(pool: PoolParts, { files }: Findings): Reason[] {
  if (files.lost === 0) return []
  const one = files.lost === 1
  const names = pool.roster
    .removedSince(0)
    .slice(0, removedNamed)
    .map((each) => machineName(pool, each.nodeId))
  return [
    {
      code: 'lost',
      text: `${files.lost} ${one ? 'file is' : 'files are'} not whole on any machine.`,
      action:
        names.length === 0
          ? 'Where a backup of a machine’s data folder exists, start it again with that.'
          : `If ${names.join(' or ')} still has its disk, let it join again with a code.`,
    },
  ]
}

function frozen({ repair }: Findings): Reason[] {
  if (repair.frozen === null) return []
  return [
    {
      code: 'frozen',
      text: 'More than half of the machines are gone; copying waits until they return.',
      action: 'Switch them on. If they will not return, let copying go on: `hadahoop health --resume`.',
      remedy: 'resume',
    },
  ]
}

function away(pool: PoolParts, { repair }: Findings): Reason[] {
  const { roster } = pool
  return roster.places().flatMap(({ nodeId }) => {
    const state = roster.liveness(nodeId)
    if (state !== 'offline' && state !== 'away') return []
    const name = machineName(pool, nodeId)
    const ends = repair.waiting.filter((each) => each.nodeId === nodeId).map((each) => each.untilMs)
    const text = `${name} is ${state === 'away' ? 'switched off or asleep' : 'switched off or cannot be reached'}.`
    const lastSeenMs = roster.lastSeenMs(nodeId)
    const since = lastSeenMs === null ? {} : { since: timeText(lastSeenMs) }
    const reason = { code: 'machine-away', nodeId, ...since, remedy: 'switch-on' as const }
    if (ends.length > 0) {
      return [
        {
          ...reason,
          text: `${text} What it holds is copied again unless it returns in time.`,
          at: timeText(Math.min(...ends)),
          action: `Switch on ${name}, or remove it if it will not come back.`,
        },
      ]
    }
    const isOver = !roster.durable().has(nodeId)
    return [
      {
        ...reason,
        text: isOver ? `${text} Its copies do not count any more.` : text,
        action: isOver ? `Switch on ${name}, or remove it if it will not come back.` : `Switch on ${name}.`,
      },
    ]
  })
}

function machines(pool: PoolParts): Reason[] {
  const copies = pool.catalog.read.settings()?.copies ?? defaultCopies
  const places = pool.roster.places()
  if (places.length < copies) {
    const has = places.length === 1 ? 'one machine' : `${places.length} machines`
    return [
      {
        code: 'too-few-machines',
        text: `The pool has ${has}; ${copies} copies need ${copies}.`,
        action: 'Add a machine.',
        remedy: 'add-machine',
      },
    ]
  }
  const byComputer = Map.groupBy(places, (each) => each.machineHash)
  if (places.length < 2 || byComputer.size >= Math.min(copies, places.length)) return []
  const together = [...byComputer.values()].find((each) => each.length > 1) ?? []
  return [
    {
      code: 'same-computer',
      text: `${namesOf(pool, together)} run on one computer: what they hold is lost together with it.`,
      action: 'Add a machine on another computer.',
      remedy: 'add-machine',
    },
  ]
}

function space(pool: PoolParts, { repair }: Findings): Reason[] {
  const { roster } = pool
  const durable = roster.durable()
  // A machine that has not introduced itself here has no known space; that is not the same as none.
  const open = roster.places().filter(({ nodeId }) => durable.has(nodeId) && roster.profile(nodeId) !== undefined)
  const full = open.filter((each) => each.fill >= fullAt)
  const short = repair.queuedChunks > 0 && open.every((each) => !each.accepts)
  if (short || (open.length > 0 && full.length === open.length)) {
    return [
      {
        code: 'no-room',
        text: `No machine has room for more${short ? `; ${formatBytes(repair.queuedBytes)} wait to be copied` : ''}.`,
        action: 'Give the pool more space on a machine, or add one.',
        remedy: 'free-space',
      },
    ]
  }
  if (full.length === 0) return []
  return [
    {
      code: 'machine-full',
      text: `${namesOf(pool, full)} ${full.length === 1 ? 'is' : 'are'} full; new copies go to the others.`,
      action: 'Nothing to do while the others have room; more space on it helps.',
      remedy: 'free-space',
    },
  ]
}

function clocks(parts: NodeParts, pool: PoolParts): Reason[] {
  return parts.network.peers().flatMap(({ nodeId, clockOffsetMs }) => {
    if (Math.abs(clockOffsetMs) <= limits.clockSkewMaxMs) return []
    const name = machineName(pool, nodeId)
    return [
      {
        code: 'clock-off',
        nodeId,
        text: `The clocks of ${name} and of this machine differ by ${Math.round(Math.abs(clockOffsetMs) / 60_000)} minutes; what is changed there does not arrive.`,
        action: 'Set the clock that is wrong.',
        remedy: 'set-clock' as const,
      },
    ]
  })
}

function leaving(parts: NodeParts, pool: PoolParts): Reason[] {
  const patterns = pool.catalog.chunks.patterns()
  return pool.roster.places().flatMap(({ nodeId }): Reason[] => {
    if (pool.roster.profile(nodeId)?.drain !== true) return []
    const name = machineName(pool, nodeId)
    if (!patterns.some((each) => each.holders.includes(nodeId))) {
      return [{ code: 'drained', nodeId, text: `${name} is empty.`, action: `Remove it, or use ${name} again.` }]
    }
    const stuck = nodeId === parts.self ? (pool.shedding?.status().stuck ?? null) : null
    return [
      {
        code: stuck === null ? 'draining' : 'drain-stuck',
        nodeId,
        text: `${name} is being emptied${stuck === null ? '' : `, but does not get on: ${stuck}`}.`,
        action:
          stuck === null
            ? `Wait until it is empty, then remove it; or use ${name} again.`
            : 'Add a machine, or give the pool more space.',
        remedy: stuck === null ? ('wait' as const) : ('free-space' as const),
      },
    ]
  })
}

function namesOf(pool: PoolParts, places: readonly { readonly nodeId: NodeId }[]): string {
  return listOf(places.map((each) => machineName(pool, each.nodeId)))
}
