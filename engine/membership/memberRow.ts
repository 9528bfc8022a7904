/**
 * Member rows as bytes: who admits, who removes, which epoch's secret is sealed to whom. A row is a body and its signer's
 * signature; the body's BLAKE3 is its name, so a second valid signature (ECDSA has them) makes no second row. Bodies are
 * CBOR maps in deterministic encoding (RFC 8949, 4.2.1) and say themselves what they are: nothing else this key signs reads
 * as one. The genesis row, by which the founder admits itself, anchors the rest: the pool's id is the start of its hash, and
 * every other row names that hash in full, so no row fits two pools. A drawn pool id was rejected: it would bind nothing.
 */
import { z } from 'zod'
import { bufferOf, bytesOf, hexOf } from '../base/bytes.ts'
import { decodeCbor, encodeCbor } from '../base/cbor.ts'
import { EngineError, messageOf } from '../base/error.ts'
import { blake3Hex } from '../base/hash.ts'
import type { Brand, EpochId, NodeId, PoolId } from '../base/ids.ts'
import { type Identity, nodeIdOfCertificate, verifySignature } from '../identity/index.ts'
import { limits } from '../limits.ts'
import type { Role } from './types.ts'

/** BLAKE3 of a row's body: 64 hexadecimal digits. */
export type RowHash = Brand<string, 'RowHash'>

interface SignedRow {
  readonly hash: RowHash
  readonly signer: NodeId
  /** Wall clock of the signer, milliseconds since 1970. A claim. */
  readonly atMs: number
  readonly body: Buffer
  readonly signature: Buffer
}

/** A row below genesis: the pool's genesis and the admission that the signer signs under. */
interface FoundedRow extends SignedRow {
  readonly genesis: RowHash
  readonly authority: RowHash
}

export interface AdmitRow extends SignedRow {
  readonly kind: 'admit'
  /** Both null in the genesis row. */
  readonly genesis: RowHash | null
  readonly authority: RowHash | null
  readonly subject: NodeId
  /** X.509, DER. */
  readonly certificate: Buffer
  readonly role: Role
  /** Earlier removals of the subject that this admission lifts. */
  readonly lifts: readonly RowHash[]
}

export interface RemoveRow extends FoundedRow {
  readonly kind: 'remove'
  readonly target: NodeId
  /** Rows signed by the target that stay valid; its others are void. */
  readonly stands: readonly RowHash[]
}

export interface EpochRow extends FoundedRow {
  readonly kind: 'epoch'
  readonly epoch: EpochId
  /** One more than the highest number its author knew. */
  readonly number: number
  /** MemberSet.removalsDigest as its author knew it. */
  readonly removals: string
  /** Keyed hash that tells the right secret from others, hexadecimal. */
  readonly commitment: string
  readonly recipients: readonly { readonly nodeId: NodeId; readonly sealed: Buffer }[]
  /** The secret sealed to the recovery key, once the pool has one. */
  readonly recovery: Buffer | null
}

export type MemberRow = AdmitRow | RemoveRow | EpochRow

const label = 'hadahoop-member-row'
const bytes = (min: number, max = min) =>
  z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length >= min && value.length <= max)
const nodeId = bytes(16).transform((value) => hexOf(value) as NodeId)
const rowHash = bytes(32).transform((value) => hexOf(value) as RowHash)
const digest = bytes(32).transform(hexOf)
const view = (max: number) => bytes(1, max).transform(bufferOf)
const timeMs = z
  .union([z.number(), z.bigint()])
  .transform(Number)
  .pipe(
    z
      .int()
      .min(0)
      .max(2 ** 48),
  )
const distinct = (of: readonly string[]) => new Set(of).size === of.length
const hashes = z.array(rowHash).max(limits.hashesPerMemberRow).refine(distinct)

