/**
 * Whether a node is there: a pure function of what was heard of it, of since when this node watches (its start, or its last
 * wake from sleep), and of the time. Times are monotonic, so a clock that is set has no effect. A node that has just woken
 * has heard nothing for hours and must not call everyone offline: until it has watched for long enough, whoever it has not
 * heard since counts as suspect.
 */
import { limits } from '../limits.ts'
import type { Liveness } from './types.ts'

/** What is known of one other node; times in milliseconds of the monotonic clock. */
export interface LivenessFacts {
  readonly member: boolean
  /** A wire to it is open. Counts only until its first heartbeat: the handshake was a sign of life. */
  readonly connected: boolean
  /** When the last heartbeat came, or null if none did since this node started. */
  readonly lastHeardMs: number | null
  /** That heartbeat said that it is about to sleep or stop. */
  readonly leaving: boolean
  /** Since when this node watches: its start, or the end of the last gap of over limits.wakeGapMs in its own loop. */
  readonly watchingSinceMs: number
}

/** The liveness of another node at `nowMs`; a node is always online to itself. */
export function livenessOf(facts: LivenessFacts, nowMs: number): Liveness {
  const { member, connected, lastHeardMs, leaving, watchingSinceMs } = facts
  if (!member) return 'removed'
  if (lastHeardMs === null && connected) return 'online'
  if (lastHeardMs !== null && leaving) return 'away'
  const heard = lastHeardMs !== null && lastHeardMs >= watchingSinceMs
  const silentMs = nowMs - (heard ? lastHeardMs : watchingSinceMs)
  if (silentMs >= limits.offlineAfterMs) return 'offline'
  return heard && silentMs < limits.suspectAfterMs ? 'online' : 'suspect'
}
