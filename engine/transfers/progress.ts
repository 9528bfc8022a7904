/**
 * How far an import is: counts, the rate of the last moments and the time that is left. Two walks feed it: one counts what there is,
 * one stores, and the totals grow while the first is under way. What was there already counts as done and not as moved, so
 * that going on after a stop shows no rate that nobody gets.
 */
import { KiB, limits } from '../limits.ts'

interface Sample {
  readonly atMs: number
  readonly bytes: number
  readonly files: number
}

/** What a file costs beside its bytes, in bytes that take as long. */
const fileCostBytes = 64 * KiB
const sampleEveryMs = 500

export class Progress {
  filesDone = 0
  /** Of those done: they were there already. */
  filesSkipped = 0
  filesFailed = 0
  filesLeftOut = 0
  bytesDone = 0
  filesFound = 0
  bytesFound = 0
  /** All has been found that there is. */
  isCounted = false
  #movedBytes = 0
  #movedFiles = 0
  #samples: Sample[] = []

  get filesTotal(): number {
    return Math.max(this.filesFound, this.filesDone + this.filesFailed)
  }

  get bytesTotal(): number {
    return Math.max(this.bytesFound, this.bytesDone)
  }

  /** Bytes of a file that is being stored; negative where it failed after all. */
  moved(bytes: number): void {
    this.bytesDone += bytes
    this.#movedBytes += bytes
  }

  /** A file is through; its bytes were told by `moved`. */
  stored(): void {
    this.filesDone++
    this.#movedFiles++
  }

  skipped(bytes: number): void {
    this.filesDone++
    this.filesSkipped++
    this.bytesDone += bytes
  }

  /** Takes note of the moment; call it now and then. */
  sample(nowMs: number): void {
    const last = this.#samples.at(-1)
    if (last !== undefined && nowMs - last.atMs < sampleEveryMs) return
    this.#samples.push({ atMs: nowMs, bytes: this.#movedBytes, files: this.#movedFiles })
    // The oldest kept is just older than the span.
    while (nowMs - (this.#samples[1]?.atMs ?? nowMs) >= limits.transferRateMs) this.#samples.shift()
  }

  rateBytesPerSec(nowMs: number): number {
    const { bytes, seconds } = this.#lately(nowMs)
    return seconds === 0 ? 0 : Math.max(0, Math.round(bytes / seconds))
  }

  /** Null while nothing can be said. */
  secondsLeft(nowMs: number): number | null {
    const { bytes, files, seconds } = this.#lately(nowMs)
    const pace = (bytes + files * fileCostBytes) / seconds
    if (!this.isCounted || seconds < 1 || !(pace > 0)) return null
    const filesLeft = this.filesTotal - this.filesDone - this.filesFailed
    return Math.ceil((this.bytesTotal - this.bytesDone + filesLeft * fileCostBytes) / pace)
  }

  #lately(nowMs: number): { bytes: number; files: number; seconds: number } {
    const first = this.#samples[0]
    if (first === undefined) return { bytes: 0, files: 0, seconds: 0 }
    const seconds = (nowMs - first.atMs) / 1000
    return { bytes: this.#movedBytes - first.bytes, files: this.#movedFiles - first.files, seconds }
  }
}
