/**
 * Epochs: secrets from which everything written is sealed, each sealed to the full members of its time and replaced when
 * one of them goes. An epoch row names, by one digest, all removals that its author knew. Current is the newest epoch whose
 * recipients are all still full members and whose digest is that of the removals that count now. Recipients alone would
 * not do: a node that joined after an epoch was made is no recipient of it and yet was given its secret by pairing, so its
 * removal would leave that epoch current (docs/decisions/0010-member-set.md).
 */
import { keyedBlake3 } from '../base/hash.ts'
import { isEngineError } from '../base/error.ts'
import type { NodeId } from '../base/ids.ts'
import { type Identity, sealTo } from '../identity/index.ts'
import { limits } from '../limits.ts'
import type { Random } from '../ports.ts'
import type { EpochRow, Statement } from './memberRow.ts'
import type { MemberSet } from './memberSet.ts'

/** Higher numbers first; hashes settle equal ones. */
function newestFirst(left: EpochRow, right: EpochRow): number {
  return right.number - left.number || (left.hash < right.hash ? -1 : 1)
}

/** True if no node that is no full member now can have been given this epoch's secret. */
function isSafe(set: MemberSet, epoch: EpochRow): boolean {
  return (
    epoch.removals === set.removalsDigest &&
    epoch.recipients.every((recipient) => set.byNode.get(recipient.nodeId)?.role === 'full')
  )
}

/** Epochs that may seal what is written now, the current one first; none: one must be made. */
export function safeEpochs(set: MemberSet): EpochRow[] {
  return set.epochs.filter((epoch) => isSafe(set, epoch)).sort(newestFirst)
}

/** All epochs that stand, the newest first: what is written goes under the first known one while no safe epoch is known. */
export function standingEpochs(set: MemberSet): EpochRow[] {
  return [...set.epochs].sort(newestFirst)
}

/**
 * True if this node must make an epoch: no safe one is there, and of the full members that are live it was admitted first.
 * Two nodes that see different ones live may both make one; the rule for the newest settles that.
 */
export function shouldRotate(set: MemberSet, self: NodeId, live: ReadonlySet<NodeId>): boolean {
  if (safeEpochs(set).length > 0) return false
  const first = set.members.find(
    (member) => member.role === 'full' && (member.nodeId === self || live.has(member.nodeId)),
  )
  return first?.nodeId === self
}

/** What an epoch row says that brings a fresh secret to all full members of the set. */
export function drawEpoch(set: MemberSet, random: Random): { readonly statement: Statement; readonly secret: Buffer } {
  const secret = random.bytes(32)
  const highest = set.epochs.reduce((number, epoch) => Math.max(number, epoch.number), 0)
  const recipients = set.members
    .filter((member) => member.role === 'full')
    .map(({ nodeId, certificate }) => ({ nodeId, sealed: sealTo(certificate, secret, random) }))
  const statement: Statement = {
    kind: 'epoch',
    number: Math.min(highest + 1, limits.epochNumberMax),
    removals: set.removalsDigest,
    commitment: commitmentTo(secret),
    recipients,
    recovery: null,
  }
  return { statement, secret }
}

/** True if these 32 bytes are the epoch's secret. */
export function isSecretOf(epoch: EpochRow, secret: Buffer): boolean {
  return secret.length === 32 && commitmentTo(secret) === epoch.commitment
}

/** The epoch's secret, if it is sealed to this node; undefined if not, or if what was sealed is not the secret. */
export function openEpoch(epoch: EpochRow, identity: Identity): Buffer | undefined {
  const sealed = epoch.recipients.find((recipient) => recipient.nodeId === identity.nodeId)?.sealed
  if (sealed === undefined) return undefined
  try {
    const secret = identity.unseal(sealed)
    return isSecretOf(epoch, secret) ? secret : undefined
  } catch (error) {
    // Its author sealed something else. Other members can still give the secret.
    if (isEngineError(error, 'damaged')) return undefined
    throw error
  }
}

function commitmentTo(secret: Buffer): string {
  return keyedBlake3(secret, Buffer.from('hadahoop epoch commitment')).toString('hex')
}
