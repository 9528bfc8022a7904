/**
 * Pairing by code: the conversation over a wire by which a node that knows the code of an invite becomes a member. The
 * joiner proves first that it knows the code, then the inviter, each by HMAC-SHA-256 over a label of its role, both
 * certificates and both nonces; so a machine in the middle, whose certificates differ, can pass on neither proof, and a
 * wrong joiner learns nothing. The inviter spends the invite durably before it sends a secret.
 *
 * joiner: hello(tag, nonce) · proof            inviter: challenge(nonce) · proof · rows… · welcome, or refuse(code) at any step
 * joiner: done, once all of it is durable.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { bytesOf, hexOf } from '../base/bytes.ts'
import { EngineError, isEngineError } from '../base/error.ts'
import type { EpochId, NodeId } from '../base/ids.ts'
import { type EpochSecret, nodeIdOfCertificate } from '../identity/index.ts'
import { limits } from '../limits.ts'
import type { Clock, Random, Wire } from '../ports.ts'
import { batchesOf } from './batches.ts'
import type { RowHash } from './memberRow.ts'
import { refusalFor, refusalOf } from './refusals.ts'
import { Talk } from './talk.ts'

/** What a joiner is given. Rows as they travel, each after what it rests on. */
export interface Welcome {
  readonly genesis: RowHash
  readonly poolName: string
  readonly rows: readonly Uint8Array[]
  readonly poolSecret: Buffer
  readonly epochs: readonly EpochSecret[]
}

/** What both ends need. `certificate` is this node's own. */
export interface PairingPorts {
  readonly clock: Clock
  readonly random: Random
  readonly certificate: Uint8Array
}

export interface Joiner {
  readonly nodeId: NodeId
  readonly certificate: Uint8Array
}

/** The inviting node's side of it: its invites, and what happens to a joiner that proved one. */
export interface InviteDesk {
  /** False if there were too many attempts lately. */
  attempt(): boolean
  /** The key of an invite of this node, spent and expired ones included. */
  keyOf(tag: Buffer): Buffer | undefined
  /** Someone named the invite and did not know its key. */
  countFailure(tag: Buffer): void
  /** Spends the invite, admits the joiner, both durably. Throws `invite-used`, `invite-expired`, `pool-full`. */
  admit(tag: Buffer, joiner: Joiner): Promise<Welcome>
}

const protocol = 1
const nonceBytes = 32
const bytes = (length: number) =>
  z
    .custom<Uint8Array>((value) => value instanceof Uint8Array && value.length === length)
    .transform((value) => Buffer.from(value))
const helloSchema = z.object({ is: z.literal('hello'), v: z.int(), tag: bytes(16), nonce: bytes(nonceBytes) })
const refuseSchema = z.object({ is: z.literal('refuse'), code: z.string().max(64) })
const challengeSchema = z.object({ is: z.literal('challenge'), nonce: bytes(nonceBytes) })
const proofSchema = z.object({ is: z.literal('proof'), mac: bytes(32) })
const rowsSchema = z.object({
  is: z.literal('rows'),
  rows: z.array(z.instanceof(Uint8Array).refine((row) => row.length <= limits.memberRowMaxBytes)),
})
const welcomeSchema = z.object({
  is: z.literal('welcome'),
  genesis: bytes(32),
  name: z.string().max(limits.poolNameMaxBytes),
  poolSecret: bytes(32),
  epochs: z.array(z.tuple([bytes(16), bytes(32)])).max(limits.memberRowsPerPool),
})
const doneSchema = z.object({ is: z.literal('done') })

type Role = 'joiner' | 'inviter'
interface Ends {
  readonly joiner: Uint8Array
  readonly inviter: Uint8Array
  readonly joinerNonce: Uint8Array
  readonly inviterNonce: Uint8Array
}

function proofBy(role: Role, key: Buffer, ends: Ends): Buffer {
  const mac = createHmac('sha256', key)
  const label = Buffer.from(`hadahoop pairing ${protocol} ${role}`)
  for (const part of [label, ends.joiner, ends.inviter, ends.joinerNonce, ends.inviterNonce]) {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(part.length)
    mac.update(length).update(part)
  }
  return mac.digest()
}

/**
 * Answers a joiner on a wire that it dialled, and closes the wire. Resolves to the joiner when it has confirmed that it
 * holds everything. Throws whatever ended the conversation; the joiner has been told of it where that makes sense.
 */
