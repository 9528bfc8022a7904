/**
 * Seeded chance for simulations: the same seed gives the same numbers on every machine. Streams are forked by label,
 * so that one more draw in one place (a disk, a wire) does not change what happens everywhere else.
 * The generator is sfc32 (PractRand, Chris Doty-Humphrey): small, fast and without known bias.
 */
import { createHash } from 'node:crypto'
import type { Random } from '../ports.ts'

export class SeededRandom implements Random {
  readonly #name: string
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number | string, label = '') {
    this.#name = `${seed}/${label}`
    const start = createHash('sha256').update(this.#name).digest()
    this.#a = start.readInt32LE(0)
    this.#b = start.readInt32LE(4)
    this.#c = start.readInt32LE(8)
  }

  /** An independent stream; the same label gives the same stream. */
  fork(label: string): SeededRandom {
    return new SeededRandom(this.#name, label)
  }

  /** Uniform 32 bits, unsigned. */
  word(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum
    this.#c |= 0
    return sum >>> 0
  }

  fraction(): number {
    return this.word() / 2 ** 32
  }

  bytes(count: number): Buffer {
    const bytes = Buffer.allocUnsafe(count)
    let at = 0
    for (; at + 4 <= count; at += 4) bytes.writeUInt32LE(this.word(), at)
    for (; at < count; at += 1) bytes[at] = this.word() & 0xff
    return bytes
  }

  /** Uniform integer from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.fraction() * (most - least + 1))
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return probability > 0 && this.fraction() < probability
  }

  /** One of the items; there must be one. */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('nothing to pick from')
    return items[Math.floor(this.fraction() * items.length)] as T
  }

  /** The items in random order, as a new array. */
  shuffle<T>(items: readonly T[]): T[] {
    const order = [...items]
    for (let last = order.length - 1; last > 0; last -= 1) {
      const other = this.between(0, last)
      const moved = order[last] as T
      order[last] = order[other] as T
      order[other] = moved
    }
    return order
  }
}
