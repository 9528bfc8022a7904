/**
 * The parts of a node that the service puts together: what is always there, and what exists only while it belongs to a
 * pool. The engine makes them; the service only calls them.
 */
import { EngineError } from '../../base/error.ts'
import { type NodeId, NodeIds } from '../../base/ids.ts'
import type { Census, Reader, WriteDeps } from '../../files/index.ts'
import type { Identity } from '../../identity/index.ts'
import type { Invite, PoolMembership } from '../../membership/index.ts'
import type { PeerNetwork } from '../../net/index.ts'
import type { Repair } from '../../replication/index.ts'
import type { Clock, LocalFiles, Random, Sighting } from '../../ports.ts'
import type { Transfers } from '../../transfers/index.ts'
import type { Activity, DoctorCheck } from '../../../shared/index.ts'
import type { Notice } from '../service.ts'

/** How far this node is with giving up replicas; reason null: it is not. */
export interface SheddingStatus {
  readonly reason: 'drain' | 'quota' | 'replace' | null
  readonly chunksLeft: number
  readonly bytesLeft: number
  /** Why it does not go on, in words; null while it does. */
  readonly stuck: string | null
}

/** Everything that works on the pool's content. */
export interface PoolParts extends WriteDeps {
  readonly census: Census
  readonly reader: Reader
  readonly repair: Repair
  readonly shedding?: { status(): SheddingStatus }
  readonly transfers: Transfers
}

export interface NodeParts {
  readonly self: NodeId
  readonly identity: Identity
  readonly clock: Clock
  readonly random: Random
  readonly membership: PoolMembership
  readonly network: PeerNetwork
  /** Null while in no pool. */
  pool(): PoolParts | null
  createPool(name: string, copies: number): Promise<void>
  invite(): Promise<Invite>
  joinPool(code: string, address: string | undefined): Promise<void>
  leavePool(confirm: string | undefined): Promise<void>
  /** The new machine takes over the old one's name, place and pins; the old one drains and goes. Only where the engine has it. */
  replaceNode?(oldId: NodeId, newId: NodeId): Promise<void>
  /** Free on the disk of this node's data folder, bytes. Only where the engine tells. */
  freeDiskBytes?(): Promise<number>
  /** Nodes seen on the local network. */
  sightings(): { readonly sighting: Sighting; readonly atMs: number }[]
  doctor(): Promise<DoctorCheck[]>
  /** Files of this computer that the node may read in. */
  readonly localFiles: LocalFiles | null
  /** Up to `limit` items that came before the one with that id (null: the newest), newest first. */
  activity(before: string | null, limit: number): Activity[]
  subscribe(listener: (notice: Notice) => void): Disposable
}

/** The pool's parts; throws `no-pool`. */
export function inPool(parts: NodeParts): PoolParts {
  const pool = parts.pool()
  if (pool === null) {
    throw new EngineError('no-pool', 'this machine is in no pool', { hint: 'Create a pool, or join one with a code.' })
  }
  return pool
}

/** Throws `no-such-node`. */
export function knownMember(parts: NodeParts, id: string): NodeId {
  const node = NodeIds.parse(id)
  if (parts.membership.member(node) === undefined) throw new EngineError('no-such-node', `no machine has the id ${id}`)
  return node
}
