/**
 * Policies, and how many copies each entry's content wants because of them. The nearest policy with a number, at the entry or
 * above, counts; pins add up along the way; folders that show as one are one step with the highest number and all pins. A
 * deleted entry keeps the policy of the folder that it was in.
 *
 * `wanted` of each entry is kept beside it, since chunks ask for it by the million. One policy row or move may change it for
 * a whole subtree: such work is noted in a table and done in bounded steps, first within the transaction of the cause,
 * then in the background; until then the chunk index still says what was wanted before. While a pool has no policies,
 * as most do, none of this costs anything: the pool's default is applied when reading.
 */
import { hexOf } from '../../base/bytes.ts'
import type { NodeId } from '../../base/ids.ts'
import type { Database, Statement } from '../../ports.ts'
import type { OwnPolicy } from '../types.ts'
import { AS_DEFAULT, type EntryRow, type EntryTable, FOLDER } from './entryTable.ts'
import type { SegmentTable } from './segmentTable.ts'
import type { Siblings } from './siblings.ts'
import { idsIn, type VersionTable } from './versionTable.ts'

interface PolicyRow {
  readonly copies: number | null
  readonly pins: Buffer
}

interface PendingRow {
  readonly entry: number
  readonly deep: number
  readonly kind: number | null
  readonly key: string | null
  readonly id: Buffer | null
}

interface Child {
  readonly number: number
  readonly wanted: number
  readonly kind: number
  readonly key: string
  readonly id: Buffer
}

const childrenPerStep = 100

export class Wanted {
  readonly #entries: EntryTable
  readonly #versions: VersionTable
  readonly #siblings: Siblings
  readonly #segments: SegmentTable
  readonly #any: Statement
  readonly #own: Statement
  readonly #pinned: Statement
  readonly #set: Statement
  readonly #remove: Statement
  readonly #note: Statement
  readonly #firstPending: Statement
  readonly #proceed: Statement
  readonly #done: Statement
  readonly #children: Statement
  readonly #noteDeleted: Statement
  readonly #forget: Statement[]

