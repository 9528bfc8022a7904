/**
 * The Discovery port by mDNS: says on every interface what the node is, hears others, and forgets who falls silent. Nothing
 * here is trusted and nothing here may end the process: a port that is taken, a network without multicast or an interface
 * that vanishes becomes a line of problems(). Broadcast of our own was rejected: routers and phones know mDNS.
 */
import { networkInterfaces } from 'node:os'
import type { NodeId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import type { Announcement, Clock, Discovery, Sighting } from '../ports.ts'
import { type HeardService, nodeIdOf, sightingOf } from './announcement.ts'
import { type Station, stationsOf, watchInterfaces } from './interfaces.ts'
import { MdnsStation } from './mdnsStation.ts'

export interface DiscoveryOptions {
  /** The host that the node's listener is bound to; all interfaces by default, loopback alone when it is that. */
  readonly host?: string
  /** For tests: another port than 5353. */
  readonly port?: number
  /** For tests: the interfaces to announce on. */
  readonly stations?: () => Station[]
}

/** Questions after the first, until they come every limits.discoveryQueryMs. */
const FIRST_WAITS_MS = [1_000, 3_000, 9_000]

export function createDiscovery(clock: Clock, options: DiscoveryOptions = {}): Discovery {
  return new MdnsDiscovery(clock, options)
}

class MdnsDiscovery implements Discovery {
  readonly #clock: Clock
  readonly #options: DiscoveryOptions
  readonly #heardAtMs = new Map<NodeId, number>()
  #announcement: Announcement | undefined
  #stations: MdnsStation[] = []
  #own: ReadonlySet<string> = new Set()
  #seen: (sighting: Sighting) => void = () => undefined
  #gone: (nodeId: NodeId) => void = () => undefined
  #round = 0
  #timer: Disposable | undefined
  #watch: Disposable | undefined

  constructor(clock: Clock, options: DiscoveryOptions) {
    this.#clock = clock
    this.#options = options
  }

  async start(
    announcement: Announcement,
    seen: (sighting: Sighting) => void,
    gone: (nodeId: NodeId) => void,
  ): Promise<void> {
    this.#announcement = announcement
    this.#seen = seen
    this.#gone = gone
    this.#watch = watchInterfaces(this.#clock, () => this.refresh())
    this.#reopen()
  }

  update(announcement: Announcement): void {
    if (this.#announcement === undefined) return
    this.#announcement = announcement
    this.#reopen()
  }

  refresh(): void {
    if (this.#announcement !== undefined) this.#reopen()
  }

  async stop(): Promise<void> {
    this.#announcement = undefined
    this.#watch?.[Symbol.dispose]()
    this.#timer?.[Symbol.dispose]()
    const stations = this.#stations
    this.#stations = []
    await new Promise<void>((resolve) => {
      let silent = stations.length
      if (silent === 0) resolve()
      const impatience = this.#clock.timer(limits.discoveryGoodbyeMs, resolve)
      const said = () => {
        silent -= 1
        if (silent > 0) return
        impatience[Symbol.dispose]()
        resolve()
      }
      for (const station of stations) station.sayGoodbye(said)
    })
    for (const station of stations) station.close()
    this.#heardAtMs.clear()
  }

  problems(): string[] {
    if (this.#announcement === undefined) return []
    if (this.#stations.length === 0) return ['This computer has no network interface to announce itself on.']
    const now = this.#clock.monotonicMs()
    return this.#stations.flatMap(({ problem, heardItself, openedAtMs, station }) => {
      if (problem !== undefined) return [problem]
      if (heardItself || now - openedAtMs < limits.discoveryCheckMs) return []
      return [
        `Multicast does not work on ${station.name} (${station.address}): a firewall or the network holds back UDP port 5353.`,
      ]
    })
  }

  /** New sockets on the interfaces of now: old ones may belong to an interface that is gone, or be deaf after sleep. */
  #reopen(): void {
    const announcement = this.#announcement
    if (announcement === undefined) return
    for (const station of this.#stations) station.close()
    const { host, stations = () => stationsOf(host) } = this.#options
    this.#own = new Set(
      Object.values(networkInterfaces()).flatMap((infos) => (infos ?? []).map(({ address }) => address)),
    )
    this.#stations = stations().map((station) => this.#open(station, announcement))
    this.#round = 0
    this.#scheduleRound()
  }

  #open(station: Station, announcement: Announcement): MdnsStation {
    return new MdnsStation(station, announcement, this.#options.port ?? 5353, this.#clock.monotonicMs(), {
      heard: (service) => this.#heard(service),
      goodbye: (service) => this.#forget(nodeIdOf(service)),
    })
  }

  #scheduleRound(): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = this.#clock.timer(FIRST_WAITS_MS[this.#round] ?? limits.discoveryQueryMs, () => {
      this.#round += 1
      this.#ask()
      this.#expire()
      this.#scheduleRound()
    })
  }

  /** Asks on every interface; where the port was taken, tries whether it is free by now. */
  #ask(): void {
    const announcement = this.#announcement
    if (announcement === undefined) return
    const patient = this.#round <= FIRST_WAITS_MS.length
    this.#stations = this.#stations.map((opened) => {
      if (opened.open) opened.ask()
      return opened.open || patient ? opened : this.#open(opened.station, announcement)
    })
  }

  #heard(service: HeardService): void {
    const sighting = sightingOf(service, this.#own)
    if (sighting === undefined || sighting.nodeId === this.#announcement?.nodeId) return
    if (!this.#heardAtMs.has(sighting.nodeId) && this.#heardAtMs.size >= limits.sightingsMax) return
    this.#heardAtMs.set(sighting.nodeId, this.#clock.monotonicMs())
    this.#seen(sighting)
  }

  #expire(): void {
    const oldestMs = this.#clock.monotonicMs() - limits.discoveryExpiryMs
    for (const [nodeId, heardAtMs] of this.#heardAtMs) if (heardAtMs < oldestMs) this.#forget(nodeId)
  }

  #forget(nodeId: NodeId | undefined): void {
    if (nodeId !== undefined && this.#heardAtMs.delete(nodeId)) this.#gone(nodeId)
  }
}
