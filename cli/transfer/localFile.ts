/**
 * One file of this computer while it is read in. Small files are read without leaving the thread, which costs a tenth of
 * handing every step to another one; where the disk makes that slow, the next ones are handed over after all. The last
 * part comes only once size and time have proved unchanged.
 */
import { closeSync, fstatSync, open, openSync, read, readSync } from 'node:fs'
import { promisify } from 'node:util'
import { fileTimeMs } from '../../engine/base/fileTime.ts'
import { Failure } from '../failure.ts'

const openLater = promisify(open)
const readLater = promisify(read)

export const PART_BYTES = 1024 * 1024
const SLOW_MS = 5
/** After a slow step, so many files are read by other threads before this one is tried again. */
const PATIENT_FILES = 64

let patientFiles = 0

export class LocalFile implements Disposable {
  readonly sizeBytes: number
  /** Whole milliseconds, as the API has them. */
  readonly modifiedMs: number
  readonly #path: string
  readonly #file: number
  readonly #mtimeNs: bigint

  private constructor(path: string, file: number) {
    const { size, mtimeNs } = fstatSync(file, { bigint: true })
    this.#path = path
    this.#file = file
    this.sizeBytes = Number(size)
    this.#mtimeNs = mtimeNs
    this.modifiedMs = fileTimeMs(mtimeNs)
  }

  static async open(path: string): Promise<LocalFile> {
    return new LocalFile(path, patientFiles > 0 ? await openLater(path, 'r') : watched(() => openSync(path, 'r')))
  }

  [Symbol.dispose](): void {
    closeSync(this.#file)
  }

  /** The bytes, in parts of at most PART_BYTES. Throws Failure `source-changed`. */
  async *parts(): AsyncGenerator<Buffer, void, void> {
    for (let at = 0; at < this.sizeBytes; ) {
      const part = await this.#part(at)
      at += part.length
      yield part
    }
  }

  /** All bytes of a file of at most PART_BYTES. Throws Failure `source-changed`. */
  async whole(): Promise<Buffer> {
    if (this.sizeBytes === 0) return Buffer.alloc(0)
    const first = await this.#part(0)
    if (first.length === this.sizeBytes) return first
    const parts = [first]
    for (let at = first.length; at < this.sizeBytes; at += parts.at(-1)?.length ?? 0) parts.push(await this.#part(at))
    return Buffer.concat(parts)
  }

  async #part(at: number): Promise<Buffer> {
    const part = Buffer.allocUnsafe(Math.min(PART_BYTES, this.sizeBytes - at))
    let count: number
    if (this.sizeBytes > PART_BYTES || patientFiles > 0) {
      patientFiles = Math.max(0, patientFiles - 1)
      count = (await readLater(this.#file, part, 0, part.length, at)).bytesRead
    } else count = watched(() => readSync(this.#file, part, 0, part.length, at))
    if (count === 0) throw this.#changed()
    if (at + count === this.sizeBytes) {
      const { size, mtimeNs } = fstatSync(this.#file, { bigint: true })
      if (Number(size) !== this.sizeBytes || mtimeNs !== this.#mtimeNs) throw this.#changed()
    }
    return part.subarray(0, count)
  }

  #changed(): Failure {
    const hint = 'Try again when it is at rest.'
    return new Failure('source-changed', `${this.#path} changes while it is read.`, { hint })
  }
}

function watched<T>(step: () => T): T {
  const startedMs = performance.now()
  const result = step()
  if (performance.now() - startedMs > SLOW_MS) patientFiles = PATIENT_FILES
  return result
}
