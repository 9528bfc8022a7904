/**
 * Who belongs to the pool. Member and epoch rows are a grow-only set in clear, each keyed by its hash and signed by a
 * full member; who is a member now is a pure function of that set. Pairing brings a new node its first rows and secrets.
 */
import type { NodeId, PoolId } from '../base/ids.ts'
import type { Gatekeeper } from '../net/types.ts'
import type { Keyring } from '../identity/types.ts'

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
  members(): Member[]
  member(nodeId: NodeId): Member | undefined
  /** Was a member once and is removed now. */
  wasRemoved(nodeId: NodeId): boolean
  /** Makes a pool with this node as its founder. Throws `already-in-pool`. */
  create(): Promise<void>
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
