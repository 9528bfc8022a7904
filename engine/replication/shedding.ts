/**
 * Gives up what this node should not hold (any more): everything while it is drained, as much as its quota is short of, what has more
 * copies than wanted (a machine came back), and what a member that joined should hold instead. Each step takes one page of one
 * group of chunks. What may go is decided in shedPlan.ts, and nothing goes without pledges (giveUp.ts). Copies that drained chunks
 * need elsewhere are made by repair, which does not count draining holders; those of a shrunk quota and of a move are
 * sent from here, through the same limits. Nothing is stored: after a restart the next look finds what is left.
 */
import type { ChunkId, NodeId } from '../base/ids.ts'
import type { Catalog, ChunkFacts, HolderPattern } from '../catalog/index.ts'
import type { ChunkStore } from '../chunks/index.ts'
import { limits } from '../limits.ts'
import type { Place } from '../placement/index.ts'
import type { Clock } from '../ports.ts'
import type { Copying } from './copying.ts'
import type { GiveUp, Offer } from './giveUp.ts'
import { groupKey, isStaying } from './repairPlan.ts'
import type { Roster } from './roster.ts'
import { emptyMembers, moveTarget, obstacleOf, pledgersFor, type ShedView, shedTargets, trimmerOf } from './shedPlan.ts'
import type { Next, Worker } from './worker.ts'

export interface SheddingDeps {
  readonly self: NodeId
  readonly catalog: Catalog
  readonly store: ChunkStore
  readonly roster: Roster
  readonly copying: Copying
  readonly giveUp: GiveUp
  readonly clock: Clock
  /** Called when a node that is being replaced holds nothing any more that a file needs. */
  readonly replaced: () => void
}

/** How far this node is with giving up replicas; reason null: it is not. */
export interface SheddingStatus {
  readonly reason: 'drain' | 'quota' | 'replace' | null
  readonly chunksLeft: number
  readonly bytesLeft: number
  /** Why it does not go on, in words; null while it does. */
  readonly stuck: string | null
}

/** Reasons that a person gave, or a return and a join, which need no hurry. */
type Reason = 'drain' | 'quota' | 'replace' | null

interface Pace {
  /** Chunks up to here have been looked at in this round. */
  cursor: ChunkId | null
  restUntilMs: number
  /** Since when the group has more copies than wanted; null if it has not. */
  surplusSinceMs: number | null
  /** Something of this round was refused, and of how many rounds before without a break. */
  stayed: boolean
  refusedRounds: number
  /** For which empty members the last round was. */
  movedFor: string
}

/** What one step knows. */
interface Look {
  readonly reason: Reason
  readonly view: ShedView
  readonly empty: readonly Place[]
  readonly nowMs: number
}

/** give: others have enough. copy: not yet. trim: if it is this node's turn. move: to a member that is emptier. */
type Work = 'give' | 'copy' | 'trim' | 'move'

const freshPace: Readonly<Pace> = {
  cursor: null,
  restUntilMs: 0,
  surplusSinceMs: null,
  stayed: false,
  refusedRounds: 0,
  movedFor: '',
}

const obstacles = {
  'too-few-machines':
    'There are too few other machines for the copies that are wanted. Add a machine, or want fewer copies.',
  'no-room': 'The other machines have no room. Give the pool more space on one of them, or add a machine.',
  'machines-off': 'Machines that hold or should hold the other copies are switched off.',
} as const

export class Shedding implements Worker {
  readonly name = 'shedding'
  readonly #deps: SheddingDeps
  readonly #paces = new Map<string, Pace>()

  constructor(deps: SheddingDeps) {
    this.#deps = deps
  }

