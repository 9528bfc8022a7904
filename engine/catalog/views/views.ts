/**
 * The views of one catalog, put together: the rules of the tree are in tree.ts and places.ts, those of names in siblings.ts, of
 * policies in wanted.ts, of chunks in chunkIndex.ts. Guarantees that equal sets of rows, segments and claims give equal
 * views in whatever order they came. All of it lies in the database and changes in the transaction of its cause; what is
 * kept in memory beside it is dropped when work is undone.
 */
import { bytesOf } from '../../base/bytes.ts'
import type { EntryId, NodeId, SegmentId, VersionId } from '../../base/ids.ts'
import type { Keyring } from '../../identity/types.ts'
import { limits } from '../../limits.ts'
import type { Database, Statement } from '../../ports.ts'
import type { DerivedViews, Follower } from '../derived.ts'
import type {
  ChunkIndex,
  EntryView,
  FileGroups,
  ListOptions,
  NodeProfile,
  OpenRow,
  OwnPolicy,
  Page,
  Policy,
  PoolSettings,
  Segment,
  TrashItem,
  TreeReads,
  Version,
} from '../types.ts'
import { Changes } from './changes.ts'
import { ChunkViews } from './chunkIndex.ts'
import { ChunkTable } from './chunkTable.ts'
import { Counts } from './counts.ts'
import { AS_DEFAULT, EntryTable, entryIdOf, FOLDER, isPseudo, RECOVERED } from './entryTable.ts'
import { FileGroupViews } from './fileGroups.ts'
import { GroupMarks } from './groupMarks.ts'
import { Listing } from './listing.ts'
import { NameIndex } from './nameIndex.ts'
import { NodeViews } from './nodeViews.ts'
import { Paths } from './paths.ts'
import { copiesOf, Patterns } from './patterns.ts'
import { Places } from './places.ts'
import { Search } from './search.ts'
import { SegmentTable } from './segmentTable.ts'
import { Siblings } from './siblings.ts'
import { Trash } from './trash.ts'
import { Tree } from './tree.ts'
import { VersionTable, versionOf } from './versionTable.ts'
import { Wanted } from './wanted.ts'

export interface ViewsDeps {
  /** Null while the node has no pool's secret: sizes and pieces of chunks are then not known. */
  readonly keyring: () => Keyring | null
  /** Copies wanted until the pool's settings are known. */
  readonly defaultCopies: number
}

export class Views implements DerivedViews {
  readonly chunks: ChunkIndex
  readonly groups: FileGroups
  readonly #marks = new GroupMarks()
  readonly #defaultCopies: number
  readonly #entries: EntryTable
  readonly #versions: VersionTable
  readonly #siblings: Siblings
  readonly #paths: Paths
  readonly #counts: Counts
  readonly #patterns: Patterns
  readonly #chunkTable: ChunkTable
  readonly #segments: SegmentTable
  readonly #wanted: Wanted
  readonly #names: NameIndex
  readonly #places: Places
  readonly #tree: Tree
  readonly #listing: Listing
  readonly #search: Search
  readonly #trash: Trash
  readonly #nodes: NodeViews
  readonly #changed = new Changes<EntryId>(limits.changedEntries)
  readonly #completed = new Changes<VersionId>(limits.completedVersions)
  readonly #followers: readonly Follower[]
  readonly #forgetEntries: readonly Statement[]

