/**
 * Segments: content-addressed lists of chunk references, the part of the catalog that grows with bytes and not with files.
 * Chunk ids stand in clear, so that a node without the pool's secret knows what a version needs; sizes, keys and piece
 * hashes are sealed. Convergent: equal references under equal keys make equal bytes, so versions of a large file share
 * all segments but those around the change. Cut by content for that reason: fixed runs of 1,024 were rejected, since one
 * insertion would renumber everything behind it. Bytes: docs/disk-format.md.
 */
import assert from 'node:assert/strict'
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import { bufferOf, hexOf } from '../base/bytes.ts'
import { EngineError } from '../base/error.ts'
import { blake3Hex, keyedBlake3 } from '../base/hash.ts'
import type { ChunkId, EpochId, SegmentId } from '../base/ids.ts'
import type { EpochKeys, Keyring } from '../identity/types.ts'
import { limits } from '../limits.ts'
import type { ChunkReference } from '../ports.ts'
import type { Segment } from './types.ts'

const formatVersion = 1
const epochBytes = 16
const idBytes = 32
/** format | epoch | count(2) */
const headBytes = 1 + epochBytes + 2
const saltBytes = 32
const tagBytes = 16
/** size(4) | piece size(4) | key(32) | piece hash(32) */
const secretBytes = 4 + 4 + 32 + 32

/** Every salt yields a key that seals one content only, so the nonce says nothing. */
const nonce = Buffer.alloc(12)
const sealing = { authTagLength: tagBytes }
const saltLabel = Buffer.from([0])
const keyLabel = Buffer.from([1])

/** No boundary before so many references: short segments cost more than they share. */
const minReferences = 256
/** One id in 256 ends a segment: with the minimum, some 500 references on average. */
const boundaryMask = 0xff

/** Cuts a content's references, in order, into segments; none for an empty content. */
export function buildSegments(references: readonly ChunkReference[], keys: EpochKeys): Segment[] {
  const builder = new SegmentBuilder(keys)
  const segments: Segment[] = []
  for (const reference of references) {
    const segment = builder.push(reference)
    if (segment !== undefined) segments.push(segment)
  }
  const last = builder.finish()
  if (last !== undefined) segments.push(last)
  return segments
}

/** The same for references that come one by one; holds at most limits.segmentMaxReferences of them. */
export class SegmentBuilder {
  readonly #keys: EpochKeys
  #references: ChunkReference[] = []

  constructor(keys: EpochKeys) {
    this.#keys = keys
  }

  /** Takes the next reference; answers the segment that it ends. */
  push(reference: ChunkReference): Segment | undefined {
    this.#references.push(reference)
    const count = this.#references.length
    if (count < minReferences) return undefined
    if (count < limits.segmentMaxReferences && !isBoundary(reference.chunkId)) return undefined
    return this.finish()
  }

