/** Peer networks in a simulated world, for the tests of this folder. */
import { z } from 'zod'
import type { NodeId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import type { Ports, WirePurpose } from '../ports.ts'
import { type SimWorld, simPorts } from '../sim/index.ts'
import { createPeerNetwork, defineMessage } from './index.ts'
import type { Gatekeeper, Peer, PeerNetwork, PeerNetworkOptions } from './types.ts'

export const echo = defineMessage(
  'test.echo',
  'control',
  z.object({ text: z.string() }),
  z.object({ text: z.string() }),
)

/** Long payloads to send, made once: of zeros, and of ones. */
export const patterns = [Buffer.alloc(limits.chunkMaxBytes, 0), Buffer.alloc(limits.chunkMaxBytes, 1)] as const

/** Sends payloads there and back: the answer is as long as asked for, of ones if the request's begins with one, else of zeros. */
export const bulk = defineMessage(
  'test.bulk',
  'data',
  z.object({ answerBytes: z.number() }),
  z.object({ sum: z.number() }),
)

export class TestNode {
  readonly name: string
  readonly world: SimWorld
  readonly ports: Ports
  readonly network: PeerNetwork
  readonly nodeId: NodeId
  readonly log: string[] = []

  constructor(world: SimWorld, name: string, options: Partial<PeerNetworkOptions> = {}) {
    this.world = world
    this.name = name
    this.ports = simPorts(world, name)
    this.nodeId = world.identity(name).nodeId
    this.network = createPeerNetwork({
      ports: this.ports,
      identity: { ...world.identity(name), startNumber: Math.floor(this.ports.random.fraction() * 2 ** 32) },
      gatekeeper: openGate,
      listen: { port: 7000 },
      ...options,
    })
    this.network.on({
      connected: (peer) => this.log.push(`connected ${peer.nodeId}`),
      disconnected: (nodeId, reason) => this.log.push(`disconnected ${nodeId} ${reason}`),
    })
    this.network.handle(echo, async (body) => body)
    this.network.handle(bulk, async (body, { payload, release }) => {
      const answer = {
        body: { sum: sumOf(payload ?? Buffer.alloc(0)) },
        payload: patterns[payload?.[0] === 1 ? 1 : 0].subarray(0, body.answerBytes),
      }
      release()
      return answer
    })
  }

  get address(): string {
    return addressOf(this.world, this.name)
  }

  want(...others: TestNode[]): void {
    for (const other of others) this.network.want(other.nodeId, [other.address])
  }

  peer(other: TestNode): Peer {
    const peer = this.network.peer(other.nodeId)
    if (peer === undefined) throw new Error(`${this.name} is not connected with ${other.name}`)
    return peer
  }

  connected(other: TestNode): boolean {
    return this.network.peer(other.nodeId) !== undefined
  }

  /** Open wires with the other node, as this end sees them. */
  wires(other: TestNode): WirePurpose[] {
    return this.world.network
      .openWires()
      .filter((wire) => wire.remote.nodeId === other.nodeId && ownerOf(wire) === this.name)
      .map((wire) => wire.purpose)
      .sort()
  }
}

export const openGate: Gatekeeper = {
  admission: () => Buffer.from('admit me'),
  judge: async () => {},
}

/** Starts nodes that want each other and waits until all are connected. */
export async function pool(
  world: SimWorld,
  names: string[],
  options: Partial<PeerNetworkOptions> = {},
): Promise<TestNode[]> {
  const nodes = names.map((name) => new TestNode(world, name, options))
  for (const node of nodes) await node.network.start()
  for (const node of nodes) node.want(...nodes.filter((other) => other !== node))
  const whole = () => nodes.every((node) => nodes.every((other) => other === node || node.connected(other)))
  await world.until(whole, 'a whole pool', 30_000)
  return nodes
}

/** Tells contents apart: every byte of a short one, samples of a long one. */
export function sumOf(bytes: Uint8Array): number {
  const step = bytes.length < 100_000 ? 1 : 1009
  let sum = bytes.length
  for (let index = 0; index < bytes.length; index += step) sum = (sum * 31 + (bytes[index] ?? 0)) >>> 0
  return sum
}

function ownerOf(wire: unknown): string {
  return (wire as { owner: { name: string } }).owner.name
}

/** Nodes are numbered as they are first used. */
function addressOf(world: SimWorld, name: string): string {
  return `${world.host(name)}:7000`
}
