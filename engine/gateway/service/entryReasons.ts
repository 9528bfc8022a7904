/**
 * Why a file or folder is not protected, and what to do next, in the words of people. One reason per entry: the one whose
 * remedy helps most. Times stand in fields: `since` when a machine is away, `at` when copying begins by itself.
 */
import type { ChunkId, NodeId } from '../../base/ids.ts'
import type { EntryView } from '../../catalog/index.ts'
import { type FileState, place, type ReplicaCounts } from '../../placement/index.ts'
import type { Reason } from '../../../shared/index.ts'
import { listOf, machineName, timeText } from './words.ts'
import type { PoolParts } from './parts.ts'

/** Holders are looked up at so many chunks of a file; its worst chunk may have others, but seldom. */
const chunksLooked = 64

interface Holder {
  readonly nodeId: NodeId
  readonly name: string
}

const stateWords: Record<FileState, string> = {
  protected: 'protected',
  copying: 'being copied',
  degraded: 'short of copies',
  'at-risk': 'at risk',
  unreachable: 'on machines that are switched off',
  lost: 'lost',
}

/** `counts` for files only. */
export function entryReason(
  pool: PoolParts,
  view: EntryView,
  state: FileState,
  counts: ReplicaCounts | undefined,
): Reason {
  if (counts === undefined) {
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
      remedy: 'wait',
    }
  }
  const holders = holdersOf(pool, view)
  switch (state) {
    case 'copying':
      return {
        code: 'copying',
        text: `${ofCopies(counts.existing, counts.wanted)}; ${beingCopied(pool, view, counts.wanted)}.`,
        action: 'Nothing to do: wait until it is done.',
        remedy: 'wait',
      }
    case 'degraded':
    case 'at-risk':
      return shortOf(pool, holders, counts)
    case 'unreachable':
      return unreachable(pool, holders)
    case 'lost':
      return lost(pool, view)
    case 'protected':
      return { code: 'protected', text: 'All copies are there.' }
  }
}

function ofCopies(has: number, wanted: number): string {
  return `${has} of ${wanted} ${wanted === 1 ? 'copy' : 'copies'}`
}

function shortOf(pool: PoolParts, holders: readonly Holder[], counts: ReplicaCounts): Reason {
  const there = holders.filter((each) => pool.roster.reachable().has(each.nodeId))
  const gone = holders.find((each) => !pool.roster.durable().has(each.nodeId))
  const where =
    counts.durable <= 1 && there.length === 1 ? `Only on ${there[0]?.name}` : ofCopies(counts.durable, counts.wanted)
  if (gone !== undefined) {
    return {
      code: 'machine-away',
      nodeId: gone.nodeId,
      ...sinceOf(pool, gone.nodeId),
      text: `${where}: ${gone.name} is away.`,
      action: canCopy(pool)
        ? `It is being copied again. Switch on ${gone.name} to spare that.`
        : `Switch on ${gone.name}, or add a machine.`,
      remedy: 'switch-on',
    }
  }
  const away = pool.roster.places().find((each) => !pool.roster.reachable().has(each.nodeId))
  const name = away === undefined ? undefined : machineName(pool, away.nodeId)
  return {
    code: canCopy(pool) ? 'no-place' : 'too-few-machines',
    text: `${where}: no other machine with room is switched on.`,
    action: `${name === undefined ? 'Give the pool more space' : `Switch on ${name}`}, or add a machine.`,
    remedy: name === undefined ? 'add-machine' : 'switch-on',
  }
}

function unreachable(pool: PoolParts, holders: readonly Holder[]): Reason {
  const away = holders.filter((each) => !pool.roster.reachable().has(each.nodeId))
  const [first] = away
  const names = listOf(away.map((each) => each.name))
  return {
    code: 'machine-away',
    text: `On ${names || 'a machine'}, which ${away.length > 1 ? 'are' : 'is'} switched off or cannot be reached.`,
    action: `Switch on ${first?.name ?? 'that machine'}.`,
    remedy: 'switch-on',
    ...(first === undefined ? {} : { nodeId: first.nodeId, ...sinceOf(pool, first.nodeId) }),
  }
}

/** The last machine that was removed since the file was written may have it still; `since` is when that was. */
function lost(pool: PoolParts, view: EntryView): Reason {
  const version = view.version === null ? undefined : pool.catalog.read.version(view.version)
  const [last] = pool.roster.removedSince(version?.createdMs ?? 0)
  if (last === undefined) {
    return {
      code: 'lost',
      text: 'No machine has all of it.',
      action: 'Where a backup of a machine’s data folder exists, start it again with that.',
    }
  }
  const name = machineName(pool, last.nodeId)
  return {
    code: 'lost',
    nodeId: last.nodeId,
    since: timeText(last.removedAtMs),
    text: `No machine has all of it. ${name} may have had it and was removed.`,
    action: `If ${name} still has its disk, let it join again with a code.`,
  }
}

/** Where the missing copies of a file go, as placement says now. */
function beingCopied(pool: PoolParts, view: EntryView, wanted: number): string {
  const { roster, catalog } = pool
  const connected = roster.connected()
  const places = roster.places().filter((each) => connected.has(each.nodeId))
  const names = new Set<string>()
  for (const chunk of firstChunks(pool, view)) {
    const already = catalog.chunks.facts(chunk)?.holders ?? []
    const known = places.filter(({ nodeId }) => already.includes(nodeId)).length
    const targets = place({ chunk, copies: wanted - already.length + known, already }, places).slice(known)
    for (const nodeId of targets) names.add(machineName(pool, nodeId))
  }
  return names.size === 0 ? 'the rest is being made' : `being copied to ${listOf([...names])}`
}

function sinceOf(pool: PoolParts, nodeId: NodeId): { since?: string } {
  const lastSeenMs = pool.roster.lastSeenMs(nodeId)
  return lastSeenMs === null ? {} : { since: timeText(lastSeenMs) }
}

/** True if two or more machines could take copies now. */
function canCopy({ roster }: PoolParts): boolean {
  return roster.places().filter((each) => each.accepts && roster.reachable().has(each.nodeId)).length > 1
}

/** Members that hold any of the file's first chunks, with their names. */
function holdersOf(pool: PoolParts, view: EntryView): Holder[] {
  const nodes = new Set<NodeId>()
  for (const chunk of firstChunks(pool, view)) {
    for (const holder of pool.catalog.chunks.facts(chunk)?.holders ?? []) nodes.add(holder)
  }
  return [...nodes].map((nodeId) => ({ nodeId, name: machineName(pool, nodeId) }))
}

function* firstChunks({ catalog }: PoolParts, view: EntryView): Generator<ChunkId, void, void> {
  if (view.version === null || catalog.read.version(view.version) === undefined) return
  let looked = 0
  for (const chunk of catalog.chunks.chunksOfVersion(view.version)) {
    yield chunk
    if (++looked === chunksLooked) return
  }
}
