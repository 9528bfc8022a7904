/**
 * Seals a piece into a chunk and opens it again; pure and synchronous. A sealed chunk is the piece (or its packed form) and
 * one byte of format, under AES-256-GCM, and the tag. Sealing is convergent: the key derives from what is sealed, so equal
 * pieces in a pool give equal chunks, and with a key that seals one content only, a fixed nonce is safe. Every chunk is
 * opened again and its piece hash compared before anyone may store it: bad memory must not become everyone's copy.
 *
 * Chunk: ciphertext of (bytes | format byte) | tag(16).
 * Format 0: the bytes are the piece; key = keyed BLAKE3(seal key, piece hash | 0).
 * Format 1: the bytes are the packed piece (compress.ts); key = keyed BLAKE3(seal key, packed bytes | 1).
 * The format byte stands last, so that a piece can be sealed where it lies. For format 0 the piece hash stands for the
 * piece: it is a collision-resistant hash of these very bytes, and hashing them a third time would cost a tenth of sealing.
 */
import { createCipheriv, createDecipheriv, createSecretKey, type DecipherGCM, type KeyObject } from 'node:crypto'
import { Blake3Hasher } from '@napi-rs/blake-hash'
import { bufferOf } from '../base/bytes.ts'
import { EngineError } from '../base/error.ts'
import { keyedBlake3 } from '../base/hash.ts'
import type { ChunkId } from '../base/ids.ts'
import { freeNow } from '../base/memory.ts'
import { limits } from '../limits.ts'
import type { ChunkReference } from '../ports.ts'
import { frameContentBytes, packInPlace, unpack, unpackFrame } from './compress.ts'

const ALGORITHM = 'aes-256-gcm'
const NONCE = Buffer.alloc(12)
const TAG_BYTES = 16

const FORMAT_PLAIN = 0
const FORMAT_PACKED = 1

/** A sealed chunk is longer than its piece by at most this. */
export const SEAL_OVERHEAD_BYTES = 1 + TAG_BYTES

/** The keys that sealing needs; 32 bytes each. */
export interface SealKeys {
  readonly dedupKey: Buffer
  readonly sealKey: Buffer
}

/** What finds a piece that the pool already has: keyed BLAKE3, 32 bytes. */
export function hashPiece(dedupKey: Buffer, piece: Uint8Array): Buffer {
  return keyedBlake3(dedupKey, piece)
}

/**
 * Seals the piece that fills the first `pieceBytes` of `room`, in place; the sealed chunk then fills the first
 * `reference.sizeBytes`. `room` has SEAL_OVERHEAD_BYTES more than the piece. Throws `seal-check-failed` when the chunk does not
 * open to a piece with `pieceHash`: memory or processor have failed, and the content must be read again.
 */
export function sealInPlace(room: Buffer, pieceBytes: number, pieceHash: Buffer, keys: SealKeys): ChunkReference {
  const frameEnds = packInPlace(room, pieceBytes)
  const bytesToSeal = frameEnds?.at(-1) ?? pieceBytes
  const format = frameEnds === null ? FORMAT_PLAIN : FORMAT_PACKED
  room[bytesToSeal] = format
  const key = keyedBlake3(
    keys.sealKey,
    ...(frameEnds === null ? [pieceHash, Buffer.of(format)] : [room.subarray(0, bytesToSeal + 1)]),
  )
  const secret = createSecretKey(key) // with a Buffer instead, each cipher takes 12 microseconds longer to make
  const check = new OpeningCheck(secret, keys.dedupKey, pieceBytes, frameEnds !== null)
  const cipher = createCipheriv(ALGORITHM, secret, NONCE)
  const idHash = new Blake3Hasher()
  let at = 0
  for (const end of frameEnds ?? blockEnds(pieceBytes)) {
    // The format byte goes with the last block.
    const block = room.subarray(at, end === bytesToSeal ? end + 1 : end)
    const sealed = cipher.update(block)
    block.set(sealed)
    freeNow(sealed)
    // While the block is in the cache, what will be stored is hashed and opened.
    idHash.update(block)
    check.update(block, end === bytesToSeal)
    at = end
  }
  cipher.final()
  const tag = cipher.getAuthTag()
  const sizeBytes = bytesToSeal + SEAL_OVERHEAD_BYTES
  room.set(tag, bytesToSeal + 1)
  const storedTag = room.subarray(bytesToSeal + 1, sizeBytes)
  check.finish(storedTag, pieceHash)
  const chunkId = idHash.update(storedTag).digest('hex') as ChunkId
  return { chunkId, sizeBytes, pieceBytes, key, pieceHash }
}