  /** The database has the catalog's schema. Whatever writes must run inside a transaction that the followers are told of. */
  constructor(database: Database, deps: ViewsDeps) {
    this.#defaultCopies = deps.defaultCopies
    this.#entries = new EntryTable(database, this.#marks)
    this.#versions = new VersionTable(database)
    this.#siblings = new Siblings(database, this.#entries)
    this.#paths = new Paths(database, this.#entries, this.#versions, this.#siblings)
    this.#counts = new Counts(database)
    this.#patterns = new Patterns(database)
    this.#chunkTable = new ChunkTable(database, this.#patterns, this.#marks)
    this.#segments = new SegmentTable(database, deps.keyring, this.#chunkTable, this.#marks)
    this.#wanted = new Wanted(database, this.#entries, this.#versions, this.#siblings, this.#segments)
    this.#names = new NameIndex(database)
    this.#places = new Places(database, this.#entries, this.#counts, (row, from) => {
      const id = entryIdOf(row)
      if (!isPseudo(id)) this.#changed.add(id)
      this.#wanted.changed({ ...row, place: from }, row)
    })
    this.#tree = new Tree({
      entries: this.#entries,
      versions: this.#versions,
      places: this.#places,
      counts: this.#counts,
      segments: this.#segments,
      wanted: this.#wanted,
      names: this.#names,
      changed: this.#changed,
      completed: this.#completed,
    })
    this.#listing = new Listing(database, this.#paths, this.#siblings)
    this.#search = new Search(this.#entries, this.#paths, this.#names)
    this.#trash = new Trash(database, this.#entries, this.#paths)
    this.#nodes = new NodeViews(database)
    const chunks = new ChunkViews(database, {
      chunks: this.#chunkTable,
      patterns: this.#patterns,
      segments: this.#segments,
      versions: this.#versions,
      defaultCopies: () => this.#copies(),
      pinsOf: (entry) => this.#wanted.policyOf(this.#entries.mustBe(entry)).pinnedTo,
    })
    this.chunks = chunks
    this.groups = new FileGroupViews(database, {
      marks: this.#marks,
      patternsOf: (chunks) => this.#chunkTable.patternsOf(chunks),
      holdersByPattern: () => chunks.holdersByPattern(),
      holdersOf: (pattern) => chunks.holdersOf(pattern),
      copiesOf: (wantedBits) => copiesOf(wantedBits, this.#copies()),
    })
    this.#followers = [
      this.#entries.nextNumber,
      this.#entries.parents,
      this.#entries.lone,
      this.#versions.nextNumber,
      this.#segments.nextNumber,
      this.#counts.all,
      this.#patterns.loaded,
      this.#places.fates,
      ...this.#nodes.followers,
      this.#changed,
      this.#completed,
      ...chunks.followers,
    ]
    this.#forgetEntries = [
      database.prepare(`DELETE FROM entry WHERE number > ${RECOVERED}`),
      database.prepare(`UPDATE entry SET place = NULL, wanted = ${AS_DEFAULT}`),
      database.prepare('DELETE FROM version'),
      database.prepare('DELETE FROM version_parent'),
    ]
  }

  // -------------------------------------------------------------- following the rows

  apply(open: OpenRow): void {
    const { change, row } = open
    const stamp = bytesOf(row.stamp)
    switch (change.what) {
      case 'birth':
        this.#tree.birth(change, stamp)
        break
      case 'version':
        this.#tree.version(change, stamp)
        break
      case 'location':
        this.#tree.location(change, stamp)
        break
      case 'trash':
        this.#tree.trash(change, stamp)
        break
      case 'policy':
        this.#tree.policy(change)
        break
      case 'properties':
        this.#tree.properties(change)
        break
      case 'profile':
        this.#nodes.setProfile(change.node, change.profile)
        break
      case 'presence':
        this.#nodes.setPresence(change.node, change.atMs)
        break
      case 'settings':
        this.#nodes.setSettings(change.settings)
        break
    }
    this.#patterns.flush()
  }

  forgetEntry(entry: EntryId): void {
    this.#tree.forget(entry)
    this.#patterns.flush()
  }

  reset(): void {
    this.#marks.all()
    this.#segments.unnameAll()
    this.#patterns.unnameAll()
    for (const statement of this.#forgetEntries) statement.run()
    this.#names.reset()
    this.#wanted.reset()
    this.#nodes.reset()
    this.#entries.nextNumber.drop()
    this.#entries.parents.drop()
    this.#entries.lone.drop()
    this.#versions.nextNumber.drop()
    this.#counts.all.drop()
    this.#places.fates.drop()
    this.#changed.addAll()
  }

  /**
   * Work that may wait: what is wanted after a policy of a large folder has changed, names for searching, segments whose key came
   * late, chunks that nobody knows any more. Looks at `limit` items of each, about; true while there is more to do.
   */
  workOff(limit: number): boolean {
    const more = [
      this.#wanted.refresh(limit),
      this.#names.index(limit),
      this.#segments.openPending(limit),
      this.#chunkTable.tidy(limit),
    ]
    this.#patterns.flush()
    return more.includes(true)
  }

  takeChanged(): readonly EntryId[] | 'all' {
    return this.#changed.take() ?? 'all'
  }

  /** After a flood of them, none: whoever waits for versions asks again. */
  takeCompleted(): readonly VersionId[] {
    return this.#completed.take() ?? []
  }

  mark(): void {
    for (const follower of this.#followers) follower.mark()
  }

  undo(): void {
    for (const follower of this.#followers) follower.undo()
  }

  commit(): void {
    for (const follower of this.#followers) follower.commit()
  }

  rollback(): void {
    for (const follower of this.#followers) follower.rollback()
  }

  // -------------------------------------------------------------- segments

  addSegment(segment: Segment): void {
    if (!this.#segments.add(segment)) return
    this.#tree.segmentCame(this.#segments.entriesOf(segment.id), bytesOf(segment.id))
    this.#patterns.flush()
  }

  segment(id: SegmentId): Uint8Array | undefined {
    return this.#segments.bytesOf(id)
  }

  lacks(id: SegmentId): boolean {
    return this.#segments.lacks(id)
  }

  missingSegments(limit: number): SegmentId[] {
    return this.#segments.missing(limit)
  }

  // -------------------------------------------------------------- reading the tree

  at(path: readonly string[]): EntryView | undefined {
    return this.#paths.at(path)
  }

  entry(id: EntryId): EntryView | undefined {
    return this.#paths.entry(id)
  }

  list(folder: EntryView, options: ListOptions): Page<EntryView> {
    return this.#listing.list(folder, options)
  }

  isWithin(id: EntryId, ancestor: EntryId): boolean {
    const above = this.#entries.byId(ancestor)
    let row = this.#entries.byId(id)
    if (above === undefined || row === undefined) return false
    const targets = new Set(above.kind === FOLDER ? this.#siblings.merged(above.number) : [above.number])
    const seen = new Set<number>()
    while (row !== undefined && !seen.has(row.number)) {
      if (targets.has(row.number)) return true
      seen.add(row.number)
      const next: number | null = row.place ?? row.parent
      row = next === null ? undefined : this.#entries.byNumber(next)
    }
    return false
  }

  countWithin(folder: EntryView, stopAfter = Number.POSITIVE_INFINITY): { entries: number; bytes: number } {
    return this.#counts.inside(this.#paths.folderOf(folder).numbers, stopAfter)
  }

  walkWithin(folder: EntryView): ReturnType<TreeReads['walkWithin']> {
    return this.#counts.walk(this.#paths.folderOf(folder).numbers)
  }

  countAll(): { files: number; folders: number; bytes: number } {
    return { ...this.#counts.all.get() }
  }

  filesWithin(folder: EntryView): IterableIterator<EntryView> {
    return this.#listing.filesWithin(this.#paths.folderOf(folder))
  }

  versions(id: EntryId): Version[] {
    const entry = this.#entries.byId(id)
    return entry === undefined ? [] : this.#versions.ofEntry(entry.number).map((row) => versionOf(row, id))
  }

  version(id: VersionId): Version | undefined {
    const row = this.#versions.byId(id)
    return row === undefined ? undefined : versionOf(row, entryIdOf(this.#entries.mustBe(row.entry)))
  }

  #copies(): number {
    return this.#nodes.settings.get()?.copies ?? this.#defaultCopies
  }

  policy(id: EntryId): Policy {
    const entry = this.#entries.byId(id)
    const policy = entry === undefined ? undefined : this.#wanted.policyOf(entry)
    return { copies: policy?.copies ?? this.#copies(), pinnedTo: policy?.pinnedTo ?? [] }
  }

  ownPolicy(id: EntryId): OwnPolicy | undefined {
    const entry = this.#entries.byId(id)
    return entry === undefined ? undefined : this.#wanted.ownPolicy(entry.number)
  }

  pinnedBy(node: NodeId): EntryId[] {
    return this.#wanted.pinnedBy(node).map((number) => entryIdOf(this.#entries.mustBe(number)))
  }

  trash(options: { readonly limit: number; readonly cursor: string | null }): Page<TrashItem> {
    return this.#trash.list(options.limit, options.cursor)
  }

  trashed(id: EntryId): TrashItem | undefined {
    const row = this.#entries.byId(id)
    return row === undefined || row.binned === null ? undefined : this.#trash.itemOf(row)
  }

  profile(node: NodeId): NodeProfile | undefined {
    return this.#nodes.profile(node)
  }

  presenceMs(node: NodeId): number | undefined {
    return this.#nodes.presenceMs(node)
  }

  settings(): PoolSettings | undefined {
    return this.#nodes.settings.get() ?? undefined
  }

  search(query: Parameters<TreeReads['search']>[0]): Page<EntryView> {
    return this.#search.search(query)
  }
}
