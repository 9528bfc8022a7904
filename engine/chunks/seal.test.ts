import assert from 'node:assert/strict'
import { createCipheriv } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { isEngineError } from '../base/error.ts'
import { blake3Hex } from '../base/hash.ts'
import type { ChunkId } from '../base/ids.ts'
import { KiB, limits, MiB } from '../limits.ts'
import type { ChunkReference } from '../ports.ts'
import { hashPiece, openChunk, SEAL_OVERHEAD_BYTES, sealInPlace } from './seal.ts'
import { randomLike, textLike } from './testBytes.ts'

const keys = { dedupKey: Buffer.alloc(32, 1), sealKey: Buffer.alloc(32, 2) }

function seal(piece: Uint8Array, sealKeys = keys): { reference: ChunkReference; sealed: Buffer } {
  const room = Buffer.alloc(piece.length + SEAL_OVERHEAD_BYTES)
  room.set(piece)
  const reference = sealInPlace(room, piece.length, hashPiece(sealKeys.dedupKey, piece), sealKeys)
  return { reference, sealed: room.subarray(0, reference.sizeBytes) }
}

const damaged = (error: unknown) => isEngineError(error, 'damaged')

/** Pieces of all kinds: random, compressible, and parts of both around the borders of blocks and frames. */
const pieces = fc
  .record({
    seed: fc.nat(),
    length: fc.oneof(
      fc.integer({ min: 1, max: 3000 }),
      fc.constantFrom(limits.cipherBlockBytes - 1, limits.cipherBlockBytes, limits.cipherBlockBytes + 1),
      fc.integer({ min: 1, max: 300 * KiB }),
      fc.constantFrom(1 * MiB - 1, 1 * MiB, 1 * MiB + 1, 2 * MiB + 77),
    ),
    textShare: fc.constantFrom(0, 0.3, 0.9, 1),
  })
  .map(({ seed, length, textShare }) => {
    const textBytes = Math.floor(length * textShare)
    return Buffer.concat([textLike(textBytes, seed), randomLike(length - textBytes, seed + 1)])
  })

test('what was sealed opens to the same piece, whichever way it is opened', () => {
  fc.assert(
    fc.property(pieces, (piece) => {
      const { reference, sealed } = seal(piece)
      assert.equal(reference.pieceBytes, piece.length)
      assert(reference.sizeBytes <= piece.length + SEAL_OVERHEAD_BYTES)
      assert.equal(reference.chunkId, blake3Hex(sealed))
      assert(openChunk(sealed, reference).equals(piece))
      assert(openChunk(Buffer.from(sealed), reference, { own: true }).equals(piece))
    }),
    { numRuns: 60 },
  )
})

test('opening leaves the chunk as it was unless it is given away', () => {
  const { reference, sealed } = seal(randomLike(300 * KiB, 1))
  openChunk(sealed, reference)
  assert.equal(blake3Hex(sealed), reference.chunkId)
})

test('sealing is convergent in a pool and tells nothing outside it', () => {
  const piece = randomLike(5000, 2)
  const [one, two] = [seal(piece), seal(piece)]
  assert.deepEqual(one, two)
  const other = seal(piece, { ...keys, sealKey: Buffer.alloc(32, 3) })
  assert.notEqual(other.reference.chunkId, one.reference.chunkId)
  assert.notDeepEqual(other.reference.key, one.reference.key)
})

test('a key seals one content only: every other piece, and the packed form of a piece, has its own', () => {
  const text = textLike(2000, 3)
  const packed = seal(text)
  assert(packed.sealed.length < text.length)
  // A piece that is stored as it is and whose bytes are the packed form of the other.
  const { sealed } = seal(text)
  const lookalike = seal(openedBytes(sealed, packed.reference.key).subarray(0, -1))
  assert.notDeepEqual(lookalike.reference.key, packed.reference.key)
  assert.notDeepEqual(seal(text.subarray(1)).reference.key, packed.reference.key)
})

test('bytes that compress are stored smaller, others are not made larger than their overhead', () => {
  assert(seal(textLike(64 * KiB, 4)).sealed.length < 24 * KiB)
  assert.equal(seal(randomLike(64 * KiB, 5)).sealed.length, 64 * KiB + SEAL_OVERHEAD_BYTES)
  // Every byte value is as frequent as any other, and still it repeats itself.
  const repeating = Buffer.concat(Array.from({ length: 256 }, () => randomLike(4 * KiB, 6)))
  assert(seal(repeating).sealed.length < 64 * KiB)
})

test('a piece that differs from its hash when it is sealed is refused: memory has failed', () => {
  for (const piece of [randomLike(200 * KiB, 7), textLike(200 * KiB, 7), Buffer.of(1)]) {
    const room = Buffer.concat([piece, Buffer.alloc(SEAL_OVERHEAD_BYTES)])
    const pieceHash = hashPiece(keys.dedupKey, piece)
    room[piece.length >> 1] = (room[piece.length >> 1] as number) ^ 0x10
    assert.throws(
      () => sealInPlace(room, piece.length, pieceHash, keys),
      (error) => isEngineError(error, 'seal-check-failed'),
    )
  }
})

test('any changed bit of a chunk is found when it is opened', () => {
  fc.assert(
    fc.property(pieces, fc.nat(), (piece, where) => {
      const { reference, sealed } = seal(piece)
      const bit = where % (sealed.length * 8)
      sealed[bit >> 3] = (sealed[bit >> 3] as number) ^ (1 << (bit & 7))
      assert.throws(() => openChunk(sealed, reference), damaged)
    }),
    { numRuns: 40 },
  )
})