  status(): SheddingStatus {
    const reason = this.#reason()
    if (reason === null) return { reason, chunksLeft: 0, bytesLeft: 0, stuck: null }
    const held = this.#heldGroups()
    const chunks = held.reduce((sum, each) => sum + each.chunks, 0)
    const bytes = held.reduce((sum, each) => sum + each.bytes, 0)
    if (reason !== 'quota') return { reason, chunksLeft: chunks, bytesLeft: bytes, stuck: this.#stuck(held) }
    const over = this.#overBytes()
    const chunksLeft = bytes > 0 ? Math.min(chunks, Math.ceil((chunks * over) / bytes)) : 0
    return { reason, chunksLeft, bytesLeft: over, stuck: this.#stuck(held) }
  }

  async step(signal: AbortSignal): Promise<Next> {
    const { clock } = this.#deps
    await clock.soon()
    const reason = this.#reason()
    const held = this.#heldGroups()
    if (reason === 'replace' && held.length === 0) this.#deps.replaced()
    const view = this.#view()
    const now = clock.monotonicMs()
    this.#note(held, view, now)
    const empty = reason === null && isStaying(view.members.get(view.self)) ? emptyMembers(view) : []
    const look: Look = { reason, view, empty, nowMs: now }
    for (const group of this.#inOrder(held, view)) {
      const work = this.#workFor(group, look)
      if (work === undefined) continue
      await this.#workOn(group, work, look, signal)
      return { next: 'now' }
    }
    return { next: 'at', atMs: now + limits.shedLookMs }
  }

  // -------------------------------------------------------------- looking

  #reason(): Reason {
    const { self, roster } = this.#deps
    const profile = roster.profile(self)
    if (profile?.drain === true) return profile.replacedBy === undefined ? 'drain' : 'replace'
    return this.#overBytes() > 0 ? 'quota' : null
  }

  /** Bytes held beyond the quota. */
  #overBytes(): number {
    const quotaBytes = this.#deps.roster.profile(this.#deps.self)?.quotaBytes
    return quotaBytes === undefined ? 0 : Math.max(0, this.#deps.store.usedBytes - quotaBytes)
  }

  #view(): ShedView {
    const { self, roster } = this.#deps
    return { self, members: roster.standings() }
  }

