/**
 * Views for tests of rows alone: segments and which versions name them, no tree. What a test asks of the tree fails loudly.
 */
import type { EntryId, SegmentId, VersionId } from '../../base/ids.ts'
import type { DerivedViews } from '../derived.ts'
import type { ChunkIndex, FileGroups, OpenRow, Segment, TreeReads, VersionHeader } from '../types.ts'

const none = (): never => {
  throw new Error('bare views have no tree')
}

const noTree = {
  at: none,
  entry: none,
  list: none,
  isWithin: none,
  countWithin: none,
  walkWithin: none,
  countAll: none,
  filesWithin: none,
  versions: none,
  version: none,
  policy: none,
  ownPolicy: none,
  pinnedBy: none,
  trash: none,
  trashed: none,
  profile: none,
  presenceMs: none,
  settings: none,
  search: none,
} satisfies TreeReads

const noGroups: FileGroups = {
  step: none,
  isMade: true,
  isDone: true,
  changes: 0,
  holdersByPattern: none,
  holdersOf: none,
  group: none,
  groups: none,
  tally: none,
  worstByFolder: none,
  entryNumber: none,
  groupOf: none,
}

interface State {
  segments: Map<SegmentId, Uint8Array>
  versions: Map<VersionId, VersionHeader>
  changed: EntryId[]
  completed: VersionId[]
}

const copyOf = (state: State): State => ({
  segments: new Map(state.segments),
  versions: new Map(state.versions),
  changed: [...state.changed],
  completed: [...state.completed],
})

export class BareViews implements DerivedViews {
  readonly groups = noGroups
  readonly at = noTree.at
  readonly entry = noTree.entry
  readonly list = noTree.list
  readonly isWithin = noTree.isWithin
  readonly countWithin = noTree.countWithin
  readonly walkWithin = noTree.walkWithin
  readonly countAll = noTree.countAll
  readonly filesWithin = noTree.filesWithin
  readonly versions = noTree.versions
  readonly version = noTree.version
  readonly policy = noTree.policy
  readonly ownPolicy = noTree.ownPolicy
  readonly pinnedBy = noTree.pinnedBy
  readonly trash = noTree.trash
  readonly trashed = noTree.trashed
  readonly profile = noTree.profile
  readonly presenceMs = noTree.presenceMs
  readonly settings = noTree.settings
  readonly search = noTree.search
  readonly chunks = new Proxy({}, { get: none }) as ChunkIndex
  /** Rows applied, in order; for assertions. */
  readonly applied: OpenRow[] = []
  readonly forgotten: EntryId[] = []
  #state: State = { segments: new Map(), versions: new Map(), changed: [], completed: [] }
  #marked = copyOf(this.#state)
  #durable = copyOf(this.#state)
  readonly #copying: boolean

  /** `copying: false` for benchmarks: state is not copied at each mark, so a failed work would not be undone. */
  constructor({ copying = true } = {}) {
    this.#copying = copying
  }

  apply(open: OpenRow, header: VersionHeader | null): void {
    this.applied.push(open)
    if (open.row.kind === 'entry') this.#state.changed.push(open.row.id as EntryId)
    if (header === null) return
    this.#state.versions.set(header.version, header)
    if (!header.segments.some((id) => this.lacks(id))) this.#state.completed.push(header.version)
  }

  forgetEntry(entry: EntryId): void {
    this.forgotten.push(entry)
    for (const header of this.#state.versions.values()) {
      if (header.entry === entry) this.#state.versions.delete(header.version)
    }
  }

  addSegment({ id, bytes }: Segment): void {
    if (this.#state.segments.has(id)) return
    this.#state.segments.set(id, Buffer.from(bytes))
    for (const header of this.#state.versions.values()) {
      if (header.segments.includes(id) && !header.segments.some((each) => this.lacks(each))) {
        this.#state.completed.push(header.version)
      }
    }
  }

  segment(id: SegmentId): Uint8Array | undefined {
    return this.#state.segments.get(id)
  }

  lacks(id: SegmentId): boolean {
    if (this.#state.segments.has(id)) return false
    for (const header of this.#state.versions.values()) if (header.segments.includes(id)) return true
    return false
  }

  missingSegments(limit: number): SegmentId[] {
    const missing = new Set<SegmentId>()
    for (const { segments } of this.#state.versions.values()) {
      for (const id of segments) if (!this.#state.segments.has(id)) missing.add(id)
    }
    return [...missing].slice(0, limit)
  }

  takeChanged(): readonly EntryId[] {
    return [...new Set(this.#state.changed.splice(0))]
  }

  takeCompleted(): readonly VersionId[] {
    return this.#state.completed.splice(0)
  }

  workOff(): boolean {
    return false
  }

  reset(): void {
    this.applied.length = 0
    this.#state.versions.clear()
  }

  mark(): void {
    if (this.#copying) this.#marked = copyOf(this.#state)
  }

  undo(): void {
    this.#state = copyOf(this.#marked)
  }

  commit(): void {
    if (this.#copying) this.#durable = copyOf(this.#state)
  }

  rollback(): void {
    this.#state = copyOf(this.#durable)
  }
}
