/**
 * What worker threads do for contents in the arena: cut a window and hash its pieces, seal pieces, open a chunk. Plain
 * functions over shared memory, so that the thread itself is only the post. Pieces leave the window at addresses of
 * their own, each with room to be sealed in place; so a piece takes memory once, and sealing never waits for more.
 */
import { bufferOf } from '../base/bytes.ts'
import type { ChunkId } from '../base/ids.ts'
import type { ChunkReference } from '../ports.ts'
import { slotBytes } from './arena.ts'
import type { Cutter } from './cutter.ts'
import { cutRule } from './cutRule.ts'
import { hashPiece, openChunk, SEAL_OVERHEAD_BYTES, type SealKeys, sealInPlace } from './seal.ts'

export interface CutJob {
  readonly what: 'cut'
  /** Address of the window's first byte, at which a piece begins. */
  readonly start: number
  readonly availableBytes: number
  /** The first piece was looked for in so many bytes before, in vain. */
  readonly scannedBytes: number
  /** Offset of the window in its content. */
  readonly offset: number
  /** Nothing follows the window. */
  readonly ended: boolean
  readonly dedupKey: Uint8Array
}

/** A piece in its slot; the slot begins where the piece does and has room for its chunk. */
export interface PieceAt {
  readonly start: number
  readonly pieceBytes: number
  readonly pieceHash: Uint8Array
}

export interface CutResult {
  readonly pieces: readonly PieceAt[]
  /** What no piece took, moved behind the last piece's slot; it was scanned in vain. */
  readonly restStart: number
  readonly restBytes: number
}

export interface SealJob {
  readonly what: 'seal'
  readonly pieces: readonly PieceAt[]
  readonly dedupKey: Uint8Array
  readonly sealKey: Uint8Array
}

/** What a reference has beyond what is known of the piece. */
export interface SealedAs {
  readonly chunkId: ChunkId
  readonly sizeBytes: number
  readonly key: Uint8Array
}

export interface SealResult {
  /** One per piece, in order. */
  readonly sealed: readonly SealedAs[]
}

/** The chunk's memory travels with the job and comes back with the piece. */
export interface OpenJob {
  readonly what: 'open'
  readonly sealed: Uint8Array<ArrayBuffer>
  readonly reference: ChunkReference
}

export interface OpenResult {
  readonly piece: Uint8Array<ArrayBuffer>
}

export type Job = CutJob | SealJob | OpenJob
export type ResultOf<J extends Job> = J extends CutJob ? CutResult : J extends SealJob ? SealResult : OpenResult

/** The slot of a piece: room for it sealed. */
export function pieceSlotBytes(pieceBytes: number): number {
  return slotBytes(pieceBytes + SEAL_OVERHEAD_BYTES)
}

/** Cuts as many pieces as can be told, moves them apart and hashes them. `memory` is the whole shared memory. */
export function runCut(memory: Buffer, cutter: Cutter, job: CutJob): CutResult {
  const lengths = cutLengths(cutter, job)
  const slots = lengths.map(pieceSlotBytes)
  let from = job.start + lengths.reduce(sum, 0)
  let to = job.start + slots.reduce(sum, 0)
  const restStart = to
  const restBytes = job.start + job.availableBytes - from
  memory.copyWithin(to, from, from + restBytes)
  const pieces: PieceAt[] = []
  for (let index = lengths.length - 1; index >= 0; index--) {
    const pieceBytes = lengths[index] as number
    from -= pieceBytes
    to -= slots[index] as number
    if (to !== from) memory.copyWithin(to, from, from + pieceBytes)
    const pieceHash = hashPiece(bufferOf(job.dedupKey), memory.subarray(to, to + pieceBytes))
    pieces.push({ start: to, pieceBytes, pieceHash })
  }
  return { pieces: pieces.reverse(), restStart, restBytes }
}

function cutLengths(cutter: Cutter, job: CutJob): number[] {
  const lengths: number[] = []
  let at = 0
  while (at < job.availableBytes) {
    const length = cutter(job.start + at, cutRule(job.offset + at), {
      availableBytes: job.availableBytes - at,
      scannedBytes: at === 0 ? job.scannedBytes : 0,
      ended: job.ended,
    })
    if (length === 0) break
    lengths.push(length)
    at += length
  }
  return lengths
}

export function runSeal(memory: Buffer, job: SealJob): SealResult {
  const keys: SealKeys = { dedupKey: bufferOf(job.dedupKey), sealKey: bufferOf(job.sealKey) }
  const sealed = job.pieces.map(({ start, pieceBytes, pieceHash }) => {
    const room = memory.subarray(start, start + pieceBytes + SEAL_OVERHEAD_BYTES)
    const { chunkId, sizeBytes, key } = sealInPlace(room, pieceBytes, bufferOf(pieceHash), keys)
    return { chunkId, sizeBytes, key }
  })
  return { sealed }
}

export function runOpen(job: OpenJob): OpenResult {
  const reference: ChunkReference = { ...job.reference, key: bufferOf(job.reference.key) }
  const piece = openChunk(job.sealed, reference, { own: true })
  // Never a view of the pool or of shared memory: the chunk's own memory, or a new one for an unpacked piece.
  return { piece: piece as Uint8Array<ArrayBuffer> }
}

function sum(a: number, b: number): number {
  return a + b
}
