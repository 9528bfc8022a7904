/**
 * One folder's rows. The first page is small so that it shows at once; the rest follows page by page into the cache while the
 * user already looks. Changes that events bring while pages still come are applied to them again, or an older page would undo
 * them. A list that is whole is replaced only by one that is whole, so that reloading never makes it jump.
 */
import { queryOptions } from '@tanstack/react-query'
import type { Entry, Page } from '../../shared/index.ts'
import { encodePath, joinPath } from '../../shared/paths.ts'
import { request } from '../api/client.ts'
import { applyChanges, type Changes, type Sorting } from './folderRows.ts'

export interface FolderRows {
  readonly rows: readonly Entry[]
  /** False while further pages are on their way. */
  readonly complete: boolean
}

const firstPage = 200
const furtherPage = 1000

/** Changes that came lately, for folders whose pages are on their way. */
const underWay = new Set<Map<string, Entry | null>>()

export function noteChanges(changes: Changes): void {
  for (const noted of underWay) for (const [id, change] of changes) noted.set(id, change)
}

export function folderQuery(names: readonly string[], sorting: Sorting) {
  const folder = joinPath(names)
  const queryKey = ['folder', folder, sorting.by, sorting.order] as const
  return queryOptions({
    queryKey,
    structuralSharing: false,
    queryFn: async ({ client, signal }): Promise<FolderRows> => {
      const whole = client.getQueryData<FolderRows>(queryKey)?.complete === true
      const noted = new Map<string, Entry | null>()
      underWay.add(noted)
      try {
        const rows: Entry[] = []
        const current = () => (noted.size === 0 ? [...rows] : applyChanges(rows, noted, folder, sorting))
        for (let cursor: string | null = null; ; ) {
          const limit = cursor === null ? firstPage : furtherPage
          const at: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`
          const path = `/v1/folders/${encodePath(names)}?sort=${sorting.by}&order=${sorting.order}&limit=${limit}${at}`
          const page: Page<Entry> = await request('GET', path, { signal })
          rows.push(...page.items)
          if (page.next === null) return { rows: current(), complete: true }
          cursor = page.next
          if (!whole) client.setQueryData<FolderRows>(queryKey, { rows: current(), complete: false })
        }
      } finally {
        underWay.delete(noted)
      }
    },
  })
}
