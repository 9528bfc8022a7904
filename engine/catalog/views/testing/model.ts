/**
 * The rules of the tree once more, as slowly and plainly as they can be said: from the set of rows that stand, without any
 * order, to what should be seen. Property tests compare the views with it.
 */
import { type EntryId, type NodeId, ROOT_ENTRY, type SegmentId, type VersionId } from '../../../base/ids.ts'
import type { Change, Stamp, Version } from '../../types.ts'
import { RECOVERED_ENTRY } from '../index.ts'
import { decorateName, foldName } from '../names.ts'
import type { StampedChange } from './openViews.ts'

const noStamp = '0'.repeat(56) as Stamp

interface ModelEntry {
  id: EntryId
  kind: 'unborn' | 'folder' | 'file'
  parent: EntryId
  name: string
  locationStamp: Stamp
  versions: (Version & { stamp: Stamp })[]
  trash: { stamp: Stamp; trashed: boolean; version: VersionId | null; atMs: number } | undefined
  policy: { copies: number | null; pinnedTo: readonly NodeId[] } | undefined
}

/** A file, or all folders of one name. */
interface ModelUnit {
  members: ModelEntry[]
  name: string
  twin: boolean
}

export interface SeenEntry {
  path: string
  ids: string[]
  kind: string
  version: string | null
  heads: string[]
  size: number | null
  modified: number
  twin: boolean
  parent: string
}

export class Model {
  readonly entries = new Map<EntryId, ModelEntry>()
  readonly #changes: readonly StampedChange[]
  readonly #defaultCopies: number

  /** `changes`: those that stand; at most one per register. */
  constructor(changes: readonly StampedChange[], defaultCopies: number) {
    this.#changes = changes
    this.#defaultCopies = defaultCopies
    this.entries.set(ROOT_ENTRY, { ...this.#blank(ROOT_ENTRY), kind: 'folder' })
    for (const { change, stamp } of changes) if ('entry' in change) this.#register(change, stamp)
    for (const { change, stamp } of changes) {
      if (change.what === 'version') this.#entry(change.version.entry).versions.push({ ...change.version, stamp })
    }
  }

  #blank(id: EntryId): ModelEntry {
    return {
      id,
      kind: 'unborn',
      parent: ROOT_ENTRY,
      name: '',
      locationStamp: noStamp,
      versions: [],
      trash: undefined,
      policy: undefined,
    }
  }

  #entry(id: EntryId): ModelEntry {
    const entry = this.entries.get(id) ?? this.#blank(id)
    this.entries.set(id, entry)
    return entry
  }