const common = { type: z.literal(label), v: z.literal(1), at: timeMs }
const founded = { ...common, genesis: rowHash, signer: nodeId, authority: rowHash }
const certificate = view(limits.certificateMaxBytes)
const bodySchema = z.discriminatedUnion('kind', [
  z.strictObject({ ...common, kind: z.literal('genesis'), certificate, salt: bytes(16) }),
  z.strictObject({
    ...founded,
    kind: z.literal('admit'),
    certificate,
    role: z.enum(['full', 'storage', 'cloud']),
    lifts: hashes,
  }),
  z.strictObject({ ...founded, kind: z.literal('remove'), target: nodeId, stands: hashes }),
  z.strictObject({
    ...founded,
    kind: z.literal('epoch'),
    number: z.int().min(1).max(limits.epochNumberMax),
    removals: digest,
    commitment: digest,
    recipients: z
      .array(z.tuple([nodeId, view(limits.sealedSecretMaxBytes)]))
      .min(1)
      .max(limits.membersPerPool)
      .refine((recipients) => distinct(recipients.map(([id]) => id))),
    recovery: view(limits.sealedSecretMaxBytes).nullable(),
  }),
])
const envelopeSchema = z.tuple([bytes(1, limits.memberRowMaxBytes), bytes(64)])

/** What a row says besides who signs it and where it belongs. Hashes and ids are hexadecimal. */
export type Statement =
  | {
      readonly kind: 'admit'
      readonly certificate: Uint8Array
      readonly role: Role
      readonly lifts: readonly RowHash[]
    }
  | { readonly kind: 'remove'; readonly target: NodeId; readonly stands: readonly RowHash[] }
  | {
      readonly kind: 'epoch'
      readonly number: number
      readonly removals: string
      readonly commitment: string
      readonly recipients: readonly { readonly nodeId: NodeId; readonly sealed: Uint8Array }[]
      readonly recovery: Uint8Array | null
    }

/** Signs the genesis row of a new pool; `salt` has 16 random bytes, so that a founder's pools differ. */
export function signGenesis(identity: Identity, atMs: number, salt: Uint8Array): AdmitRow {
  const row = sign(identity, { kind: 'genesis', at: atMs, certificate: identity.certificate, salt })
  if (row.kind !== 'admit') throw new EngineError('bad-row', 'a genesis row must admit')
  return row
}

/** Signs any other row under the signer's own admission. Throws `bad-row` if it would exceed a limit. */
export function signRow(
  identity: Identity,
  under: { readonly genesis: RowHash; readonly authority: RowHash },
  atMs: number,
  statement: Statement,
): MemberRow {
  const where = {
    at: atMs,
    genesis: bytesOf(under.genesis),
    signer: bytesOf(identity.nodeId),
    authority: bytesOf(under.authority),
  }
  return sign(identity, { ...where, ...fieldsOf(statement) })
}

function fieldsOf(statement: Statement): Record<string, unknown> {
  switch (statement.kind) {
    case 'admit':
      return { ...statement, lifts: statement.lifts.map(bytesOf) }
    case 'remove':
      return { ...statement, target: bytesOf(statement.target), stands: statement.stands.map(bytesOf) }
    case 'epoch':
      return {
        ...statement,
        removals: bytesOf(statement.removals),
        commitment: bytesOf(statement.commitment),
        recipients: statement.recipients.map((recipient) => [bytesOf(recipient.nodeId), recipient.sealed]),
      }
  }
}

function sign(identity: Identity, fields: Record<string, unknown>): MemberRow {
  const body = encodeSorted({ type: label, v: 1, ...fields })
  return parseRow(body, identity.sign(body))
}

/** The row as it is stored and sent. */
export function encodeRow(row: MemberRow): Buffer {
  return encodeCbor([row.body, row.signature])
}

/** Reads a row; throws `bad-row` on anything that is not one, byte for byte. Its signature is not checked: see verifyRow. */
export function decodeRow(from: Uint8Array): MemberRow {
  if (from.length > limits.memberRowMaxBytes) throw badRow(`${from.length} bytes are too many`)
  const envelope = envelopeSchema.safeParse(decoded(from))
  if (!envelope.success) throw badRow('not a body and a signature')
  // Copies: a row outlives the message that it came in.
  return parseRow(Buffer.from(envelope.data[0]), Buffer.from(envelope.data[1]))
}

