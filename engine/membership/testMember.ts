/** Nodes with a membership and a peer network in a simulated world, for the tests of this folder. */
import { EngineError } from '../base/error.ts'
import type { NodeId } from '../base/ids.ts'
import { type Identity, loadIdentity } from '../identity/index.ts'
import { createPeerNetwork, type PeerNetwork } from '../net/index.ts'
import type { Disk, Ports } from '../ports.ts'
import { SeededRandom, type SimWorld, simPorts } from '../sim/index.ts'
import { createMembership } from './open.ts'
import type { PoolMembership } from './types.ts'

/** A real key and certificate, the same for the same name, and so are its signatures: one seed is one history. */
export async function testIdentity(name: string): Promise<Identity> {
  const seed = [...Buffer.from(name)].reduce((sum, byte) => sum * 257 + byte, 7)
  const random = new SeededRandom(seed % 2 ** 31)
  return await loadIdentity({ disk: emptyDisk, random }, '0'.repeat(32), { repeatable: true })
}

const emptyDisk = {
  read: () => Promise.reject(new EngineError('no-file', 'an empty disk')),
  writeDurable: async () => {},
} as unknown as Disk

export class TestMember {
  readonly world: SimWorld
  readonly name: string
  readonly ports: Ports
  readonly identity: Identity
  readonly membership: PoolMembership
  readonly network: PeerNetwork
  readonly faults: unknown[]

  private constructor(
    parts: Pick<TestMember, 'world' | 'name' | 'ports' | 'identity' | 'membership' | 'network' | 'faults'>,
  ) {
    this.world = parts.world
    this.name = parts.name
    this.ports = parts.ports
    this.identity = parts.identity
    this.membership = parts.membership
    this.network = parts.network
    this.faults = parts.faults
  }

  /** Starts the node's process: a fresh node, or the one that its disk makes it. */
  static async start(world: SimWorld, name: string): Promise<TestMember> {
    const known = await testIdentity(name)
    const ports = simPorts(world, name, { identity: known })
    const identity = { ...known, startNumber: ports.random.bytes(4).readUInt32BE() }
    const faults: unknown[] = []
    const fault = (error: unknown) => faults.push(error)
    const membership = await world.wait(createMembership({ ports, identity, poolName: () => 'Home', fault }))
    const network = createPeerNetwork({ ports, identity, gatekeeper: membership, listen: { port: 7000 }, fault })
    membership.attach(network)
    await world.wait(network.start())
    return new TestMember({ world, name, ports, identity, membership, network, faults })
  }

  get nodeId(): NodeId {
    return this.identity.nodeId
  }

  get address(): string {
    return `${this.world.host(this.name)}:7000`
  }

  /** The process stops in order. */
  async stop(): Promise<void> {
    await this.world.wait(this.network.stop())
    await this.world.run(10)
    this.membership.close()
    this.world.stopped(this.name)
  }

  async restart(): Promise<TestMember> {
    if (this.world.running(this.name)) await this.stop()
    return await TestMember.start(this.world, this.name)
  }

  async create(): Promise<this> {
    await this.world.wait(this.membership.create())
    return this
  }

  async code(): Promise<string> {
    return (await this.world.wait(this.membership.invite())).code
  }

  /** Joins the pool of another node by a new code. */
  async joinWith(inviter: TestMember): Promise<this> {
    await this.join(await inviter.code(), inviter)
    return this
  }

  async join(code: string, ...at: TestMember[]): Promise<void> {
    await this.world.wait(
      this.membership.join(
        code,
        at.map((each) => each.address),
      ),
    )
  }

  isConnected(other: TestMember): boolean {
    return this.network.peer(other.nodeId) !== undefined
  }

  /** Ids of the members as this node sees them, in the order of admission. */
  memberIds(): NodeId[] {
    return this.membership.members().map((member) => member.nodeId)
  }
}

/** The first founds a pool and invites the others; resolves when all are connected and agree. */
export async function testPool(world: SimWorld, ...names: string[]): Promise<TestMember[]> {
  const nodes: TestMember[] = []
  for (const name of names) nodes.push(await TestMember.start(world, name))
  const [founder, ...joiners] = nodes as [TestMember, ...TestMember[]]
  await founder.create()
  for (const joiner of joiners) await joiner.joinWith(founder)
  await allConnected(world, nodes)
  return nodes
}

/** Waits until the nodes are connected with each other and have the same members and the same current epoch. */
export async function allConnected(world: SimWorld, nodes: readonly TestMember[]): Promise<void> {
  // As discovery and profiles do.
  for (const node of nodes) {
    const introduce = () => {
      for (const other of nodes) node.membership.addresses.replace(other.nodeId, [other.address], 'seen')
    }
    introduce()
    node.membership.onChange(introduce)
  }
  const agree = () =>
    nodes.every(
      (node) =>
        nodes.every((other) => other === node || node.isConnected(other)) &&
        node.memberIds().join() === nodes[0]?.memberIds().join() &&
        node.membership.keyring?.current().id === nodes[0]?.membership.keyring?.current().id,
    )
  await world.until(agree, 'a pool that is connected and agrees', 120_000)
}