  #register(change: Change & { entry: EntryId }, stamp: Stamp): void {
    const entry = this.#entry(change.entry)
    switch (change.what) {
      case 'birth':
        entry.kind = change.version === null ? 'folder' : 'file'
        if (change.version !== null) entry.versions.push({ ...change.version, stamp })
        if (!this.#changes.some(({ change: other }) => other.what === 'location' && other.entry === entry.id)) {
          Object.assign(entry, { parent: change.parent, name: change.name, locationStamp: stamp })
        }
        break
      case 'location':
        Object.assign(entry, { parent: change.parent, name: change.name, locationStamp: stamp })
        break
      case 'trash':
        entry.trash = { stamp, trashed: change.trashed, version: change.version, atMs: change.atMs }
        break
      case 'policy':
        entry.policy = change
        break
      default:
    }
  }

  // -------------------------------------------------------------- versions

  heads(entry: ModelEntry): (Version & { stamp: Stamp })[] {
    if (entry.kind !== 'file') return []
    const all = entry.versions.toSorted((a, b) => (b.stamp + b.version < a.stamp + a.version ? -1 : 1))
    const heads = all.filter(
      (one) => !all.some((other) => other.version !== one.version && other.parents.includes(one.version)),
    )
    const chosen = heads.length > 0 ? heads : all
    return chosen.filter((one, index) => chosen.findIndex((other) => other.version === one.version) === index)
  }

  touched(entry: ModelEntry): Stamp {
    const stamps = [entry.locationStamp, this.heads(entry)[0]?.stamp ?? noStamp]
    if (entry.trash !== undefined && !entry.trash.trashed) stamps.push(entry.trash.stamp)
    return stamps.sort().at(-1) ?? noStamp
  }

  /** Stamp of the trash row that deletes this entry itself. */
  deletedBy(entry: ModelEntry): Stamp | undefined {
    const { trash } = entry
    if (entry.kind === 'unborn' || trash === undefined || !trash.trashed) return undefined
    if (entry.kind === 'folder') return trash.stamp
    if (trash.version === null) return trash.stamp > this.touched(entry) ? trash.stamp : undefined
    return trash.version === this.heads(entry)[0]?.version ? trash.stamp : undefined
  }

  // -------------------------------------------------------------- places

  #circleOf(entry: ModelEntry): ModelEntry[] | undefined {
    const passed = [entry]
    for (let at = this.entries.get(entry.parent); ; at = this.entries.get(at.parent)) {
      if (at === entry) return passed
      if (at === undefined || at.id === ROOT_ENTRY || at.kind !== 'folder' || this.deletedBy(at) !== undefined) {
        return undefined
      }
      if (passed.includes(at)) return undefined
      passed.push(at)
    }
  }

  #fate(id: EntryId): Stamp | 'live' | 'unknown' {
    if (id === ROOT_ENTRY) return 'live'
    const folder = this.entries.get(id)
    if (folder === undefined || folder.kind !== 'folder') return 'unknown'
    const deletedBy = this.deletedBy(folder)
    if (deletedBy !== undefined) return deletedBy
    if (this.#circleOf(folder) !== undefined) return 'live'
    const above = this.#fate(folder.parent)
    return above === 'live' || above === 'unknown' || this.touched(folder) > above ? 'live' : above
  }

  /** Undefined: nowhere. */
  place(entry: ModelEntry): EntryId | undefined {
    if (entry.kind === 'unborn' || entry.id === ROOT_ENTRY || this.deletedBy(entry) !== undefined) return undefined
    const circle = entry.kind === 'folder' ? this.#circleOf(entry) : undefined
    if (circle !== undefined) {
      return circle.map((each) => each.id).sort()[0] === entry.id ? RECOVERED_ENTRY : entry.parent
    }
    const fate = this.#fate(entry.parent)
    if (fate === 'live') return entry.parent
    return fate === 'unknown' || this.touched(entry) > fate ? RECOVERED_ENTRY : entry.parent
  }

  #inside(folders: readonly ModelEntry[]): ModelEntry[] {
    const ids = folders.map((each) => each.id)
    const inside = [...this.entries.values()].filter((each) => ids.includes(this.place(each) as EntryId))
    if (ids.includes(ROOT_ENTRY) && this.#inside([this.#recovered()]).length > 0) inside.push(this.#recovered())
    return inside
  }

  #recovered(): ModelEntry {
    return { ...this.#blank(RECOVERED_ENTRY), kind: 'folder', name: 'Recovered' }
  }

  /** Everything in folders that show as one, under the names it shows with. */
  units(folders: readonly ModelEntry[]): ModelUnit[] {
    const inside = this.#inside(folders)
    const units: ModelUnit[] = []
    const keys = new Set(inside.map((each) => each.name.normalize('NFC')))
    for (const key of keys) {
      const equal = inside
        .filter((each) => each.name.normalize('NFC') === key)
        .sort((a, b) => (a.locationStamp + a.id < b.locationStamp + b.id ? -1 : 1))
      const twin = inside.some((each) => foldName(each.name) === foldName(key) && each.name.normalize('NFC') !== key)
      const groups: ModelEntry[][] = []
      for (const each of equal) {
        const folderGroup = groups.find((group) => group[0]?.kind === 'folder')
        if (each.kind === 'folder' && folderGroup !== undefined) folderGroup.push(each)
        else groups.push([each])
      }
      const ids = groups.slice(1).map((group) => group[0]?.id as string)
      for (const [index, members] of groups.entries()) {
        const first = members[0] as ModelEntry
        units.push({ members, name: index === 0 ? first.name : this.#decorated(first, ids, keys), twin })
      }
    }
    return units
  }

  #decorated(entry: ModelEntry, ids: readonly string[], keys: ReadonlySet<string>): string {
    for (let count = 4; ; count++) {
      const digits = entry.id.slice(0, count)
      const name = decorateName(entry.name, digits, entry.kind === 'folder')
      const others = ids.filter((id) => id !== entry.id && id.startsWith(digits))
      if (count === 32 || (others.length === 0 && !keys.has(name.normalize('NFC')))) return name
    }
  }

  // -------------------------------------------------------------- what is seen

  /** All live entries with their paths. */
  seen(): SeenEntry[] {
    const seen: SeenEntry[] = []
    const visit = (folders: readonly ModelEntry[], path: string) => {
      for (const { members, name, twin } of this.units(folders)) {
        const real = members.filter((each) => each.id !== RECOVERED_ENTRY)
        const first = real[0] ?? this.#recovered()
        const heads = this.heads(first)
        const place = this.place(first) ?? ROOT_ENTRY
        seen.push({
          path: `${path}/${name}`,
          ids: real.map((each) => each.id),
          kind: first.kind,
          version: heads[0]?.version ?? null,
          heads: heads.map((head) => head.version),
          size: first.kind === 'file' ? (heads[0]?.sizeBytes ?? 0) : null,
          modified: heads[0]?.modifiedMs ?? Number.parseInt(first.locationStamp.slice(0, 12), 16),
          twin,
          parent: place === RECOVERED_ENTRY ? ROOT_ENTRY : place,
        })
        if (first.kind === 'folder') visit(members, `${path}/${name}`)
      }
    }
    visit([this.#entry(ROOT_ENTRY)], '')
    return seen.sort((a, b) => (a.path < b.path ? -1 : 1))
  }

  trash(): string[] {
    return [...this.entries.values()]
      .filter((each) => this.deletedBy(each) !== undefined)
      .sort((a, b) => ((b.trash?.stamp ?? '') + b.id < (a.trash?.stamp ?? '') + a.id ? -1 : 1))
      .map((each) => each.id)
  }

  // -------------------------------------------------------------- policies

  #policySteps(entry: ModelEntry): ModelEntry[][] {
    const chain: ModelEntry[] = []
    for (let at: ModelEntry | undefined = entry; at !== undefined && !chain.includes(at); ) {
      chain.push(at)
      if (at.id === ROOT_ENTRY) break
      const above: EntryId | undefined =
        at.id === RECOVERED_ENTRY ? ROOT_ENTRY : (this.place(at) ?? this.#rawParent(at))
      if (above === undefined) break
      at = above === RECOVERED_ENTRY ? this.#recovered() : this.entries.get(above)
    }
    let set: ModelEntry[] = []
    const steps: ModelEntry[][] = []
    for (const each of chain.reverse()) {
      const isRecovered = each.id === RECOVERED_ENTRY
      const hangs = isRecovered ? this.#inside([each]).length > 0 : this.place(each) !== undefined
      if (each.kind !== 'folder' || !hangs || set.length === 0) set = [each]
      else {
        const key = each.name.normalize('NFC')
        set = this.#inside(set).filter((other) => other.kind === 'folder' && other.name.normalize('NFC') === key)
      }
      steps.push(set)
    }
    return steps.reverse()
  }

  #rawParent(entry: ModelEntry): EntryId | undefined {
    return entry.locationStamp === noStamp ? undefined : entry.parent
  }

  policy(id: EntryId): { copies: number | null; pinnedTo: string[] } {
    const pins = new Set<string>()
    let copies: number | null = null
    const entry = this.entries.get(id)
    for (const step of entry === undefined ? [] : this.#policySteps(entry)) {
      const own = step.map((each) => this.entries.get(each.id)?.policy)
      for (const policy of own) for (const pin of policy?.pinnedTo ?? []) pins.add(pin)
      const highest = Math.max(0, ...own.map((policy) => policy?.copies ?? 0))
      if (highest > 0) copies ??= highest
    }
    return { copies, pinnedTo: [...pins].sort() }
  }

  /** Copies that each named segment wants, by the entries that name it. */
  wantedOfSegments(): Map<SegmentId, number> {
    const wanted = new Map<SegmentId, number>()
    for (const entry of this.entries.values()) {
      const copies = this.policy(entry.id).copies ?? this.#defaultCopies
      for (const version of entry.versions) {
        for (const segment of version.segments) wanted.set(segment, Math.max(wanted.get(segment) ?? 0, copies))
      }
    }
    return wanted
  }

  entriesNaming(segments: ReadonlySet<SegmentId>): EntryId[] {
    return [...this.entries.values()]
      .filter((each) => each.versions.some((version) => version.segments.some((id) => segments.has(id))))
      .map((each) => each.id)
      .sort()
  }
}