export async function answerPairing(wire: Wire, ports: PairingPorts, desk: InviteDesk): Promise<Joiner> {
  using talk = new Talk(wire, ports.clock, limits.pairingTimeoutMs)
  try {
    if (!desk.attempt()) throw refusalFor('busy')
    const joiner = { nodeId: wire.remote.nodeId, certificate: wire.remote.certificate }
    if (nodeIdOfCertificate(joiner.certificate) !== joiner.nodeId) throw refusalFor('wrong-code')
    const hello = await talk.next(helloSchema)
    if (hello.v !== protocol) throw refusalFor('wrong-protocol')
    const key = desk.keyOf(hello.tag)
    if (key === undefined) throw refusalFor('wrong-code')

    const ends = {
      joiner: joiner.certificate,
      inviter: ports.certificate,
      joinerNonce: hello.nonce,
      inviterNonce: ports.random.bytes(nonceBytes),
    }
    talk.say({ is: 'challenge', nonce: ends.inviterNonce })
    const proof = await talk.next(proofSchema)
    if (!timingSafeEqual(proof.mac, proofBy('joiner', key, ends))) {
      desk.countFailure(hello.tag)
      throw refusalFor('wrong-code')
    }

    const welcome = await desk.admit(hello.tag, joiner)
    talk.say({ is: 'proof', mac: proofBy('inviter', key, ends) })
    for (const rows of batchesOf(welcome.rows)) {
      await talk.drained()
      talk.say({ is: 'rows', rows })
    }
    talk.say({
      is: 'welcome',
      genesis: bytesOf(welcome.genesis),
      name: welcome.poolName,
      poolSecret: welcome.poolSecret,
      epochs: welcome.epochs.map(({ id, secret }) => [bytesOf(id), secret]),
    })
    await talk.next(doneSchema)
    return joiner
  } catch (error) {
    if (isEngineError(error)) talk.say({ is: 'refuse', code: error.code })
    throw error
  }
}

/**
 * Joins over a wire that this node dialled. `adopt` makes what came durable, and throws if it is not what a member would
 * send; only then the inviter is told that all is done. Throws `wrong-code`, `invite-used`, `invite-expired`, `pool-full`,
 * `wrong-protocol`, `busy`, `unreachable` (the conversation broke off), `bad-message`, and what `adopt` throws.
 */
export async function pairAsJoiner(
  wire: Wire,
  ports: PairingPorts,
  invite: { readonly key: Buffer; readonly tag: Buffer },
  adopt: (welcome: Welcome, inviter: NodeId) => Promise<void>,
): Promise<void> {
  using talk = new Talk(wire, ports.clock, limits.pairingTimeoutMs)
  if (nodeIdOfCertificate(wire.remote.certificate) !== wire.remote.nodeId) throw refusalFor('wrong-code')
  const nonce = ports.random.bytes(nonceBytes)
  const ask = async <T>(schema: z.ZodType<T>): Promise<T> => {
    const answer = await talk.next(z.union([refuseSchema, schema]))
    const refusal = refuseSchema.safeParse(answer)
    if (refusal.success) throw refusalOf(refusal.data.code)
    return answer as T
  }

  talk.say({ is: 'hello', v: protocol, tag: invite.tag, nonce })
  const challenge = await ask(challengeSchema)
  const ends = {
    joiner: ports.certificate,
    inviter: wire.remote.certificate,
    joinerNonce: nonce,
    inviterNonce: challenge.nonce,
  }
  talk.say({ is: 'proof', mac: proofBy('joiner', invite.key, ends) })
  const proof = await ask(proofSchema)
  if (!timingSafeEqual(proof.mac, proofBy('inviter', invite.key, ends))) throw refusalFor('wrong-code')

  const rows: Uint8Array[] = []
  for (;;) {
    const part = await ask(z.union([rowsSchema, welcomeSchema]))
    if (part.is === 'rows') {
      rows.push(...part.rows)
      if (rows.length > limits.memberRowsPerPool) throw new EngineError('bad-message', 'too many member rows')
      continue
    }
    const epochs = part.epochs.map(([id, secret]) => ({ id: hexOf(id) as EpochId, secret }))
    const { name, poolSecret } = part
    const genesis = hexOf(part.genesis) as RowHash
    await adopt({ genesis, poolName: name, rows, poolSecret, epochs }, wire.remote.nodeId)
    talk.say({ is: 'done' })
    return
  }
}