  #heldGroups(): HolderPattern[] {
    return this.#deps.catalog.chunks.patterns().filter(({ holders }) => holders.includes(this.#deps.self))
  }

  /** Keeps the pace of groups that exist, and since when they have too many copies. */
  #note(held: readonly HolderPattern[], view: ShedView, nowMs: number): void {
    const present = new Set<string>()
    for (const group of held.slice(0, limits.repairGroups)) {
      const key = groupKey(group)
      present.add(key)
      const pace = this.#paces.get(key) ?? { ...freshPace }
      this.#paces.set(key, pace)
      const counted = group.holders.filter((holder) => isStaying(view.members.get(holder))).length
      pace.surplusSinceMs = counted > group.wanted ? (pace.surplusSinceMs ?? nowMs) : null
    }
    for (const key of this.#paces.keys()) if (!present.has(key)) this.#paces.delete(key)
  }

  /** What others have enough of goes first: it costs no copy. */
  #inOrder(held: readonly HolderPattern[], view: ShedView): HolderPattern[] {
    const ready = held.filter((group) => pledgersFor(group, view) !== undefined)
    return [...ready, ...held.filter((group) => !ready.includes(group))]
  }

  /** What to do with a group now, or nothing. */
  #workFor(group: HolderPattern, look: Look): Work | undefined {
    const { reason, view, nowMs, empty } = look
    const pace = this.#paces.get(groupKey(group))
    if (pace === undefined) return undefined
    const rests = nowMs < pace.restUntilMs
    const ready = pledgersFor(group, view) !== undefined
    if (reason === 'drain' || reason === 'replace') return ready && !rests ? 'give' : undefined
    if (reason === 'quota') {
      if (rests) return undefined
      return ready ? 'give' : obstacleOf(group, view) === undefined ? 'copy' : undefined
    }
    if (!isStaying(view.members.get(view.self))) return undefined
    if (pace.surplusSinceMs !== null) return this.#hasSettled(pace, nowMs) && ready && !rests ? 'trim' : undefined
    const isNews = pace.movedFor !== namesOf(empty)
    return (isNews || !rests) && empty.some(({ nodeId }) => !group.holders.includes(nodeId)) ? 'move' : undefined
  }

  /** A machine that has just come back may go again at once: what it holds is trimmed when it has stayed. */
  #hasSettled(pace: Pace, nowMs: number): boolean {
    return pace.surplusSinceMs !== null && nowMs - pace.surplusSinceMs >= limits.returnSettleMs
  }

  #stuck(held: readonly HolderPattern[]): string | null {
    const view = this.#view()
    const found = new Set<keyof typeof obstacles>()
    for (const group of held) {
      const obstacle = obstacleOf(group, view)
      if (obstacle === undefined) return null
      found.add(obstacle)
    }
    for (const code of ['no-room', 'too-few-machines', 'machines-off'] as const) {
      if (found.has(code)) return obstacles[code]
    }
    return null
  }

  // -------------------------------------------------------------- acting

  /** Takes the next page of the group; at its end the group rests, longer if replicas stayed. */
  async #workOn(group: HolderPattern, work: Work, look: Look, signal: AbortSignal): Promise<void> {
    const { catalog, clock, giveUp } = this.#deps
    const pace = this.#paces.get(groupKey(group)) as Pace
    const page = catalog.chunks.ofGroup(group, pace.cursor, limits.pledgesPerBatch)
    const { picked, upTo } = this.#pick(page, work, look)
    const pledgers = pledgersFor(group, look.view)
    const offers =
      work === 'copy' || work === 'move' || pledgers === undefined
        ? await this.#copyFirst(picked, look)
        : picked.map((facts) => offerOf(facts, pledgers))
    if (offers.length > 0) {
      const { chunks } = await giveUp.run(offers, signal)
      pace.stayed ||= chunks.length < offers.length
    }
    pace.cursor = upTo
    if (upTo !== null) return
    pace.refusedRounds = pace.stayed ? pace.refusedRounds + 1 : 0
    const againMs = Math.min(limits.shedRestMs, limits.shedLookMs * 2 ** pace.refusedRounds)
    pace.restUntilMs = clock.monotonicMs() + (work === 'move' ? limits.moveRestMs : againMs)
    pace.stayed = false
    if (work === 'move') pace.movedFor = namesOf(look.empty)
  }

  /** Those of a page that are this node's to give up, as many as a question for pledges may weigh; `upTo` null: the group ends here. */
  #pick(
    page: readonly ChunkFacts[],
    work: Work,
    { reason, view, empty }: Look,
  ): { readonly picked: ChunkFacts[]; readonly upTo: ChunkId | null } {
    const { self, store } = this.#deps
    const picked: ChunkFacts[] = []
    let bytes = 0
    let upTo: ChunkId | null = null
    const enough = reason === 'quota' ? this.#overBytes() : limits.pledgeBatchBytes
    for (const facts of page) {
      if (bytes >= enough || (bytes > 0 && bytes + facts.sizeBytes > limits.pledgeBatchBytes)) return { picked, upTo }
      upTo = facts.chunkId
      const isDrained = reason === 'drain' || reason === 'replace'
      if (!isDrained && facts.pinnedTo.includes(self)) continue
      if (work === 'trim' && trimmerOf(facts, view) !== self) continue
      if (work === 'move' && moveTarget(facts, empty, view) === undefined) continue
      if (!store.has(facts.chunkId) || store.leasesOf(facts.chunkId).length > 0) continue
      picked.push(facts)
      bytes += facts.sizeBytes
    }
    return { picked, upTo: page.length < limits.pledgesPerBatch ? null : upTo }
  }

  /** Sends copies to where they are needed before these replicas can go; answers those that can go then. */
  async #copyFirst(picked: readonly ChunkFacts[], { reason, view, empty }: Look): Promise<Offer[]> {
    const { copying, catalog } = this.#deps
    const offers: Offer[] = []
    await Promise.all(
      picked.map(async (facts) => {
        const move = reason === null ? moveTarget(facts, empty, view) : undefined
        const targets = reason === 'quota' ? shedTargets(facts, view) : move === undefined ? [] : [move]
        const withAlso = (nodes: readonly NodeId[]) => ({ wanted: facts.wanted, holders: [...facts.holders, ...nodes] })
        if (targets.length === 0 || pledgersFor(withAlso(targets), view) === undefined) return
        const copies = targets.map((target) => ({ chunk: facts.chunkId, target, atRisk: false }))
        const results = await copying.run(copies)
        const arrived = targets.filter((_, index) => results[index] === 'stored' || results[index] === 'had')
        if (arrived.length === 0) return
        await catalog.transact(() => {
          for (const target of arrived) catalog.chunks.claim(target, [facts.chunkId], [])
        })
        const pledgers = pledgersFor(withAlso(arrived), view)
        if (pledgers !== undefined) offers.push(offerOf(facts, pledgers))
      }),
    )
    return offers
  }
}

function namesOf(places: readonly Place[]): string {
  return places
    .map(({ nodeId }) => nodeId)
    .sort()
    .join(' ')
}

function offerOf({ chunkId, sizeBytes, wanted }: ChunkFacts, pledgers: readonly NodeId[]): Offer {
  return { chunk: chunkId, sizeBytes, wanted, pledgers }
}
