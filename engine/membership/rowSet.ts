/**
 * The member rows of one pool as this node knows them, in memory and on disk, and what they mean. The one entrance for
 * rows: each is verified against the admission that it was signed under, and committed before it counts. Rows whose
 * admission is unknown are passed over, since only a stranger sends them before it; a batch with a malformed or wrongly
 * signed row is refused as a whole, so that a stranger's rubbish costs one signature check.
 */
import assert from 'node:assert/strict'
import { EngineError } from '../base/error.ts'
import { limits } from '../limits.ts'
import { type AdmitRow, encodeRow, type MemberRow, type RowHash, verifyRow } from './memberRow.ts'
import { judgeMembers, type MemberSet } from './memberSet.ts'
import type { MemberStore } from './store.ts'

interface Entry {
  readonly row: MemberRow
  /** Bytes of the row as it travels. */
  readonly bytes: Buffer
}

export class RowSet {
  readonly #entries = new Map<RowHash, Entry>()
  #judged: MemberSet

  /** `rows` were verified before: they come from the store, or from `verified`. */
  constructor(rows: readonly MemberRow[]) {
    for (const row of rows) this.#entries.set(row.hash, { row, bytes: encodeRow(row) })
    this.#judged = judgeMembers(rows)
  }

  /** What the rows mean now. */
  get judged(): MemberSet {
    return this.#judged
  }

  get genesis(): RowHash {
    assert(this.#judged.genesis !== null, 'the set of a pool begins with its genesis row')
    return this.#judged.genesis
  }

  has(hash: RowHash): boolean {
    return this.#entries.has(hash)
  }

  /** In the order in which they came: each after what it rests on. */
  hashes(): RowHash[] {
    return [...this.#entries.keys()]
  }

  rows(): MemberRow[] {
    return Array.from(this.#entries.values(), (entry) => entry.row)
  }

  /** Rows as they travel, with their hashes, in the order in which they came; only those that `wanted` accepts. */
  encoded(wanted: (row: MemberRow) => boolean): Buffer[] {
    const chosen: Buffer[] = []
    for (const { row, bytes } of this.#entries.values()) if (wanted(row)) chosen.push(bytes)
    return chosen
  }

  sizeBytes(hash: RowHash): number {
    return this.#entries.get(hash)?.bytes.length ?? 0
  }

  /** The admissions that a row rests on, its own first, genesis last. */
  chain(hash: RowHash): RowHash[] {
    const found: RowHash[] = []
    for (let at: RowHash | null = hash; at !== null; ) {
      const row: MemberRow | undefined = this.#entries.get(at)?.row
      if (row === undefined) break
      found.push(at)
      at = row.authority
    }
    return found
  }

  /** What the set would mean with these rows as well. */
  judgedWith(rows: readonly MemberRow[]): MemberSet {
    return judgeMembers([...this.rows(), ...rows.filter((row) => !this.has(row.hash))])
  }

  /**
   * Verifies rows and commits those that are new and have a place; `also` becomes part of the same commit. Answers the new
   * ones. Throws `bad-row` (then nothing was taken), `disk-full`.
   */
  merge(rows: readonly MemberRow[], store: MemberStore, also?: () => void): MemberRow[] {
    const added = this.#withinLimits(verified(rows, this.genesis, (hash) => this.#entries.get(hash)?.row))
    if (added.length > 0 || also !== undefined) {
      store.transact(() => {
        also?.()
        store.addRows(added)
      })
    }
    if (added.length > 0) {
      for (const row of added) this.#entries.set(row.hash, { row, bytes: encodeRow(row) })
      this.#judged = judgeMembers(this.rows())
    }
    return added
  }

  #withinLimits(rows: readonly MemberRow[]): MemberRow[] {
    let count = this.#entries.size
    const refused = new Set<RowHash>()
    return rows.filter((row) => {
      const places = limits.memberRowsPerPool - (row.kind === 'remove' ? 0 : limits.memberRowsForRemovals)
      const fits = count < places && !(row.authority !== null && refused.has(row.authority))
      if (fits) count += 1
      else refused.add(row.hash)
      return fits
    })
  }
}

/**
 * Those of the rows that are new to whoever knows what `known` answers, in an order in which each follows its admission.
 * Throws `bad-row`; also for a genesis row other than `genesis`: everybody can sign one, so none may slip into a pool.
 */
export function verified(
  rows: readonly MemberRow[],
  genesis: RowHash,
  known: (hash: RowHash) => MemberRow | undefined,
): MemberRow[] {
  const found = new Map<RowHash, MemberRow>()
  const lookUp = (hash: RowHash) => known(hash) ?? found.get(hash)
  let waiting = rows.filter((row) => lookUp(row.hash) === undefined)
  for (;;) {
    const later: MemberRow[] = []
    for (const row of waiting) {
      if (found.has(row.hash)) continue
      const authority = row.authority === null ? null : lookUp(row.authority)
      if (authority === undefined) later.push(row)
      else {
        if (row.authority === null && row.hash !== genesis) throw new EngineError('bad-row', 'a row of another pool')
        verifyRow(row, admissionOf(authority))
        found.set(row.hash, row)
      }
    }
    if (later.length === waiting.length || later.length === 0) break
    waiting = later
  }
  return [...found.values()]
}

function admissionOf(row: MemberRow | null): AdmitRow | null {
  if (row === null) return null
  if (row.kind !== 'admit') throw new EngineError('bad-row', 'not a valid member row: signed under no admission')
  return row
}
