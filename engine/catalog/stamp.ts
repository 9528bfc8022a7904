/**
 * Stamps: a hybrid logical clock (Kulkarni et al., "Logical Physical Clocks", 2014) with its author's name. 48 bits of wall
 * milliseconds, a 16-bit counter, the node id and the number drawn at the author's start, as 56 hexadecimal digits whose
 * order as text is their order in time. A new stamp exceeds every stamp that its author has merged, so what a person does
 * after having seen something wins over it. The start number keeps a restored disk image from making a stamp twice.
 */
import assert from 'node:assert/strict'
import type { NodeId } from '../base/ids.ts'
import type { Clock } from '../ports.ts'
import type { Stamp } from './types.ts'

/** Less than every stamp that a clock makes. */
export const NO_STAMP = '0'.repeat(56) as Stamp

const timeMax = 2 ** 48 - 1
const counterMax = 0xffff

/** Wall clock part: milliseconds since 1970, as its author's clock had them. */
export function stampMs(stamp: Stamp): number {
  return Number.parseInt(stamp.slice(0, 12), 16)
}

/** The smallest stamp of a millisecond: for comparing stamps with times. */
export function stampFloor(atMs: number): Stamp {
  assert(Number.isInteger(atMs) && atMs >= 0 && atMs <= timeMax, 'a stamp holds 48 bits of milliseconds')
  return (atMs.toString(16).padStart(12, '0') + '0'.repeat(44)) as Stamp
}

export class StampClock {
  readonly #clock: Clock
  readonly #author: string
  #greatest: Stamp

  /** `greatest`: the greatest stamp that this node has authored or merged before, from its database. */
  constructor(clock: Clock, nodeId: NodeId, startNumber: number, greatest: Stamp) {
    assert(Number.isInteger(startNumber) && startNumber >= 0 && startNumber < 2 ** 32)
    this.#clock = clock
    this.#author = nodeId + startNumber.toString(16).padStart(8, '0')
    this.#greatest = greatest
  }

  /** The greatest stamp authored or merged so far. */
  get greatest(): Stamp {
    return this.#greatest
  }

  /** A new stamp, greater than all before; near the wall clock unless a merged stamp is ahead of it. */
  next(): Stamp {
    const nowMs = this.#clock.nowMs()
    let atMs = stampMs(this.#greatest)
    let counter = Number.parseInt(this.#greatest.slice(12, 16), 16) + 1
    if (nowMs > atMs) {
      atMs = nowMs
      counter = 0
    } else if (counter > counterMax) {
      atMs += 1
      counter = 0
    }
    assert(atMs <= timeMax, 'the clock is past the year 10889')
    this.#greatest = (atMs.toString(16).padStart(12, '0') +
      counter.toString(16).padStart(4, '0') +
      this.#author) as Stamp
    return this.#greatest
  }

  /** A stamp has been merged. Call only for stamps that are not too far ahead. */
  observe(stamp: Stamp): void {
    if (stamp > this.#greatest) this.#greatest = stamp
  }

  /** Starts over below stamps that a wrong clock had made; only for re-stamping, when no such stamp is left. */
  restart(greatest: Stamp): void {
    this.#greatest = greatest
  }
}
