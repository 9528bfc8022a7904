/**
 * How every file is, without looking at every file. Chunks fall into a few patterns of equal holders, files into groups of equal patterns
 * (catalog); a state is judged once per group, the files are counted in memory. One file is always judged exactly and at once
 * from its chunks; counts and folders are as of a survey, which is made in steps of some milliseconds and made anew when
 * something has changed. Waiting for `settled()` gives the counts of now.
 */
import { EngineError } from '../base/error.ts'
import type { EntryId, NodeId, VersionId } from '../base/ids.ts'
import type { Catalog, EntryView, FileGroup, HolderPattern } from '../catalog/index.ts'
import { limits } from '../limits.ts'
import { type FileState, fileState, fileStates, type ReplicaCounts, worse } from '../placement/index.ts'
import type { Clock } from '../ports.ts'
import type { Roster } from '../replication/index.ts'
import { noCounts, type StateCounts } from './stateCounts.ts'
import { type OnlyOn, onlyOn, uncopied, type WhatIf, type WhatIfView, whatIf } from './whatIf.ts'

export interface CensusDeps {
  readonly catalog: Catalog
  readonly roster: Roster
  readonly clock: Clock
  /** True while it is still being asked who holds what. */
  readonly isComparing: () => boolean
}

interface Survey {
  readonly takenMs: number
  readonly tookMs: number
  /** `FileGroups.changes` that it has seen. */
  readonly changes: number
  readonly groups: readonly FileGroup[]
  readonly holdersByPattern: ReadonlyMap<number, HolderPattern['holders']>
  /** Index in `fileStates`, by number of the group. */
  readonly states: Uint8Array
  /** Live files by number of the group. */
  readonly tally: Uint32Array
  readonly worstInFolder: Uint8Array
  readonly counts: StateCounts
  /** Live files by durable copies: none, one, two, three, four, more. */
  readonly byCopies: readonly number[]
}

/** Where nobody waits for the survey of now, the next one begins after this many times as long as the last one took. */
const restFactor = 10

/** So many copies and more are counted as one. */
const copiesCounted = 5

/** Chunks of a file that are looked at where its group is not known. */
const chunksLooked = 64

const stateIndex = (state: FileState) => fileStates.indexOf(state)

export class Census {
  readonly #deps: CensusDeps
  #survey: Survey | undefined
  #stale = true
  #work: Generator<undefined, Survey> | undefined
  #settling: Promise<void> | undefined
  /** Since when there are live files of which nobody claims a part, monotonic; undefined while there are none. */
  #unclaimedSinceMs: number | undefined
  /** When versions last arrived, monotonic. */
  #versionsCameMs = Number.NEGATIVE_INFINITY
  #stopped = false

  constructor(deps: CensusDeps) {
    this.#deps = deps
  }

  /** No survey goes on after this. */
  stop(): void {
    this.#stopped = true
  }

  /** Something changed: rows, claims or members. */
  invalidate(): void {
    this.#stale = true
  }

  /** Versions arrived or were written here. */
  noteVersions(): void {
    this.#versionsCameMs = this.#deps.clock.monotonicMs()
  }

  /** Copies of a file's current version. From its group where that is known to be right: a file may have 100,000 chunks. */
  countsOf({ id, version }: Pick<EntryView, 'id' | 'version'>, copies: number): ReplicaCounts {
    const { catalog, roster } = this.#deps
    if (version === null) return this.#countsFrom([], copies)
    if (catalog.groups.isDone) {
      const number = catalog.groups.entryNumber(id)
      const group = number === undefined ? undefined : catalog.groups.group(catalog.groups.groupOf(number))
      if (group !== undefined) return this.#countsOfVersion(version, this.#fewestIn(group), copies)
    }
    const counted = [roster.members(), roster.durable(), roster.reachable()]
    return this.#countsOfVersion(version, catalog.chunks.fewestHoldersAmong(version, counted) ?? null, copies)
  }

  #countsOfVersion(version: VersionId, fewest: readonly number[] | null, copies: number): ReplicaCounts {
    const { catalog, clock } = this.#deps
    if (!isUnclaimed(fewest) || this.#areClaimsComing()) return this.#countsFrom(fewest, copies)
    const ageMs = clock.nowMs() - (catalog.read.version(version)?.createdMs ?? 0)
    return ageMs < limits.claimsComeMs ? countsOnTheWay(copies) : this.#countsFrom(fewest, copies)
  }

