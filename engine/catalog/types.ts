/**
 * The catalog's words in types: rows, stamps, what their bodies say, and the views that are read from them. Rows are the
 * truth and are exchanged; everything else here is derived, changes in the transaction of its cause and can be rebuilt.
 */
import type { Brand, ChunkId, EntryId, EpochId, NodeId, SegmentId, VersionId } from '../base/ids.ts'
import type { ChunkReference } from '../ports.ts'

/** 56 hexadecimal digits, compared as text: 48-bit wall milliseconds, 16-bit counter, node id, 32-bit start number. */
export type Stamp = Brand<string, 'Stamp'>

/** Register names by kind. entry: birth | location | trash | policy | properties; version: ''; node: profile | presence; pool: settings; gone: ''. */
export type RowKind = 'entry' | 'version' | 'node' | 'pool' | 'gone'

export interface RowKey {
  readonly kind: RowKind
  /** 32 hexadecimal digits: the entry's, version's or node's id; the pool's id for `pool`. */
  readonly id: string
  readonly register: string
}

/** As stored and sent. The hash that settles equal stamps and feeds fingerprints is BLAKE3 of key, stamp, epoch, header and body. */
export interface Row extends RowKey {
  readonly stamp: Stamp
  readonly epoch: EpochId
  /** CBOR in clear, authenticated with the body: what a node without the pool's secret must see (segments, uploads). */
  readonly header: Uint8Array
  /** salt(32) | ciphertext | tag(16) */
  readonly body: Uint8Array
}

/** The clear header of rows that carry a version (an entry's birth, a version row). Names whose references keep chunks alive. */
export interface VersionHeader {
  readonly version: VersionId
  readonly entry: EntryId
  readonly segments: readonly SegmentId[]
  readonly parents: readonly VersionId[]
}

export interface VersionBody {
  readonly sizeBytes: number
  /** The content's own modification time, ms since 1970; what the user sees. */
  readonly modifiedMs: number
  /** When and where it was written. */
  readonly createdMs: number
  readonly author: NodeId
}

export interface Version extends VersionHeader, VersionBody {}

export interface NodeProfile {
  readonly name: string
  readonly site: string
  readonly deviceClass: 'always-on' | 'desktop' | 'laptop'
  readonly quotaBytes: number
  readonly machineHash: string
  readonly addresses: readonly string[]
  readonly drain: boolean
  readonly awayUntilMs: number | null
  /** Nobody waits for it to come back: somebody said so while it was away. It takes that back itself when it is there again. */
  readonly missed?: true
  /** The machine that takes its place: it drains, and leaves the pool once it is empty. */
  readonly replacedBy?: NodeId
}

/** From later than to: over midnight. */
export interface LimitHours {
  readonly fromMinute: number
  readonly toMinute: number
}

export interface PoolSettings {
  readonly name: string
  readonly copies: number
  readonly graceMs: { readonly 'always-on': number; readonly desktop: number; readonly laptop: number }
  readonly trashDays: number
  readonly versionDays: number
  readonly versionCount: number
  readonly upBytesPerSec: number
  readonly downBytesPerSec: number
  /** Minutes of each machine's own day between which the limits of rates hold; not there: always. */
  readonly limitHours?: LimitHours
  /** When a person last said that repair should go on although most machines are gone, ms since 1970. */
  readonly thawedMs?: number
}

/** What a person or the engine wants to say; the catalog turns each into one row with stamp, header and sealed body. */
export type Change =
  | {
      readonly what: 'birth'
      readonly entry: EntryId
      readonly parent: EntryId
      readonly name: string
      readonly version: Version | null
    }
  | { readonly what: 'version'; readonly version: Version }
  | { readonly what: 'location'; readonly entry: EntryId; readonly parent: EntryId; readonly name: string }
  | {
      readonly what: 'trash'
      readonly entry: EntryId
      readonly trashed: boolean
      readonly version: VersionId | null
      readonly by: NodeId
      readonly atMs: number
    }
  | {
      readonly what: 'policy'
      readonly entry: EntryId
      readonly copies: number | null
      readonly pinnedTo: readonly NodeId[]
    }
  | { readonly what: 'properties'; readonly entry: EntryId; readonly properties: Readonly<Record<string, string>> }
  | { readonly what: 'profile'; readonly node: NodeId; readonly profile: NodeProfile }
  | { readonly what: 'presence'; readonly node: NodeId; readonly atMs: number }
  | { readonly what: 'settings'; readonly settings: PoolSettings }

