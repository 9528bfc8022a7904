/**
 * What this node has seen of repair so far, per group of chunks: where to read on, whose turns bring nothing, and how fast all of it
 * goes. Each pass over a group counts the chunks by the planner whose turn they are. A planner whose count has not fallen for
 * limits.takeOverMs is stuck: its turns pass to the next in each chunk's order until the group needs nothing. (One count
 * per group was tried: what the first successor copied looked like progress to the others.) Held in memory only, counts and
 * no chunks; after a restart the waiting starts again.
 */
import type { ChunkId, NodeId } from '../base/ids.ts'
import { limits } from '../limits.ts'

export interface GroupCount {
  readonly key: string
  readonly chunks: number
  readonly bytes: number
}

interface Tracked {
  chunks: number
  bytes: number
  readonly sinceMs: number
  /** Chunks up to this one have been looked at in this pass. */
  cursor: ChunkId | null
  /** When this pass began; null while the group rests. */
  passSinceMs: number | null
  /** The pass is done; the next one not before this time. */
  restUntilMs: number
  /** Chunks of this pass, by whose turn they are. */
  turns: Map<NodeId, number>
  /** Chunks at the end of the last pass, and when they were fewer than before, by whose turn they are. */
  readonly shares: Map<NodeId, { chunks: number; fellMs: number }>
  readonly stuck: Set<NodeId>
}

const rateWindowMs = 30_000
/** A group rests this many times as long as a pass over it took, so that a look at a million chunks costs little. */
const restFactor = 20

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
      if (slept) for (const share of tracked.shares.values()) share.fellMs = nowMs
      tracked.chunks = group.chunks
      tracked.bytes = group.bytes
    }
    for (const { key, chunks, bytes } of needing) {
      if (this.#groups.has(key) || this.#groups.size >= limits.repairGroups) continue
      const state = { cursor: null, passSinceMs: null, restUntilMs: nowMs }
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

  /** The pass has come to this chunk; `turns`: whose turn those were that it passed. */
  moveTo(key: string, cursor: ChunkId | null, turns: readonly (NodeId | undefined)[], nowMs: number): void {
    const tracked = this.#groups.get(key)
    if (tracked === undefined) return
    tracked.passSinceMs ??= nowMs
    tracked.cursor = cursor
    for (const planner of turns)
      if (planner !== undefined) tracked.turns.set(planner, (tracked.turns.get(planner) ?? 0) + 1)
  }

  /** The pass is done: the next one begins after `restMs`, or later if this one took long. `self` is never taken for stuck. */
  endPass(key: string, self: NodeId, restMs: number, nowMs: number): void {
    const tracked = this.#groups.get(key)
    if (tracked === undefined) return
    for (const planner of new Set([...tracked.shares.keys(), ...tracked.turns.keys()])) {
      const chunks = tracked.turns.get(planner) ?? 0
      const before = tracked.shares.get(planner)
      const fell = before === undefined || chunks === 0 || chunks < before.chunks
      const share = { chunks, fellMs: fell ? nowMs : before.fellMs }
      tracked.shares.set(planner, share)
      if (planner !== self && nowMs - share.fellMs >= limits.takeOverMs) tracked.stuck.add(planner)
    }
    const tookMs = nowMs - (tracked.passSinceMs ?? nowMs)
    tracked.restUntilMs = nowMs + Math.max(restMs, Math.min(restFactor * tookMs, limits.takeOverMs))
    tracked.turns = new Map()
    tracked.cursor = null
    tracked.passSinceMs = null
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
