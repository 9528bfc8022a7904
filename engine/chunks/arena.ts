/**
 * The memory that all uploads of a node share: one stretch of shared memory, handed out in slots, first come first served. Its
 * size is the hard limit (invariant 8): who finds no room waits, and only for slots that others hold and will give back.
 * Fixed slots of the largest piece were rejected: eight small files would fill the arena.
 */
import assert from 'node:assert/strict'
import { MiB } from '../limits.ts'

/** Slots begin and end at multiples of this: a cache line. */
const ALIGNMENT_BYTES = 64
/** Smaller slots are taken from the far end, so that large ones find long stretches. */
const LARGE_FROM_BYTES = 2 * MiB

/** The room that `bytes` take in an arena. */
export function slotBytes(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES
}

/** A slot is handed out whole and may be given back in parts. */
export interface Slot {
  readonly start: number
  readonly sizeBytes: number
}

interface Waiter {
  readonly sizeBytes: number
  readonly grant: (slot: Slot) => void
}

export class Arena {
  readonly sizeBytes: number
  /** Free stretches by address; no two touch. */
  readonly #free: { start: number; sizeBytes: number }[]
  readonly #waiting: Waiter[] = []
  #usedBytes = 0

  /** Manages `sizeBytes` from address `start` on; both are multiples of 64. */
  constructor(start: number, sizeBytes: number) {
    assert(start % ALIGNMENT_BYTES === 0 && sizeBytes % ALIGNMENT_BYTES === 0)
    this.sizeBytes = sizeBytes
    this.#free = [{ start, sizeBytes }]
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  get waiting(): number {
    return this.#waiting.length
  }

  /** A slot of at least `bytes` now, or undefined. Nobody who waits is overtaken. */
  tryTake(bytes: number): Slot | undefined {
    return this.#waiting.length > 0 ? undefined : this.#find(slotBytes(bytes))
  }

  /** Waits for a slot of at least `bytes`. Rejects with the signal's reason when aborted while waiting. */
  async take(bytes: number, signal?: AbortSignal): Promise<Slot> {
    signal?.throwIfAborted()
    const sizeBytes = slotBytes(bytes)
    assert(sizeBytes <= this.sizeBytes, 'no slot can be larger than the arena')
    const now = this.tryTake(sizeBytes)
    if (now !== undefined) return now
    return await new Promise((resolve, reject) => {
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
        reject(signal?.reason)
        this.#serve()
      }
      const waiter: Waiter = {
        sizeBytes,
        grant: (slot) => {
          signal?.removeEventListener('abort', giveUp)
          resolve(slot)
        },
      }
      signal?.addEventListener('abort', giveUp, { once: true })
      this.#waiting.push(waiter)
    })
  }

  /** Gives back a slot, or a part of one that begins and ends at a multiple of 64. */
  give({ start, sizeBytes }: Slot): void {
    if (sizeBytes === 0) return
    assert(start % ALIGNMENT_BYTES === 0 && sizeBytes % ALIGNMENT_BYTES === 0)
    const next = this.#free.findIndex((stretch) => stretch.start > start)
    const index = next < 0 ? this.#free.length : next
    const before = this.#free[index - 1]
    const after = this.#free[index]
    assert(before === undefined || before.start + before.sizeBytes <= start, 'memory was given back twice')
    assert(after === undefined || start + sizeBytes <= after.start, 'memory was given back twice')
    this.#usedBytes -= sizeBytes
    const joinsBefore = before !== undefined && before.start + before.sizeBytes === start
    const joinsAfter = after !== undefined && start + sizeBytes === after.start
    if (joinsBefore) {
      before.sizeBytes += sizeBytes + (joinsAfter ? after.sizeBytes : 0)
      if (joinsAfter) this.#free.splice(index, 1)
    } else if (joinsAfter) {
      after.start = start
      after.sizeBytes += sizeBytes
    } else {
      this.#free.splice(index, 0, { start, sizeBytes })
    }
    this.#serve()
  }

  #serve(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const slot = this.#find(next.sizeBytes)
      if (slot === undefined) return
      this.#waiting.shift()
      next.grant(slot)
    }
  }

  #find(sizeBytes: number): Slot | undefined {
    const fits = (stretch: Slot) => stretch.sizeBytes >= sizeBytes
    const large = sizeBytes >= LARGE_FROM_BYTES
    const index = large ? this.#free.findIndex(fits) : this.#free.findLastIndex(fits)
    const stretch = this.#free[index]
    if (stretch === undefined) return undefined
    const start = large ? stretch.start : stretch.start + stretch.sizeBytes - sizeBytes
    if (large) stretch.start += sizeBytes
    stretch.sizeBytes -= sizeBytes
    if (stretch.sizeBytes === 0) this.#free.splice(index, 1)
    this.#usedBytes += sizeBytes
    return { start, sizeBytes }
  }
}