/** A row that has been verified and opened. */
export interface OpenRow {
  readonly row: Row
  readonly hash: Buffer
  readonly change: Change
}

// ---------------------------------------------------------------- segments

/** A content-addressed list of chunk references. Bytes: see docs/disk-format.md. Immutable; the id is BLAKE3 of the bytes. */
export interface Segment {
  readonly id: SegmentId
  readonly bytes: Uint8Array
  /** What is in it, where it was built; spares opening it again. Never travels. */
  readonly references?: readonly ChunkReference[]
}

// ---------------------------------------------------------------- views

export type EntryKind = 'file' | 'folder'

/** One visible thing under one visible name. */
export interface EntryView {
  readonly id: EntryId
  readonly kind: EntryKind
  /** Display path, `/` first; `/` for the root, `/Recovered/…` for what lost its place. */
  readonly path: string
  /** Display name, with digits of the id where an equal name came earlier. */
  readonly name: string
  /** The parent as the view has it (the root for /Recovered's own children). */
  readonly parent: EntryId
  /** Folders of equal name show as one: all their ids, the first is `id`. One id otherwise. */
  readonly ids: readonly EntryId[]
  /** Null for folders. */
  readonly version: VersionId | null
  readonly sizeBytes: number | null
  readonly modifiedMs: number
  /** Versions that no version follows; two or more are a conflict. Empty for folders. */
  readonly heads: readonly VersionId[]
  /** Another live entry beside it differs only in upper and lower case. */
  readonly caseTwin: boolean
}

export interface ListOptions {
  readonly sort: 'name' | 'size' | 'modified'
  readonly order: 'asc' | 'desc'
  /** 1 to limits.listMax */
  readonly limit: number
  readonly cursor: string | null
}

export interface Page<T> {
  readonly items: T[]
  readonly next: string | null
}

export interface TrashItem {
  readonly entry: EntryView
  /** Path it had when deleted, as far as known. */
  readonly formerPath: string
  readonly trashedAtMs: number
  readonly trashedBy: NodeId
}

export interface Policy {
  /** Copies wanted, 1 to 5. */
  readonly copies: number
  readonly pinnedTo: readonly NodeId[]
}

/** What an entry's own policy row says. */
export interface OwnPolicy {
  /** Null: as the folder above. */
  readonly copies: number | null
  readonly pinnedTo: readonly NodeId[]
}

export interface SearchQuery {
  readonly text: string
  readonly kind?: EntryKind
  readonly folder?: EntryView
  /** Of files: bytes of the current version, both ends included. Folders have no size. */
  readonly minBytes?: number
  readonly maxBytes?: number
  /** Modified at or after, and before; ms since 1970. */
  readonly afterMs?: number
  readonly beforeMs?: number
  /** Asked of names that fit otherwise. */
  readonly named?: (name: string) => boolean
  /** Asked of files and folders that fit otherwise. */
  readonly acceptFile?: (file: EntryId) => boolean
  readonly acceptFolder?: (folder: EntryView) => boolean
  readonly limit: number
  readonly cursor: string | null
}

/** Reads of the tree; synchronous, consistent inside one transaction. Paths are decoded names from the root. */
export interface TreeReads {
  /** The entry at a path; undefined if nothing is there. [] is the root. ['Recovered'] is the recovered folder when it is not empty. */
  at(path: readonly string[]): EntryView | undefined
  /** A live entry by id; undefined for unknown or trashed ones. */
  entry(id: EntryId): EntryView | undefined
  /** Throws `bad-cursor`. Folders come first when sorting by name. */
  list(folder: EntryView, options: ListOptions): Page<EntryView>
  /** True if `ancestor` is `id` or lies above it. */
  isWithin(id: EntryId, ancestor: EntryId): boolean
  /** Files and folders inside (itself not counted) and the bytes of their current versions; stops counting at `stopAfter` entries. */
  countWithin(folder: EntryView, stopAfter?: number): { entries: number; bytes: number }
  /** The same folder by folder, in sums of what hangs in each: for counting in steps. */
  walkWithin(folder: EntryView): Generator<{ files: number; folders: number; bytes: number }, void>
  countAll(): { files: number; folders: number; bytes: number }
  /** Live files whose effective place is below the folder, in no order. */
  filesWithin(folder: EntryView): IterableIterator<EntryView>
  versions(id: EntryId): Version[]
  version(id: VersionId): Version | undefined
  policy(id: EntryId): Policy
  /** The entry's own policy row, if any. */
  ownPolicy(id: EntryId): OwnPolicy | undefined
  /** Entries whose own policy pins them to a node, deleted ones too. */
  pinnedBy(node: NodeId): EntryId[]
  trash(options: { readonly limit: number; readonly cursor: string | null }): Page<TrashItem>
  trashed(id: EntryId): TrashItem | undefined
  profile(node: NodeId): NodeProfile | undefined
  presenceMs(node: NodeId): number | undefined
  settings(): PoolSettings | undefined
  /** Any substring of the name, case-insensitive, and whatever else is asked for. */
  search(query: SearchQuery): Page<EntryView>
}

