/**
 * Events into the cache. Entries, machines, health and activity carry their whole present state and are put where they belong;
 * sums that no event carries (the pool's, the trash) are asked again, at most once per interval however many events come.
 */
import type { QueryClient } from '@tanstack/react-query'
import type { Activity, Entry, GoneEntry, GoneTransfer, Health, Node, Transfer } from '../../shared/index.ts'
import { type FolderRows, noteChanges } from '../files/folderQuery.ts'
import { applyChanges, type Sorting } from '../files/folderRows.ts'
import { treeSorting } from '../files/sidebar/treeQuery.ts'
import { noteAllProtected, noteEntries } from '../transfers/uploads.ts'

export interface Events {
  readonly entries: ReadonlyMap<string, Entry | GoneEntry>
  readonly nodes: readonly Node[]
  readonly transfers: readonly (Transfer | GoneTransfer)[]
  readonly activity: readonly Activity[]
  readonly health: Health | undefined
}

const activityKept = 200

export function applyEvents(client: QueryClient, events: Events): void {
  if (events.entries.size > 0) applyEntries(client, events.entries)
  if (events.nodes.length > 0) patchList(client, ['nodes'], events.nodes)
  if (events.transfers.length > 0) applyTransfers(client, events.transfers)
  if (events.health !== undefined) {
    client.setQueryData<Health>(['health'], events.health)
    void client.invalidateQueries({ queryKey: ['uncopied'] })
    if (events.health.state === 'protected') noteAllProtected()
  }
  if (events.activity.length > 0) {
    client.setQueryData<Activity[]>(['activity'], (before) => {
      if (before === undefined) return undefined
      const known = new Set(before.map(({ id }) => id))
      const fresh = events.activity.filter(({ id }) => !known.has(id)).toReversed()
      return [...fresh, ...before].slice(0, activityKept)
    })
  }
}

/** With more changes at once, sums over folders are not asked anew for them. */
const contentsAsked = 50

function applyEntries(client: QueryClient, entries: ReadonlyMap<string, Entry | GoneEntry>): void {
  const changes = new Map([...entries].map(([id, entry]) => [id, 'gone' in entry ? null : entry]))
  noteChanges(changes)
  noteEntries(changes)
  for (const query of client.getQueryCache().findAll({ queryKey: ['folder'] })) {
    const [, folder, by, order] = query.queryKey as [string, string, Sorting['by'], Sorting['order']]
    const data = query.state.data as FolderRows | undefined
    if (data === undefined) continue
    const rows = applyChanges(data.rows, changes, folder, { by, order })
    if (rows !== data.rows) client.setQueryData<FolderRows>(query.queryKey, { ...data, rows })
  }
  const folders = new Map([...changes].filter(([, entry]) => entry === null || entry.kind === 'folder'))
  for (const query of folders.size === 0 ? [] : client.getQueryCache().findAll({ queryKey: ['tree'] })) {
    const rows = query.state.data as readonly Entry[] | undefined
    if (rows === undefined) continue
    const after = applyChanges(rows, folders, query.queryKey[1] as string, treeSorting)
    if (after !== rows) client.setQueryData<readonly Entry[]>(query.queryKey, after)
  }
  // Of what changes in masses health tells.
  if (changes.size <= contentsAsked) void client.invalidateQueries({ queryKey: ['contents'] })
  // By what is cached, not by what changed: of thousands that changed few are looked at.
  for (const query of client.getQueryCache().findAll()) {
    const [kind, id] = query.queryKey as [string, string?]
    const isOfEntry = (kind === 'versions' || kind === 'replicas') && id !== undefined
    if (isOfEntry && changes.has(id)) void client.invalidateQueries({ queryKey: query.queryKey })
  }
}

/** New ones come first. */
function applyTransfers(client: QueryClient, transfers: readonly (Transfer | GoneTransfer)[]): void {
  client.setQueryData<Transfer[]>(['transfers'], (before) => {
    if (before === undefined) return undefined
    const byId = new Map(transfers.map((each) => [each.id, each]))
    const known = new Set(before.map(({ id }) => id))
    const fresh = [...byId.values()].filter(({ id }) => !known.has(id)).toReversed()
    return [...fresh, ...before.map((each) => byId.get(each.id) ?? each)].filter(
      (each): each is Transfer => !('gone' in each),
    )
  })
}

/** Replaces items of equal id, adds new ones at the end. */
function patchList<T extends { readonly id: string }>(
  client: QueryClient,
  key: readonly string[],
  items: readonly T[],
): void {
  client.setQueryData<T[]>(key, (before) => {
    if (before === undefined) return undefined
    const byId = new Map(items.map((item) => [item.id, item]))
    const replaced = before.map((item) => byId.get(item.id) ?? item)
    const known = new Set(before.map(({ id }) => id))
    return [...replaced, ...[...byId.values()].filter(({ id }) => !known.has(id))]
  })
}
