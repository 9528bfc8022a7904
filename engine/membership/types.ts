/**
 * Who belongs to the pool. Member and epoch rows are a grow-only set in clear, each keyed by its hash and signed by a
 * full member; who is a member now is a pure function of that set. Pairing brings a new node its first rows and secrets.
 */
import type { NodeId, PoolId } from '../base/ids.ts'
import type { Gatekeeper, PeerNetwork } from '../net/types.ts'
import type { Keyring } from '../identity/types.ts'
import type { AddressBook } from './addresses.ts'

export type Role = 'full' | 'storage' | 'cloud'

export interface Member {
  readonly nodeId: NodeId
  readonly role: Role
  readonly certificate: Buffer
  /** Hash of the admit row that stands, hexadecimal. */
  readonly admission: string
  readonly admittedAtMs: number
}

export type Liveness = 'online' | 'suspect' | 'offline' | 'away' | 'removed'

export interface Invite {
  /** At least 80 bits and a hint that matches the pool's mDNS fingerprint; groups of letters and digits that can be read aloud. */
  readonly code: string
  readonly expiresAtMs: number
}

export interface Membership extends Gatekeeper {
  readonly poolId: PoolId | null
  /** Null while in no pool. */
  readonly keyring: Keyring | null
  /** The first admitted comes first. */
  members(): Member[]
  member(nodeId: NodeId): Member | undefined
  /** Was a member once and is removed now. */
  wasRemoved(nodeId: NodeId): boolean
  /** Those that were members once and are removed now, the last one first. */
  former(): Former[]
  /** Makes a pool with this node as its founder. Throws `already-in-pool`. */
  create(poolName?: string): Promise<void>
  /** Full members only. Throws `no-pool`, `too-many-invites`. */
  invite(): Promise<Invite>
  /**
   * Joins by code over a wire that `dial` gives. Throws `wrong-code`, `invite-expired`, `invite-used`, `already-in-pool`,
   * `unreachable`. `addresses` are tried in turn; empty means nobody was found.
   */
  join(code: string, addresses: readonly string[]): Promise<void>
  /** Signs this node's own removal, hands it to whoever is connected, then forgets pool and secrets. */
  leave(): Promise<void>
  /** Signs another node's removal. Throws `no-such-node`, `self`. */
  remove(nodeId: NodeId): Promise<void>
  /** Called after any change of the set. */
  onChange(listener: () => void): Disposable
}

export interface Former {
  readonly nodeId: NodeId
  readonly removedAtMs: number
}

/** That this node was removed from its pool, by whom, and whether a member's signature proves it or a member merely said so. */
export interface Removal {
  readonly by: NodeId | null
  readonly proved: boolean
}

/** What the engine needs of membership beside the contract. */
export interface PoolMembership extends Membership {
  /** What the pool was called when this node joined it; the catalog's settings know better once they are here. */
  readonly poolName: string | null
  /** Where members may be reached. Whoever learns addresses (discovery, profiles, people) tells it. */
  readonly addresses: AddressBook
  /** Not null once this node is no member any more of the pool whose data it holds. It may leave, or join anew by code. */
  removal(): Removal | null
  /** Throws `already-in-pool`. One that was removed may join anew. */
  requireNoPool(): void
  /**
   * Connects it with a network, one at a time, before that starts: exchanges rows, keeps every member wanted at its best
   * addresses, answers pairing wires, makes epochs. Disposing ends that.
   */
  attach(network: PeerNetwork): Disposable
  /** Resolves to true once a connected member and this node have equal member rows; to false if it goes before. */
  synced(nodeId: NodeId): Promise<boolean>
  /** Closes the database. Call after the network has stopped. */
  close(): void
}