export interface CatalogTransaction extends TreeReads {
  /** Authors one row with a new stamp; its derived rows are there at once. */
  write(change: Change): Row
  /** Stores a segment that a following `write` names. */
  addSegment(segment: Segment): void
}

export interface MergeResult {
  /** Rows that won. */
  readonly accepted: number
  /** Rows refused and why: `bad-tag`, `bad-row`, `unknown-epoch`, `gone`, `stamp-ahead`; `index` in the rows given. */
  readonly refused: { readonly key: RowKey; readonly code: string; readonly index: number }[]
  /** Segments that versions among the rows given name and this node lacks. */
  readonly missingSegments: SegmentId[]
}

// ---------------------------------------------------------------- chunk index

export interface ChunkFacts {
  readonly chunkId: ChunkId
  readonly sizeBytes: number
  /** Members that claim a replica. */
  readonly holders: readonly NodeId[]
  /** Copies wanted: the highest policy among the files that name it. */
  readonly wanted: number
  readonly pinnedTo: readonly NodeId[]
}

/** One group of chunks with equal holders and equal wanted copies; counts are kept incrementally. */
export interface HolderPattern {
  readonly holders: readonly NodeId[]
  readonly wanted: number
  readonly chunks: number
  readonly bytes: number
}

/** Which chunks the catalog names, and who claims to hold them. Claims are not rows (see the design: inventories). */
export interface ChunkIndex {
  facts(chunk: ChunkId): ChunkFacts | undefined
  /** True if a kept version names it: only then may nobody delete it. */
  isNamed(chunk: ChunkId): boolean
  /** Chunks of a version in order, from its segments; throws `segment-missing`. Sealed parts need a keyring: see segments. */
  chunksOfVersion(version: VersionId): IterableIterator<ChunkId>
  /** Records claims of one holder. Unknown chunks are remembered too. */
  claim(holder: NodeId, add: readonly ChunkId[], remove: readonly ChunkId[]): void
  /** Forgets all claims of a holder. */
  disclaim(holder: NodeId): void
  /** Sums per bucket (first two bytes of the id) of a holder's claims: limits.fingerprintBuckets lanes of 64 bits. */
  claimSums(holder: NodeId): BigUint64Array
  claimsInBucket(holder: NodeId, bucket: number): ChunkId[]
  patterns(): HolderPattern[]
  /** Named chunks with just these holders and wanted copies, from `after` on in order of id. */
  ofGroup(group: Pick<HolderPattern, 'holders' | 'wanted'>, after: ChunkId | null, limit: number): ChunkFacts[]
  /** Named chunks that a holder claims, from `after` on in order of id. */
  heldBy(holder: NodeId, after: ChunkId | null, limit: number): ChunkFacts[]
  /** Named chunks of all groups that pass the test, page by page; what changes meanwhile may be seen or not. */
  chunksWhere(test: (pattern: Pick<HolderPattern, 'holders' | 'wanted'>) => boolean): IterableIterator<ChunkId>
  /** Whether any policy pins anything; if not, `pinnedTo` is empty everywhere. */
  hasPins(): boolean
  /** Files that name a chunk. */
  filesOf(chunk: ChunkId): EntryId[]
  /** The fewest holders, among `counted`, of any chunk of the version; 0 when a segment is missing; Infinity for empty files. */
  fewestHolders(version: VersionId, counted: ReadonlySet<NodeId>): number
  /** The same for several groups of nodes in one pass; undefined when the version or a segment of it is not here. */
  fewestHoldersAmong(version: VersionId, groups: readonly ReadonlySet<NodeId>[]): number[] | undefined
  /** The reference under which a piece is stored, by piece hash. */
  referenceOfPiece(pieceHash: Buffer): ChunkReference | undefined
}

