/** Who belongs to the pool: member rows, epochs, pairing, liveness, and where members may be reached. */
export type { AddressBook } from './addresses.ts'
export { codeMatchesHint } from './inviteCode.ts'
export { type LivenessFacts, livenessOf } from './liveness.ts'
export { createMembership, type MembershipOptions } from './membership.ts'
export type { Invite, Liveness, Member, Membership, PoolMembership, Removal, Role } from './types.ts'
