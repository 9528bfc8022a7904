/**
 * Pages of live entries by a part of their name, latest known first. How much one page looks through is bounded, so a page
 * may have fewer items than asked for and yet a next one.
 */
import { limits } from '../../limits.ts'
import type { EntryView, Page, SearchQuery } from '../types.ts'
import { decodeCursor, encodeCursor, integerInCursor } from './cursors.ts'
import { type EntryRow, type EntryTable, entryIdOf, FILE } from './entryTable.ts'
import type { NameIndex } from './nameIndex.ts'
import { foldName } from './names.ts'
import type { Folder, Paths } from './paths.ts'

export class Search {
  readonly #entries: EntryTable
  readonly #paths: Paths
  readonly #names: NameIndex

  constructor(entries: EntryTable, paths: Paths, names: NameIndex) {
    this.#entries = entries
    this.#paths = paths
    this.#names = names
  }

  /** Throws `bad-cursor`. */
  search(query: SearchQuery): Page<EntryView> {
    const items: EntryView[] = []
    const known = new Map<number, Folder | undefined>()
    let below =
      query.cursor === null ? this.#entries.nextNumber.get() : integerInCursor(decodeCursor('search', query.cursor)[0])
    let lookedAt = 0
    let scanned = 0
    while (lookedAt < limits.searchCandidates && scanned < limits.searchScan) {
      const wanted = Math.min(limits.searchCandidates - lookedAt, Math.max(query.limit, limits.listDefault))
      const { numbers, lookedDownTo } = this.#names.candidates(query.text, below, wanted, limits.searchScan - scanned)
      for (const number of numbers) {
        const view = this.#match(number, query, known)
        if (view === undefined) continue
        items.push(view)
        if (items.length === query.limit) return { items, next: encodeCursor('search', [number]) }
      }
      if (lookedDownTo === null) return { items, next: null }
      lookedAt += numbers.length
      scanned += below - lookedDownTo
      below = lookedDownTo
    }
    return { items, next: encodeCursor('search', [below]) }
  }

  #match(number: number, query: SearchQuery, known: Map<number, Folder | undefined>): EntryView | undefined {
    const row = this.#entries.mustBe(number)
    if (row.place === null || row.fold === null || !row.fold.includes(foldName(query.text))) return undefined
    // What the row tells costs nothing; where it hangs is looked up only then.
    if (!fits(row, query)) return undefined
    const view = this.#paths.viewOf(row, known)
    if (view === undefined || (query.kind !== undefined && view.kind !== query.kind)) return undefined
    // Folders that show as one show once.
    if (view.id !== entryIdOf(row)) return undefined
    const { folder } = query
    const inside = folder === undefined || folder.path === '/' || view.path.startsWith(`${folder.path}/`)
    const accepted = row.kind === FILE || (query.acceptFolder?.(view) ?? true)
    return inside && accepted ? view : undefined
  }
}

function fits(row: EntryRow, query: SearchQuery): boolean {
  const { kind, minBytes, maxBytes, afterMs, beforeMs, named } = query
  if (kind !== undefined && (row.kind === FILE) !== (kind === 'file')) return false
  if ((minBytes !== undefined || maxBytes !== undefined) && row.kind !== FILE) return false
  if (row.size < (minBytes ?? 0) || row.size > (maxBytes ?? Number.POSITIVE_INFINITY)) return false
  if (row.modified < (afterMs ?? Number.NEGATIVE_INFINITY) || row.modified >= (beforeMs ?? Number.POSITIVE_INFINITY)) {
    return false
  }
  if (named !== undefined && row.name !== null && !named(row.name)) return false
  return row.kind !== FILE || (query.acceptFile?.(entryIdOf(row)) ?? true)
}
