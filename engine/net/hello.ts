/**
 * The greeting on a new control wire: both ends say who they are and which protocols they speak, and each judges the
 * other before it listens to anything else. The dialler speaks first, so a stranger who dials learns nothing of the pool
 * until it has been admitted. A refusal carries a code and words, so that both machines can show why.
 */
import { z } from 'zod'
import { EngineError, isEngineError } from '../base/error.ts'
import type { NodeId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import { type Envelope, kinds, text } from './envelope.ts'
import type { Lane } from './lane.ts'
import type { Gatekeeper } from './types.ts'

/** The protocols that this release speaks, from the oldest to the newest. */
export const PROTOCOL_MIN = 1
export const PROTOCOL_VERSION = 1

export interface ProtocolRange {
  readonly min: number
  readonly max: number
}

/** The newest protocol that both speak; throws `unknown-protocol`. */
export function commonProtocol(ours: ProtocolRange, theirs: ProtocolRange): number {
  const common = Math.min(ours.max, theirs.max)
  if (common >= Math.max(ours.min, theirs.min)) return common
  const older = theirs.max < ours.min ? 'the other machine' : 'this machine'
  throw new EngineError(
    'unknown-protocol',
    `one machine speaks protocols ${ours.min} to ${ours.max}, the other ${theirs.min} to ${theirs.max}`,
    { hint: `Update Hadahoop on both machines; seen from the refusing one, ${older} has the older release.` },
  )
}

/** What a node says of itself. New fields may be added; those here never change their meaning. */
export interface Hello {
  readonly protocol: ProtocolRange
  readonly nodeId: string
  readonly startNumber: number
  /** Sender's wall clock. */
  readonly nowMs: number
  /** Membership's facts; opaque here. */
  readonly admission: Uint8Array
  readonly software: string
  /** Names the pair of wires that belong together. */
  readonly linkId: string
  /** Where the sender listens, at the address that its wire comes from. */
  readonly port: number
  /** Payload bytes that the sender takes before it grants more. */
  readonly windowBytes: number
}

const protocolNumber = z.number().int().min(0).max(1_000_000)

const helloSchema: z.ZodType<Hello> = z.object({
  protocol: z.object({ min: protocolNumber, max: protocolNumber }),
  nodeId: z.string().length(32),
  startNumber: z.number().int().nonnegative(),
  nowMs: z.number(),
  admission: z.instanceof(Uint8Array).refine((bytes) => bytes.length <= limits.controlMessageMaxBytes / 2),
  software: z.string().max(64),
  linkId: z.string().min(8).max(64),
  port: z.number().int().min(0).max(65_535),
  windowBytes: z.number().int().min(limits.chunkMaxBytes).max(limits.creditMaxBytes),
})

/** The part that every release, however old or new, can read. */
const protocolSchema = z.object({ protocol: z.object({ min: protocolNumber, max: protocolNumber }) })

export interface Greeted {
  readonly hello: Hello
  readonly nodeId: NodeId
  readonly protocol: number
}

export interface GreetingFacts {
  readonly protocol: ProtocolRange
  readonly gatekeeper: Gatekeeper
  hello(): Hello
}

/**
 * Greets on a control wire. Throws the refusal (ours or theirs, code kept) or `peer-gone`; the other end has been told
 * and the wire is to be closed then.
 */
export async function greet(lane: Lane, facts: GreetingFacts): Promise<Greeted> {
  if (lane.wire.dialled) {
    lane.post([kinds.hello, facts.hello()])
    const greeted = await judge(lane, facts, await next(lane, kinds.hello))
    lane.post([kinds.welcome])
    return greeted
  }
  const greeted = await judge(lane, facts, await next(lane, kinds.hello))
  lane.post([kinds.hello, { ...facts.hello(), linkId: greeted.hello.linkId }])
  await next(lane, kinds.welcome)
  return greeted
}

/** Waits for a message of that kind; a refusal, or anything else, throws. */
export async function next(lane: Lane, kind: number): Promise<Envelope> {
  const envelope = await lane.receive()
  if (envelope[0] === kind) return envelope
  if (envelope[0] === kinds.refuse) throw refusedByOther(envelope)
  throw new EngineError('bad-message', `a message of kind ${envelope[0]} where ${kind} was due`)
}

/** Tells the other end why it is refused and closes the wire. */
export function refuse(lane: Lane, error: EngineError): void {
  lane.post([kinds.refuse, error.code, error.message.slice(0, 1_000), error.hint?.slice(0, 1_000) ?? ''])
  lane.close(error.code)
}

/** True if `error` is a refusal that the other end sent. */
export function isTheirRefusal(error: unknown): boolean {
  return isEngineError(error) && error.facts?.['refusedBy'] === 'peer'
}

async function judge(lane: Lane, facts: GreetingFacts, envelope: Envelope): Promise<Greeted> {
  const range = protocolSchema.safeParse(envelope[1])
  if (!range.success) throw new EngineError('bad-message', 'a malformed hello')
  const protocol = commonProtocol(facts.protocol, range.data.protocol)
  const parsed = helloSchema.safeParse(envelope[1])
  if (!parsed.success) throw new EngineError('bad-message', 'a malformed hello')
  const hello = parsed.data
  const { nodeId, certificate } = lane.wire.remote
  if (hello.nodeId !== nodeId) {
    throw new EngineError('wrong-identity', 'the hello names another node than the one whose key the wire has proved')
  }
  await facts.gatekeeper.judge({ nodeId, certificate }, hello.admission)
  return { hello, nodeId, protocol }
}

function refusedByOther(envelope: Envelope): EngineError {
  const hint = text(envelope[3] ?? '', 1_000, 'hint')
  return new EngineError(text(envelope[1], 64, 'code'), text(envelope[2], 1_000, 'message'), {
    ...(hint === '' ? {} : { hint }),
    facts: { refusedBy: 'peer' },
  })
}
