/**
 * One mDNS responder and listener on one interface, by bonjour-service. Browsers are replaced at every question, because
 * bonjour-service reports a service once per browser and never ages it (its records live eight hours); the one before
 * stays to hear goodbyes. It reaches into the library at one place, for the errors that would otherwise end the process.
 */
import assert from 'node:assert/strict'
import type { EventEmitter } from 'node:events'
import bonjourService from 'bonjour-service'
import { limits } from '../limits.ts'
import type { Announcement } from '../ports.ts'
import { type HeardService, hostName, instanceName, SERVICE_TYPE, txtOf } from './announcement.ts'
import type { Station } from './interfaces.ts'

const { Bonjour } = bonjourService
type Browser = InstanceType<typeof bonjourService.Browser>

export interface StationEvents {
  heard(service: HeardService): void
  goodbye(service: HeardService): void
}

/** The parts of bonjour-service that it does not declare. */
interface Inside {
  readonly server: { readonly mdns: EventEmitter }
}

interface Packet {
  readonly answers: readonly { readonly name: string; readonly data: unknown }[]
}

export class MdnsStation {
  readonly station: Station
  readonly openedAtMs: number
  /** Why it does not work, in words. */
  problem: string | undefined
  /** False once closed, or when it could not be opened. */
  open = true
  /** True once its own announcement came back to it: multicast works here. */
  heardItself = false
  readonly #bonjour: InstanceType<typeof Bonjour>
  readonly #events: StationEvents
  #browsers: Browser[] = []

  /** Opens, announces and asks. `port` is 5353 but in tests. */
  constructor(station: Station, announcement: Announcement, port: number, nowMs: number, events: StationEvents) {
    this.station = station
    this.openedAtMs = nowMs
    this.#events = events
    // Bound to the interface's own address a socket hears no multicast on Linux; `interface` alone would bind so.
    const options = { interface: station.address, bind: '0.0.0.0', port }
    this.#bonjour = new Bonjour(options, (error: Error) => this.#note(error))
    const { mdns } = (this.#bonjour as unknown as Inside).server
    assert(typeof mdns.on === 'function', 'bonjour-service still keeps its responder there')
    mdns.on('error', (error: Error) => this.#fail(error))
    mdns.on('warning', (error: Error) => this.#note(error))
    const instance = instanceName(announcement)
    mdns.on('response', (packet: Packet, from: { readonly address: string }) => {
      const mine = packet.answers.some(
        ({ data }) => typeof data === 'string' && data.startsWith(`${instance.replaceAll('.', '-')}.`),
      )
      if (mine && from.address === station.address) this.heardItself = true
    })
    this.#bonjour.publish({
      name: instance,
      type: SERVICE_TYPE,
      port: announcement.port,
      host: hostName(announcement),
      txt: txtOf(announcement),
      // The name holds the node's id. A probe would find the same node on another interface and give up.
      probe: false,
    })
    this.ask()
  }

  /** Asks the network again. */
  ask(): void {
    if (!this.open) return
    const browser = this.#bonjour.find({ type: SERVICE_TYPE })
    const heard = (service: HeardService) => {
      if (browser.services.length > limits.sightingsMax) browser.stop()
      else if (this.open) this.#events.heard(service)
    }
    browser.on('up', heard)
    browser.on('txt-update', heard)
    browser.on('srv-update', heard)
    browser.on('down', (service: HeardService) => {
      if (this.open) this.#events.goodbye(service)
    })
    this.#browsers.push(browser)
    while (this.#browsers.length > 2) this.#browsers.shift()?.stop()
  }

  /** Says goodbye to the network; calls back when it is sent or cannot be. */
  sayGoodbye(said: () => void): void {
    if (this.open) this.#bonjour.unpublishAll(said)
    else said()
  }

  /** Closes at once, and silently: others go on knowing this node until their own expiry. */
  close(): void {
    if (!this.open) return
    this.open = false
    for (const browser of this.#browsers) browser.stop()
    this.#bonjour.destroy()
  }

  #fail(error: Error): void {
    const taken = 'code' in error && error.code === 'EADDRINUSE'
    const { name, address } = this.station
    this.problem = taken
      ? `Another program holds UDP port 5353 on ${name} (${address}) for itself alone.`
      : `UDP port 5353 on ${name} (${address}) cannot be used: ${error.message}.`
    this.close()
  }

  /** Warnings with a system call are of this computer; the others are packets that nobody could read. */
  #note(error: Error | undefined): void {
    if (error !== undefined && 'syscall' in error) {
      this.problem = `Multicast on ${this.station.name} (${this.station.address}) fails: ${error.message}.`
    }
  }
}
