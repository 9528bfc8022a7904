/**
 * What two nodes compare to find claims that went astray: per holder and bucket (first two bytes of the id) the sum of 64-bit
 * lanes of the chunks it claims, in memory only. Computed from the database at first use and then kept up; after an undone
 * change, computed again.
 */
import { limits } from '../../limits.ts'
import type { Follower } from '../derived.ts'

/** Bytes 8 to 16 of the id, little-endian. */
function laneOf(id: Buffer): bigint {
  return id.readBigUInt64LE(8)
}

export function bucketOf(id: Buffer): number {
  return id.readUInt16BE(0)
}

export class ClaimSums implements Follower {
  readonly #idsOf: (bit: number) => Iterable<Buffer>
  readonly #sums = new Map<number, BigUint64Array>()
  readonly #sinceMark = new Set<number>()
  readonly #sinceCommit = new Set<number>()

  /** `idsOf`: ids of all chunks that the holder with a bit claims. */
  constructor(idsOf: (bit: number) => Iterable<Buffer>) {
    this.#idsOf = idsOf
  }

  /** A copy: whoever compares does so for longer than one turn. */
  get(bit: number): BigUint64Array {
    let sums = this.#sums.get(bit)
    if (sums === undefined) {
      sums = new BigUint64Array(limits.fingerprintBuckets)
      for (const id of this.#idsOf(bit)) addTo(sums, id, laneOf(id))
      this.#sums.set(bit, sums)
    }
    return sums.slice()
  }

  /** A claim was added (1) or removed (-1). */
  changed(bit: number, id: Buffer, sign: 1 | -1): void {
    this.#note(bit)
    const sums = this.#sums.get(bit)
    // Arithmetic in an array of 64-bit lanes wraps around.
    if (sums !== undefined) addTo(sums, id, sign === 1 ? laneOf(id) : -laneOf(id))
  }

  forget(bit: number): void {
    this.#sums.delete(bit)
    this.#note(bit)
  }

  #note(bit: number): void {
    this.#sinceMark.add(bit)
    this.#sinceCommit.add(bit)
  }

  mark(): void {
    this.#sinceMark.clear()
  }

  undo(): void {
    for (const bit of this.#sinceMark) this.#sums.delete(bit)
  }

  commit(): void {
    this.#sinceMark.clear()
    this.#sinceCommit.clear()
  }

  rollback(): void {
    for (const bit of this.#sinceCommit) this.#sums.delete(bit)
    this.commit()
  }
}

function addTo(sums: BigUint64Array, id: Buffer, lane: bigint): void {
  const bucket = bucketOf(id)
  sums[bucket] = (sums[bucket] ?? 0n) + lane
}
