/**
 * Virtual time: all that will happen in a simulation lies in one heap, ordered by time and then by when it was asked for.
 * An event belongs to a process; those of a dead process never happen, those of a sleeping node happen when it wakes.
 * Real time plays no part, so a run is as reproducible as the code in it.
 */
import type { Clock } from '../ports.ts'

/** Whose event it is. */
export interface EventOwner {
  readonly alive: boolean
  /** Not null while the machine sleeps: its events collect here. */
  readonly asleep: ScheduledEvent[] | null
}

export interface ScheduledEvent {
  readonly atMs: number
  readonly sequence: number
  readonly owner: EventOwner | null
  fire: (() => void) | null
}

export class Schedule {
  nowMs = 0
  readonly #heap: ScheduledEvent[] = []
  #sequence = 0
  #cancelled = 0

  /** Calls `fire` at `atMs` (at once, in order, if that is past); `owner` null: nobody's, it always happens. */
  at(atMs: number, owner: EventOwner | null, fire: () => void): Disposable {
    this.#sequence += 1
    const event: ScheduledEvent = { atMs: Math.max(atMs, this.nowMs), sequence: this.#sequence, owner, fire }
    this.#push(event)
    return {
      [Symbol.dispose]: () => {
        if (event.fire === null) return
        event.fire = null
        this.#cancelled += 1
        if (this.#cancelled > 1024 && this.#cancelled > this.#heap.length / 2) this.#compact()
      },
    }
  }

  /** When the next event is due, or undefined. */
  nextMs(): number | undefined {
    for (let head = this.#heap[0]; head !== undefined; head = this.#heap[0]) {
      if (head.fire !== null && head.owner?.alive !== false) return head.atMs
      this.#pop()
      if (head.fire === null) this.#cancelled -= 1
    }
    return undefined
  }

  /** Moves time to the next event and lets it happen. */
  step(): void {
    if (this.nextMs() === undefined) return
    const event = this.#pop()
    this.nowMs = event.atMs
    if (event.owner?.asleep) event.owner.asleep.push(event)
    else this.happen(event)
  }

  happen(event: ScheduledEvent): void {
    const { fire } = event
    event.fire = null
    if (event.owner?.alive !== false) fire?.()
  }

  #compact(): void {
    const standing = this.#heap.filter((event) => event.fire !== null)
    this.#heap.length = 0
    this.#cancelled = 0
    for (const event of standing) this.#push(event)
  }

  #push(event: ScheduledEvent): void {
    const heap = this.#heap
    let index = heap.length
    heap.push(event)
    while (index > 0) {
      const above = (index - 1) >> 1
      const parent = heap[above] as ScheduledEvent
      if (before(parent, event)) break
      heap[index] = parent
      index = above
    }
    heap[index] = event
  }

  #pop(): ScheduledEvent {
    const heap = this.#heap
    const top = heap[0] as ScheduledEvent
    const last = heap.pop() as ScheduledEvent
    if (heap.length === 0) return top
    let index = 0
    for (;;) {
      let below = 2 * index + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && before(heap[below + 1] as ScheduledEvent, heap[below] as ScheduledEvent))
        below += 1
      const child = heap[below] as ScheduledEvent
      if (before(last, child)) break
      heap[index] = child
      index = below
    }
    heap[index] = last
    return top
  }
}

function before(left: ScheduledEvent, right: ScheduledEvent): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.sequence < right.sequence)
}

/** What of a node shapes its clock. */
export interface ClockSettings {
  /** Its wall clock minus the true time. */
  wallOffsetMs: number
  /** Time that its monotonic clock did not count while it slept (Linux). */
  uncountedMs: number
}

/** The Clock port of one process. */
export class SimClock implements Clock {
  readonly #schedule: Schedule
  readonly #owner: EventOwner
  readonly #settings: ClockSettings
  readonly #epochMs: number

  constructor(schedule: Schedule, owner: EventOwner, settings: ClockSettings, epochMs: number) {
    this.#schedule = schedule
    this.#owner = owner
    this.#settings = settings
    this.#epochMs = epochMs
  }

  nowMs(): number {
    return Math.floor(this.#epochMs + this.#schedule.nowMs + this.#settings.wallOffsetMs)
  }

  monotonicMs(): number {
    return this.#schedule.nowMs - this.#settings.uncountedMs
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason)
        return
      }
      const abort = () => {
        timer[Symbol.dispose]()
        reject(signal?.reason)
      }
      const timer = this.timer(delayMs, () => {
        signal?.removeEventListener('abort', abort)
        resolve()
      })
      signal?.addEventListener('abort', abort, { once: true })
    })
  }

  timer(delayMs: number, fire: () => void): Disposable {
    return this.#schedule.at(this.#schedule.nowMs + Math.max(0, delayMs), this.#owner, fire)
  }

  soon(): Promise<void> {
    return new Promise((resolve) => {
      this.timer(0, resolve)
    })
  }
}
