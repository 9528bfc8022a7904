/**
 * Repair: brings every chunk back to its wanted copies, after a write that did not wait for all of them, after a machine was lost,
 * removed, drained or found rotten. A step looks at the groups of chunks (few, however many chunks there are), takes the most
 * urgent one that needs copies, reads a page of it and orders what is this node's turn. Everything is derived from claims and members,
 * so nothing needs to be stored: a restart goes on where the copies are. What counts, who acts and where copies go is decided in
 * standing.ts, freeze.ts and repairPlan.ts; the bytes are moved in copying.ts.
 */
import { EngineError } from '../base/error.ts'
import type { ChunkId, NodeId } from '../base/ids.ts'
import type { Catalog, ChunkFacts, HolderPattern } from '../catalog/index.ts'
import { limits } from '../limits.ts'
import type { Clock } from '../ports.ts'
import { type Freeze, nextFreeze } from './freeze.ts'
import type { Orders } from './orders.ts'
import {
  type CopyOrder,
  groupKey,
  isAtRisk,
  type Need,
  needOf,
  orderFor,
  planRepair,
  type RepairMember,
  type RepairView,
} from './repairPlan.ts'
import { RepairProgress } from './repairProgress.ts'
import type { Roster } from './roster.ts'
import type { Next, Worker } from './worker.ts'

export interface RepairDeps {
  readonly self: NodeId
  readonly catalog: Catalog
  readonly roster: Roster
  readonly orders: Orders
  readonly clock: Clock
}

/** What repair does and waits for, as of now. Times are wall clock, ms since 1970. */
export interface RepairStatus {
  /** Copying waits because more than half of the machines are gone. */
  readonly frozen: { readonly sinceMs: number; readonly gone: number; readonly members: number } | null
  /** Chunks that get copies now, and the bytes of these copies. */
  readonly queuedChunks: number
  readonly queuedBytes: number
  /** Made by order of this node since it started. */
  readonly copiedChunks: number
  readonly copiedBytes: number
  /** What all machines together copied of late. */
  readonly bytesPerSec: number
  /** Until the queue is empty at the present rate; null where nobody can say. */
  readonly etaMs: number | null
  /** What will be copied anew when whose wait ends; a member may be listed twice, with different waits. */
  readonly waiting: readonly Waiting[]
}

interface Waiting {
  readonly nodeId: NodeId
  readonly untilMs: number
  readonly chunks: number
  readonly bytes: number
}

interface Group {
  readonly key: string
  readonly pattern: HolderPattern
  readonly need: Need
  /** Fewer replicas exist than wanted: a write may have just left it so. */
  readonly fresh: boolean
}

/** One look at all groups. */
interface Survey {
  readonly takenMs: number
  readonly view: RepairView
  readonly patterns: readonly HolderPattern[]
  /** Those that need copies and can get them, most urgent first. */
  readonly groups: readonly Group[]
}

export class Repair implements Worker {
  readonly name = 'repair'
  readonly #deps: RepairDeps
  readonly #progress = new RepairProgress()
  readonly #subscription: Disposable
  /** Chunks that this node's own writes left short. */
  #hurried: ChunkId[] = []
  /** When a fresh chunk was first seen short: claims travel slower than rows. */
  readonly #noticedMs = new Map<ChunkId, number>()
  #freeze: Freeze | null = null
  #survey: Survey | undefined

