/**
 * Looks at the pool every few seconds and notes what has changed since the last look, before a restart included; and tells when
 * copies that were missing for longer than a moment are there again.
 */
import type { NodeId } from '../base/ids.ts'
import type { Catalog } from '../catalog/index.ts'
import { limits } from '../limits.ts'
import type { Membership } from '../membership/index.ts'
import type { Clock } from '../ports.ts'
import type { Repair, Roster, Worker } from '../replication/index.ts'
import { formatBytes } from '../../shared/index.ts'
import type { Diary } from './diary.ts'
import { type PoolSight, type ToldProfile, whatHappened } from './sight.ts'

export interface PoolWatchDeps {
  readonly diary: Diary
  readonly catalog: Catalog
  readonly membership: Membership
  readonly repair: Pick<Repair, 'status'>
  readonly roster: Pick<Roster, 'durable'>
  readonly clock: Clock
  /** Something that people look at has changed: that machine, or the pool. */
  readonly changed: (nodeId: NodeId | null) => void
}

/** Copies missing for less long are those that a write did not wait for. */
const noteworthyMs = 15_000

export class PoolWatch implements Worker {
  readonly name = 'activity'
  readonly #deps: PoolWatchDeps
  /** Since when copies are being made. */
  #restoring: { readonly sinceMs: number; readonly copiedBytes: number; readonly missed: Set<string> } | null = null

  constructor(deps: PoolWatchDeps) {
    this.#deps = deps
  }

  async step(): Promise<{ next: 'at'; atMs: number }> {
    const { diary, clock } = this.#deps
    const repair = this.#deps.repair.status()
    const before = diary.sight()
    const now = this.#sight(repair.frozen !== null, before)
    for (const happening of before === null ? [] : whatHappened(before, now)) {
      diary.note(happening)
      this.#deps.changed(happening.nodeId ?? null)
    }
    if (JSON.stringify(before) !== JSON.stringify(now)) diary.setSight(now)
    this.#followCopies(repair)
    return { next: 'at', atMs: clock.monotonicMs() + limits.heartbeatMs }
  }

  /** A member whose profile has not come yet is not told of; a pool whose settings are not here keeps the former. */
  #sight(frozen: boolean, before: PoolSight | null): PoolSight {
    const { catalog, membership } = this.#deps
    const members: Record<string, ToldProfile> = {}
    for (const { nodeId } of membership.members()) {
      const profile = catalog.read.profile(nodeId)
      if (profile !== undefined) members[nodeId] = toldOf(profile)
    }
    return { members, settings: catalog.read.settings() ?? before?.settings ?? null, frozen }
  }

  #followCopies({ queuedChunks, copiedBytes }: ReturnType<Repair['status']>): void {
    const { diary, clock } = this.#deps
    const now = clock.monotonicMs()
    if (queuedChunks > 0) {
      this.#restoring ??= { sinceMs: now, copiedBytes, missed: new Set() }
      for (const name of this.#missed()) this.#restoring.missed.add(name)
      return
    }
    const restored = this.#restoring
    this.#restoring = null
    if (restored === null || now - restored.sinceMs < noteworthyMs) return
    const bytes = copiedBytes - restored.copiedBytes
    const here = bytes > 0 ? ` This machine had ${formatBytes(bytes)} copied.` : ''
    const missed = [...restored.missed]
    const text =
      missed.length === 0
        ? 'All copies that can be made are there again.'
        : `What ${missed.join(' and ')} held has been copied to other machines.`
    diary.note({ code: 'copies-restored', text: `${text}${here}` })
  }

  /** Names of members whose replicas do not count any more. */
  #missed(): string[] {
    const { catalog, membership, roster } = this.#deps
    return membership
      .members()
      .filter(({ nodeId }) => !roster.durable().has(nodeId))
      .map(({ nodeId }) => catalog.read.profile(nodeId)?.name ?? nodeId.slice(0, 8))
  }
}

function toldOf(profile: ToldProfile): ToldProfile {
  const { name, site, quotaBytes, drain, awayUntilMs, missed, replacedBy } = profile
  return {
    ...{ name, site, quotaBytes, drain, awayUntilMs },
    ...(missed === undefined ? {} : { missed }),
    ...(replacedBy === undefined ? {} : { replacedBy }),
  }
}
