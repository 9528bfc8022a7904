/**
 * What this node has seen of repair so far, per group of chunks: whether it goes on, whose turn it is when it does not, where to
 * read on, and how fast all of it goes. The next planner in order takes over when a group's count has not fallen for
 * limits.takeOverMs, one more after each further such time; it then keeps the turn until the group needs nothing, or every
 * batch of a stuck planner's share would wait anew. Held in memory only: after a restart the waiting starts again.
 */
import type { ChunkId } from '../base/ids.ts'
import { limits } from '../limits.ts'

export interface GroupCount {
  readonly key: string
  readonly chunks: number
  readonly bytes: number
}

interface Tracked {
  chunks: number
  bytes: number
  fellMs: number
  rank: number
  readonly sinceMs: number
  /** Chunks up to this one have been looked at in this pass. */
  cursor: ChunkId | null
  /** The pass is done; the next one not before this time. */
  restUntilMs: number
}

const rateWindowMs = 30_000

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
      if (group.chunks < tracked.chunks || slept) tracked.fellMs = nowMs
      const rank = Math.floor((nowMs - tracked.fellMs) / limits.takeOverMs)
      if (rank > tracked.rank) {
        tracked.rank = rank
        tracked.restUntilMs = nowMs
      }
      tracked.chunks = group.chunks
      tracked.bytes = group.bytes
    }
    for (const { key, chunks, bytes } of needing) {
      if (this.#groups.has(key) || this.#groups.size >= limits.repairGroups) continue
      const fresh = { chunks, bytes, fellMs: nowMs, rank: 0, sinceMs: nowMs, cursor: null, restUntilMs: nowMs }
      this.#groups.set(key, fresh)
    }
    if (fallenBytes > 0) this.#fallen.push({ atMs: nowMs, bytes: fallenBytes })
    this.#fallen = this.#fallen.filter(({ atMs }) => atMs > nowMs - rateWindowMs)
  }

  /** How many planners before this node are taken for stuck. */
  rank(key: string): number {
    return this.#groups.get(key)?.rank ?? 0
  }

  /** Since when the group needs copies, as far as remembered. */
  sinceMs(key: string): number {
    return this.#groups.get(key)?.sinceMs ?? this.#notedMs
  }

  cursor(key: string): ChunkId | null {
    return this.#groups.get(key)?.cursor ?? null
  }

  moveTo(key: string, cursor: ChunkId | null): void {
    const tracked = this.#groups.get(key)
    if (tracked !== undefined) tracked.cursor = cursor
  }

  rest(key: string, untilMs: number): void {
    const tracked = this.#groups.get(key)
    if (tracked === undefined) return
    tracked.cursor = null
    tracked.restUntilMs = untilMs
  }

  isResting(key: string, nowMs: number): boolean {
    return (this.#groups.get(key)?.restUntilMs ?? 0) > nowMs
  }

  /** Something about the machines changed: every group is looked at again. */
  wakeAll(): void {
    for (const tracked of this.#groups.values()) tracked.restUntilMs = 0
  }

  /** When the first group wakes or the turn passes on, or undefined. Groups that are awake wait for room, not for time. */
  nextMs(nowMs: number): number | undefined {
    let next: number | undefined
    for (const { restUntilMs, fellMs, rank } of this.#groups.values()) {
      for (const dueMs of [restUntilMs, fellMs + (rank + 1) * limits.takeOverMs]) {
        if (dueMs > nowMs) next = Math.min(next ?? dueMs, dueMs)
      }
    }
    return next
  }

  /** How fast the needing groups shrank in the last half minute, whoever copied. */
  bytesPerSec(nowMs: number): number {
    const bytes = this.#fallen.reduce((sum, each) => (each.atMs > nowMs - rateWindowMs ? sum + each.bytes : sum), 0)
    return (1000 * bytes) / rateWindowMs
  }
}
