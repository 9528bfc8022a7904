/**
 * The process that storeCrash.test.ts kills: stores chunk after chunk in a folder, several at once, small and large, and
 * prints the number of each when the store has acknowledged it. Arguments: folder, first number.
 */
import { writeSync } from 'node:fs'
import { blake3Hex } from '../base/hash.ts'
import { type ChunkId, NodeIds, VersionIds } from '../base/ids.ts'
import { GiB, KiB } from '../limits.ts'
import { createDisk, systemClock } from '../platform/index.ts'
import { openChunkStore } from './store.ts'
import type { Lease } from './types.ts'
import { randomLike } from './testBytes.ts'

const ABREAST = 8

export function crashChunk(number: number): { id: ChunkId; sealed: Buffer } {
  const sealed = randomLike(number % 3 === 0 ? 70 * KiB + number : 2000 + number, number)
  return { id: blake3Hex(sealed) as ChunkId, sealed }
}

export function crashLease(number: number): Lease {
  return {
    upload: VersionIds.parse(number.toString(16).padStart(32, '0')),
    writer: NodeIds.parse('ab'.repeat(16)),
    writerStart: number,
  }
}

async function run(folder: string, first: number): Promise<void> {
  const store = await openChunkStore({
    disk: createDisk(folder),
    clock: systemClock,
    quotaBytes: 1 * GiB,
    minimumFreeBytes: 0,
  })
  let number = first
  const storeOnAndOn = async () => {
    for (;;) {
      const mine = number++
      const { id, sealed } = crashChunk(mine)
      await store.put(id, sealed, crashLease(mine))
      writeSync(1, `${mine}\n`)
    }
  }
  await Promise.all(Array.from({ length: ABREAST }, storeOnAndOn))
}

const [, program, folder, first] = process.argv
if (program === import.meta.filename && folder !== undefined) await run(folder, Number(first))
