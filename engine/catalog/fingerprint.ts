/**
 * Fingerprints of all rows: each of 65,536 buckets has the sum of its rows' hashes, 256 upper sums and a root stand above.
 * Two catalogs are equal if their roots are. A sum does not care about order, and adding or removing a row costs the same
 * whatever the catalog's size, so it is kept incrementally, in memory, and counted anew from the rows at each start.
 *
 * A sum is four lanes of 64 bits, each with wrap-around: addition in a group of 2^256 elements, like addition modulo 2^256
 * but without carries between lanes. For hashes that behave like random numbers the chance of two different catalogs
 * with one sum is 2^-256 in both. Someone who chooses rows on purpose could do better than chance against either, but only
 * members can seal rows, and members can write what they like anyway. XOR was rejected: a row counted twice vanishes.
 */
import assert from 'node:assert/strict'
import { bytesOf } from '../base/bytes.ts'
import { blake3 } from '../base/hash.ts'
import { limits } from '../limits.ts'

const sumBytes = 32
const words = sumBytes / 4
const upperCount = 256
const lowerCount = limits.fingerprintBuckets / upperCount

assert(new Uint8Array(Uint32Array.of(1).buffer)[0] === 1, 'sums are laid out for a little-endian processor')

/**
 * Where the rows of an id lie: the first 48 bits of BLAKE3 of the id, of which the first 16 are the bucket. By id and not
 * by the whole key, so that all rows of an entry, and the `gone` that ends them, are neighbours and compared together.
 */
export function slotOf(id: string): number {
  return blake3(bytesOf(id)).readUIntBE(0, 6)
}

export function bucketOfSlot(slot: number): number {
  return Math.floor(slot / 2 ** 32)
}

export class Fingerprints {
  readonly #buckets = new Uint32Array(limits.fingerprintBuckets * words)
  readonly #uppers = new Uint32Array(upperCount * words)
  readonly #root = new Uint32Array(words)
  #rootText: string | undefined

  /** Counts a row in; `hash` has 32 bytes. */
  add(bucket: number, hash: Buffer): void {
    this.#each(bucket, hash, addTo)
  }

  /** Takes a row out that was counted in. */
  subtract(bucket: number, hash: Buffer): void {
    this.#each(bucket, hash, subtractFrom)
  }

  /** 64 hexadecimal digits. */
  root(): string {
    this.#rootText ??= bytesAt(this.#root, 0, 1).toString('hex')
    return this.#rootText
  }

  /** 256 sums of 32 bytes. */
  upper(): Buffer {
    return bytesAt(this.#uppers, 0, upperCount)
  }

  /** The 256 bucket sums below one upper index. */
  lower(upper: number): Buffer {
    return bytesAt(this.#buckets, upper * lowerCount, lowerCount)
  }

  #each(bucket: number, hash: Buffer, change: (sums: Uint32Array, at: number, hash: Buffer) => void): void {
    change(this.#buckets, bucket * words, hash)
    change(this.#uppers, Math.floor(bucket / lowerCount) * words, hash)
    change(this.#root, 0, hash)
    this.#rootText = undefined
  }
}

/** Indexes at which two answers of `upper` or `lower` differ. */
export function differing(left: Uint8Array, right: Uint8Array): number[] {
  assert(left.length === right.length && left.length % sumBytes === 0)
  const found: number[] = []
  for (let at = 0; at < left.length; at += sumBytes) {
    if (Buffer.compare(left.subarray(at, at + sumBytes), right.subarray(at, at + sumBytes)) !== 0) {
      found.push(at / sumBytes)
    }
  }
  return found
}

/** Bytes of one answer of `upper` or `lower`. */
export const sumsBytes = upperCount * sumBytes

/** A 64-bit lane is two words, the lower one first; the carry out of the upper one is dropped. */
function addTo(sums: Uint32Array, at: number, hash: Buffer): void {
  for (let word = 0; word < words; word += 2) {
    const low = (sums[at + word] as number) + hash.readUInt32LE(word * 4)
    const carry = low > 0xffffffff ? 1 : 0
    sums[at + word] = low
    sums[at + word + 1] = (sums[at + word + 1] as number) + hash.readUInt32LE(word * 4 + 4) + carry
  }
}

function subtractFrom(sums: Uint32Array, at: number, hash: Buffer): void {
  for (let word = 0; word < words; word += 2) {
    const low = (sums[at + word] as number) - hash.readUInt32LE(word * 4)
    const borrow = low < 0 ? 1 : 0
    sums[at + word] = low
    sums[at + word + 1] = (sums[at + word + 1] as number) - hash.readUInt32LE(word * 4 + 4) - borrow
  }
}

function bytesAt(sums: Uint32Array, first: number, count: number): Buffer {
  return Buffer.copyBytesFrom(sums, first * words, count * words)
}
