/**
 * How every file is, without looking at every file: chunks fall into a few groups of equal holders and equal wanted copies, kept
 * as counts by the catalog, and only chunks of groups that are not fully protected lead to files. When all groups are well, so
 * is every file, whatever their number. The files found are remembered until something changes.
 */
import type { EntryId, NodeId, VersionId } from '../base/ids.ts'
import type { Catalog, EntryView, HolderPattern } from '../catalog/index.ts'
import { type FileState, fileState, type ReplicaCounts, worse } from '../placement/index.ts'
import type { Clock } from '../ports.ts'
import type { Roster } from '../replication/index.ts'

export interface CensusDeps {
  readonly catalog: Catalog
  readonly roster: Roster
  readonly clock: Clock
}

export type StateCounts = Record<FileState, number>

interface Survey {
  readonly takenMs: number
  readonly tookMs: number
  readonly stateOfFile: ReadonlyMap<EntryId, FileState>
  readonly worstInFolder: ReadonlyMap<EntryId, FileState>
  readonly counts: StateCounts
}

/** A survey is not repeated before this many times as long as it took has passed. */
const restFactor = 10

function noCounts(): StateCounts {
  return { protected: 0, copying: 0, degraded: 0, 'at-risk': 0, unreachable: 0, lost: 0 }
}

export class Census {
  readonly #deps: CensusDeps
  #survey: Survey | undefined
  #stale = true

  constructor(deps: CensusDeps) {
    this.#deps = deps
  }

  /** Something changed: rows, claims or members. */
  invalidate(): void {
    this.#stale = true
  }

  /** Copies of a file's current version. */
  countsOf(version: VersionId | null, copies: number): ReplicaCounts {
    const { catalog, roster } = this.#deps
    const groups = [roster.members(), roster.durable(), roster.reachable()] as const
    const fewest = version === null ? [] : catalog.chunks.fewestHoldersAmong(version, groups)
    // What cannot be judged yet is not lost: its list of pieces is still on its way here.
    if (fewest === undefined) return { wanted: copies, existing: 1, durable: 0, reachable: 0, copying: false }
    // An empty file has no chunk that could be missing: its rows are on every member.
    const [existing, durable, reachable] = groups.map((group, index) => {
      const count = fewest[index] ?? Number.POSITIVE_INFINITY
      return Number.isFinite(count) ? count : group.size
    }) as [number, number, number]
    return { wanted: copies, existing, durable, reachable, copying: existing < copies && this.#couldCopy(existing) }
  }

  /** The worst state inside a folder. */
  worstIn(folder: EntryView): FileState {
    const { worstInFolder } = this.#current()
    return folder.ids.reduce<FileState>((worst, id) => worse(worst, worstInFolder.get(id) ?? 'protected'), 'protected')
  }

  /** Live files by state. */
  files(): StateCounts {
    return this.#current().counts
  }

  /** Chunks of kept versions by state, and what is short of copies. */
  chunks(): { counts: StateCounts; shortChunks: number; shortBytes: number } {
    const counts = noCounts()
    let shortChunks = 0
    let shortBytes = 0
    for (const pattern of this.#deps.catalog.chunks.patterns()) {
      const state = this.#stateOf(pattern)
      counts[state] += pattern.chunks
      if (state === 'copying' || state === 'degraded' || state === 'at-risk') {
        shortChunks += pattern.chunks
        shortBytes += pattern.bytes
      }
    }
    return { counts, shortChunks, shortBytes }
  }

  #stateOf(pattern: Pick<HolderPattern, 'holders' | 'wanted'>): FileState {
    const { roster } = this.#deps
    const durable = roster.durable()
    const reachable = roster.reachable()
    const members = roster.members()
    const among = (nodes: ReadonlySet<NodeId>) => pattern.holders.filter((holder) => nodes.has(holder)).length
    const existing = among(members)
    return fileState({
      wanted: pattern.wanted,
      existing,
      durable: among(durable),
      reachable: among(reachable),
      copying: existing < pattern.wanted && this.#couldCopy(existing),
    })
  }

  /** True if a connected machine with room could take another copy. */
  #couldCopy(existing: number): boolean {
    const connected = this.#deps.roster.connected()
    const open = this.#deps.roster.places().filter((each) => each.accepts && connected.has(each.nodeId))
    return open.length > existing
  }

  #current(): Survey {
    const now = this.#deps.clock.monotonicMs()
    const known = this.#survey
    if (known !== undefined && (!this.#stale || now - known.takenMs < restFactor * known.tookMs)) return known
    this.#stale = false
    this.#survey = this.#take(now)
    return this.#survey
  }

  #take(startMs: number): Survey {
    const { catalog, clock } = this.#deps
    const stateOfFile = new Map<EntryId, FileState>()
    const worstInFolder = new Map<EntryId, FileState>()
    const counts = noCounts()
    const judged = new Set<EntryId>()
    for (const chunk of catalog.chunks.chunksWhere((pattern) => this.#stateOf(pattern) !== 'protected')) {
      for (const id of catalog.chunks.filesOf(chunk)) {
        if (judged.has(id)) continue
        judged.add(id)
        const file = catalog.read.entry(id)
        if (file === undefined) continue
        const state = fileState(this.countsOf(file.version, catalog.read.policy(id).copies))
        if (state === 'protected') continue
        stateOfFile.set(id, state)
        counts[state]++
        this.#mark(file, state, worstInFolder)
      }
    }
    counts.protected = catalog.read.countAll().files - stateOfFile.size
    return { takenMs: startMs, tookMs: clock.monotonicMs() - startMs, stateOfFile, worstInFolder, counts }
  }

  /** Marks all folders above a file; stops where as bad is known already. */
  #mark(file: EntryView, state: FileState, worst: Map<EntryId, FileState>): void {
    const names = file.path.split('/').slice(1)
    for (let depth = names.length - 1; depth >= 0; depth--) {
      const folder = this.#deps.catalog.read.at(names.slice(0, depth))
      if (folder === undefined) return
      const known = worst.get(folder.id)
      if (known !== undefined && worse(known, state) === known) return
      for (const id of folder.ids.length > 0 ? folder.ids : [folder.id]) worst.set(id, state)
    }
  }
}
