/** Everything that views show, through their public face, in a form that can be compared. */
import { type EntryId, ROOT_ENTRY } from '../../../base/ids.ts'
import type { EntryView, ListOptions } from '../../types.ts'
import type { Views } from '../index.ts'
import { chunkLabels, entryIds, referenceOf } from './history.ts'
import type { SeenEntry } from './model.ts'

/** More than any listing here can have: one that goes on for ever fails, instead of filling the memory. */
const endless = 100_000

function expectAnEnd(items: readonly unknown[], what: string): void {
  if (items.length > endless) throw new Error(`${what} has no end: ${JSON.stringify(items.slice(-6))}`)
}

export function listAll(views: Views, folder: EntryView, options: Partial<ListOptions> = {}): EntryView[] {
  const items: EntryView[] = []
  for (let cursor: string | null = null; ; ) {
    const page = views.list(folder, { sort: 'name', order: 'asc', limit: 2, cursor, ...options })
    items.push(...page.items)
    expectAnEnd(items, `the listing of ${folder.path}`)
    if (page.next === null) return items
    cursor = page.next
  }
}

export function rootOf(views: Views): EntryView {
  return views.at([]) as EntryView
}

export function seenOf(view: EntryView): SeenEntry {
  return {
    path: view.path,
    ids: [...view.ids],
    kind: view.kind,
    version: view.version,
    heads: [...view.heads],
    size: view.sizeBytes,
    modified: view.modifiedMs,
    twin: view.caseTwin,
    parent: view.parent,
  }
}

/** All live entries, by listing. */
export function seenIn(views: Views): SeenEntry[] {
  const seen: SeenEntry[] = []
  const folders = [rootOf(views)]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    expectAnEnd(seen, 'the tree')
    for (const view of listAll(views, folder)) {
      seen.push(seenOf(view))
      if (view.kind === 'folder') folders.push(view)
    }
  }
  return seen.sort((a, b) => (a.path < b.path ? -1 : 1))
}

export function trashIn(views: Views): string[] {
  const ids: string[] = []
  for (let cursor: string | null = null; ; ) {
    const page = views.trash({ limit: 2, cursor })
    ids.push(...page.items.map((item) => item.entry.id))
    expectAnEnd(ids, 'the trash')
    if (page.next === null) return ids
    cursor = page.next
  }
}

export function dump(views: Views) {
  const ids: EntryId[] = [ROOT_ENTRY, ...entryIds]
  return {
    seen: seenIn(views),
    trash: trashIn(views).map((id) => views.trashed(id as EntryId)),
    entries: ids.map((id) => views.entry(id)),
    versions: ids.map((id) => views.versions(id)),
    policies: ids.map((id) => views.policy(id)),
    own: ids.map((id) => views.ownPolicy(id)),
    totals: views.countAll(),
    missing: views.missingSegments(100).sort(),
    chunks: chunkLabels.map((label) => {
      const { chunkId } = referenceOf(label)
      const facts = views.chunks.facts(chunkId)
      return {
        facts,
        files: views.chunks.filesOf(chunkId),
        piece: views.chunks.referenceOfPiece(referenceOf(label).pieceHash),
      }
    }),
    patterns: views.chunks
      .patterns()
      .map((pattern) => ({ ...pattern, holders: pattern.holders.toSorted() }))
      .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    found: [...searchAll(views, 'a'), ...searchAll(views, 'b.t'), ...searchAll(views, 'reco')].sort(),
  }
}

export function searchAll(views: Views, text: string): string[] {
  const paths: string[] = []
  for (let cursor: string | null = null; ; ) {
    const page = views.search({ text, limit: 2, cursor })
    paths.push(...page.items.map((view) => view.path))
    expectAnEnd(paths, `the search for ${text}`)
    if (page.next === null) return paths
    cursor = page.next
  }
}
