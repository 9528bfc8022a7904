/**
 * What the catalog asks of everything that is derived from rows (views/): it follows the rows inside their transaction and
 * can be rebuilt from them. The catalog decides which row wins; views are told only of winners, so they never compare
 * stamps to merge. Memory kept beside the database must follow savepoints: `mark` and `undo`, `commit` and `rollback`.
 */
import type { EntryId, SegmentId, VersionId } from '../base/ids.ts'
import type { ChunkIndex, FileGroups, OpenRow, Segment, TreeReads, VersionHeader } from './types.ts'

/** In-memory state that must end up like the database: each call follows what happens to the transaction. */
export interface Follower {
  /** A piece of work begins: `undo` goes back to here. Works follow one another, they never nest. */
  mark(): void
  /** The work since the last `mark` failed and is undone in the database. */
  undo(): void
  /** All works since the last `commit` or `rollback` that were not undone are durable. */
  commit(): void
  /** Nothing since the last `commit` happened. */
  rollback(): void
}

export interface DerivedViews extends TreeReads, Follower {
  readonly chunks: ChunkIndex
  readonly groups: FileGroups
  /**
   * A row has won under its key; one that it replaces was applied before. `header` is the decoded clear header of rows that
   * carry a version (a file's birth, a version row), else null.
   */
  apply(open: OpenRow, header: VersionHeader | null): void
  /** An entry ended (`gone`): all its rows, those of its versions too, are removed by the catalog. */
  forgetEntry(entry: EntryId): void
  /** Keeps a segment whose hash the catalog has checked; idempotent. The version that names it may follow in the same transaction. */
  addSegment(segment: Segment): void
  /** True if a version names it and it is not here: the only foreign segments that the catalog takes. */
  lacks(id: SegmentId): boolean
  segment(id: SegmentId): Uint8Array | undefined
  /** Named by a version and not here. */
  missingSegments(limit: number): SegmentId[]
  /** Entries whose look may have changed since the last call. */
  takeChanged(): readonly EntryId[] | 'all'
  /** Versions that became whole (row and all segments here) since the last call. */
  takeCompleted(): readonly VersionId[]
  /** Work that may wait (names for searching, policies of large folders), about `limit` items of it; true while there is more. */
  workOff(limit: number): boolean
  /** Forgets all that was derived from rows, before they are applied again in any order. Segments stay. */
  reset(): void
}
