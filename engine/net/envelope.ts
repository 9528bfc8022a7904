/**
 * What travels on a wire. A wire message is one CBOR value: an envelope (an array that begins with its kind) or a bundle
 * (an array of envelopes), or it is the raw bytes of one payload frame, which the envelope before it announces. Raw bytes
 * in a message of their own let a frame leave from the memory where it lies; inside CBOR it would be copied first.
 */
import { decodeCbor, encodeCbor } from '../base/cbor.ts'
import { EngineError, isEngineError, messageOf } from '../base/error.ts'
import { limits } from '../limits.ts'

/** The first element of an envelope; what follows is listed behind each. Numbers never change their meaning. */
export const kinds = {
  /** id, name, body, payload bytes if any */
  request: 1,
  /** id, body, payload bytes if any */
  answer: 2,
  /** id, error */
  failure: 3,
  /** id: the asker wants no answer any more; its unfinished payload ends */
  cancel: 4,
  /** id: the next wire message is a frame of this request's payload */
  requestFrame: 5,
  /** id: the next wire message is a frame of this answer's payload */
  answerFrame: 6,
  /** id: a cancelled answer's payload ends here */
  cut: 7,
  /** bytes granted again for requests, and for answers */
  credit: 8,
  /** sender's monotonic time, pulse */
  pulse: 9,
  /** the pulse's monotonic time, own wall clock */
  echo: 10,
  /** keeps the data wire alive */
  beat: 11,
  /** hello */
  hello: 20,
  welcome: 21,
  /** code, message, hint if any */
  refuse: 22,
  /** the node with the smaller id chose this link */
  adopt: 23,
  /** link id, node id, protocol */
  dataHello: 24,
} as const

export type Envelope = readonly [kind: number, ...rest: unknown[]]

/** Encodes one envelope; throws `too-large` beyond limits.controlMessageMaxBytes. */
export function encodeEnvelope(envelope: Envelope): Buffer {
  const bytes = encodeCbor(envelope)
  if (bytes.length > limits.controlMessageMaxBytes) {
    throw new EngineError('too-large', `a message of ${bytes.length} bytes is more than the wire takes`)
  }
  return bytes
}

/** Joins encoded envelopes to one wire message. */
export function bundle(parts: readonly Buffer[]): Buffer {
  const [only] = parts
  if (only !== undefined && parts.length === 1) return only
  const header =
    parts.length < 24
      ? Buffer.of(0x80 | parts.length)
      : parts.length < 256
        ? Buffer.of(0x98, parts.length)
        : Buffer.of(0x99, parts.length >> 8, parts.length & 0xff)
  return Buffer.concat([header, ...parts])
}

const bundleHeaderBytes = 3

/** The most envelopes that one bundle takes. */
export const bundleMax = 0xffff

/** The envelopes of a wire message; throws `bad-message` on anything else. */
export function decodeEnvelopes(message: Uint8Array): Envelope[] {
  if (message.length > limits.controlMessageMaxBytes + bundleHeaderBytes) {
    throw new EngineError('bad-message', `a message of ${message.length} bytes is too large`)
  }
  let value: unknown
  try {
    value = decodeCbor(message)
  } catch (error) {
    throw new EngineError('bad-message', messageOf(error), { cause: error })
  }
  if (isEnvelope(value)) return [value]
  if (Array.isArray(value) && value.length > 0 && value.every(isEnvelope)) return value
  throw new EngineError('bad-message', 'neither an envelope nor a bundle of envelopes')
}

function isEnvelope(value: unknown): value is Envelope {
  return Array.isArray(value) && typeof value[0] === 'number'
}

/** A field that must be a whole number from 0 to `most`; throws `bad-message`. */
export function wholeNumber(value: unknown, most: number, what: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most) return value
  throw new EngineError('bad-message', `${what} is no whole number from 0 to ${most}`)
}

/** A field that must be text of at most `most` characters; throws `bad-message`. */
export function text(value: unknown, most: number, what: string): string {
  if (typeof value === 'string' && value.length <= most) return value
  throw new EngineError('bad-message', `${what} is no text of at most ${most} characters`)
}

/** The error as it travels in `failure`. What is no EngineError keeps its words to itself. */
export function describeError(error: unknown): Record<string, unknown> {
  if (!isEngineError(error)) return { code: 'internal', message: 'the other machine failed unexpectedly' }
  const { code, message, hint, retryable, facts } = error
  return { code, message: message.slice(0, 2_000), hint: hint?.slice(0, 2_000), retryable, facts }
}

/** The EngineError that travelled in `failure`; throws `bad-message` if it is none. */
export function restoreError(value: unknown): EngineError {
  if (typeof value !== 'object' || value === null) throw new EngineError('bad-message', 'a failure without an error')
  const { code, message, hint, retryable, facts } = value as Record<string, unknown>
  return new EngineError(text(code, 64, 'error code'), text(message, 2_000, 'error message'), {
    ...(typeof hint === 'string' ? { hint: hint.slice(0, 2_000) } : {}),
    retryable: retryable === true,
    ...(typeof facts === 'object' && facts !== null ? { facts: facts as Record<string, unknown> } : {}),
  })
}
