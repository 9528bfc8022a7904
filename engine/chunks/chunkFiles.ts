/** Files of large chunks: chunks/<first 2 digits>/<next 2>/<id>, so that no folder of a full disk grows beyond what file systems like. */
import { isEngineError } from '../base/error.ts'
import { type ChunkId, ChunkIds } from '../base/ids.ts'
import { limits } from '../limits.ts'
import type { Disk } from '../ports.ts'

const ROOT = 'chunks'
const QUARANTINE = 'quarantine'

export class ChunkFiles {
  readonly #disk: Disk

  constructor(disk: Disk) {
    this.#disk = disk
  }

  /** Durable when it resolves. Throws `disk-full`; then nothing is left behind. */
  async write(id: ChunkId, sealed: Uint8Array): Promise<void> {
    await this.#disk.writeDurable(pathOf(id), sealed)
  }

  /** Undefined if there is no file. Throws `disk-failing`. */
  async read(id: ChunkId): Promise<Buffer | undefined> {
    try {
      return await this.#disk.read(pathOf(id))
    } catch (error) {
      if (isEngineError(error, 'no-file')) return undefined
      throw error
    }
  }

  /** Removes the file if it is there. */
  async remove(id: ChunkId): Promise<void> {
    await this.#removePath(pathOf(id))
  }

  /** Keeps bytes that are not what they should be for whoever wants to look at them, as long as there are few. */
  async quarantine(id: ChunkId, bytes: Uint8Array): Promise<void> {
    const kept = await this.#disk.list(QUARANTINE)
    if (kept.length < limits.quarantinedChunks) await this.#disk.write(`${QUARANTINE}/${id}`, bytes)
  }

  /** Buckets (the first 16 bits of the ids) that have a folder, in order. */
  async *buckets(): AsyncGenerator<number> {
    for (const upper of await this.#disk.list(ROOT)) {
      for (const lower of await this.#disk.list(`${ROOT}/${upper}`)) {
        const digits = upper + lower
        if (/^[0-9a-f]{4}$/.test(digits)) yield Number.parseInt(digits, 16)
      }
    }
  }

  /** Ids of the files in a bucket. What else lies there (a write that was cut off) is removed. */
  async idsInBucket(bucket: number): Promise<ChunkId[]> {
    const digits = bucket.toString(16).padStart(4, '0')
    const folder = `${ROOT}/${digits.slice(0, 2)}/${digits.slice(2)}`
    const ids: ChunkId[] = []
    for (const name of await this.#disk.list(folder)) {
      if (ChunkIds.is(name) && name.startsWith(digits)) ids.push(name)
      else await this.#removePath(`${folder}/${name}`)
    }
    return ids
  }

  async #removePath(path: string): Promise<void> {
    try {
      await this.#disk.remove(path)
    } catch (error) {
      if (!isEngineError(error, 'no-file')) throw error
    }
  }
}

function pathOf(id: ChunkId): string {
  return `${ROOT}/${id.slice(0, 2)}/${id.slice(2, 4)}/${id}`
}