/** Opens a chunk block by block while it is sealed, as a reader will. */
class OpeningCheck {
  readonly #decipher: DecipherGCM
  readonly #pieceHash: Blake3Hasher
  readonly #pieceBytes: number
  readonly #packed: boolean
  #frame = 0

  constructor(secret: KeyObject, dedupKey: Buffer, pieceBytes: number, packed: boolean) {
    this.#decipher = createDecipheriv(ALGORITHM, secret, NONCE, { authTagLength: TAG_BYTES })
    this.#pieceHash = Blake3Hasher.newKeyed(dedupKey)
    this.#pieceBytes = pieceBytes
    this.#packed = packed
  }

  update(sealed: Buffer, last: boolean): void {
    const opened = this.#decipher.update(sealed)
    const bytes = last ? opened.subarray(0, -1) : opened
    if (last && opened.at(-1) !== (this.#packed ? FORMAT_PACKED : FORMAT_PLAIN)) throw checkFailed()
    if (this.#packed) {
      const content = unpackFrame(bytes, frameContentBytes(this.#pieceBytes, this.#frame++))
      this.#pieceHash.update(content)
      freeNow(content)
    } else {
      this.#pieceHash.update(bytes)
    }
    freeNow(opened)
  }

  finish(tag: Buffer, pieceHash: Buffer): void {
    this.#decipher.setAuthTag(tag)
    try {
      this.#decipher.final()
    } catch (error) {
      throw checkFailed(error)
    }
    if (this.#pieceHash.digest('hex') !== pieceHash.toString('hex')) throw checkFailed()
  }
}

/**
 * Opens a chunk. `own` says that the caller gives `sealed` away: then the piece may be opened where the chunk lies. Throws
 * `damaged` if length, tag or packing are wrong; what comes back has passed the tag and has `reference.pieceBytes`.
 */
export function openChunk(
  sealed: Uint8Array,
  reference: ChunkReference,
  options: { readonly own?: boolean } = {},
): Buffer {
  const { pieceBytes } = reference
  const bytesSealed = sealed.length - TAG_BYTES
  if (sealed.length !== reference.sizeBytes || bytesSealed < 1) throw damaged(reference, 'its length is wrong')
  if (pieceBytes > limits.pieceMaxBytes) throw damaged(reference, 'no piece may be that long')
  const chunk = bufferOf(sealed)
  const opened = decrypt(chunk, bytesSealed, reference, options.own === true)
  const bytes = opened.subarray(0, -1)
  switch (opened.at(-1)) {
    case FORMAT_PLAIN:
      if (bytes.length !== pieceBytes) throw damaged(reference, 'its piece has the wrong length')
      return bytes
    case FORMAT_PACKED:
      return unpack(bytes, pieceBytes)
    default:
      throw new EngineError(
        'unknown-format',
        `chunk ${reference.chunkId} has a format that this release does not know`,
        {
          hint: 'Update Hadahoop on this machine.',
        },
      )
  }
}

function decrypt(chunk: Buffer, bytesSealed: number, reference: ChunkReference, inPlace: boolean): Buffer {
  const decipher = createDecipheriv(ALGORITHM, createSecretKey(reference.key), NONCE, { authTagLength: TAG_BYTES })
  decipher.setAuthTag(chunk.subarray(bytesSealed))
  let opened: Buffer
  if (bytesSealed <= limits.cipherBlockBytes) {
    opened = decipher.update(chunk.subarray(0, bytesSealed))
  } else {
    opened = inPlace ? chunk.subarray(0, bytesSealed) : Buffer.allocUnsafeSlow(bytesSealed)
    for (let at = 0; at < bytesSealed; at += limits.cipherBlockBytes) {
      const block = decipher.update(chunk.subarray(at, Math.min(at + limits.cipherBlockBytes, bytesSealed)))
      opened.set(block, at)
      freeNow(block)
    }
  }
  try {
    decipher.final()
  } catch (error) {
    throw damaged(reference, 'its tag is wrong', error)
  }
  return opened
}

function blockEnds(bytes: number): number[] {
  const count = Math.max(1, Math.ceil(bytes / limits.cipherBlockBytes))
  return Array.from({ length: count }, (_, index) => Math.min((index + 1) * limits.cipherBlockBytes, bytes))
}

function checkFailed(cause?: unknown): EngineError {
  return new EngineError('seal-check-failed', 'a sealed piece did not open to the bytes that went in', {
    hint: 'This computer made a mistake: test its memory. The file was not stored.',
    retryable: true,
    cause,
  })
}

function damaged(reference: ChunkReference, what: string, cause?: unknown): EngineError {
  return new EngineError('damaged', `chunk ${reference.chunkId} is damaged: ${what}`, { cause })
}
