/**
 * Sums by which two nodes compare sets of chunk ids without sending them: per bucket (the first 16 bits of an id) the sum, in 64
 * bits, of the lanes of its ids (bytes 8 to 16, little-endian). The first 48 bits of an id, its slot, fit an SQLite
 * integer and a JavaScript number, and order ids as their text does.
 */
import type { ChunkId } from './ids.ts'

const SLOT_DIGITS = 12
/** Slots of one bucket. */
export const SLOTS_PER_BUCKET = 2 ** 32

/** The first 48 bits of an id as a number. */
export function slotOf(id: ChunkId): number {
  return Number.parseInt(id.slice(0, SLOT_DIGITS), 16)
}

/** Adds one id, as bytes, to the sums (65,536 of them). */
export function addToSums(sums: BigUint64Array, id: Buffer): void {
  change(sums, id, id.readBigUInt64LE(8))
}

/** Takes out one id that was added. */
export function takeFromSums(sums: BigUint64Array, id: Buffer): void {
  change(sums, id, -id.readBigUInt64LE(8))
}

/** Arithmetic in an array of 64-bit lanes wraps around. */
function change(sums: BigUint64Array, id: Buffer, lane: bigint): void {
  const bucket = id.readUInt16BE(0)
  sums[bucket] = (sums[bucket] ?? 0n) + lane
}
