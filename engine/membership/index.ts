/** Who belongs to the pool: member rows, epochs, pairing, liveness, and where members may be reached. */
export { codeMatchesHint } from './inviteCode.ts'
export { livenessOf } from './liveness.ts'
export { createMembership } from './open.ts'
export type { Former, Invite, Liveness, Membership, PoolMembership } from './types.ts'
