/**
 * What a node in a pool looks after every few seconds, besides moving bytes: the room on its disk, who has gone silent and for how
 * long, what people want of the machines (rows that nobody hears of otherwise), machines that this one replaces, its own sign of
 * life. Each look is cheap and tells others only when something has changed.
 */
import type { NodeId } from './base/ids.ts'
import type { Catalog, Change } from './catalog/index.ts'
import type { ChunkStore } from './chunks/index.ts'
import { holdsLastCopies } from './files/index.ts'
import { limits } from './limits.ts'
import type { PoolMembership } from './membership/index.ts'
import type { Clock, Disk } from './ports.ts'
import { keepSilences, type LeaseEnds, type Next, type Roster, type Worker } from './replication/index.ts'

export interface UpkeepDeps {
  readonly self: NodeId
  readonly catalog: Catalog
  readonly store: ChunkStore
  readonly roster: Roster
  readonly membership: PoolMembership
  readonly leaseEnds: LeaseEnds
  readonly disk: Disk
  readonly clock: Clock
  /** Commits one row. */
  readonly write: (change: Change) => Promise<void>
  /** Claims have changed, which no row tells. */
  readonly copiesChanged: () => void
  /** Somebody wants something else of a machine. */
  readonly wishesChanged: () => void
}

const dayMs = 86_400_000

export class Upkeep implements Worker {
  readonly name = 'upkeep'
  readonly #deps: UpkeepDeps
  #freeBytes = 0
  #wishes = ''
  #copies = ''
  #silences = '[]'
  #silencesKeptMs: number

  constructor(deps: UpkeepDeps) {
    this.#deps = deps
    this.#silencesKeptMs = deps.clock.monotonicMs()
  }

  /** Bytes that the store could still take, at the last look. */
  get freeBytes(): number {
    return this.#freeBytes
  }

  async refreshFree(): Promise<void> {
    this.#freeBytes = await this.#deps.store.roomBytes()
  }

  async step(): Promise<Next> {
    const { self, catalog, store, roster, leaseEnds, clock, write } = this.#deps
    await this.refreshFree()
    roster.check()
    this.#heedWishes()
    this.#learnAddresses()
    this.#tellOfCopies()
    const profile = catalog.read.profile(self)
    if (profile !== undefined) store.setQuotaBytes(profile.quotaBytes)
    if (profile?.missed === true && roster.connected().size > 1) {
      const { missed: _, ...back } = profile
      await write({ what: 'profile', node: self, profile: back })
    }
    await leaseEnds.check()
    await this.#removeReplaced()
    if (clock.monotonicMs() - this.#silencesKeptMs >= limits.silencesKeptMs) await this.keepSilences()
    if (clock.nowMs() - (catalog.read.presenceMs(self) ?? 0) > dayMs)
      await write({ what: 'presence', node: self, atMs: clock.nowMs() })
    return { next: 'at', atMs: clock.monotonicMs() + limits.heartbeatMs }
  }

  /** Now and then, and when the node stops: a crash costs no more than the time since. */
  async keepSilences(): Promise<void> {
    const { roster, disk, clock } = this.#deps
    this.#silencesKeptMs = clock.monotonicMs()
    const silences = roster.keptSilences()
    const text = JSON.stringify(silences)
    if (text === this.#silences) return
    await keepSilences(disk, silences)
    this.#silences = text
  }

  /** Claims change without any row: people who watch hear of it here. */
  #tellOfCopies(): void {
    const copies = JSON.stringify(this.#deps.catalog.chunks.patterns())
    if (copies === this.#copies) return
    this.#copies = copies
    this.#deps.copiesChanged()
  }

  /** Drains, quotas and who is missed set repair and giving up to work. */
  #heedWishes(): void {
    const { membership, catalog, wishesChanged } = this.#deps
    const wishes = JSON.stringify(
      membership.members().map(({ nodeId }) => {
        const profile = catalog.read.profile(nodeId)
        return [nodeId, profile?.drain, profile?.quotaBytes, profile?.missed, profile?.replacedBy]
      }),
    )
    if (wishes === this.#wishes) return
    this.#wishes = wishes
    wishesChanged()
  }

  /** This node replaces a machine that did not come back to be drained: it is removed once it is missed. */
  async #removeReplaced(): Promise<void> {
    const { self, membership, catalog, roster } = this.#deps
    for (const { nodeId } of membership.members()) {
      const heir = catalog.read.profile(nodeId)?.replacedBy
      if (heir !== self || roster.durable().has(nodeId)) continue
      if (!holdsLastCopies(catalog, nodeId)) await membership.remove(nodeId)
    }
  }

  /** Profiles name addresses; who is a member is dialled there. */
  #learnAddresses(): void {
    const { self, membership, catalog } = this.#deps
    for (const { nodeId } of membership.members()) {
      if (nodeId === self) continue
      const addresses = catalog.read.profile(nodeId)?.addresses
      if (addresses !== undefined) membership.addresses.replace(nodeId, addresses, 'profile')
    }
  }
}