  constructor(
    database: Database,
    entries: EntryTable,
    versions: VersionTable,
    siblings: Siblings,
    segments: SegmentTable,
  ) {
    this.#entries = entries
    this.#versions = versions
    this.#siblings = siblings
    this.#segments = segments
    this.#any = database.prepare('SELECT 1 FROM policy LIMIT 1').pluck()
    this.#own = database.prepare('SELECT copies, pins FROM policy WHERE entry = ?')
    this.#pinned = database.prepare('SELECT entry FROM policy WHERE instr(pins, ?) > 0').pluck()
    this.#set = database.prepare('INSERT OR REPLACE INTO policy (entry, copies, pins) VALUES (?, ?, ?)')
    this.#remove = database.prepare('DELETE FROM policy WHERE entry = ?')
    // A folder that is being looked into begins anew, and with all its folders: it may look unchanged by now while some of what
    // is in it was not reached.
    this.#note = database.prepare(
      `INSERT INTO wanted_pending (entry, deep) VALUES (?, ?)
       ON CONFLICT (entry) DO UPDATE SET deep = max(deep, excluded.deep, after_kind IS NOT NULL), after_kind = NULL`,
    )
    this.#firstPending = database.prepare(
      'SELECT entry, deep, after_kind AS kind, after_key AS key, after_id AS id FROM wanted_pending LIMIT 1',
    )
    this.#proceed = database.prepare(
      'UPDATE wanted_pending SET after_kind = ?, after_key = ?, after_id = ? WHERE entry = ?',
    )
    this.#done = database.prepare('DELETE FROM wanted_pending WHERE entry = ?')
    this.#children = database.prepare(
      `SELECT number, wanted, kind, sort_key AS key, id FROM entry INDEXED BY entry_by_name
       WHERE place = ? AND (kind, sort_key, id) > (?, ?, ?) ORDER BY kind, sort_key, id LIMIT ${childrenPerStep}`,
    )
    // What was deleted by itself keeps the policy of what it was in, be that a folder, deleted or not yet born. It shows as
    // one with nothing, so it need not be looked at unless that policy has changed.
    this.#noteDeleted = database.prepare(
      `INSERT OR IGNORE INTO wanted_pending (entry, deep)
       SELECT number, 0 FROM entry WHERE parent = ? AND place IS NOT parent AND place IS NULL`,
    )
    this.#forget = ['policy', 'wanted_pending'].map((table) => database.prepare(`DELETE FROM ${table}`))
  }

  // -------------------------------------------------------------- policies

  /** The entry's own policy, if it has one. */
  ownPolicy(entry: number): OwnPolicy | undefined {
    const row = this.#own.get<PolicyRow>(entry)
    return row === undefined ? undefined : { copies: row.copies, pinnedTo: pinsIn(row) }
  }

  /** Numbers of the entries that are themselves pinned to a node. */
  pinnedBy(node: NodeId): number[] {
    return this.#pinned
      .all<number>(Buffer.from(node, 'hex'))
      .filter((entry) => this.ownPolicy(entry)?.pinnedTo.includes(node))
  }

  /** Own or inherited. `copies` is null where none of the folders above has a number. */
  policyOf(entry: EntryRow): OwnPolicy {
    const pins = new Set<NodeId>()
    let copies: number | null = null
    if (!this.#hasPolicies()) return { copies, pinnedTo: [] }
    for (const step of this.#stepsUp(entry)) {
      let highest = 0
      for (const number of step) {
        const own = this.#own.get<PolicyRow>(number)
        highest = Math.max(highest, own?.copies ?? 0)
        if (own !== undefined) for (const pin of pinsIn(own)) pins.add(pin)
      }
      if (highest > 0) copies ??= highest
    }
    return { copies, pinnedTo: [...pins].sort() }
  }

  /** True if any entry is pinned or asks for a number of copies. */
  #hasPolicies(): boolean {
    return this.#any.get<number>() !== undefined
  }

  /** The entry and what is above it, each with all that shows as one with it. Deleted ones stand where they were. */
  #stepsUp(entry: EntryRow): number[][] {
    const chain: EntryRow[] = []
    const seen = new Set<number>()
    for (let row: EntryRow | undefined = entry; row !== undefined && !seen.has(row.number); ) {
      seen.add(row.number)
      chain.push(row)
      const above: number | null = row.place ?? row.parent
      row = above === null ? undefined : this.#entries.byNumber(above)
    }
    let above: number[] = []
    const steps: number[][] = []
    for (const row of chain.reverse()) {
      const isOne = row.kind !== FOLDER || row.place === null || above.length === 0
      above = isOne ? [row.number] : this.#siblings.foldersNamed(above, row.name ?? '').map((each) => each.number)
      steps.push(above)
    }
    return steps.reverse()
  }

  setPolicy(entry: EntryRow, copies: number | null, pinnedTo: readonly NodeId[]): void {
    this.#set.run(entry.number, copies, Buffer.from(pinnedTo.join(''), 'hex'))
    this.#noteWithTwins(entry, entry.place, 0)
  }

  /** The entry ended, its policy with it. */
  forget(entry: EntryRow): void {
    if (this.#remove.run(entry.number).changes > 0) this.#note.run(entry.number, 0)
  }

  reset(): void {
    for (const statement of this.#forget) statement.run()
  }

  // -------------------------------------------------------------- keeping `wanted`

  /** `wanted` of an entry that is new and hangs under `parent`. */
  ofNewEntry(parent: Readonly<EntryRow>): number {
    return parent.wanted
  }

  /** An entry hangs elsewhere, was renamed, was born or ended: it looked like `before`. */
  changed(before: EntryRow, after: EntryRow): void {
    if (!this.#hasPolicies()) return
    this.#note.run(after.number, 0)
    if (before.kind === FOLDER) this.#noteWithTwins(before, before.place, 1)
    if (after.kind === FOLDER) this.#noteWithTwins(after, after.place, 1)
  }

  /** `deep` goes for what shows as one with the folder: their contents meet as well. */
  #noteWithTwins(row: EntryRow, place: number | null, deep: number): void {
    this.#note.run(row.number, 0)
    if (row.kind !== FOLDER || place === null) return
    const twins = this.#siblings.foldersNamed(this.#siblings.merged(place), row.name ?? '')
    const others = twins.filter((each) => each.number !== row.number)
    if (others.length === 0) return
    for (const { number } of [...others, row]) this.#note.run(number, deep)
  }

  /** True while entries wait for a look. */
  get isPending(): boolean {
    return this.#firstPending.get() !== undefined
  }

  /** Looks at `limit` entries that wait, about; true while there are more. */
  refresh(limit: number): boolean {
    const segments = new Set<string>()
    let left = limit
    let pending = this.#firstPending.get<PendingRow>()
    for (; pending !== undefined && left > 0; pending = this.#firstPending.get<PendingRow>()) {
      left -= pending.kind === null ? this.#look(pending, segments) : this.#lookInside(pending, segments)
    }
    this.#segments.reconsider(segments)
    return pending !== undefined
  }

  #look(pending: PendingRow, segments: Set<string>): number {
    const row = this.#entries.mustBe(pending.entry)
    const isChanged = this.#put(row, bitOf(this.policyOf(row).copies), segments)
    if (row.kind === FOLDER && (isChanged || pending.deep === 1)) {
      this.#proceed.run(FOLDER, '', Buffer.alloc(0), pending.entry)
    } else {
      this.#done.run(pending.entry)
    }
    if (isChanged) this.#noteDeleted.run(pending.entry)
    return 1
  }

  #lookInside(pending: PendingRow, segments: Set<string>): number {
    const folder = this.#entries.mustBe(pending.entry)
    const children = this.#children.all<Child>(pending.entry, pending.kind, pending.key, pending.id)
    for (const child of children) {
      if (child.kind === FOLDER) {
        this.#note.run(child.number, pending.deep)
        continue
      }
      const own = this.#own.get<PolicyRow>(child.number)?.copies ?? null
      const isChanged = this.#put(child, own === null ? folder.wanted : bitOf(own), segments)
      if (isChanged) this.#noteDeleted.run(child.number)
    }
    const last = children.at(-1)
    if (last === undefined || children.length < childrenPerStep) this.#done.run(pending.entry)
    else this.#proceed.run(last.kind, last.key, last.id, pending.entry)
    return children.length + 1
  }

  #put(row: Pick<EntryRow, 'number' | 'wanted'>, wanted: number, segments: Set<string>): boolean {
    if (row.wanted === wanted) return false
    this.#entries.setWanted(row.number, wanted)
    // A folder may be named by versions that came before its birth row.
    for (const segment of this.#versions.segmentsOf(row.number)) segments.add(hexOf(segment))
    return true
  }
}

/** The bit for so many copies. */
function bitOf(copies: number | null): number {
  return copies === null ? AS_DEFAULT : 1 << copies
}

function pinsIn(row: PolicyRow): NodeId[] {
  return idsIn(row.pins, 16).map((id) => hexOf(id) as NodeId)
}
