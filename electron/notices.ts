/**
 * Which news are worth a notification: a machine is gone, files are at risk, all is protected again. Decided purely from what is
 * known and the time. Defends against noise: what a minute mends by itself is not told, nothing is told twice, and at most a few in a
 * while; somebody who gets used to dismissing them misses the one that matters.
 */

export type PoolState = 'protected' | 'copying' | 'degraded' | 'at-risk' | 'unreachable' | 'lost' | 'no-pool'

export interface MachineFacts {
  readonly id: string
  readonly name: string
  readonly state: string
  readonly self: boolean
}

/** What is known at this moment. */
export interface PoolFacts {
  readonly state: PoolState
  /** Files whose state is at risk or worse. */
  readonly filesAtRisk: number
  readonly machines: readonly MachineFacts[]
}

export interface Notice {
  readonly title: string
  readonly body: string
  /** Where the window opens when it is clicked. */
  readonly screen: '/health' | '/machines'
}

/** What was seen and told before; starts as `nothingSeen`. */
export interface NoticeMemory {
  /** Machines that were seen online, and since when each has been gone (null: it is there). */
  readonly machines: ReadonlyMap<string, { readonly goneSinceMs: number | null; readonly told: boolean }>
  readonly badSinceMs: number | null
  /** A bad state was told and no good one since. */
  readonly toldBad: boolean
  /** When the last notices went out. */
  readonly sentMs: readonly number[]
}

export const nothingSeen: NoticeMemory = { machines: new Map(), badSinceMs: null, toldBad: false, sentMs: [] }

/** So long a machine must be gone, or files at risk, before anybody is disturbed. */
const settleMs = 60_000
/** At most so many notices in so long. */
const sentMax = 4
const sentWithinMs = 10 * 60_000

const badStates: ReadonlySet<PoolState> = new Set(['at-risk', 'unreachable', 'lost'])

/** What to tell now. To be asked at every change and now and then, since some things are told for having lasted. */
export function noticesFor(
  memory: NoticeMemory,
  facts: PoolFacts,
  nowMs: number,
): { readonly memory: NoticeMemory; readonly notices: readonly Notice[] } {
  const notices: Notice[] = []
  const machines = new Map<string, { goneSinceMs: number | null; told: boolean }>()
  const gone: string[] = []
  for (const { id, name, state, self } of facts.machines) {
    if (self || state === 'removed') continue
    const before = memory.machines.get(id)
    // Away is a machine that said so: no news. One that was never seen here cannot have gone.
    if (state !== 'offline') {
      if (before !== undefined || state === 'online') machines.set(id, { goneSinceMs: null, told: false })
      continue
    }
    if (before === undefined) continue
    const goneSinceMs = before.goneSinceMs ?? nowMs
    const isNews = !before.told && nowMs - goneSinceMs >= settleMs
    if (isNews) gone.push(name)
    machines.set(id, { goneSinceMs, told: before.told || isNews })
  }
  if (gone.length > 0) notices.push(goneNotice(gone))

  const isBad = badStates.has(facts.state)
  const badSinceMs = isBad ? (memory.badSinceMs ?? nowMs) : null
  let { toldBad } = memory
  if (badSinceMs !== null && !toldBad && nowMs - badSinceMs >= settleMs) {
    notices.push(riskNotice(facts))
    toldBad = true
  } else if (toldBad && facts.state === 'protected') {
    notices.push({ title: 'All protected again', body: 'Every file has its copies.', screen: '/health' })
    toldBad = false
  }

  const recentMs = memory.sentMs.filter((sentMs) => nowMs - sentMs < sentWithinMs)
  const sent = notices.slice(0, Math.max(0, sentMax - recentMs.length))
  const sentMs = [...recentMs, ...sent.map(() => nowMs)]
  return { memory: { machines, badSinceMs, toldBad, sentMs }, notices: sent }
}

function goneNotice(names: readonly string[]): Notice {
  const [first = ''] = names
  const title = names.length === 1 ? `${first} is gone` : `${names.length} machines are gone`
  return { title, body: 'If it stays away, its files are copied to other machines.', screen: '/machines' }
}

function riskNotice({ state, filesAtRisk }: PoolFacts): Notice {
  const files = filesAtRisk === 1 ? '1 file' : `${filesAtRisk.toLocaleString('en')} files`
  const title = { 'at-risk': 'at risk', unreachable: 'out of reach', lost: 'lost' }[state as 'at-risk'] ?? 'at risk'
  return { title: `${files} ${title}`, body: 'Open Hadahoop to see why and what to do.', screen: '/health' }
}
