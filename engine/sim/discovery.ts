/**
 * Simulated discovery: nodes that are not parted see each other's announcements, again and again, and notice when one
 * says goodbye or has not been heard for two minutes. Like mDNS it proves nothing and may be late.
 */
import type { NodeId } from '../base/ids.ts'
import type { Announcement, Discovery, Sighting } from '../ports.ts'
import type { SimNetwork } from './transport.ts'
import type { NetworkOwner } from './wire.ts'

const repeatMs = 20_000
const expiryMs = 120_000

interface Member {
  readonly owner: NetworkOwner
  announcement: Announcement
  readonly seen: (sighting: Sighting) => void
  readonly gone: (nodeId: NodeId) => void
  readonly lastHeardMs: Map<NodeId, number>
}

export class SimDiscovery {
  readonly #network: SimNetwork
  readonly #members = new Set<Member>()

  constructor(network: SimNetwork) {
    this.#network = network
  }

  /** The Discovery port of one process. */
  port(owner: NetworkOwner): Discovery {
    let self: Member | undefined
    return {
      start: async (announcement, seen, gone) => {
        self = { owner, announcement, seen, gone, lastHeardMs: new Map() }
        this.#members.add(self)
        this.#announce(self)
        this.#ask(self)
        this.#repeat(self)
      },
      update: (announcement) => {
        if (self === undefined) return
        self.announcement = announcement
        this.#announce(self)
      },
      refresh: () => {
        if (self !== undefined) this.#ask(self)
      },
      stop: async () => {
        if (self === undefined) return
        const { nodeId } = self.announcement
        for (const other of this.#others(self)) this.#later(other, () => this.#lost(other, nodeId))
        this.#members.delete(self)
        self = undefined
      },
      problems: () => [],
    }
  }

  /** The process is dead, without a goodbye. */
  abandon(owner: NetworkOwner): void {
    for (const member of this.#members) if (member.owner === owner) this.#members.delete(member)
  }

  #repeat(member: Member): void {
    const { schedule } = this.#network
    schedule.at(schedule.nowMs + repeatMs, member.owner, () => {
      if (!this.#members.has(member)) return
      this.#announce(member)
      for (const [nodeId, heardMs] of member.lastHeardMs) {
        if (schedule.nowMs - heardMs > expiryMs) this.#lost(member, nodeId)
      }
      this.#repeat(member)
    })
  }

  #announce(member: Member): void {
    for (const other of this.#others(member)) this.#tell(other, member)
  }

  #ask(member: Member): void {
    for (const other of this.#others(member)) this.#tell(member, other)
  }

  #tell(listener: Member, speaker: Member): void {
    const { announcement } = speaker
    this.#later(listener, () => {
      if (!this.#members.has(listener)) return
      listener.lastHeardMs.set(announcement.nodeId, this.#network.schedule.nowMs)
      listener.seen({ ...announcement, addresses: [`${speaker.owner.host}:${announcement.port}`] })
    })
  }

  #lost(listener: Member, nodeId: NodeId): void {
    if (listener.lastHeardMs.delete(nodeId) && this.#members.has(listener)) listener.gone(nodeId)
  }

  #later(listener: Member, fire: () => void): void {
    const { schedule } = this.#network
    schedule.at(schedule.nowMs + this.#network.latencyMs(), listener.owner, fire)
  }

  #others(member: Member): Member[] {
    return [...this.#members].filter(
      (other) => other !== member && !this.#network.parted(member.owner.name, other.owner.name),
    )
  }
}