function parseRow(body: Buffer, signature: Buffer): MemberRow {
  const fields = decoded(body)
  const parsed = bodySchema.safeParse(fields)
  if (!parsed.success) throw badRow(parsed.error.issues[0]?.message ?? 'unknown shape')
  if (body.length + signature.length + 8 > limits.memberRowMaxBytes) throw badRow(`${body.length} bytes are too many`)
  if (!encodeSorted(fields as Record<string, unknown>).equals(body)) throw badRow('not in deterministic encoding')
  const data = parsed.data
  const hash = blake3Hex(body) as RowHash
  const signed = { hash, atMs: data.at, body, signature }
  if (data.kind === 'genesis') {
    const subject = subjectOf(data.certificate)
    const nobody = { genesis: null, authority: null, lifts: [], role: 'full' as const }
    return { ...signed, ...nobody, kind: 'admit', signer: subject, subject, certificate: data.certificate }
  }
  const where = { ...signed, genesis: data.genesis, signer: data.signer, authority: data.authority }
  switch (data.kind) {
    case 'admit': {
      const { certificate, role, lifts } = data
      return { ...where, kind: 'admit', subject: subjectOf(certificate), certificate, role, lifts }
    }
    case 'remove':
      return { ...where, kind: 'remove', target: data.target, stands: data.stands }
    case 'epoch': {
      const { number, removals, commitment, recovery } = data
      const recipients = data.recipients.map(([id, sealed]) => ({ nodeId: id, sealed }))
      return { ...where, kind: 'epoch', epoch: epochIdOf(hash), number, removals, commitment, recipients, recovery }
    }
  }
}

/**
 * Checks a row against the admission that it names: the signer's signature and right to say this. `authority` is null
 * for the genesis row, which proves itself. Throws `bad-row`.
 */
export function verifyRow(row: MemberRow, authority: AdmitRow | null): void {
  if (row.kind === 'admit' && row.authority === null) {
    if (!verifySignature(row.certificate, row.body, row.signature)) throw badRow('wrong signature of the founder')
    return
  }
  if (authority?.hash !== row.authority) throw badRow('signed under an unknown admission')
  if (row.genesis !== (authority.genesis ?? authority.hash)) throw badRow('of another pool')
  if (row.signer !== authority.subject) throw badRow('signed under the admission of another node')
  const leaves = row.kind === 'remove' && row.target === row.signer
  if (authority.role !== 'full' && !leaves) throw badRow('only full members decide on members')
  if (row.kind === 'admit' && row.subject === row.signer) throw badRow('nobody but the founder admits itself')
  if (!verifySignature(authority.certificate, row.body, row.signature)) throw badRow('wrong signature')
}

/** The id of the pool that a genesis row founds. */
export function poolIdOf(genesis: RowHash): PoolId {
  return genesis.slice(0, 32) as PoolId
}

/** The id of the epoch that an epoch row makes. */
function epochIdOf(hash: RowHash): EpochId {
  return hash.slice(0, 32) as EpochId
}

function subjectOf(certificate: Buffer): NodeId {
  try {
    return nodeIdOfCertificate(certificate)
  } catch (error) {
    throw badRow(`certificate: ${messageOf(error)}`)
  }
}

function decoded(from: Uint8Array): unknown {
  try {
    return decodeCbor(from)
  } catch (error) {
    throw badRow(messageOf(error))
  }
}

/** A flat map with its keys in the order of RFC 8949, 4.2.1 (short ones first) and integers at their shortest. */
function encodeSorted(fields: Record<string, unknown>): Buffer {
  const keys = Object.keys(fields).sort((left, right) => left.length - right.length || (left < right ? -1 : 1))
  return encodeCbor(Object.fromEntries(keys.map((key) => [key, integerAtItsShortest(fields[key])])))
}

function integerAtItsShortest(value: unknown): unknown {
  if (typeof value === 'number') return value > 0xffff_ffff ? BigInt(value) : value
  if (typeof value === 'bigint') return value <= 0xffff_ffffn ? Number(value) : value
  return value
}

function badRow(why: string): EngineError {
  return new EngineError('bad-row', `not a valid member row: ${why}`)
}