  /**
   * Members that hold any of a file's current version, those with all of it first. From its group where that is known; else from
   * its first chunks, since this is asked for every row of a list.
   */
  nodesOf({ id, version }: Pick<EntryView, 'id' | 'version'>): NodeId[] {
    const { catalog, roster } = this.#deps
    if (version === null) return []
    const members = roster.members()
    const number = catalog.groups.isDone ? catalog.groups.entryNumber(id) : undefined
    const group = number === undefined ? undefined : catalog.groups.group(catalog.groups.groupOf(number))
    const holders =
      group !== undefined
        ? (group.patterns ?? []).map((pattern) => catalog.groups.holdersOf(pattern))
        : this.#firstHolders(version)
    const heldBy = new Map<NodeId, number>()
    for (const each of holders) for (const node of each) heldBy.set(node, (heldBy.get(node) ?? 0) + 1)
    return [...heldBy]
      .filter(([node]) => members.has(node))
      .toSorted(([a, parts], [b, otherParts]) => otherParts - parts || (a < b ? -1 : 1))
      .map(([node]) => node)
  }

  #firstHolders(version: VersionId): (readonly NodeId[])[] {
    const { chunks, read } = this.#deps.catalog
    if (read.version(version) === undefined) return []
    const holders: (readonly NodeId[])[] = []
    for (const chunk of chunks.chunksOfVersion(version)) {
      holders.push(chunks.facts(chunk)?.holders ?? [])
      if (holders.length === chunksLooked) break
    }
    return holders
  }

  /** Fewest among members, durable and reachable ones; null while the pieces are not known, nothing for empty files. */
  #fewestIn({ patterns }: FileGroup): number[] | null {
    if (patterns === null) return null
    let fewest: number[] = []
    for (const pattern of patterns) {
      const these = this.#fewestOf(this.#deps.catalog.groups.holdersOf(pattern))
      fewest = these.map((each, at) => Math.min(each, fewest[at] ?? each))
    }
    return fewest
  }

  #countsFrom(fewest: readonly number[] | null, copies: number): ReplicaCounts {
    if (isUnclaimed(fewest) && this.#areClaimsComing()) return countsOnTheWay(copies)
    // What cannot be judged yet is not lost: its list of pieces is still on its way here.
    if (fewest === null) return { wanted: copies, existing: 1, durable: 0, reachable: 0, copying: false }
    const { roster } = this.#deps
    // An empty file has no chunk that could be missing: its rows are on every member.
    const [existing, durable, reachable] = [roster.members(), roster.durable(), roster.reachable()].map(
      (group, index) => {
        const count = fewest[index] ?? Number.POSITIVE_INFINITY
        return Number.isFinite(count) ? count : group.size
      },
    ) as [number, number, number]
    return { wanted: copies, existing, durable, reachable, copying: existing < copies && this.#couldCopy(existing) }
  }

  /**
   * A row arrives before the claims of its content: what was first seen unclaimed a moment ago, while versions came, is being made.
   * Without new versions it is what somebody lost. Where inventories are still being compared, nothing is known to be lost.
   */
  #areClaimsComing(): boolean {
    if (this.#deps.isComparing()) return true
    const sinceMs = Math.min(this.#unclaimedSinceMs ?? Number.NEGATIVE_INFINITY, this.#versionsCameMs)
    return this.#deps.clock.monotonicMs() - sinceMs < limits.claimsComeMs
  }

  /** True if a connected machine with room could take another copy. */
  #couldCopy(existing: number): boolean {
    const connected = this.#deps.roster.connected()
    const open = this.#deps.roster.places().filter((each) => each.accepts && connected.has(each.nodeId))
    return open.length > existing
  }

  // -------------------------------------------------------------- all files

  /** The worst state inside a folder, as of the last survey. */
  worstIn(folder: EntryView): FileState {
    const survey = this.#lately()
    if (survey === undefined) return 'protected'
    return folder.ids.reduce<FileState>((worst, id) => {
      const number = this.#deps.catalog.groups.entryNumber(id)
      const index = number === undefined ? 0 : (survey.worstInFolder[number] ?? 0)
      return worse(worst, fileStates[index] as FileState)
    }, 'protected')
  }

  /** State of a file as of the last survey: for filtering many of them. */
  stateOf(file: EntryId): FileState {
    const { groups } = this.#deps.catalog
    const number = groups.entryNumber(file)
    const group = number === undefined ? 0 : groups.groupOf(number)
    return fileStates[this.#lately()?.states[group] ?? 0] as FileState
  }

  /** True if the member holds any part of the file, as of the last survey. */
  isOn(file: EntryId, node: NodeId): boolean {
    const { groups } = this.#deps.catalog
    const number = groups.entryNumber(file)
    const survey = this.#lately()
    const group = number === undefined ? undefined : survey?.groups[groups.groupOf(number)]
    return group?.patterns?.some((pattern) => survey?.holdersByPattern.get(pattern)?.includes(node) === true) ?? false
  }

  /** Live files by state, as of the last survey. */
  files(): StateCounts {
    return this.#lately()?.counts ?? noCounts()
  }

  /** Chunks of kept versions by state, and what is short of copies. */
  chunks(): { counts: StateCounts; shortChunks: number; shortBytes: number } {
    const counts = noCounts()
    let shortChunks = 0
    let shortBytes = 0
    for (const pattern of this.#deps.catalog.chunks.patterns()) {
      const state = fileState(this.#countsFrom(this.#fewestOf(pattern.holders), pattern.wanted))
      counts[state] += pattern.chunks
      if (state === 'copying' || state === 'degraded' || state === 'at-risk') {
        shortChunks += pattern.chunks
        shortBytes += pattern.bytes
      }
    }
    return { counts, shortChunks, shortBytes }
  }

  #fewestOf(holders: HolderPattern['holders']): number[] {
    const { roster } = this.#deps
    const among = (nodes: ReadonlySet<NodeId>) => holders.filter((holder) => nodes.has(holder)).length
    return [among(roster.members()), among(roster.durable()), among(roster.reachable())]
  }

  // -------------------------------------------------------------- losing machines

  /** What would be if these machines were lost for good. Exact; waits until all that was committed is counted. */
  async whatIf(lost: ReadonlySet<NodeId>): Promise<WhatIf> {
    const survey = await this.settled()
    return whatIf(this.#whatIfView(survey), lost)
  }

  /** Per member, what no other member has. */
  async onlyOn(): Promise<ReadonlyMap<NodeId, OnlyOn>> {
    const survey = await this.settled()
    return onlyOn(this.#whatIfView(survey))
  }

  /** What lies on this member alone and should not. */
  async uncopied(self: NodeId): Promise<OnlyOn> {
    const survey = await this.settled()
    return uncopied(this.#whatIfView(survey), self)
  }

  #whatIfView({ groups, tally, holdersByPattern }: Survey): WhatIfView {
    const { catalog, roster } = this.#deps
    return {
      members: roster.members(),
      patterns: catalog.chunks.patterns(),
      holdersByPattern,
      groups,
      tally,
      places: roster.places(),
      freeBytes: (node) => {
        const { usedBytes, quotaBytes } = roster.space(node)
        return roster.durable().has(node) && roster.profile(node)?.drain !== true
          ? Math.max(0, quotaBytes - usedBytes)
          : 0
      },
    }
  }

  // -------------------------------------------------------------- surveying

  /** False until the first survey after a start is done. */
  get isKnown(): boolean {
    return this.#survey !== undefined
  }

  /** The survey of now, once all that was committed before is in it. */
  async settled(): Promise<Survey> {
    for (let rounds = 0; !this.#isNow(this.#survey) && rounds < limits.surveyRounds; rounds++) {
      await this.#inSteps()
    }
    if (this.#survey === undefined) throw new EngineError('stopped', 'the node is stopping')
    return this.#survey
  }

  #inSteps(): Promise<void> {
    this.#settling ??= this.#run().finally(() => {
      this.#settling = undefined
    })
    return this.#settling
  }

  async #run(): Promise<void> {
    while (!this.#stopped && !this.#step()) await this.#deps.clock.soon()
  }

  /** Without waiting: makes a small survey at once, begins a large one and tells the last. */
  #lately(): Survey | undefined {
    const known = this.#survey
    if (this.#isNow(known)) return known
    if (this.#settling !== undefined || this.#isResting(known)) return known
    for (let steps = 0; steps < limits.surveyStepsAtOnce; steps++) if (this.#step()) return this.#survey
    void this.#inSteps()
    return known
  }

  #isResting(survey: Survey | undefined): boolean {
    if (survey === undefined) return false
    return this.#deps.clock.monotonicMs() - survey.takenMs < restFactor * survey.tookMs
  }

  /** True if nothing has changed since. Waits end with time alone. */
  #isNow(survey: Survey | undefined): boolean {
    if (survey === undefined || this.#stale || !this.#deps.catalog.groups.isDone) return false
    return this.#deps.clock.monotonicMs() - survey.takenMs <= limits.surveyMaxAgeMs
  }

  /** One stretch of work; true when a survey is done. */
  #step(): boolean {
    this.#work ??= this.#take()
    const next = this.#work.next()
    if (next.done !== true) return false
    this.#work = undefined
    this.#survey = next.value
    return true
  }

  *#take(): Generator<undefined, Survey> {
    const { clock } = this.#deps
    const { groups } = this.#deps.catalog
    const startMs = clock.monotonicMs()
    // While copies of very large files are made, following them takes longer than a question should: counts then lag by seconds.
    let followingSinceMs = startMs
    while (groups.step()) {
      if (!groups.isMade) followingSinceMs = clock.monotonicMs()
      if (clock.monotonicMs() - followingSinceMs > limits.surveyFollowMs) break
      yield
    }
    this.#stale = false
    const { changes } = groups
    const known = this.#survey?.changes === changes ? this.#survey : undefined
    const all = known?.groups ?? groups.groups()
    const holdersByPattern = groups.holdersByPattern()
    const tally = known?.tally ?? (yield* groups.tally())
    const isComing = ({ patterns }: FileGroup) =>
      patterns === null || patterns.some((pattern) => holdersByPattern.get(pattern)?.length === 0)
    if (!all.some((group, index) => (tally[index] ?? 0) > 0 && isComing(group))) this.#unclaimedSinceMs = undefined
    else this.#unclaimedSinceMs ??= clock.monotonicMs()
    const { states, durable } = yield* this.#judge(all, holdersByPattern)
    const same = known !== undefined && Buffer.compare(known.states, states) === 0
    const worstInFolder = same ? known.worstInFolder : yield* this.#worstOf(states)
    const counts = noCounts()
    const byCopies = Array<number>(copiesCounted + 1).fill(0)
    for (const [group, files] of tally.entries()) {
      counts[fileStates[states[group] as number] as FileState] += files
      const copies = durable[group] ?? 0
      byCopies[copies] = (byCopies[copies] ?? 0) + files
    }
    const takenMs = clock.monotonicMs()
    return {
      takenMs,
      tookMs: takenMs - startMs,
      changes,
      groups: all,
      holdersByPattern,
      states,
      tally,
      worstInFolder,
      counts,
      byCopies,
    }
  }

  *#worstOf(states: Uint8Array): Generator<undefined, Uint8Array> {
    return states.some((state) => state > 0) ? yield* this.#deps.catalog.groups.worstByFolder(states) : new Uint8Array()
  }

  *#judge(
    groups: readonly FileGroup[],
    holdersByPattern: Survey['holdersByPattern'],
  ): Generator<undefined, { states: Uint8Array; durable: Uint8Array }> {
    const fewestOf = new Map([...holdersByPattern].map(([number, holders]) => [number, this.#fewestOf(holders)]))
    const states = new Uint8Array(groups.length)
    const durable = new Uint8Array(groups.length)
    let looked = 0
    for (const [index, { copies, patterns }] of groups.entries()) {
      if (index === 0) continue
      let fewest: number[] | null = null
      for (const pattern of patterns ?? []) {
        const these = fewestOf.get(pattern) ?? [1, 0, 0]
        fewest = fewest === null ? these : fewest.map((each, at) => Math.min(each, these[at] as number))
      }
      const judged = this.#countsFrom(patterns === null ? null : (fewest ?? []), copies)
      states[index] = stateIndex(fileState(judged))
      durable[index] = Math.min(judged.durable, copiesCounted)
      looked += 1 + (patterns?.length ?? 0)
      if (looked < limits.groupStep) continue
      looked = 0
      yield
    }
    return { states, durable }
  }
}

/** Nobody has a part of it, as far as is known here, or its list of pieces is not here yet. */
function isUnclaimed(fewest: readonly number[] | null): boolean {
  return fewest === null || fewest[0] === 0
}

/** Whoever wrote it has it. */
function countsOnTheWay(copies: number): ReplicaCounts {
  return { wanted: copies, existing: 1, durable: 1, reachable: 1, copying: true }
}