test('a wrong length, a wrong key and a wrong piece length are damage', () => {
  for (const piece of [randomLike(1000, 8), textLike(1000, 8)]) {
    const { reference, sealed } = seal(piece)
    assert.throws(() => openChunk(sealed.subarray(1), reference), damaged)
    assert.throws(() => openChunk(sealed.subarray(0, 16), { ...reference, sizeBytes: 16 }), damaged)
    assert.throws(() => openChunk(sealed, { ...reference, key: Buffer.alloc(32) }), damaged)
    assert.throws(() => openChunk(sealed, { ...reference, pieceBytes: 999 }), damaged)
    assert.throws(() => openChunk(sealed, { ...reference, pieceBytes: 1001 }), damaged)
    assert.throws(() => openChunk(sealed, { ...reference, pieceBytes: limits.pieceMaxBytes + 1 }), damaged)
  }
})

test('a chunk that would expand without end is stopped at the length of its piece', () => {
  const bomb = zstdCompressSync(Buffer.alloc(64 * MiB))
  const { sealed, reference } = forge(frames(bomb), 1, 1000)
  assert.throws(
    () => openChunk(sealed, reference),
    // Stopped by zstd's own limit, so before the memory is taken; not by a look at what came out.
    (error) => damaged(error) && (error as { cause?: { code?: string } }).cause?.code === 'ERR_BUFFER_TOO_LARGE',
  )
})

test('frames that are cut off, too many or no zstd at all are damage', () => {
  const content = zstdCompressSync(Buffer.alloc(1000))
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.of(1, 0),
    frames(content).subarray(0, -1),
    frames(content, content),
    frames(randomLike(50, 9)),
    Buffer.from('ffffff7f', 'hex'),
  ]) {
    const { sealed, reference } = forge(bytes, 1, 1000)
    assert.throws(() => openChunk(sealed, reference), damaged)
  }
  const good = forge(frames(content), 1, 1000)
  assert(openChunk(good.sealed, good.reference).equals(Buffer.alloc(1000)))
})

test('a format from the future is not called damage', () => {
  const { sealed, reference } = forge(Buffer.alloc(10), 2, 10)
  assert.throws(
    () => openChunk(sealed, reference),
    (error) => isEngineError(error, 'unknown-format'),
  )
})

test('frozen: chunks of the first release open, and plain pieces seal to the same', () => {
  const { chunks } = JSON.parse(readFileSync(new URL('./fixtures/sealed.json', import.meta.url), 'utf8')) as {
    chunks: { name: string; pieceHash: string; key: string; chunkId: string; sealed: string }[]
  }
  const contents: Record<string, Buffer> = {
    plain: randomLike(200, 7),
    'one byte': Buffer.of(42),
    packed: textLike(3000, 8),
    'two frames': Buffer.concat([Buffer.alloc(1 * MiB), randomLike(200, 11)]),
  }
  assert.deepEqual(
    chunks.map(({ name }) => name),
    Object.keys(contents),
  )
  for (const chunk of chunks) {
    const piece = contents[chunk.name] as Buffer
    const sealed = Buffer.from(chunk.sealed, 'base64')
    const reference: ChunkReference = {
      chunkId: chunk.chunkId as ChunkId,
      sizeBytes: sealed.length,
      pieceBytes: piece.length,
      key: Buffer.from(chunk.key, 'hex'),
      pieceHash: Buffer.from(chunk.pieceHash, 'hex'),
    }
    assert.equal(blake3Hex(sealed), chunk.chunkId)
    assert.equal(hashPiece(keys.dedupKey, piece).toString('hex'), chunk.pieceHash)
    assert(openChunk(sealed, reference).equals(piece), chunk.name)
    // What zstd makes of a piece may change with its release; plain pieces may not change.
    if (sealed.length === piece.length + SEAL_OVERHEAD_BYTES) assert.deepEqual(seal(piece).reference, reference)
  }
})

function frames(...bodies: Buffer[]): Buffer {
  return Buffer.concat(
    bodies.flatMap((body) => {
      const header = Buffer.alloc(4)
      header.writeUInt32LE(body.length)
      return [header, body]
    }),
  )
}

/** A chunk as a hostile member could make one: well sealed, whatever is in it. */
function forge(bytes: Buffer, format: number, pieceBytes: number): { sealed: Buffer; reference: ChunkReference } {
  const key = Buffer.alloc(32, 9)
  const cipher = createCipheriv('aes-256-gcm', key, Buffer.alloc(12))
  const sealed = Buffer.concat([
    cipher.update(Buffer.concat([bytes, Buffer.of(format)])),
    cipher.final(),
    cipher.getAuthTag(),
  ])
  const reference = {
    chunkId: blake3Hex(sealed) as ChunkId,
    sizeBytes: sealed.length,
    pieceBytes,
    key,
    pieceHash: Buffer.alloc(32),
  }
  return { sealed, reference }
}

/** The bytes under the seal, format byte included. */
function openedBytes(sealed: Buffer, key: Buffer): Buffer {
  // GCM encrypts in counter mode: the same key and nonce undo it.
  return createCipheriv('aes-256-gcm', key, Buffer.alloc(12)).update(sealed.subarray(0, -16))
}
