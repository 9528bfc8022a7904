/**
 * What losing machines for good would cost: pure, from patterns of chunks and groups of files, so it takes as long as there are patterns and
 * groups, not files. Claims of all members count, switched on or not, since the question is about disks.
 */
import type { NodeId } from '../base/ids.ts'
import type { FileGroup, HolderPattern } from '../catalog/index.ts'
import { fits, type Need, type Place } from '../placement/index.ts'

export interface WhatIfView {
  readonly members: ReadonlySet<NodeId>
  readonly patterns: readonly HolderPattern[]
  readonly holdersByPattern: ReadonlyMap<number, HolderPattern['holders']>
  /** By number; the first is none. */
  readonly groups: readonly FileGroup[]
  /** Live files by number of their group. */
  readonly tally: Uint32Array
  readonly places: readonly Place[]
  /** What a member can still take. */
  freeBytes(node: NodeId): number
}

export interface WhatIf {
  readonly files: { readonly total: number; readonly survive: number; readonly lost: number }
  /** Of chunks that no machine would have, those of earlier versions and of the trash included. */
  readonly bytesLost: number
  /** To have all copies again of what survives. */
  readonly bytesToCopy: number
  /** Whether the machines left have room for them. */
  readonly fits: boolean
}

export interface OnlyOn {
  readonly files: number
  readonly bytes: number
}

/** A file whose pieces are not all known here is not counted as lost. */
export function whatIf(view: WhatIfView, lost: ReadonlySet<NodeId>): WhatIf {
  const { members, places, groups, tally, holdersByPattern } = view
  const left = (holders: readonly NodeId[]) => holders.filter((each) => members.has(each) && !lost.has(each))
  let bytesLost = 0
  const needs: Need[] = []
  for (const { holders, wanted, bytes } of view.patterns) {
    const rest = left(holders)
    if (rest.length === 0) bytesLost += bytes
    else if (rest.length < wanted) needs.push({ bytes, copies: wanted - rest.length, holders: rest })
  }
  const dead = new Set([...holdersByPattern].filter(([, each]) => left(each).length === 0).map(([number]) => number))
  const files = { total: 0, survive: 0, lost: 0 }
  for (const [group, count] of tally.entries()) {
    files.total += count
    if (groups[group]?.patterns?.some((pattern) => dead.has(pattern)) === true) files.lost += count
  }
  files.survive = files.total - files.lost
  const spaces = places
    .filter((each) => !lost.has(each.nodeId))
    .map(({ nodeId, machineHash }) => ({ nodeId, machineHash, freeBytes: view.freeBytes(nodeId) }))
  const computers = new Map(places.map(({ nodeId, machineHash }) => [nodeId, machineHash]))
  return {
    files,
    bytesLost,
    bytesToCopy: needs.reduce((sum, { bytes, copies }) => sum + bytes * copies, 0),
    fits: fits(needs, spaces, (node) => computers.get(node) ?? node),
  }
}

/** Per member: files that would be lost with it alone and are not lost yet, and bytes that only it has. */
export function onlyOn({ members, patterns, holdersByPattern, groups, tally }: WhatIfView): Map<NodeId, OnlyOn> {
  const alone = (holders: readonly NodeId[]) => {
    const rest = holders.filter((each) => members.has(each))
    return { isLost: rest.length === 0, only: rest.length === 1 ? rest[0] : undefined }
  }
  const sums = new Map([...members].map((node) => [node, { files: 0, bytes: 0 }]))
  for (const { holders, bytes } of patterns) {
    const sum = sums.get(alone(holders).only as NodeId)
    if (sum !== undefined) sum.bytes += bytes
  }
  const ofPattern = new Map([...holdersByPattern].map(([number, holders]) => [number, alone(holders)]))
  for (const [group, count] of tally.entries()) {
    if (count === 0) continue
    const told = (groups[group]?.patterns ?? []).map((pattern) => ofPattern.get(pattern))
    if (told.some((each) => each === undefined || each.isLost)) continue
    const nodes = new Set(told.map((each) => each?.only).filter((only) => only !== undefined))
    for (const node of nodes) (sums.get(node) as { files: number }).files += count
  }
  return sums
}

/**
 * What lies on one member alone although more copies are wanted and others are there to take them. In a pool of one machine
 * nothing waits for a copy.
 */
export function uncopied({ members, patterns, holdersByPattern, groups, tally }: WhatIfView, self: NodeId): OnlyOn {
  const sum = { files: 0, bytes: 0 }
  if (members.size < 2) return sum
  const isAlone = (holders: readonly NodeId[]) => {
    const rest = holders.filter((each) => members.has(each))
    return rest.length === 1 && rest[0] === self
  }
  for (const { holders, wanted, bytes } of patterns) if (wanted > 1 && isAlone(holders)) sum.bytes += bytes
  const alone = new Set([...holdersByPattern].filter(([, holders]) => isAlone(holders)).map(([number]) => number))
  for (const [group, count] of tally.entries()) {
    const { copies = 0, patterns = null } = groups[group] ?? {}
    if (copies > 1 && patterns?.some((pattern) => alone.has(pattern)) === true) sum.files += count
  }
  return sum
}
