/** Tells views what people did, one row after the other, so that tests read like what they prove. */
import { type EntryId, type NodeId, ROOT_ENTRY, type VersionId } from '../../../base/ids.ts'
import type { Change, EntryView, Segment, Version } from '../../types.ts'
import { listAll } from './dump.ts'
import { idOf, stampAt, type StampedChange, TestViews, type TestViewsOptions } from './openViews.ts'

const me = idOf<NodeId>('e', 'author')

export interface FileOptions {
  readonly parent?: EntryId
  /** First digits of the id. */
  readonly id?: string
  readonly atMs?: number
  readonly sizeBytes?: number
  readonly modifiedMs?: number
  readonly segments?: readonly Segment[]
}

export class Story {
  readonly views: TestViews
  #clockMs = 1000
  #made = 0

  constructor(options: TestViewsOptions = {}) {
    this.views = new TestViews(options)
  }

  /** A change that has not been taken yet; later ones are stamped later unless a time is given. */
  say(change: Change, atMs?: number): StampedChange {
    return { change, stamp: stampAt(atMs ?? ++this.#clockMs, ++this.#made) }
  }

  do(change: Change, atMs?: number): void {
    this.views.take(this.say(change, atMs))
  }

  newId<Id extends string>(beginning = ''): Id {
    return idOf<Id>(beginning, String(++this.#made))
  }

  folder(name: string, { parent = ROOT_ENTRY, id = '', atMs }: FileOptions = {}): EntryId {
    const entry = this.newId<EntryId>(id)
    this.do({ what: 'birth', entry, parent, name, version: null }, atMs)
    return entry
  }

  file(name: string, options: FileOptions = {}): EntryId {
    const entry = this.newId<EntryId>(options.id)
    const { parent = ROOT_ENTRY } = options
    this.do({ what: 'birth', entry, parent, name, version: this.versionOf(entry, [], options) }, options.atMs)
    return entry
  }

  versionOf(entry: EntryId, parents: readonly VersionId[], options: FileOptions = {}): Version {
    return {
      version: this.newId<VersionId>(),
      entry,
      parents,
      segments: (options.segments ?? []).map((segment) => segment.id),
      sizeBytes: options.sizeBytes ?? 1,
      modifiedMs: options.modifiedMs ?? 5000,
      createdMs: 5000,
      author: me,
    }
  }

  /** A new content after those. */
  edit(entry: EntryId, parents: readonly VersionId[], options: FileOptions = {}): VersionId {
    const version = this.versionOf(entry, parents, options)
    this.do({ what: 'version', version }, options.atMs)
    return version.version
  }

  move(entry: EntryId, parent: EntryId, name: string, atMs?: number): void {
    this.do({ what: 'location', entry, parent, name }, atMs)
  }

  /** Deletes what is current. */
  trash(entry: EntryId, atMs?: number, version?: VersionId | null): void {
    const current = version === undefined ? (this.views.entry(entry)?.version ?? null) : version
    this.do({ what: 'trash', entry, trashed: true, version: current, by: me, atMs: atMs ?? this.#clockMs }, atMs)
  }

  restore(entry: EntryId): void {
    this.do({ what: 'trash', entry, trashed: false, version: null, by: me, atMs: this.#clockMs })
  }

  policy(entry: EntryId, copies: number | null, pinnedTo: readonly NodeId[] = []): void {
    this.do({ what: 'policy', entry, copies, pinnedTo })
  }

  current(entry: EntryId): VersionId {
    return this.views.entry(entry)?.version as VersionId
  }

  path(entry: EntryId): string | undefined {
    return this.views.entry(entry)?.path
  }

  at(path: string): EntryView {
    return this.views.at(path.split('/').slice(1)) as EntryView
  }

  /** Names in a folder, as listed. */
  names(folder?: EntryId): string[] {
    const view = folder === undefined ? this.views.at([]) : this.views.entry(folder)
    return listAll(this.views, view as EntryView).map((each) => each.name)
  }
}
