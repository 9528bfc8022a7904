/**
 * The catalog of one node: rows in SQLite, views and fingerprints that follow them, one entrance for what is authored here
 * (`transact`) and one for what others authored (`merge`). Guarantees that a row is verified before it is merged, that
 * rows, views and segments change in one transaction, and that what a promise here answers is on the disk.
 */
import assert from 'node:assert/strict'
import { EngineError, isEngineError } from '../base/error.ts'
import { blake3Hex } from '../base/hash.ts'
import type { EntryId, NodeId, SegmentId } from '../base/ids.ts'
import type { EpochKeys, Keyring } from '../identity/types.ts'
import { limits } from '../limits.ts'
import type { Clock, Database } from '../ports.ts'
import { decodeChange, encodeChange, type Said } from './change.ts'
import { GroupCommit } from './commit.ts'
import type { DerivedViews } from './derived.ts'
import { EventOutbox } from './events.ts'
import { checkNotAhead, compareRows } from './merge.ts'
import { encodeHead, keyText, rowHash } from './row.ts'
import { RowStore, type RowsOfId, type StandingRow } from './rowStore.ts'
import { openRow, type SealedRow, sealRow } from './seal.ts'
import { StampClock, stampFloor } from './stamp.ts'
import { WalkLog } from './walkLog.ts'
import type {
  Catalog,
  CatalogEvents,
  CatalogTransaction,
  Change,
  ChunkIndex,
  FileGroups,
  MergeResult,
  Row,
  RowKey,
  Segment,
  Stamp,
  TreeReads,
  VersionHeader,
  WalkReads,
} from './types.ts'

export interface CatalogOptions {
  /** Migrated to the catalog's schema; owned by the catalog from now on. */
  readonly database: Database
  readonly clock: Clock
  readonly nodeId: NodeId
  /** Drawn at this start of the node. */
  readonly startNumber: number
  /** Null while the node has no pool's secret. */
  readonly keyring: () => Keyring | null
}

/** A foreign row that has been opened and understood. */
interface Verified extends Said {
  readonly sealed: SealedRow
}

type Judged = Verified | { readonly refused: string }

export class RowCatalog implements Catalog {
  readonly read: TreeReads
  readonly chunks: ChunkIndex
  readonly groups: FileGroups
  readonly walk: WalkReads
  readonly #options: CatalogOptions
  readonly #views: DerivedViews
  readonly #reads: TreeReads
  readonly #store: RowStore
  readonly #stamps: StampClock
  readonly #events = new EventOutbox()
  readonly #commits: GroupCommit
  readonly walks: WalkLog
  /** Works of this transaction may have left the views something to work off. */
  #touched = false
  #workOffTimer: Disposable | undefined
  /** Greatest stamp that the database has. */
  #saved: Stamp

