/**
 * Brings files and rows together after a crash: a file without a row (its put was never answered) is taken in if its bytes
 * are what its name says, a row without a file is withdrawn. Bucket by bucket, so memory is bounded; each finding is
 * checked again by the store, under its lock, since puts and removals go on meanwhile.
 * A list of files being written, kept in the database, was rejected: one more fsync per put to save a look after a crash.
 */
import type { ChunkId } from '../base/ids.ts'
import type { ChunkFiles } from './chunkFiles.ts'

export interface ReconcileDeps {
  readonly files: ChunkFiles
  /** Ids of a bucket whose rows say that they lie in files. */
  readonly idsInFiles: (bucket: number) => ChunkId[]
  /** Buckets that have such rows. */
  readonly bucketsInFiles: () => number[]
  readonly adopt: (id: ChunkId) => Promise<void>
  /** Looks at the chunk and withdraws it if it is missing. */
  readonly withdraw: (id: ChunkId) => Promise<void>
  readonly stopped: () => boolean
}

export async function reconcile(deps: ReconcileDeps): Promise<void> {
  const unseen = new Set(deps.bucketsInFiles())
  for await (const bucket of deps.files.buckets()) {
    if (deps.stopped()) return
    unseen.delete(bucket)
    const found = await deps.files.idsInBucket(bucket)
    const stated = deps.idsInFiles(bucket)
    for (const id of without(found, stated)) await deps.adopt(id)
    for (const id of without(stated, found)) await deps.withdraw(id)
  }
  // Whole folders may be gone.
  for (const bucket of unseen) {
    if (deps.stopped()) return
    for (const id of deps.idsInFiles(bucket)) await deps.withdraw(id)
  }
}

function without(ids: readonly ChunkId[], others: readonly ChunkId[]): ChunkId[] {
  const known = new Set(others)
  return ids.filter((id) => !known.has(id))
}
