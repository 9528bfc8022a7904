/**
 * What two nodes compare to find claims that went astray: per holder and bucket (first two bytes of the id) the sum of 64-bit
 * lanes of the chunks it claims, in memory only. One pass over the chunks computes all sums that are not there, at first
 * use or after an undone change; then they follow each claim.
 */
import { addToSums, takeFromSums } from '../../base/idSums.ts'
import { limits } from '../../limits.ts'
import type { Follower } from '../derived.ts'

/** What of an id enters the sums, as base/idSums.ts has it: bytes 0 to 2 and 8 to 16. */
const laneBytes = 10

export function bucketOf(id: Buffer): number {
  return id.readUInt16BE(0)
}

export class ClaimSums implements Follower {
  readonly #eachClaimed: (call: (lanes: Buffer, bits: readonly number[]) => void) => void
  readonly #bits: () => Iterable<number>
  readonly #sums = new Map<number, BigUint64Array>()
  readonly #sinceMark = new Set<number>()
  readonly #sinceCommit = new Set<number>()

  /** `bits`: of all holders. `eachClaimed` tells the lanes of all chunks, many in one buffer, and who claims them. */
  constructor(
    bits: () => Iterable<number>,
    eachClaimed: (call: (lanes: Buffer, bits: readonly number[]) => void) => void,
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
    this.#eachClaimed((lanes, bits) => {
      const all = bits.map((bit) => missing.get(bit)).filter((sums) => sums !== undefined)
      if (all.length === 0) return
      for (let at = 0; at < lanes.length; at += laneBytes) {
        const bucket = lanes.readUInt16BE(at)
        const lane = lanes.readBigUInt64LE(at + 2)
        for (const sums of all) sums[bucket] = (sums[bucket] ?? 0n) + lane
      }
    })
    for (const [bit, sums] of missing) this.#sums.set(bit, sums)
  }

  /** A claim was added (1) or removed (-1). */
  changed(bit: number, id: Buffer, sign: 1 | -1): void {
    this.#note(bit)
    const sums = this.#sums.get(bit)
    if (sums === undefined) return
    if (sign === 1) addToSums(sums, id)
    else takeFromSums(sums, id)
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
