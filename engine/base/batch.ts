/**
 * Natural batching: while one batch is under way the next items collect, and go together as soon as there is room. No timer
 * delays a lone item, and under load batches grow by themselves. Bounded per batch in items and bytes; how much waits
 * in all is bounded by the callers, each of which holds its item until the answer.
 */
import { type Deferred, deferred } from './async.ts'

interface Waiting<Item, Result> {
  readonly item: Item
  readonly sizeBytes: number
  readonly done: Deferred<Result>
}

export interface BatchLimits {
  readonly maxItems: number
  readonly maxBytes: number
  /** Batches under way at once. */
  readonly inFlight: number
}

export class NaturalBatch<Item, Result> {
  readonly #send: (items: readonly Item[]) => Promise<readonly Result[]>
  readonly #limits: BatchLimits
  #waiting: Waiting<Item, Result>[] = []
  #underWay = 0
  #scheduled = false

  /** `send` answers one result per item, in order; when it throws, every item of the batch fails with that error. */
  constructor(limits: BatchLimits, send: (items: readonly Item[]) => Promise<readonly Result[]>) {
    this.#limits = limits
    this.#send = send
  }

  add(item: Item, sizeBytes: number): Promise<Result> {
    const done = deferred<Result>()
    this.#waiting.push({ item, sizeBytes, done })
    if (!this.#scheduled) {
      this.#scheduled = true
      // After the current turn's other callers have added theirs.
      queueMicrotask(() => {
        this.#scheduled = false
        this.#start()
      })
    }
    return done.promise
  }

  get waiting(): number {
    return this.#waiting.length
  }

  #start(): void {
    while (this.#waiting.length > 0 && this.#underWay < this.#limits.inFlight) {
      let sizeBytes = 0
      let count = 0
      for (const each of this.#waiting) {
        if (count === this.#limits.maxItems || (count > 0 && sizeBytes + each.sizeBytes > this.#limits.maxBytes)) break
        sizeBytes += each.sizeBytes
        count++
      }
      const batch = this.#waiting.splice(0, count)
      this.#underWay++
      this.#send(batch.map((each) => each.item)).then(
        (results) => {
          for (const [index, each] of batch.entries()) each.done.resolve(results[index] as Result)
          this.#ended()
        },
        (error: unknown) => {
          for (const each of batch) each.done.reject(error)
          this.#ended()
        },
      )
    }
  }

  #ended(): void {
    this.#underWay--
    this.#start()
  }
}
