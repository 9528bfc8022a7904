/**
 * The peer network: at most one connection to each node, made by whichever of the two reaches the other, kept alive by
 * heartbeats and made again when it is lost. It knows how to talk and to whom it talks, never whom to trust: that is the
 * gatekeeper's. Guarantees that both ends of a pair settle on the same connection, whoever dialled when.
 */
import { EngineError, isEngineError, messageOf } from '../base/error.ts'
import type { NodeId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import type { Clock, Listening, Random, Transport, Wire } from '../ports.ts'
import { Connection } from './connection.ts'
import { Contact } from './contact.ts'
import { type GreetingFacts, isTheirRefusal, PROTOCOL_MIN, PROTOCOL_VERSION, type ProtocolRange } from './hello.ts'
import { acceptData, Link } from './link.ts'
import { PayloadPool } from './payload.ts'
import type { Registered } from './serving.ts'
import { type Traffic, TrafficMeter } from './traffic.ts'
import type {
  Gatekeeper,
  Handler,
  Message,
  Peer,
  PeerNetwork,
  PeerNetworkEvents,
  PeerNetworkOptions,
  Problem,
  Pulse,
} from './types.ts'

export class Network implements PeerNetwork {
  readonly #clock: Clock
  readonly #random: Random
  readonly #transport: Transport
  readonly #identity: PeerNetworkOptions['identity']
  readonly #gatekeeper: Gatekeeper
  readonly #options: PeerNetworkOptions
  readonly #protocol: ProtocolRange
  readonly #handlers = new Map<string, Registered>()
  readonly #events = new Set<Partial<PeerNetworkEvents>>()
  readonly #connections = new Map<NodeId, { readonly connection: Connection; readonly sinceMs: number }>()
  readonly #contacts = new Map<NodeId, Contact>()
  /** Links that are no connections yet, and data wires whose link is not known yet. */
  readonly #links = new Set<Link>()
  #greetingData = 0
  readonly #pool = new PayloadPool()
  readonly #problems = new Map<NodeId, Problem>()
  readonly #traffic = new TrafficMeter()
  #asleep = false
  #pulseSource: () => Omit<Pulse, 'nowMs'> = () => restingPulse
  #pairing: ((wire: Wire) => void) | undefined
  #listening: Listening | undefined
  #beatTimer: Disposable | undefined
  #lastBeat = { monotonicMs: 0, wallMs: 0 }
  #stopped = false

  constructor(options: PeerNetworkOptions) {
    this.#options = options
    this.#clock = options.ports.clock
    this.#random = options.ports.random
    this.#transport = options.ports.transport
    this.#identity = options.identity
    this.#gatekeeper = options.gatekeeper
    this.#protocol = options.protocol ?? { min: PROTOCOL_MIN, max: PROTOCOL_VERSION }
  }

  async start(): Promise<void> {
    this.#listening = await this.#transport.listen(this.#options.listen, (wire) => this.#accept(wire))
    this.#scheduleBeat()
    for (const contact of this.#contacts.values()) contact.tryNow('start')
  }

  async stop(): Promise<void> {
    if (this.#stopped) return
    this.#stopped = true
    this.#beatTimer?.[Symbol.dispose]()
    for (const contact of this.#contacts.values()) contact.stop()
    const pulse = { ...this.#pulse(), leaving: true }
    for (const { connection } of this.#connections.values()) connection.beat(pulse)
    // The beats leave with the next turn; closing sends what is queued first.
    this.#closeAll('stopped')
    await this.#listening?.close()
  }

  get port(): number {
    return this.#listening?.port ?? 0
  }

  addresses(): string[] {
    return this.#listening?.addresses() ?? []
  }

  peers(): Peer[] {
    return [...this.#connections.values()].map(({ connection }) => connection)
  }

  peer(nodeId: NodeId): Peer | undefined {
    return this.#connections.get(nodeId)?.connection
  }

  traffic(nodeId: NodeId): Traffic | undefined {
    return this.#traffic.of(nodeId, this.#clock.monotonicMs())
  }

  handle<Req, Res>(message: Message<Req, Res>, handler: Handler<Req, Res>): void {
    if (this.#handlers.has(message.name)) throw new Error(`${message.name} has a handler already`)
    this.#handlers.set(message.name, { message, handler } as unknown as Registered)
  }

  want(nodeId: NodeId, addresses: string[]): void {
    if (nodeId === this.#identity.nodeId || this.#stopped) return
    let contact = this.#contacts.get(nodeId)
    if (contact === undefined) {
      contact = new Contact(nodeId, {
        clock: this.#clock,
        random: this.#random,
        transport: this.#transport,
        unneeded: (id) => this.#connections.has(id) || this.#listening === undefined,
        establish: (wire, signal) => this.#establish(wire, signal),
        failed: (id, error) => this.#noteProblem(id, error),
      })
      this.#contacts.set(nodeId, contact)
    }
    contact.setAddresses(addresses)
  }

  unwant(nodeId: NodeId, reason: string): void {
    this.#contacts.get(nodeId)?.stop()
    this.#contacts.delete(nodeId)
    for (const link of [...this.#links]) if (link.remoteId === nodeId) link.close(reason)
    this.#connections.get(nodeId)?.connection.close(reason)
  }

  reset(reason: string): void {
    if (this.#stopped) return
    this.#closeAll(reason)
    for (const contact of this.#contacts.values()) contact.tryNow(reason)
  }

  on(events: Partial<PeerNetworkEvents>): Disposable {
    this.#events.add(events)
    return { [Symbol.dispose]: () => void this.#events.delete(events) }
  }

  setPulse(source: () => Omit<Pulse, 'nowMs'>): void {
    this.#pulseSource = source
  }

  setAsleep(asleep: boolean): void {
    if (asleep === this.#asleep) return
    this.#asleep = asleep
    // At once: the computer may be asleep before the next one is due.
    const pulse = this.#pulse()
    for (const { connection } of this.#connections.values()) connection.beat(pulse)
  }

  onPairingWire(listener: (wire: Wire) => void): void {
    this.#pairing = listener
  }

  lastProblem(nodeId: NodeId): Problem | undefined {
    return this.#problems.get(nodeId)
  }

  // -------------------------------------------------------------- wires

  #accept(wire: Wire): void {
    if (this.#stopped) wire.close('stopped')
    else if (wire.purpose === 'pair') {
      if (this.#pairing === undefined) wire.close('nobody is being invited')
      else this.#pairing(wire)
    } else if (this.#links.size + this.#greetingData >= limits.handshakesAtOnce) wire.close('too-busy')
    else if (wire.purpose === 'control') {
      this.#establish(wire, undefined).catch((error: unknown) => {
        if (!isEngineError(error)) this.#fault(error, 'handshake')
        else this.#noteProblem(wire.remote.nodeId, error)
      })
    } else {
      this.#greetingData += 1
      acceptData(wire, this.#clock, (nodeId, linkId) => this.#findLink(nodeId, linkId))
        .catch((error: unknown) => this.#fault(error, 'handshake'))
        .finally(() => {
          this.#greetingData -= 1
        })
    }
  }

  #findLink(nodeId: NodeId, linkId: string): Link | undefined {
    return [...this.#links].find((link) => !link.dialled && link.remoteId === nodeId && link.linkId === linkId)
  }

  async #establish(wire: Wire, signal: AbortSignal | undefined): Promise<void> {
    const link = new Link(this.#linkHost(), wire, wire.dialled ? this.#random.bytes(12).toString('hex') : '')
    const abort = () => link.close(messageOf(signal?.reason))
    signal?.addEventListener('abort', abort, { once: true })
    this.#links.add(link)
    try {
      await link.establish()
    } finally {
      this.#links.delete(link)
      signal?.removeEventListener('abort', abort)
    }
  }

  #linkHost() {
    return {
      clock: this.#clock,
      transport: this.#transport,
      ownId: this.#identity.nodeId,
      greeting: (linkId: string): GreetingFacts => ({
        protocol: this.#protocol,
        gatekeeper: this.#gatekeeper,
        hello: () => ({
          protocol: this.#protocol,
          nodeId: this.#identity.nodeId,
          startNumber: this.#identity.startNumber,
          nowMs: this.#clock.nowMs(),
          admission: this.#gatekeeper.admission(),
          software: this.#options.software ?? 'hadahoop',
          linkId,
          port: this.port,
          windowBytes: limits.payloadWindowBytes,
        }),
      }),
      greeted: (link: Link) => this.#dropOlder(link),
      decide: (link: Link) => this.#decide(link),
      adopted: (link: Link) => this.#connect(link),
    }
  }

  /** Whoever dials anew has given its earlier attempts up. */
  #dropOlder(link: Link): void {
    for (const other of [...this.#links]) {
      if (other !== link && other.remoteId === link.remoteId && other.dialled === link.dialled) other.close('replaced')
    }
  }

  /** We have the smaller id: both wires stand, is this link the connection? */
  async #decide(link: Link): Promise<void> {
    for (;;) {
      const current = this.#connections.get(link.remoteId)?.connection
      if (current === undefined) break
      if (link.dialled) throw duplicate()
      // A restarted peer, or one that dials although it had dialled the connection that stands, has lost that one.
      const lost = current.startNumber !== link.other.hello.startNumber || !current.dialled
      if (lost || !(await this.#answers(current))) current.close('replaced')
      else if (current.closeReason === undefined) throw duplicate()
    }
    const closeReason = link.control.closeReason ?? link.data.closeReason
    if (closeReason !== undefined) throw new EngineError('peer-gone', closeReason, { retryable: true })
    this.#connect(link)
  }

  /** True if the peer answers on this connection within limits.probeMs, or it closes meanwhile. */
  async #answers(connection: Connection): Promise<boolean> {
    const askedMs = this.#clock.monotonicMs()
    connection.beat(this.#pulse())
    while (connection.closeReason === undefined && connection.echoedMs < askedMs) {
      if (this.#clock.monotonicMs() - askedMs > limits.probeMs) return false
      await this.#clock.sleep(limits.probeMs / 100)
    }
    return true
  }

  // -------------------------------------------------------------- connections

  #connect(link: Link): void {
    const { nodeId, hello, protocol } = link.other
    const { address } = link.control.wire.remote
    this.#connections.get(nodeId)?.connection.close('replaced')
    link.finish(this.#identity.nodeId < nodeId)
    const connection = new Connection(
      this.#clock,
      {
        nodeId,
        address: link.dialled ? address : `${address.slice(0, address.lastIndexOf(':'))}:${hello.port}`,
        startNumber: hello.startNumber,
        protocol,
        software: hello.software,
        dialled: link.dialled,
        windowBytes: hello.windowBytes,
        clockOffsetMs: hello.nowMs - this.#clock.nowMs(),
      },
      link.control,
      link.data,
      {
        pool: this.#pool,
        handler: (name) => this.#handlers.get(name),
        pulse: (peer, pulse) => this.#emit((events) => events.pulse?.(peer, pulse)),
        closed: (closed, reason) => this.#disconnected(closed, reason),
        fault: (error, where) => this.#fault(error, where),
      },
    )
    this.#links.delete(link)
    this.#connections.set(nodeId, { connection, sinceMs: this.#clock.monotonicMs() })
    this.#problems.delete(nodeId)
    this.#contacts.get(nodeId)?.connected()
    this.#emit((events) => events.connected?.(connection))
    connection.open()
    // The other end must hear of the adoption before it hears a pulse.
    if (connection.closeReason === undefined) connection.beat(this.#pulse(), false)
  }

  #disconnected(connection: Connection, reason: string): void {
    const { nodeId } = connection
    const current = this.#connections.get(nodeId)
    if (current?.connection !== connection) return
    this.#connections.delete(nodeId)
    this.#traffic.note(nodeId, connection, connection.moved, this.#clock.monotonicMs())
    this.#emit((events) => events.disconnected?.(nodeId, reason))
    this.#contacts.get(nodeId)?.disconnected(this.#clock.monotonicMs() - current.sinceMs)
  }

  #closeAll(reason: string): void {
    for (const link of [...this.#links]) link.close(reason)
    for (const { connection } of [...this.#connections.values()]) connection.close(reason)
  }

  // -------------------------------------------------------------- time

  #scheduleBeat(): void {
    this.#lastBeat = { monotonicMs: this.#clock.monotonicMs(), wallMs: this.#clock.nowMs() }
    this.#beatTimer = this.#clock.timer(limits.heartbeatMs, () => {
      this.#beat()
      if (!this.#stopped) this.#scheduleBeat()
    })
  }

  #beat(): void {
    const nowMs = this.#clock.monotonicMs()
    // On Linux the monotonic clock stands still while the machine sleeps; the wall clock shows it.
    const passedMs = Math.max(nowMs - this.#lastBeat.monotonicMs, this.#clock.nowMs() - this.#lastBeat.wallMs)
    if (passedMs - limits.heartbeatMs > limits.wakeGapMs) {
      this.#asleep = false
      this.reset('wake')
      this.#emit((events) => events.woke?.())
      return
    }
    const pulse = this.#pulse()
    for (const [nodeId, { connection }] of this.#connections) {
      this.#traffic.note(nodeId, connection, connection.moved, nowMs)
    }
    for (const { connection } of [...this.#connections.values()]) {
      const silence = connection.silence(nowMs)
      if (silence === undefined) connection.beat(pulse)
      else connection.close(silence)
    }
  }

  #pulse(): Pulse {
    const pulse = this.#pulseSource()
    return { ...pulse, leaving: pulse.leaving || this.#asleep, nowMs: this.#clock.nowMs() }
  }

  // -------------------------------------------------------------- telling

  #emit(tell: (events: Partial<PeerNetworkEvents>) => void): void {
    for (const events of [...this.#events]) tell(events)
  }

  #noteProblem(nodeId: NodeId, error: unknown): void {
    if (!isEngineError(error)) {
      this.#fault(error, 'connecting')
      return
    }
    if (error.code === 'duplicate' || this.#connections.has(nodeId)) return
    this.#problems.delete(nodeId)
    this.#problems.set(nodeId, {
      code: error.code,
      message: error.message,
      hint: error.hint,
      atMs: this.#clock.nowMs(),
      refusedBy: isTheirRefusal(error) ? 'peer' : 'us',
    })
    const [oldest] = this.#problems.keys()
    if (this.#problems.size > limits.problemsRemembered && oldest !== undefined) this.#problems.delete(oldest)
  }

  /** What should never happen must be seen: without a listener it ends the process as any stray error does. */
  #fault(error: unknown, where: string): void {
    if (this.#options.fault !== undefined) this.#options.fault(error, where)
    else {
      void this.#clock.soon().then(() => {
        throw error
      })
    }
  }
}

const restingPulse: Omit<Pulse, 'nowMs'> = {
  catalogRoot: '',
  inventorySequence: 0,
  usedBytes: 0,
  quotaBytes: 0,
  leaving: false,
}

function duplicate(): EngineError {
  return new EngineError('duplicate', 'these two machines are connected already', { retryable: true })
}