  /** The segment of what is left, if anything; the builder is empty then. */
  finish(): Segment | undefined {
    if (this.#references.length === 0) return undefined
    const segment = encodeSegment(this.#references, this.#keys)
    this.#references = []
    return segment
  }
}

/** Bytes 2 and 3 of the id: the first two choose buckets elsewhere. */
function isBoundary(chunk: ChunkId): boolean {
  return (Number.parseInt(chunk.slice(4, 8), 16) & boundaryMask) === 0
}

function encodeSegment(references: readonly ChunkReference[], keys: EpochKeys): Segment {
  const count = references.length
  assert(count > 0 && count <= limits.segmentMaxReferences)
  const clearBytes = headBytes + count * idBytes
  const clear = Buffer.allocUnsafe(clearBytes + saltBytes)
  clear.writeUInt8(formatVersion, 0)
  clear.write(keys.id, 1, 'hex')
  clear.writeUInt16BE(count, 1 + epochBytes)
  const secret = Buffer.allocUnsafe(count * secretBytes)
  for (const [index, reference] of references.entries()) {
    clear.write(reference.chunkId, headBytes + index * idBytes, 'hex')
    const at = index * secretBytes
    secret.writeUInt32BE(reference.sizeBytes, at)
    secret.writeUInt32BE(reference.pieceBytes, at + 4)
    assert(reference.key.length === 32 && reference.pieceHash.length === 32)
    reference.key.copy(secret, at + 8)
    reference.pieceHash.copy(secret, at + 40)
  }
  const salt = keyedBlake3(keys.segmentKey, saltLabel, clear.subarray(0, clearBytes), secret)
  salt.copy(clear, clearBytes)
  const cipher = createCipheriv('aes-256-gcm', secretKey(keys, salt), nonce, sealing)
  const sealed = cipher.update(secret)
  cipher.final()
  const bytes = Buffer.concat([clear, sealed, cipher.getAuthTag()])
  return { id: blake3Hex(bytes) as SegmentId, bytes, references }
}

/** The number of references. Throws `damaged` if head and length do not fit. */
function countOf(bytes: Buffer): number {
  if (bytes.length > headBytes && bytes.readUInt8(0) === formatVersion) {
    const count = bytes.readUInt16BE(1 + epochBytes)
    const lengthBytes = headBytes + count * (idBytes + secretBytes) + saltBytes + tagBytes
    if (count > 0 && count <= limits.segmentMaxReferences && bytes.length === lengthBytes) return count
  }
  throw damaged('is none of this format')
}

function damaged(what: string, cause?: unknown): EngineError {
  return new EngineError('damaged', `a segment ${what}`, { cause })
}

/** The chunk ids in order, as bytes: views, nothing is copied. Needs no key. Throws `damaged`. */
export function chunkIdBytesOf(bytes: Uint8Array): Buffer[] {
  const segment = bufferOf(bytes)
  const count = countOf(segment)
  const ids: Buffer[] = []
  for (let index = 0; index < count; index++) {
    const at = headBytes + index * idBytes
    ids.push(segment.subarray(at, at + idBytes))
  }
  return ids
}

/** The chunk ids in order. Needs no key. Throws `damaged`. */
export function chunkIdsOf(bytes: Uint8Array): ChunkId[] {
  return chunkIdBytesOf(bytes).map((id) => hexOf(id) as ChunkId)
}

/**
 * The references in order. Throws `damaged` for anything that a member did not build so, `unknown-epoch` when the keyring lacks
 * the key. Keys and piece hashes are views of one buffer.
 */
export function openSegment(bytes: Uint8Array, keyring: Keyring): ChunkReference[] {
  const segment = bufferOf(bytes)
  const count = countOf(segment)
  const epoch = hexOf(segment.subarray(1, 1 + epochBytes)) as EpochId
  const keys = keyring.get(epoch)
  if (keys === undefined) {
    throw new EngineError('unknown-epoch', `a segment is sealed under the unknown epoch ${epoch}`, { retryable: true })
  }
  const secret = unseal(segment, count, keys)
  const references: ChunkReference[] = []
  for (let index = 0; index < count; index++) {
    const at = index * secretBytes
    const sizeBytes = secret.readUInt32BE(at)
    const pieceBytes = secret.readUInt32BE(at + 4)
    if (sizeBytes === 0 || sizeBytes > limits.chunkMaxBytes || pieceBytes === 0 || pieceBytes > limits.pieceMaxBytes) {
      throw damaged(`says that a chunk has ${sizeBytes} bytes and its piece ${pieceBytes}`)
    }
    references.push({
      chunkId: hexOf(segment.subarray(headBytes + index * idBytes, headBytes + (index + 1) * idBytes)) as ChunkId,
      sizeBytes,
      pieceBytes,
      key: secret.subarray(at + 8, at + 40),
      pieceHash: secret.subarray(at + 40, at + 72),
    })
  }
  return references
}

/** A key object, since Node takes four times as long with plain bytes. */
function secretKey(keys: EpochKeys, salt: Buffer): KeyObject {
  return createSecretKey(keyedBlake3(keys.segmentKey, keyLabel, salt))
}

function unseal(segment: Buffer, count: number, keys: EpochKeys): Buffer {
  const clearBytes = headBytes + count * idBytes
  const salt = segment.subarray(clearBytes, clearBytes + saltBytes)
  const decipher = createDecipheriv('aes-256-gcm', secretKey(keys, salt), nonce, sealing)
  decipher.setAuthTag(segment.subarray(segment.length - tagBytes))
  const secret = decipher.update(segment.subarray(clearBytes + saltBytes, segment.length - tagBytes))
  try {
    decipher.final()
  } catch (error) {
    throw damaged('does not open with its key', error)
  }
  // Authenticates the clear part too: the salt is a keyed hash of both. (GCM's own means for that cost another 10 us.)
  if (!keyedBlake3(keys.segmentKey, saltLabel, segment.subarray(0, clearBytes), secret).equals(salt)) {
    throw damaged('has a clear part that is not its own')
  }
  return secret
}