// ---------------------------------------------------------------- groups of files

/** All files whose content lies in the same patterns of chunks and that want the same copies. */
export interface FileGroup {
  readonly copies: number
  /** Numbers of the patterns; none for empty files; null while not all of the content's pieces are known here. */
  readonly patterns: readonly number[] | null
}

/**
 * All files by where their content lies, kept in memory and following the tables. Generators yield about every 5 ms of work, so
 * that the node can go on in between; what changes meanwhile may be counted or not.
 */
export interface FileGroups {
  /** One bounded stretch of what is to be looked at; true while there is more. Outside of transactions only. */
  step(): boolean
  /** True once all files have been looked at. */
  readonly isMade: boolean
  /** True if all that was committed is in the groups. */
  readonly isDone: boolean
  /** Grows whenever a group may have changed. */
  readonly changes: number
  /** By number of the pattern. */
  holdersByPattern(): Map<number, HolderPattern['holders']>
  holdersOf(pattern: number): HolderPattern['holders']
  /** Undefined for none. */
  group(number: number): FileGroup | undefined
  /** By number of the group; 0 is none. */
  groups(): FileGroup[]
  /** Live files by number of their group; all, or those below the folders. */
  tally(within?: readonly EntryId[]): Generator<undefined, Uint32Array>
  /** By number of the entry, of folders: the greatest code of any file below. `codes` by number of the group. */
  worstByFolder(codes: Uint8Array): Generator<undefined, Uint8Array>
  /** Local number of an entry. */
  entryNumber(entry: EntryId): number | undefined
  /** Group of a file, live or not; 0 for what is none. */
  groupOf(entryNumber: number): number
}

export interface CatalogEvents {
  /** Live entries that may have changed in a committed batch; `all` when too many to name. */
  changed(entries: readonly EntryId[] | 'all'): void
  /** Rows authored here and committed: for the live push. */
  authored(rows: readonly Row[], segments: readonly Segment[]): void
  /** Versions whose rows or segments arrived in a committed batch (leases of these uploads end). */
  versions(versions: readonly VersionId[]): void
}

export interface Catalog {
  readonly read: TreeReads
  readonly chunks: ChunkIndex
  readonly groups: FileGroups
  /** Runs `work` inside the next group commit; resolves after the fsync. An exception undoes this work only and rejects. */
  transact<T>(work: (tx: CatalogTransaction) => T): Promise<{ value: T; rows: Row[] }>
  /** Verifies, merges and commits foreign rows, limits.rowsPerBatch at a time. Resolves after the fsync. */
  merge(rows: readonly Row[], segments: readonly Segment[]): Promise<MergeResult>
  /** Adds fetched segments (their hash is checked: `bad-segment`). */
  addSegments(segments: readonly Segment[]): Promise<void>
  segment(id: SegmentId): Uint8Array | undefined
  missingSegments(limit: number): SegmentId[]
  /** Sum of all row hashes, 64 hexadecimal digits. */
  root(): string
  readonly walk: WalkReads
  readonly walks: CompletedWalks
  /**
   * Gives rows that a wrong clock stamped too far ahead to be merged elsewhere new stamps, in their order; answers how many.
   * Call only while this node's clock agrees with another member's.
   */
  restampAhead(): Promise<number>
  /** Derives all views anew from the rows, in one transaction. */
  rebuildViews(): Promise<void>
  on(events: Partial<CatalogEvents>): Disposable
  close(): void
}

/** Both nodes had, at the end, merged all that the other had when it began. */
export interface CompletedWalk {
  readonly node: NodeId
  /** Numbers that the two nodes had drawn at their starts. */
  readonly ourStart: number
  readonly theirStart: number
  /** This node's wall clock. */
  readonly begunMs: number
  readonly endedMs: number
}

/** The last completed walk with each node; kept over restarts. */
export interface CompletedWalks {
  last(node: NodeId): CompletedWalk | undefined
  record(walk: CompletedWalk): Promise<void>
}

/** What the walk needs to read; the protocol over it is catalog/walk.ts. */
export interface WalkReads {
  /** 256 sums of 32 bytes. */
  upper(): Buffer
  /** The 256 bucket sums below one upper index. */
  lower(upper: number): Buffer
  /** Keys, stamps and hashes of one bucket's rows. */
  bucket(bucket: number): { key: RowKey; stamp: Stamp; hash: Buffer }[]
  row(key: RowKey): Row | undefined
}