  constructor(deps: RepairDeps) {
    this.#deps = deps
    this.#subscription = deps.roster.onChange(() => {
      this.#survey = undefined
      this.#progress.wakeAll()
    })
  }

  /** Chunks that this node's own write left short: no need to wait whether claims are still on their way. */
  hurry(chunks: readonly ChunkId[]): void {
    this.#hurried.push(...chunks.slice(0, limits.copyScanBatch - this.#hurried.length))
  }

  /** Ends a freeze before half of the machines are back, on all machines. Throws `conflict` before the settings are here. */
  async resume(): Promise<void> {
    const { catalog, roster } = this.#deps
    await catalog.transact((tx) => {
      const settings = tx.settings()
      if (settings === undefined) throw new EngineError('conflict', 'the pool’s settings have not arrived here yet')
      tx.write({ what: 'settings', settings: { ...settings, thawedMs: Math.round(roster.agreedNowMs()) } })
    })
    this.#survey = undefined
    this.#progress.wakeAll()
  }

  /** What the shell knows of this computer; forgotten at a restart. */
  setConditions({ onBattery, metered }: { readonly onBattery: boolean; readonly metered: boolean }): void {
    this.#deps.roster.setCareful(onBattery || metered)
  }

  status(): RepairStatus {
    const { orders, clock } = this.#deps
    const { groups } = this.#look()
    const queuedBytes = groups.reduce((sum, { pattern, need }) => sum + pattern.bytes * need.missing, 0)
    const bytesPerSec = this.#progress.bytesPerSec(clock.monotonicMs())
    const freeze = this.#freeze
    return {
      frozen:
        freeze === null || freeze.over ? null : { sinceMs: freeze.sinceMs, gone: freeze.gone, members: freeze.members },
      queuedChunks: groups.reduce((sum, { pattern }) => sum + pattern.chunks, 0),
      queuedBytes,
      copiedChunks: orders.copied.chunks,
      copiedBytes: orders.copied.bytes,
      bytesPerSec: Math.round(bytesPerSec),
      etaMs: queuedBytes === 0 ? 0 : bytesPerSec > 0 ? Math.round((1000 * queuedBytes) / bytesPerSec) : null,
      waiting: this.#waiting(),
    }
  }

  async step(): Promise<Next> {
    const { clock } = this.#deps
    await clock.soon()
    this.#orderHurried()
    const survey = this.#look()
    const now = clock.monotonicMs()
    const group = survey.groups.find((each) => this.#canWorkOn(each, now))
    if (group === undefined) return { next: 'at', atMs: this.#nextLookMs(survey, now) }
    this.#workOn(group, survey.view)
    return { next: 'now' }
  }

  async stop(): Promise<void> {
    this.#subscription[Symbol.dispose]()
    await this.#deps.orders.stop()
  }

  // -------------------------------------------------------------- looking

  /** The last survey while it is fresh, else a new one. */
  #look(): Survey {
    const now = this.#deps.clock.monotonicMs()
    const known = this.#survey
    if (known !== undefined && now - known.takenMs < limits.repairSurveyMs) return known
    this.#survey = this.#takeSurvey(now)
    return this.#survey
  }

  #takeSurvey(nowMs: number): Survey {
    const patterns = this.#deps.catalog.chunks.patterns()
    const view = this.#view()
    const groups: Group[] = []
    for (const pattern of patterns) {
      const need = needOf(pattern, view)
      if (need.missing === 0 || need.sources.length === 0) continue
      const existing = pattern.holders.filter((holder) => view.members.has(holder)).length
      groups.push({ key: groupKey(pattern), pattern, need, fresh: existing < pattern.wanted })
    }
    groups.sort((a, b) => a.need.live - b.need.live || b.need.missing - a.need.missing)
    let present: Set<string> | undefined
    const emptied = (key: string) => {
      present ??= new Set(patterns.map(groupKey))
      return !present.has(key)
    }
    this.#progress.note(
      groups.map(({ key, pattern, need }) => ({ key, chunks: pattern.chunks, bytes: pattern.bytes * need.missing })),
      emptied,
      nowMs,
    )
    if (groups.length === 0) this.#noticedMs.clear()
    return { takenMs: nowMs, view, patterns, groups }
  }

  #view(): RepairView {
    const { self, catalog, roster } = this.#deps
    const members = [...roster.standings()].map(([nodeId, { reachable }]) => ({
      gone: !reachable,
      lastSeenMs: roster.lastSeenMs(nodeId),
    }))
    const before = this.#freeze
    this.#freeze = nextFreeze(before, { members, thawedMs: catalog.read.settings()?.thawedMs ?? null })
    // Half of the machines are back: the others are on their way, and their waits have long ended.
    if (before !== null && !before.over && this.#freeze === null) roster.expectReturns()
    return { self, members: roster.standings(), frozen: this.#freeze !== null && !this.#freeze.over }
  }

  /** When to look again unless something happens: rests end, planners get stuck, waits end. */
  #nextLookMs(survey: Survey, nowMs: number): number {
    const { roster, orders } = this.#deps
    let next = Math.min(nowMs + limits.copyRetryMs, this.#progress.nextMs(nowMs) ?? Number.POSITIVE_INFINITY)
    for (const [nodeId, member] of survey.view.members) {
      if (member.reachable) continue
      for (const oneLeft of [false, true]) {
        const ends = roster.waitEndsMonotonicMs(nodeId, oneLeft)
        // One that has ended since is in no survey yet.
        if (ends !== null && ends > survey.takenMs) next = Math.min(next, ends)
      }
    }
    if (!orders.idle || this.#hurried.length > 0) next = Math.min(next, nowMs + limits.copySettleMs)
    // At least a moment: the sum of two times may round to one that is not later.
    return Math.max(next, survey.takenMs + limits.repairSurveyMs, nowMs + 1)
  }

  #waiting(): Waiting[] {
    const { roster, clock } = this.#deps
    const { view, patterns } = this.#look()
    if (view.frozen) return []
    const toWallMs = clock.nowMs() - clock.monotonicMs()
    const waiting = new Map<string, Waiting>()
    for (const [nodeId, member] of view.members) {
      if (member.reachable || !member.counts) continue
      const without = { ...member, counts: false, countsIfOneLeft: false }
      const later = { ...view, members: new Map(view.members).set(nodeId, without) }
      for (const pattern of patterns) {
        if (!pattern.holders.includes(nodeId)) continue
        const need = needOf(pattern, view)
        const missing = needOf(pattern, later).missing - need.missing
        const ends = roster.waitEndsMonotonicMs(nodeId, isAtRisk(need))
        if (missing <= 0 || ends === null) continue
        const untilMs = Math.round(toWallMs + ends)
        const key = `${nodeId} ${untilMs}`
        const { chunks, bytes } = waiting.get(key) ?? { chunks: 0, bytes: 0 }
        const sum = { chunks: chunks + pattern.chunks, bytes: bytes + missing * pattern.bytes }
        waiting.set(key, { nodeId, untilMs, ...sum })
      }
    }
    return [...waiting.values()].sort((a, b) => a.untilMs - b.untilMs)
  }

  // -------------------------------------------------------------- ordering

  #canWorkOn({ key, need }: Group, nowMs: number): boolean {
    const { orders } = this.#deps
    if (this.#progress.isResting(key, nowMs)) return false
    return need.sources.some((source) => orders.hasRoom(source)) && need.open.some((each) => !orders.isAvoided(each))
  }

  /** Reads on in a group and orders what is this node's turn, as far as holders have room. */
  #workOn({ key, pattern, fresh }: Group, view: RepairView): void {
    const { catalog, orders, clock } = this.#deps
    const now = clock.monotonicMs()
    const page = catalog.chunks.ofGroup(pattern, this.#progress.cursor(key), limits.repairPage)
    let unsettled = false
    const plan = planRepair(page, this.#progress.stuck(key), this.#withoutAvoided(view))
    const found = plan.orders.filter(({ chunk }) => {
      if (orders.isUnderWay(chunk)) return false
      const ready = !fresh || this.#hasSettled(chunk, key, now)
      unsettled ||= !ready
      return ready
    })
    const [refused] = orders.give(found)
    const done = refused === undefined ? page.length : page.findIndex(({ chunkId }) => chunkId === refused.chunk)
    const cursor = page[done - 1]?.chunkId ?? this.#progress.cursor(key)
    const unfinished = unsettled || found.length > 0
    const lookedMs = clock.monotonicMs() - now
    this.#progress.moveOn(key, { cursor, turns: plan.turns.slice(0, done), unfinished, lookedMs })
    if (refused === undefined && page.length < limits.repairPage) this.#progress.endPass(key, view.self, now)
  }

  /** Machines that refused a short time ago get nothing now. */
  #withoutAvoided(view: RepairView): RepairView {
    const { orders } = this.#deps
    const members = [...view.members].map(([nodeId, member]): [NodeId, RepairMember] =>
      orders.isAvoided(nodeId) ? [nodeId, { ...member, place: { ...member.place, accepts: false } }] : [nodeId, member],
    )
    return { ...view, members: new Map(members) }
  }

  /** The writer of a chunk copies it at once; others leave it that time, and the news of its copies theirs. */
  #hasSettled(chunk: ChunkId, key: string, nowMs: number): boolean {
    const since = this.#noticedMs.get(chunk)
    if (since === undefined && this.#noticedMs.size >= 4 * limits.copyScanBatch)
      return nowMs - this.#progress.sinceMs(key) >= limits.copySettleMs
    if (since === undefined) this.#noticedMs.set(chunk, nowMs)
    if (since === undefined || nowMs - since < limits.copySettleMs) return false
    this.#noticedMs.delete(chunk)
    return true
  }

  #orderHurried(): void {
    const { catalog, orders } = this.#deps
    if (this.#hurried.length === 0) return
    const view = this.#view()
    const found: CopyOrder[] = []
    for (const chunk of this.#hurried.splice(0)) {
      const facts: ChunkFacts | undefined = catalog.chunks.facts(chunk)
      if (facts === undefined || facts.wanted === 0 || orders.isUnderWay(chunk)) continue
      const order = orderFor(facts, needOf(facts, view), view)
      if (order !== undefined) found.push(order)
    }
    this.hurry(orders.give(found).map(({ chunk }) => chunk))
  }
}
