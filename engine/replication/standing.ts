/**
 * Until when the replicas of a machine that went silent still count: pure. Repair waits by the machine that is gone, since most
 * come back: an always-on machine is missed after minutes, a laptop after a day, and whoever said "away until" then. All times
 * are monotonic, so a clock that is set moves no copies.
 *
 * Flapping: a return shorter than limits.returnSettleMs pauses a silence instead of ending it, so that a machine with a loose cable
 * neither gets its whole wait anew at each blink nor has its time at home counted against it. A node's own sleep pauses all
 * silences too: it heard nobody. (Starting them anew was rejected: three laptops that sleep every night would never
 * miss a stolen one.)
 */
import type { NodeId } from '../base/ids.ts'
import type { NodeProfile, PoolSettings } from '../catalog/index.ts'
import { limits } from '../limits.ts'

/** Since when a member is silent, time that it was back or that this node slept not counted; kept until its return has lasted. */
export interface Silence {
  readonly sinceMs: number
  /** It is back since then, not for long enough yet; null while it is gone. */
  readonly backSinceMs: number | null
}

export interface Sign {
  /** Online or suspect. */
  readonly alive: boolean
  /** The last heartbeat, or null if none came since this node started. */
  readonly lastHeardMs: number | null
  /** Since when this node watches: its start, or its last wake. */
  readonly watchingSinceMs: number
}

/** The silence after one more look at a member. */
export function nextSilence(before: Silence | undefined, sign: Sign, nowMs: number): Silence | undefined {
  if (!sign.alive) {
    if (before === undefined)
      return {
        sinceMs: Math.max(sign.lastHeardMs ?? Number.NEGATIVE_INFINITY, sign.watchingSinceMs),
        backSinceMs: null,
      }
    if (before.backSinceMs === null) return before
    // It was there until it was last heard, not until that was noticed.
    const thereMs = Math.max(0, (sign.lastHeardMs ?? nowMs) - before.backSinceMs)
    return { sinceMs: before.sinceMs + thereMs, backSinceMs: null }
  }
  if (before === undefined) return undefined
  const backSinceMs = before.backSinceMs ?? nowMs
  return nowMs - backSinceMs >= limits.returnSettleMs ? undefined : { sinceMs: before.sinceMs, backSinceMs }
}

/** A silence as it is kept over restarts. */
export interface KeptSilence {
  readonly nodeId: NodeId
  /** Without the time in which this node was off or asleep. */
  readonly silentMs: number
}

export function keptSilence(nodeId: NodeId, { sinceMs, backSinceMs }: Silence, nowMs: number): KeptSilence {
  return { nodeId, silentMs: Math.max(0, Math.round((backSinceMs ?? nowMs) - sinceMs)) }
}

/** After a restart: goes on where it was, and ends as any other if the member is back. */
export function restoredSilence({ silentMs }: KeptSilence, nowMs: number): Silence {
  return { sinceMs: nowMs - silentMs, backSinceMs: null }
}

/** The silence when this node itself slept for so long, as its monotonic clock has it. */
export function afterSleep(silence: Silence, sleptMs: number): Silence {
  return { ...silence, sinceMs: silence.sinceMs + sleptMs }
}

export interface WaitFacts {
  readonly silence: Silence
  readonly deviceClass: NodeProfile['deviceClass']
  readonly graceMs: PoolSettings['graceMs']
  /** Milliseconds until the end of "away until"; null or negative: not said, or over. */
  readonly awayLeftMs: number | null
  /** Somebody said that nobody is to wait for it. */
  readonly missed: boolean
  /** Start, last wake, or end of an outage that hit many: since when a member that is well would be heard again. */
  readonly expectingSinceMs: number
}

/**
 * When the member's replicas stop counting. `oneLeft`: only one replica of the chunk is left on machines that can be reached, so an
 * always-on machine is given a few minutes only.
 */
export function waitEndsMs(facts: WaitFacts, oneLeft: boolean, nowMs: number): number {
  const { silence, deviceClass, graceMs, awayLeftMs, missed, expectingSinceMs } = facts
  if (missed) return silence.sinceMs
  const grace = graceMs[deviceClass]
  const wait = oneLeft && deviceClass === 'always-on' ? Math.min(grace, limits.oneLeftWaitMs) : grace
  let ends = silence.sinceMs + wait
  if (awayLeftMs !== null && awayLeftMs > 0)
    ends = Math.max(ends, Math.min(nowMs + awayLeftMs, silence.sinceMs + limits.awayUntilMaxMs))
  // A silence from before that: the wires come back one after the other, and the last one is not missed for it.
  return silence.sinceMs < expectingSinceMs ? Math.max(ends, expectingSinceMs + limits.returnSettleMs) : ends
}

/**
 * What this node's clock should show: its own corrected by the lower median of the offsets of the clocks around it, so that one
 * wrong clock does not end or prolong "away until". With equal reason for two times the earlier one wins: waiting is safe.
 */
export function agreedNowMs(ownMs: number, offsetsMs: readonly number[]): number {
  const sorted = [0, ...offsetsMs].sort((a, b) => a - b)
  return ownMs + (sorted[Math.floor((sorted.length - 1) / 2)] as number)
}
