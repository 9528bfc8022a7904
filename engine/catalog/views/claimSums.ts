/**
 * What two nodes compare to find claims that went astray: per holder and bucket (first two bytes of the id) the sum of 64-bit
 * lanes of the chunks it claims, in memory only. One pass over the chunks computes all sums that are not there, at first
 * use or after an undone change; then they follow each claim.
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
  readonly #eachClaimed: (call: (id: Buffer, bits: readonly number[]) => void) => void
  readonly #bits: () => Iterable<number>
  readonly #sums = new Map<number, BigUint64Array>()
  readonly #sinceMark = new Set<number>()
  readonly #sinceCommit = new Set<number>()

  /** `bits`: of all holders. `eachClaimed` tells all chunks that anybody claims, and who. */
  constructor(
    bits: () => Iterable<number>,
    eachClaimed: (call: (id: Buffer, bits: readonly number[]) => void) => void,
  ) {
    this.#bits = bits
    this.#eachClaimed = eachClaimed
  }

  /** A copy: whoever compares does so for longer than one turn. */
  get(bit: number): BigUint64Array {
    if (!this.#sums.has(bit)) this.#load()
    return (this.#sums.get(bit) ?? new BigUint64Array(limits.fingerprintBuckets)).slice()
  }

  #load(): void {
    const missing = new Map<number, BigUint64Array>()
    for (const bit of this.#bits()) {
      if (!this.#sums.has(bit)) missing.set(bit, new BigUint64Array(limits.fingerprintBuckets))
    }
    this.#eachClaimed((id, bits) => {
      const lane = laneOf(id)
      for (const bit of bits) {
        const sums = missing.get(bit)
        if (sums !== undefined) addTo(sums, id, lane)
      }
    })
    for (const [bit, sums] of missing) this.#sums.set(bit, sums)
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
