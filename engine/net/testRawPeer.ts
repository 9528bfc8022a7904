/** A peer that speaks the wire format by hand, for tests of what a peer of ours would never send. */
import { encodeCbor } from '../base/cbor.ts'
import type { NodeId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import type { Ports, Wire } from '../ports.ts'
import type { SimWorld } from '../sim/index.ts'
import { decodeEnvelopes, type Envelope, kinds } from './envelope.ts'

export class RawPeer {
  readonly control: Wire
  data: Wire | undefined
  /** Envelopes that came on either wire. */
  readonly heard: Envelope[] = []
  closeReason: string | undefined
  readonly #world: SimWorld
  readonly #nodeId: NodeId
  readonly #ports: Ports

  constructor(world: SimWorld, ports: Ports, nodeId: NodeId, control: Wire) {
    this.#world = world
    this.#ports = ports
    this.#nodeId = nodeId
    this.control = control
    this.#listen(control)
  }

  static async dial(world: SimWorld, ports: Ports, nodeId: NodeId, address: string): Promise<RawPeer> {
    return new RawPeer(world, ports, nodeId, await world.wait(ports.transport.dial(address, 'control', {})))
  }

  send(envelope: Envelope, wire: Wire = this.control): void {
    wire.send(encodeCbor(envelope))
  }

  hello(changes: Record<string, unknown> = {}): void {
    this.send([
      kinds.hello,
      {
        protocol: { min: 1, max: 1 },
        nodeId: this.#nodeId,
        startNumber: 1,
        nowMs: 0,
        admission: Buffer.alloc(0),
        software: 'raw',
        linkId: 'raw-link',
        port: 1,
        windowBytes: limits.payloadWindowBytes,
        ...changes,
      },
    ])
  }

  /** Goes through the whole greeting: a connection from then on. */
  async connect(): Promise<void> {
    const { remote } = this.control
    this.hello()
    await this.until(kinds.hello)
    this.send([kinds.welcome])
    const data = await this.#world.wait(this.#ports.transport.dial(remote.address, 'data', {}))
    this.data = data
    this.#listen(data)
    this.send([kinds.dataHello, 'raw-link', this.#nodeId, 1], data)
    await this.until(kinds.welcome)
    if (this.#nodeId < remote.nodeId) this.send([kinds.adopt])
    await this.until(kinds.pulse)
  }

  async until(kind: number): Promise<void> {
    await this.#world.until(() => this.closeReason !== undefined || this.heard.some(([heard]) => heard === kind))
    if (this.closeReason !== undefined) throw new Error(`closed: ${this.closeReason}`)
  }

  async closed(): Promise<string> {
    await this.#world.until(() => this.closeReason !== undefined, 'the close', 60_000)
    return this.closeReason ?? ''
  }

  #listen(wire: Wire): void {
    wire.onMessage((message) => {
      // Frames of answers are not of interest here.
      if ((message[0] ?? 0) >= 0x80) this.heard.push(...decodeEnvelopes(message))
    })
    wire.onClose((reason) => {
      this.closeReason ??= reason
    })
  }
}
