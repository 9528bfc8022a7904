/**
 * Entries in the API's form: what the catalog's views say, the state that the census finds, and for every state but
 * `protected` the reason and the next step in the words of people.
 */
import type { NodeId } from '../../base/ids.ts'
import type { EntryView, TrashItem as TrashView, Version as VersionRow } from '../../catalog/index.ts'
import { type FileState, fileState, type ReplicaCounts } from '../../placement/index.ts'
import type { Entry, Reason, TrashItem, Version } from '../../../shared/index.ts'
import type { PoolParts } from './parts.ts'

const dayMs = 86_400_000

export function timeText(ms: number): string {
  return new Date(ms).toISOString()
}

/** An entry as the API shows it. */
export function toEntry(pool: PoolParts, view: EntryView): Entry {
  const policy = pool.catalog.read.policy(view.id)
  const own = pool.catalog.read.ownPolicy(view.id)
  const counts = view.kind === 'file' ? pool.census.countsOf(view.version, policy.copies) : undefined
  const state = counts === undefined ? pool.census.worstIn(view) : fileState(counts)
  return {
    id: view.id,
    path: view.path,
    name: view.name,
    kind: view.kind,
    size: view.sizeBytes,
    modified: timeText(view.modifiedMs),
    version: view.version,
    copies: counts === undefined ? folderCopies(policy.copies, state) : pickCopies(counts),
    state,
    reasons: state === 'protected' ? [] : [reasonFor(pool, view, state, counts)],
    ...(view.heads.length > 1 ? { conflict: true } : {}),
    ...(view.caseTwin ? { caseTwin: true } : {}),
    ...(own !== undefined && own.pinnedTo.length > 0 ? { pinnedTo: [...own.pinnedTo] } : {}),
  }
}

function pickCopies({ wanted, durable, reachable }: ReplicaCounts): Entry['copies'] {
  return { wanted, durable, reachable }
}

/** A folder has no copies of its own; it shows the policy, and what its worst file is sure to have. */
function folderCopies(wanted: number, state: FileState): Entry['copies'] {
  if (state === 'protected') return { wanted, durable: wanted, reachable: wanted }
  return { wanted, durable: state === 'lost' ? 0 : 1, reachable: state === 'lost' || state === 'unreachable' ? 0 : 1 }
}

function reasonFor(pool: PoolParts, view: EntryView, state: FileState, counts: ReplicaCounts | undefined): Reason {
  if (view.kind === 'folder') {
    return {
      code: state,
      text: `Something in this folder is ${stateWords[state]}.`,
      action: 'Open the folder to see which files.',
    }
  }
  if (view.version !== null && pool.catalog.chunks.fewestHoldersAmong(view.version, []) === undefined) {
    return {
      code: 'segment-missing',
      text: 'This machine does not know all of its pieces yet.',
      action: 'Nothing to do if another machine is switched on: the rest arrives by itself.',
    }
  }
  const holders = namesOfHolders(pool, view)
  const away = holders.filter((each) => !pool.roster.reachable().has(each.nodeId))
  const [first] = away
  const missing = (counts?.wanted ?? 0) - (counts?.durable ?? 0)
  switch (state) {
    case 'copying':
      return {
        code: 'copying',
        text: `${missing} more ${missing === 1 ? 'copy is' : 'copies are'} being made.`,
        action: 'Nothing to do: wait until it is done.',
      }
    case 'degraded':
    case 'at-risk':
      if (first !== undefined) {
        return {
          code: 'machine-away',
          nodeId: first.nodeId,
          text: `${counts?.durable} of ${counts?.wanted} copies: ${first.name} is away.`,
          action: `Switch on ${first.name}, or add a machine.`,
        }
      }
      return {
        code: 'too-few-machines',
        text:
          holders.length === 1
            ? `Only on ${holders[0]?.name}.`
            : `${counts?.durable} of ${counts?.wanted} copies: no other machine with room is switched on.`,
        action: 'Switch on another machine, give the pool more space, or add a machine.',
      }
    case 'unreachable':
      return {
        code: 'machine-away',
        text: `On ${away.map((each) => each.name).join(', ') || 'a machine'}, which is switched off or cannot be reached.`,
        action: `Switch on ${first?.name ?? 'that machine'}.`,
        ...(first === undefined ? {} : { nodeId: first.nodeId }),
      }
    case 'lost':
      return {
        code: 'lost',
        text: 'No machine has all of it.',
        action: 'If a removed machine still has its disk, connect it again.',
      }
    case 'protected':
      return { code: 'protected', text: 'All copies are there.' }
  }
}

const stateWords: Record<FileState, string> = {
  protected: 'protected',
  copying: 'being copied',
  degraded: 'short of copies',
  'at-risk': 'at risk',
  unreachable: 'on machines that are switched off',
  lost: 'lost',
}

/** Members that hold any chunk of the file, with their names. */
function namesOfHolders(pool: PoolParts, view: EntryView): { nodeId: NodeId; name: string }[] {
  const nodes = new Set<NodeId>()
  if (view.version !== null && pool.catalog.read.version(view.version) !== undefined) {
    let looked = 0
    for (const chunk of pool.catalog.chunks.chunksOfVersion(view.version)) {
      for (const holder of pool.catalog.chunks.facts(chunk)?.holders ?? []) nodes.add(holder)
      if (++looked === 64) break
    }
  }
  return [...nodes].map((nodeId) => ({ nodeId, name: machineName(pool, nodeId) }))
}

export function machineName(pool: PoolParts, nodeId: NodeId): string {
  return pool.roster.profile(nodeId)?.name ?? nodeId.slice(0, 8)
}

export function toVersion(version: VersionRow, current: string | null): Version {
  return {
    id: version.version,
    size: version.sizeBytes,
    modified: timeText(version.modifiedMs),
    created: timeText(version.createdMs),
    author: version.author,
    current: version.version === current,
    parents: [...version.parents],
  }
}

export function toTrashItem(pool: PoolParts, item: TrashView): TrashItem {
  const days = pool.catalog.read.settings()?.trashDays ?? 30
  return {
    id: item.entry.id,
    path: item.formerPath,
    name: item.entry.name,
    kind: item.entry.kind,
    size: item.entry.sizeBytes,
    modified: timeText(item.entry.modifiedMs),
    version: item.entry.version,
    deletedAt: timeText(item.trashedAtMs),
    deletedBy: item.trashedBy,
    expiresAt: timeText(item.trashedAtMs + days * dayMs),
  }
}