  constructor(options: CatalogOptions, views: DerivedViews) {
    this.#options = options
    this.#views = views
    this.#reads = treeReads(views)
    this.#store = new RowStore(options.database)
    this.#saved = this.#store.savedGreatest()
    this.#stamps = new StampClock(options.clock, options.nodeId, options.startNumber, this.#saved)
    this.#commits = new GroupCommit(options.database, options.clock, {
      followers: [this.#store, views, this.#events],
      beforeCommit: () => this.#saveGreatest(),
      committed: () => {
        this.#saved = this.#stamps.greatest
        if (this.#touched) this.#workOffLater(limits.viewWorkDelayMs)
        this.#events.tell(views.takeChanged(), views.takeCompleted())
      },
    })
    this.walks = new WalkLog(options.database, (work) => this.#commits.run(1, work))
    this.#workOffLater(limits.viewWorkDelayMs)
    this.read = views
    this.chunks = views.chunks
    this.groups = views.groups
    this.walk = this.#store
  }

  // -------------------------------------------------------------- authoring

  transact<T>(work: (tx: CatalogTransaction) => T): Promise<{ value: T; rows: Row[] }> {
    return this.#commits.run(1, () => {
      this.#touched = true
      const rows: Row[] = []
      let live = true
      const value = work({
        ...this.#reads,
        write: (change) => {
          assert(live, 'a transaction ends with its work')
          const row = this.#write(change)
          rows.push(row)
          return row
        },
        addSegment: (segment) => {
          assert(live, 'a transaction ends with its work')
          checkSegment(segment)
          this.#views.addSegment(segment)
          this.#events.segment(segment)
        },
      })
      live = false
      return { value, rows }
    })
  }

  #write(change: Change): Row {
    const keyring = this.#options.keyring()
    if (keyring === null) throw new EngineError('no-pool', 'this node is in no pool')
    const { key, header, plain } = encodeChange(change, keyring.poolId)
    const sealed = sealRow(keyring.current(), key, this.#stamps.next(), header, plain)
    // Through the same checks as a foreign row: what is refused elsewhere must not be written here.
    const said = decodeChange(sealed.row, plain)
    if (!this.#place({ sealed, ...said })) throw new Error(`a new stamp lost against ${keyText(key)}`)
    this.#events.authored(sealed.row)
    return sealed.row
  }

  /** Merges one verified row into rows and views; false if it stands here already or a greater one does. Throws `gone`. */
  #place({ sealed, change, header }: Verified): boolean {
    const { row } = sealed
    const ofId = this.#store.ofId(row.id)
    const owner = ownerOf(row, header)
    if ((row.kind === 'entry' && ended(ofId)) || (owner !== null && ended(this.#store.ofId(owner)))) {
      throw new EngineError('gone', `the entry of ${keyText(row)} has been deleted for good`)
    }
    const standing = ofId.rows.find((other) => isKey(other, row))
    if (standing !== undefined && compareRows({ stamp: row.stamp, hash: sealed.hash }, standing) <= 0) return false
    this.#stamps.observe(row.stamp)
    this.#store.put(sealed, ofId.slot, owner, standing)
    if (row.kind === 'gone' && row.register === '') {
      this.#store.removeEntry(row.id as EntryId)
      this.#views.forgetEntry(row.id as EntryId)
    } else if (change !== null) {
      this.#views.apply({ row, hash: sealed.hash, change }, header)
    }
    return true
  }

  #saveGreatest(): void {
    if (this.#stamps.greatest !== this.#saved) this.#store.saveGreatest(this.#stamps.greatest)
  }

  // -------------------------------------------------------------- merging

  async merge(rows: readonly Row[], segments: readonly Segment[]): Promise<MergeResult> {
    for (const segment of segments) checkSegment(segment)
    let accepted = 0
    const refused: { key: RowKey; code: string; index: number }[] = []
    const missingSegments = new Set<SegmentId>()
    for (let first = 0; first < rows.length; first += limits.rowsPerBatch) {
      const slice = rows.slice(first, first + limits.rowsPerBatch)
      // Opening a batch takes as long as writing it; between the two the event loop gets its turn.
      const judged = slice.map((row) => this.#judge(row))
      const merged = await this.#commits.run(slice.length, () => this.#mergeSlice(judged, segments))
      accepted += merged.accepted
      for (const { index, code } of merged.refused)
        refused.push({ key: keyOf(slice[index]), code, index: first + index })
      for (const id of merged.missing) missingSegments.add(id)
    }
    if (rows.length === 0 && segments.length > 0) await this.addSegments(segments)
    return { accepted, refused, missingSegments: [...missingSegments] }
  }

  /** Opens a foreign row, or says why it is refused. */
  #judge(row: Row): Judged {
    try {
      const bytes = { row, head: encodeHead(row, row.stamp, row.epoch, row.header) }
      const plain = openRow(this.#keysOf(row), bytes)
      const said = decodeChange(row, plain)
      checkNotAhead(row.stamp, this.#options.clock.nowMs())
      return { sealed: { ...bytes, hash: rowHash(bytes) }, ...said }
    } catch (error) {
      if (isEngineError(error)) return { refused: error.code }
      throw error
    }
  }

  #keysOf(row: Row): EpochKeys {
    const keys = this.#options.keyring()?.get(row.epoch)
    if (keys === undefined) throw new EngineError('unknown-epoch', `no keys for epoch ${row.epoch} of ${keyText(row)}`)
    return keys
  }

  #mergeSlice(judged: readonly Judged[], segments: readonly Segment[]) {
    this.#touched = true
    let accepted = 0
    const refused: { index: number; code: string }[] = []
    for (const [index, each] of judged.entries()) {
      if ('refused' in each) {
        refused.push({ index, code: each.refused })
        continue
      }
      try {
        if (this.#place(each)) accepted++
      } catch (error) {
        if (!isEngineError(error, 'gone')) throw error
        refused.push({ index, code: error.code })
      }
    }
    for (const segment of segments) if (this.#views.lacks(segment.id)) this.#views.addSegment(segment)
    const missing: SegmentId[] = []
    for (const each of judged) {
      if ('refused' in each || each.header === null) continue
      for (const id of each.header.segments) if (this.#views.lacks(id)) missing.push(id)
    }
    return { accepted, refused, missing }
  }

  // -------------------------------------------------------------- segments

  async addSegments(segments: readonly Segment[]): Promise<void> {
    for (const segment of segments) checkSegment(segment)
    await this.#commits.run(segments.length, () => {
      this.#touched = true
      for (const segment of segments) if (this.#views.lacks(segment.id)) this.#views.addSegment(segment)
    })
  }

  segment(id: SegmentId): Uint8Array | undefined {
    return this.#views.segment(id)
  }

  missingSegments(limit: number): SegmentId[] {
    return this.#views.missingSegments(limit)
  }

  // -------------------------------------------------------------- upkeep

  async restampAhead(): Promise<number> {
    const { clock, nodeId, startNumber } = this.#options
    const bound = (): Stamp => stampFloor(clock.nowMs() + limits.stampAheadMaxMs)
    if (this.#stamps.greatest < bound()) return 0
    const stamps = new StampClock(clock, nodeId, startNumber, this.#store.greatestUpTo(bound()))
    let done = 0
    for (let more = true; more; ) {
      const count = await this.#commits.run(limits.rowsPerBatch, () => {
        const ahead = this.#store.stampedAfter(bound(), limits.rowsPerBatch)
        for (const row of ahead) this.#restamp(row, stamps.next())
        // Only when none is left may this node's own stamps fall back to the clock; until then they stay ahead as well.
        if (ahead.length === 0) this.#stamps.restart(stamps.greatest)
        return ahead.length
      })
      done += count
      more = count > 0
    }
    return done
  }

  #restamp(row: Row, stamp: Stamp): void {
    const keys = this.#keysOf(row)
    const plain = openRow(keys, { row, head: encodeHead(row, row.stamp, row.epoch, row.header) })
    const sealed = sealRow(keys, row, stamp, row.header, plain)
    const { change, header } = decodeChange(sealed.row, plain)
    const ofId = this.#store.ofId(row.id)
    const standing = ofId.rows.find((other) => isKey(other, row))
    assert(standing !== undefined)
    this.#store.put(sealed, ofId.slot, ownerOf(row, header), standing)
    if (change !== null) this.#views.apply({ row: sealed.row, hash: sealed.hash, change }, header)
    this.#events.authored(sealed.row)
  }

  /** Lets the views do what may wait, in transactions of its own, until nothing is left. */
  #workOffLater(delayMs: number): void {
    if (this.#workOffTimer !== undefined) return
    this.#workOffTimer = this.#options.clock.timer(delayMs, () => void this.#workOff())
  }

  async #workOff(): Promise<void> {
    let more = false
    try {
      more = await this.#commits.run(limits.viewWorkStep, () => {
        this.#touched = false
        return this.#views.workOff(limits.viewWorkStep)
      })
    } catch (error) {
      // The disk is full, or the catalog is being closed: the next commit tries again.
      if (!isEngineError(error)) throw error
    }
    this.#workOffTimer = undefined
    if (more || this.#touched) this.#workOffLater(more ? 0 : limits.viewWorkDelayMs)
  }

  async rebuildViews(): Promise<void> {
    await this.#commits.run(limits.rowsPerBatch, () => {
      this.#touched = true
      this.#views.reset()
      for (let after = 0, more = true; more; ) {
        const batch = this.#store.numbered(after, limits.rowsPerBatch)
        for (const { number, row } of batch) {
          const bytes = { row, head: encodeHead(row, row.stamp, row.epoch, row.header) }
          const { change, header } = decodeChange(row, openRow(this.#keysOf(row), bytes))
          if (change !== null) this.#views.apply({ row, hash: rowHash(bytes), change }, header)
          after = number
        }
        more = batch.length > 0
      }
    })
  }

  // -------------------------------------------------------------- the whole

  root(): string {
    return this.#store.root()
  }

  on(events: Partial<CatalogEvents>): Disposable {
    return this.#events.on(events)
  }

  close(): void {
    this.#workOffTimer?.[Symbol.dispose]()
    this.#commits.close()
    this.#options.database.close()
  }
}

