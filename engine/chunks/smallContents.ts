/**
 * Contents of one small piece. They are hashed and looked up on the calling thread, and unknown ones go to a thread together:
 * while one batch is under way the next collects. So the main thread pays microseconds for a file that costs a hundred to
 * compress and seal, and a lone file is not kept waiting.
 */
import { NaturalBatch } from '../base/batch.ts'
import { limits } from '../limits.ts'
import type { SealedPiece, SealOptions } from '../ports.ts'
import { type SealDeps, once, sealedPiece } from './contentSeal.ts'
import { pieceSlotBytes, type SealedAs } from './jobs.ts'
import { hashPiece, sealInPlace } from './seal.ts'

interface SmallPiece {
  readonly start: number
  readonly pieceBytes: number
  readonly pieceHash: Buffer
}

/** The batches of one pair of keys; keys change with the pool's epoch only. */
interface Lane {
  readonly dedupKey: Buffer
  readonly sealKey: Buffer
  readonly batch: NaturalBatch<SmallPiece, SealedAs>
}

export class SmallContents {
  readonly #deps: SealDeps
  #lane: Lane | undefined

  constructor(deps: SealDeps) {
    this.#deps = deps
  }

  /** Seals the content that fills the first `pieceBytes` of `room`, which has SEAL_OVERHEAD_BYTES more. */
  async seal(room: Buffer, pieceBytes: number, options: SealOptions): Promise<SealedPiece> {
    const { arena, memory } = this.#deps
    const slot = arena.tryTake(pieceSlotBytes(pieceBytes))
    // No room: it would have to wait for contents a thousand times its size.
    if (slot === undefined) return sealHere(room, pieceBytes, options)
    try {
      const pieceHash = hashPiece(options.dedupKey, room.subarray(0, pieceBytes))
      const known = options.known(pieceHash)
      if (known !== undefined) {
        arena.give(slot)
        return { reference: known, sealed: null, release: once(() => {}) }
      }
      memory.set(room.subarray(0, pieceBytes), slot.start)
      const piece = { start: slot.start, pieceBytes, pieceHash }
      return sealedPiece(this.#deps, slot, piece, await this.#laneOf(options).batch.add(piece, pieceBytes))
    } catch (error) {
      arena.give(slot)
      throw error
    }
  }

  #laneOf({ dedupKey, sealKey }: SealOptions): Lane {
    const lane = this.#lane
    if (lane?.dedupKey.equals(dedupKey) && lane.sealKey.equals(sealKey)) return lane
    const { pool } = this.#deps
    const most = { maxItems: limits.smallContentsPerJob, maxBytes: limits.sealWindowBytes, inFlight: pool.threads }
    const batch = new NaturalBatch<SmallPiece, SealedAs>(most, async (pieces) => {
      const sizeBytes = pieces.reduce((sum, piece) => sum + piece.pieceBytes, 0)
      return (await pool.run({ what: 'seal', pieces, dedupKey, sealKey }, sizeBytes)).sealed
    })
    this.#lane = { dedupKey, sealKey, batch }
    return this.#lane
  }
}

/** A content of one piece, sealed on this thread. `room` has SEAL_OVERHEAD_BYTES more than the piece. */
export function sealHere(room: Buffer, pieceBytes: number, options: SealOptions): SealedPiece {
  const pieceHash = hashPiece(options.dedupKey, room.subarray(0, pieceBytes))
  const known = options.known(pieceHash)
  if (known !== undefined) return { reference: known, sealed: null, release: once(() => {}) }
  const reference = sealInPlace(room, pieceBytes, pieceHash, options)
  return { reference, sealed: room.subarray(0, reference.sizeBytes), release: once(() => {}) }
}
