/**
 * The freeze: when more than half of a pool of four or more is gone, a switch, a power cut or this node's own cable is the likely
 * cause, and copying everything that seems lost would fill the machines that are left. So what waits-based repair would copy
 * stays, until half of the machines are back or a person says so. Pure; what must be remembered is in `Freeze`.
 */
import { limits } from '../limits.ts'

export interface FreezeFacts {
  /** Wall clock of each member's last sign of life, null if nothing is known; `gone`: neither online nor suspect. */
  readonly members: readonly { readonly gone: boolean; readonly lastSeenMs: number | null }[]
  /** Wall clock of the last time a person said that copying should go on. */
  readonly thawedMs: number | null
}

export interface Freeze {
  /** Wall clock: when more than half were gone, as far as this node can know (also after its restart). */
  readonly sinceMs: number
  readonly gone: number
  readonly members: number
  /** `thawedMs` when this node noticed: another value since then ends the freeze, whatever the clocks say. */
  readonly thawedBeforeMs: number | null
  readonly over: boolean
}

/** The freeze after one more look; null while half or more are there. `over`: a person ended it, half are not back yet. */
export function nextFreeze(before: Freeze | null, { members, thawedMs }: FreezeFacts): Freeze | null {
  const gone = members.filter((each) => each.gone)
  if (members.length < limits.freezeFromMembers || 2 * gone.length <= members.length) return null
  const counts = { gone: gone.length, members: members.length }
  if (before !== null) return { ...before, ...counts, over: before.over || thawedMs !== before.thawedBeforeMs }
  // It began when the one vanished that made it more than half.
  const times = gone.map(({ lastSeenMs }) => lastSeenMs ?? 0).sort((a, b) => a - b)
  const sinceMs = times[Math.floor(members.length / 2)] as number
  return { sinceMs, ...counts, thawedBeforeMs: thawedMs, over: thawedMs !== null && thawedMs >= sinceMs }
}
