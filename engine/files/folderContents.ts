/**
 * What is in a folder and in those below: how much, how safe, and on which machines. Counted in steps, since a folder may hold a million files:
 * sums folder by folder from the tables, states and machines group by group as in the survey of all files.
 */
import type { NodeId } from '../base/ids.ts'
import type { EntryView } from '../catalog/index.ts'
import { limits } from '../limits.ts'
import { type FileState, fileStates } from '../placement/index.ts'
import type { Census } from './census.ts'
import { noCounts, type StateCounts } from './stateCounts.ts'
import type { WriteDeps } from './write.ts'

export interface FolderContents {
  readonly counts: StateCounts
  readonly folders: number
  readonly bytes: number
  /** Members that have any part of so many of the files, most first. */
  readonly nodes: readonly { readonly nodeId: NodeId; readonly files: number }[]
}

type Deps = Pick<WriteDeps, 'catalog' | 'clock' | 'roster'> & { readonly census: Census }

/** As of now; where the folder changes faster than it can be counted, as of a moment between. */
export async function folderContents(deps: Deps, folder: EntryView): Promise<FolderContents> {
  const { catalog, clock } = deps
  const sums = { folders: 0, bytes: 0 }
  let looked = 0
  for (const { files, folders, bytes } of catalog.read.walkWithin(folder)) {
    sums.folders += folders
    sums.bytes += bytes
    looked += files + 1
    if (looked < limits.groupStep) continue
    looked = 0
    await clock.soon()
  }
  for (let rounds = 1; ; rounds++) {
    const judged = await judge(deps, folder)
    if (judged.isNow || rounds === limits.surveyRounds) return { ...sums, ...judged.told }
  }
}

async function judge({ catalog, clock, roster, census }: Deps, folder: EntryView) {
  const { states, groups, holdersByPattern, changes } = await census.settled()
  // What lost its place hangs in a folder that no entry is.
  const work = catalog.groups.tally(folder.ids.length === 0 ? [folder.id] : folder.ids)
  let next = work.next()
  for (; next.done !== true; next = work.next()) await clock.soon()
  const members = roster.members()
  const counts = noCounts()
  const filesOn = new Map<NodeId, number>()
  for (const [group, files] of next.value.entries()) {
    if (files === 0) continue
    counts[fileStates[states[group] ?? 0] as FileState] += files
    const holders = new Set(groups[group]?.patterns?.flatMap((pattern) => holdersByPattern.get(pattern) ?? []))
    for (const node of holders) if (members.has(node)) filesOn.set(node, (filesOn.get(node) ?? 0) + files)
  }
  const nodes = [...filesOn]
    .map(([nodeId, files]) => ({ nodeId, files }))
    .toSorted((a, b) => b.files - a.files || (a.nodeId < b.nodeId ? -1 : 1))
  return { isNow: catalog.groups.changes === changes, told: { counts, nodes } }
}
