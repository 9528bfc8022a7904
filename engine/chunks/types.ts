/**
 * Replicas on this node's disk: one store with one verified entrance, leases beside the bytes they protect, and the
 * inventory that peers learn from. What goes in is sealed; nothing here can read content.
 */
import type { ChunkId, NodeId, VersionId } from '../base/ids.ts'

/** Who needs a chunk before any row names it: the upload (named by the version it makes) and its writer at one of its starts. */
export interface Lease {
  readonly upload: VersionId
  readonly writer: NodeId
  readonly writerStart: number
}

export interface ChunkStoreEvents {
  /** Replicas that came or went, after they are durable. */
  changed(added: readonly ChunkId[], removed: readonly ChunkId[]): void
}

export interface ChunkStore {
  /**
   * The one entrance: checks that BLAKE3 of the bytes is the id, that quota and free space hold, then makes bytes and lease durable.
   * Resolves once durable. Throws `wrong-chunk` (hash), `quota-full`, `disk-full`. A chunk that is there already is not written
   * again, only leased; if it was marked leaving, it stays. `sealed` may lie in shared memory and must not change until settled.
   */
  put(id: ChunkId, sealed: Uint8Array, lease: Lease | null): Promise<'stored' | 'had'>
  /** The sealed bytes, or undefined. A damaged file is quarantined, withdrawn and answered as undefined; `verify` forces the hash check. */
  get(id: ChunkId, options?: { readonly verify?: boolean }): Promise<Buffer | undefined>
  has(id: ChunkId): boolean
  sizeBytes(id: ChunkId): number | undefined
  /** Leases those that are here and not marked leaving, durably; tells which. */
  touch(ids: readonly ChunkId[], lease: Lease): Promise<boolean[]>
  /** Ends the leases of uploads whose rows or cancellation were merged. Throws `disk-full`; then `catchUp` ends them. */
  endLeases(uploads: readonly VersionId[]): Promise<void>
  /** Ends the leases and marks that could not be ended while the disk was full. Throws `disk-full`. */
  catchUp(): Promise<void>
  /** Ends the leases of a writer at all its starts but `keepStart`; null keeps none. */
  endLeasesOfWriter(writer: NodeId, keepStart: number | null): Promise<void>
  leasesOf(id: ChunkId): Lease[]
  /** Whose leases there are, of which starts. */
  leaseWriters(): { readonly writer: NodeId; readonly writerStart: number }[]
  /**
   * Marks replicas as leaving, durably, all with the number answered; `marked` tells which: those that are here, that no lease keeps
   * and that are not marked yet. A marked replica is served to readers, takes no touch and must not be pledged. Marks end
   * by `unmark`, by a put of the chunk, and with the process.
   */
  markLeaving(ids: readonly ChunkId[]): Promise<{ readonly mark: number; readonly marked: boolean[] }>
  isLeaving(id: ChunkId): boolean
  /** Takes back the marks that still have this number. */
  unmark(ids: readonly ChunkId[], mark: number): Promise<void>
  /** Deletes those replicas that still bear the mark; tells which. The caller has all pledges (invariant 4). */
  removeLeaving(ids: readonly ChunkId[], mark: number): Promise<boolean[]>
  /**
   * An upload was given up by its writer: ends its leases and deletes those of `ids` that no other lease keeps. The caller names
   * only chunks that no version names.
   */
  abandon(upload: VersionId, ids: readonly ChunkId[]): Promise<void>
  /** Deletes a replica for good. The caller answers for invariant 4. */
  remove(ids: readonly ChunkId[]): Promise<void>
  /** Ids in order, from `after` on. */
  ids(after: ChunkId | null, limit: number): ChunkId[]
  /** Sums per bucket of the ids held: limits.fingerprintBuckets lanes of 64 bits, as ChunkIndex.claimSums. */
  sums(): BigUint64Array
  idsInBucket(bucket: number): ChunkId[]
  readonly usedBytes: number
  readonly count: number
  /** The bytes that may still come in under quota and free space. */
  roomBytes(): Promise<number>
  setQuotaBytes(quotaBytes: number): void
  on(events: Partial<ChunkStoreEvents>): Disposable
  close(): Promise<void>
}
