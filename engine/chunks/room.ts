/**
 * How much may still come in: quota and minimum of free disk, which hold always, also while many chunks are on their way.
 * Room is reserved before a byte is written. The disk is asked rarely; between two questions, what was written since counts.
 */
import { EngineError } from '../base/error.ts'
import { limits } from '../limits.ts'
import type { Clock, Disk } from '../ports.ts'

export interface RoomOptions {
  readonly disk: Disk
  readonly clock: Clock
  readonly quotaBytes: number
  readonly minimumFreeBytes: number
}

export class Room {
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #minimumFreeBytes: number
  quotaBytes: number
  usedBytes: number
  #reservedBytes = 0
  #freeBytes = 0
  #askedAtMs = Number.NEGATIVE_INFINITY
  /** Bytes that came in since the disk was asked. */
  #sinceBytes = 0
  #asking: Promise<void> | undefined
  /** Something was deleted since the question under way was asked: its answer may not know of it. */
  #outdated = false

  constructor(options: RoomOptions, usedBytes: number) {
    this.#disk = options.disk
    this.#clock = options.clock
    this.quotaBytes = options.quotaBytes
    this.#minimumFreeBytes = options.minimumFreeBytes
    this.usedBytes = usedBytes
  }

  /** Reserves room. Throws `quota-full` or `disk-full`. Each reservation ends by `fill` or `giveUp`. */
  async reserve(bytes: number): Promise<void> {
    // Databases and other programs fill the disk as well: where little is left, only a fresh answer counts.
    const hasPlenty = this.#aboveMinimum() - bytes > limits.freeSpacePlentyBytes
    if (!this.#fits(bytes, hasPlenty ? limits.freeSpaceAskMs : limits.freeSpaceReaskMs)) {
      this.#checkQuota(bytes)
      if (this.#ageMs() >= limits.freeSpaceReaskMs) await this.#ask()
      this.#checkQuota(bytes)
      if (!this.#fits(bytes, Number.POSITIVE_INFINITY)) throw this.#diskFull()
    }
    this.#reservedBytes += bytes
  }

  /** The reserved bytes have been written. */
  fill(bytes: number): void {
    this.#reservedBytes -= bytes
    this.#sinceBytes += bytes
    this.usedBytes += bytes
  }

  giveUp(bytes: number): void {
    this.#reservedBytes -= bytes
  }

  /** Something was deleted: the disk is asked before the next refusal. */
  askAnew(): void {
    this.#askedAtMs = Number.NEGATIVE_INFINITY
    this.#outdated = this.#asking !== undefined
  }

  /** Bytes that may still come in. */
  async bytes(): Promise<number> {
    if (this.#ageMs() >= limits.freeSpaceAskMs) await this.#ask()
    const underQuota = this.quotaBytes - this.usedBytes - this.#reservedBytes
    return Math.max(0, Math.min(underQuota, this.#aboveMinimum()))
  }

  #fits(bytes: number, maxAgeMs: number): boolean {
    return (
      this.usedBytes + this.#reservedBytes + bytes <= this.quotaBytes &&
      bytes <= this.#aboveMinimum() &&
      this.#ageMs() <= maxAgeMs
    )
  }

  /** How old the disk's answer is. */
  #ageMs(): number {
    return this.#clock.monotonicMs() - this.#askedAtMs
  }

  #aboveMinimum(): number {
    return this.#freeBytes - this.#sinceBytes - this.#reservedBytes - this.#minimumFreeBytes
  }

  #checkQuota(bytes: number): void {
    if (this.usedBytes + this.#reservedBytes + bytes <= this.quotaBytes) return
    throw new EngineError('quota-full', 'this machine gives the pool no more space', {
      hint: 'Raise the space that this machine gives to the pool, or add a machine.',
      retryable: true,
      facts: { quotaBytes: this.quotaBytes, usedBytes: this.usedBytes },
    })
  }

  #diskFull(): EngineError {
    return new EngineError('disk-full', 'the disk of this machine has no free space left for the pool', {
      hint: 'Free some space on that disk.',
      retryable: true,
      facts: { freeBytes: this.#freeBytes, minimumFreeBytes: this.#minimumFreeBytes },
    })
  }

  /** One question at a time, shared by all who want to know, unless its answer comes too late for them. */
  #ask(): Promise<void> {
    if (this.#asking !== undefined && this.#outdated) return this.#asking.then(() => this.#ask())
    this.#asking ??= this.#askNow().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  async #askNow(): Promise<void> {
    this.#outdated = false
    const before = this.#sinceBytes
    const freeBytes = await this.#disk.freeBytes()
    this.#freeBytes = freeBytes
    // What was written during the question may or may not be in the answer: it counts.
    this.#sinceBytes -= before
    if (!this.#outdated) this.#askedAtMs = this.#clock.monotonicMs()
  }
}
