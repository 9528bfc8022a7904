/**
 * What this node has seen of repair so far, per group of chunks: where to read on, whose turns bring nothing, and how fast all of it
 * goes. Each pass over a group counts the chunks by the planner whose turn they are. A planner whose count has not fallen for
 * limits.takeOverMs is stuck: its turns pass to the next in each chunk's order until the group needs nothing. What one successor
 * copied must not look like progress to another, so the turns that would pass to this node are counted apart. Held in memory
 * only, counts and no chunks; after a restart the waiting starts again.
 */
import type { ChunkId, NodeId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import type { Turn } from './repairPlan.ts'

export interface GroupCount {
  readonly key: string
  readonly chunks: number
  readonly bytes: number
}

/** A page of a group that was looked at. */
export interface PassStep {
  /** Chunks up to this one have been looked at. */
  readonly cursor: ChunkId | null
  /** Whose turn those were that it passed. */
  readonly turns: readonly Turn[]
  /** Something was ordered, or left for a moment: only the next pass shows what became of it. */
  readonly unfinished: boolean
  readonly lookedMs: number
}

/** Chunks whose turn a planner's is, and those of them that would pass to this node. */
interface Turns {
  all: number
  next: number
}

interface Share {
  chunks: number
  /** When they were fewer than before. */
  fellMs: number
}

interface Tracked {
  chunks: number
  bytes: number
  readonly sinceMs: number
  /** Chunks up to this one have been looked at in this pass. */
  cursor: ChunkId | null
  /** Something in this pass is to be looked at again soon. */
  unfinished: boolean
  /** Spent looking in this pass; waiting for holders to have room is none of it. */
  lookedMs: number
  /** The pass is done; the next one not before this time, */
  restUntilMs: number
  /** and if chunks come in meanwhile, not before this one. */
  restAtLeastUntilMs: number
  /** Chunks of this pass. */
  turns: Map<NodeId, Turns>
  /** At the end of the last pass. */
  readonly shares: Map<NodeId, { readonly all: Share; readonly next: Share }>
  readonly stuck: Set<NodeId>
}

const rateWindowMs = 30_000
/** A group rests this many times as long as looking at it took, so that a look at a million chunks costs little. */
const restFactor = 20

const noTurns: Turns = { all: 0, next: 0 }

export class RepairProgress {
  readonly #groups = new Map<string, Tracked>()
  #fallen: { atMs: number; bytes: number }[] = []
  #notedMs = Number.NEGATIVE_INFINITY

  /** The groups that need copies now. `emptied`: of a group that does not any more, whether its chunks are all copied (and not merely counted differently). */
  note(needing: readonly GroupCount[], emptied: (key: string) => boolean, nowMs: number): void {
    // A long gap is this machine's sleep: nobody was stuck, it just did not look.
    const slept = nowMs - this.#notedMs > limits.takeOverMs / 2
    this.#notedMs = nowMs
    const now = new Map(needing.map((group) => [group.key, group]))
    let fallenBytes = 0
    for (const [key, tracked] of this.#groups) {
      const group = now.get(key)
      if (group === undefined) {
        if (emptied(key)) fallenBytes += tracked.bytes
        this.#groups.delete(key)
        continue
      }
      fallenBytes += Math.max(0, tracked.bytes - group.bytes)
      if (slept) for (const { all, next } of tracked.shares.values()) all.fellMs = next.fellMs = nowMs
      if (group.chunks > tracked.chunks) tracked.restUntilMs = Math.min(tracked.restUntilMs, tracked.restAtLeastUntilMs)
      tracked.chunks = group.chunks
      tracked.bytes = group.bytes
    }
    for (const { key, chunks, bytes } of needing) {
      if (this.#groups.has(key) || this.#groups.size >= limits.repairGroups) continue
      const state = { cursor: null, unfinished: false, lookedMs: 0, restUntilMs: nowMs, restAtLeastUntilMs: nowMs }
      const memory = { turns: new Map(), shares: new Map(), stuck: new Set<NodeId>() }
      this.#groups.set(key, { chunks, bytes, sinceMs: nowMs, ...state, ...memory })
    }
    if (fallenBytes > 0) this.#fallen.push({ atMs: nowMs, bytes: fallenBytes })
    this.#fallen = this.#fallen.filter(({ atMs }) => atMs > nowMs - rateWindowMs)
  }

  /** Planners whose turns bring nothing in this group. */
  stuck(key: string): ReadonlySet<NodeId> {
    return this.#groups.get(key)?.stuck ?? new Set()
  }

  /** Since when the group needs copies, as far as remembered. */
  sinceMs(key: string): number {
    return this.#groups.get(key)?.sinceMs ?? this.#notedMs
  }

  cursor(key: string): ChunkId | null {
    return this.#groups.get(key)?.cursor ?? null
  }

  /** A pass has come further. */
  moveOn(key: string, { cursor, turns, unfinished, lookedMs }: PassStep): void {
    const tracked = this.#groups.get(key)
    if (tracked === undefined) return
    tracked.lookedMs += lookedMs
    tracked.unfinished ||= unfinished
    tracked.cursor = cursor
    for (const { planner, isNext } of turns) {
      if (planner === undefined) continue
      const { all, next } = tracked.turns.get(planner) ?? noTurns
      tracked.turns.set(planner, { all: all + 1, next: next + (isNext ? 1 : 0) })
    }
  }

  /**
   * The pass is done. The next one begins soon if this one has left something to see to or chunks come in, later if looking took
   * long. `self` is never taken for stuck.
   */
  endPass(key: string, self: NodeId, nowMs: number): void {
    const tracked = this.#groups.get(key)
    if (tracked === undefined) return
    for (const planner of new Set([...tracked.shares.keys(), ...tracked.turns.keys()])) {
      const turns = tracked.turns.get(planner) ?? noTurns
      const before = tracked.shares.get(planner)
      const all = shareOf(turns.all, before?.all, nowMs)
      const next = shareOf(turns.next, before?.next, nowMs)
      tracked.shares.set(planner, { all, next })
      const fellMs = Math.min(all.fellMs, next.fellMs)
      if (planner !== self && nowMs - fellMs >= limits.takeOverMs) tracked.stuck.add(planner)
    }
    tracked.restAtLeastUntilMs = nowMs + Math.min(restFactor * tracked.lookedMs, limits.takeOverMs)
    const restMs = tracked.unfinished ? limits.copySettleMs : limits.copyRetryMs
    tracked.restUntilMs = Math.max(nowMs + restMs, tracked.restAtLeastUntilMs)
    tracked.turns = new Map()
    tracked.cursor = null
    tracked.lookedMs = 0
    tracked.unfinished = false
  }

  isResting(key: string, nowMs: number): boolean {
    return (this.#groups.get(key)?.restUntilMs ?? 0) > nowMs
  }

  /** Something about the machines changed: every group is looked at again. */
  wakeAll(): void {
    for (const tracked of this.#groups.values()) tracked.restUntilMs = 0
  }

  /** When the first resting group wakes, or undefined. Groups that are awake wait for room, not for time. */
  nextMs(nowMs: number): number | undefined {
    const due = [...this.#groups.values()].map(({ restUntilMs }) => restUntilMs).filter((each) => each > nowMs)
    return due.length === 0 ? undefined : Math.min(...due)
  }

  /** How fast the needing groups shrank in the last half minute, whoever copied. */
  bytesPerSec(nowMs: number): number {
    const bytes = this.#fallen.reduce((sum, each) => (each.atMs > nowMs - rateWindowMs ? sum + each.bytes : sum), 0)
    return (1000 * bytes) / rateWindowMs
  }
}

function shareOf(chunks: number, before: Share | undefined, nowMs: number): Share {
  const fell = before === undefined || chunks === 0 || chunks < before.chunks
  return { chunks, fellMs: fell ? nowMs : before.fellMs }
}
