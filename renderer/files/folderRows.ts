/**
 * The rows of one folder in the order the engine lists them, and how changes enter them: what is there is replaced where it
 * stands, what is new is merged into its place, what left goes. Linear in the rows however many changes come at once, since a
 * folder may hold 100,000 and a burst of events 10,000. Rows never move because another value changed: a list must not jump
 * under the pointer; sorting anew is asking the engine anew.
 */
import type { Entry } from '../../shared/index.ts'
import { sortKeyOf } from './nameOrder.ts'

export interface Sorting {
  readonly by: 'name' | 'size' | 'modified'
  readonly order: 'asc' | 'desc'
}

/** What became of an entry; null: it is no longer to be seen. */
export type Changes = ReadonlyMap<string, Entry | null>

/** Folders first; then by the sorting; equal ones by id. */
export function compareEntries(a: Entry, b: Entry, { by, order }: Sorting): number {
  if (a.kind !== b.kind) return a.kind === 'folder' ? -1 : 1
  const sign = order === 'asc' ? 1 : -1
  const bySize = by === 'size' && a.kind === 'file'
  const difference = bySize
    ? (a.size ?? 0) - (b.size ?? 0)
    : by === 'modified'
      ? compareText(a.modified, b.modified)
      : compareText(sortKeyOf(a), sortKeyOf(b))
  return sign * (difference || compareText(a.id, b.id))
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The folder's path of an entry's path. */
function parentPath(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')))
}

/** The rows with the changes that concern this folder; the same array if none does. */
export function applyChanges(
  rows: readonly Entry[],
  changes: Changes,
  folder: string,
  sorting: Sorting,
): readonly Entry[] {
  let touched = false
  const kept: Entry[] = []
  const seen = new Set<string>()
  for (const row of rows) {
    const change = changes.get(row.id)
    if (change === undefined) {
      kept.push(row)
      continue
    }
    touched = true
    if (change === null || parentPath(change.path) !== folder) continue
    if (change.name !== row.name) continue // renamed: merged anew below
    seen.add(row.id)
    kept.push(change)
  }
  const added = [...changes.values()].filter(
    (change): change is Entry => change !== null && !seen.has(change.id) && parentPath(change.path) === folder,
  )
  if (!touched && added.length === 0) return rows
  if (added.length === 0) return kept
  return merge(
    kept,
    added.toSorted((a, b) => compareEntries(a, b, sorting)),
    sorting,
  )
}

function merge(rows: readonly Entry[], added: readonly Entry[], sorting: Sorting): Entry[] {
  const merged: Entry[] = []
  let from = 0
  for (const entry of added) {
    const to = placeFor(rows, entry, from, sorting)
    for (let at = from; at < to; at++) merged.push(rows[at] as Entry)
    merged.push(entry)
    from = to
  }
  for (let at = from; at < rows.length; at++) merged.push(rows[at] as Entry)
  return merged
}

/** Binary, so that adding few to many compares few names. */
function placeFor(rows: readonly Entry[], entry: Entry, from: number, sorting: Sorting): number {
  let low = from
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareEntries(rows[middle] as Entry, entry, sorting) < 0) low = middle + 1
    else high = middle
  }
  return low
}
