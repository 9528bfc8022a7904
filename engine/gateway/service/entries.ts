/**
 * Entries in the API's form: what the catalog's views say, and the state that the census finds. A file's state is of now; a
 * folder's is as of the last survey, so whoever shows folders waits for `settledForFolders` first.
 */
import type { EntryView, TrashItem as TrashView, Version as VersionRow } from '../../catalog/index.ts'
import { limits } from '../../limits.ts'
import { type FileState, fileState, type ReplicaCounts } from '../../placement/index.ts'
import type { Entry, TrashItem, Version } from '../../../shared/index.ts'
import { entryReason } from './entryReasons.ts'
import type { PoolParts } from './parts.ts'
import { timeText } from './words.ts'

const dayMs = 86_400_000
/** As many as the contract allows. */
const nodesShown = 8

/** Lets a survey of now be made, as long as a person would not notice; the first after a start may take longer. */
export async function settledForFolders(pool: PoolParts): Promise<void> {
  const enough = new AbortController()
  await Promise.race([
    pool.census.settled().then(() => undefined),
    pool.clock
      .sleep(pool.census.isKnown ? limits.folderStateWaitMs : limits.firstSurveyWaitMs, enough.signal)
      .catch(() => undefined),
  ])
  enough.abort()
}

/** An entry as the API shows it. */
export function toEntry(pool: PoolParts, view: EntryView): Entry {
  const policy = pool.catalog.read.policy(view.id)
  const own = pool.catalog.read.ownPolicy(view.id)
  const counts = view.kind === 'file' ? pool.census.countsOf(view, policy.copies) : undefined
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
    reasons: state === 'protected' ? [] : [entryReason(pool, view, state, counts)],
    ...(view.heads.length > 1 ? { conflict: true } : {}),
    ...(view.caseTwin ? { caseTwin: true } : {}),
    ...(view.kind === 'file' ? { nodes: pool.census.nodesOf(view).slice(0, nodesShown) } : {}),
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
