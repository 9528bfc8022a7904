/**
 * The gear hash that finds cuts: for each byte, shift left by one and add the byte's number from a table, so that 64 bytes
 * back decide. This file has the table and the plain reference that says what the fast loop (cutLoop.as) must find.
 * The table is the same in every pool: the sizes of sealed chunks therefore show an observer, who has the same public
 * file, that a pool may hold it. A table keyed per pool would hide that and cost nothing at run time, but sizes of small
 * files would still show; the design does not ask for it.
 */
import { blake3 } from '../base/hash.ts'
import { type FindCut, GEAR_WINDOW_BYTES } from './cutRule.ts'

/** Numbers in the table, one per byte value, 64 bits each. */
const GEAR_ENTRIES = 256

const SEED = 'hadahoop gear table 1'

/** The table: number `i` is the first 8 bytes, little-endian, of BLAKE3(seed text, byte `i`). It never changes: cuts depend on it. */
export function gearTable(): BigUint64Array {
  const seed = Buffer.from(SEED)
  return BigUint64Array.from({ length: GEAR_ENTRIES }, (_, value) => blake3(seed, Buffer.of(value)).readBigUInt64LE(0))
}

/** The reference: looks for cuts in `piece`, byte by byte. Some hundred times slower than the loop in WebAssembly. */
export function referenceFindCut(piece: Uint8Array): FindCut {
  const table = gearTable()
  return (first, last, bits) => {
    const threshold = 1n << BigInt(64 - bits)
    let hash = 0n
    for (let at = first - GEAR_WINDOW_BYTES; at < last; at++) {
      hash = BigInt.asUintN(64, (hash << 1n) + (table[piece[at] as number] as bigint))
      if (at + 1 >= first && hash < threshold) return at + 1
    }
    return 0
  }
}
