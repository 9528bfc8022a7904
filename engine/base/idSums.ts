/**
 * Sums by which two nodes compare sets of chunk ids without sending them: one lane of 64 bits per bucket. An id's bucket is
 * its first 16 bits; it adds 2^32 and the number in the 32 bits that follow, so a lane counts its ids and tells which. Ids
 * are hashes, so unequal sets of one size have equal lanes once in 2^32; what that hides is found at the next change. The first 48
 * bits of an id (`slotOf`) are all that is needed, and fit an SQLite integer and a JavaScript number.
 */
import type { ChunkId } from './ids.ts'

const SLOT_DIGITS = 12
/** Slots of one bucket. */
export const SLOTS_PER_BUCKET = 2 ** 32

/** The first 48 bits of an id as a number. */
export function slotOf(id: ChunkId): number {
  return Number.parseInt(id.slice(0, SLOT_DIGITS), 16)
}

/** The first 16 bits: 0 to 65,535. */
export function bucketOf(id: ChunkId): number {
  return Number.parseInt(id.slice(0, 4), 16)
}

/** Adds one id to the sums (65,536 lanes). */
export function addToSums(sums: BigUint64Array, id: ChunkId): void {
  const bucket = bucketOf(id)
  sums[bucket] = (sums[bucket] ?? 0n) + termOf(id)
}

/** Takes out one id that was added. */
export function takeFromSums(sums: BigUint64Array, id: ChunkId): void {
  const bucket = bucketOf(id)
  sums[bucket] = (sums[bucket] ?? 0n) - termOf(id)
}

function termOf(id: ChunkId): bigint {
  return BigInt(SLOTS_PER_BUCKET + (slotOf(id) % SLOTS_PER_BUCKET))
}
