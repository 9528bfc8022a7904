/**
 * CBOR (RFC 8949) as the wire and disk formats use it: plain maps, byte strings, integers, text; no records,
 * no tags, no shared references, so that any CBOR library can read it. Decoding foreign bytes never builds
 * anything but plain values; validation of their shape is the caller's (zod) duty.
 */
import { Encoder } from 'cbor-x'
import { EngineError, messageOf } from './error.ts'

const codec = new Encoder({
  useRecords: false,
  mapsAsObjects: true,
  variableMapSize: true,
  tagUint8Array: false,
})

/** Encodes a plain value. The result is its own memory. */
export function encodeCbor(value: unknown): Buffer {
  return codec.encode(value)
}

/** Decodes one value; throws `bad-cbor` on anything malformed, truncated or with bytes left over. */
export function decodeCbor(bytes: Uint8Array): unknown {
  try {
    return codec.decode(bytes)
  } catch (error) {
    throw new EngineError('bad-cbor', `malformed CBOR: ${messageOf(error)}`, { cause: error })
  }
}