function checkSegment(segment: Segment): void {
  if (segment.bytes.length > limits.segmentMaxBytes || blake3Hex(segment.bytes) !== segment.id) {
    throw new EngineError('bad-segment', `what came as segment ${segment.id} is something else`)
  }
}

function ended(ofId: RowsOfId): boolean {
  return ofId.rows.some((row) => row.kind === 'gone' && row.register === '')
}

function isKey(standing: StandingRow, row: Row): boolean {
  return standing.kind === row.kind && standing.register === row.register
}

/** The entry to which a version row belongs. */
function ownerOf(row: Row, header: VersionHeader | null): EntryId | null {
  return row.kind === 'version' && header !== null ? header.entry : null
}

function keyOf(row: Row | undefined): RowKey {
  assert(row !== undefined)
  const { kind, id, register } = row
  return { kind, id, register }
}

/** The reads alone, as functions that may be spread into a transaction. */
function treeReads(views: TreeReads): TreeReads {
  return {
    at: (path) => views.at(path),
    entry: (id) => views.entry(id),
    list: (folder, options) => views.list(folder, options),
    isWithin: (id, ancestor) => views.isWithin(id, ancestor),
    countWithin: (folder, stopAfter) => views.countWithin(folder, stopAfter),
    walkWithin: (folder) => views.walkWithin(folder),
    countAll: () => views.countAll(),
    filesWithin: (folder) => views.filesWithin(folder),
    versions: (id) => views.versions(id),
    version: (id) => views.version(id),
    policy: (id) => views.policy(id),
    ownPolicy: (id) => views.ownPolicy(id),
    pinnedBy: (node) => views.pinnedBy(node),
    trash: (options) => views.trash(options),
    trashed: (id) => views.trashed(id),
    profile: (node) => views.profile(node),
    presenceMs: (node) => views.presenceMs(node),
    settings: () => views.settings(),
    search: (query) => views.search(query),
  }
}
