/**
 * The folders in one folder, for the tree: lists have folders first, so reading ends at the first file. Kept current by
 * the same events as lists (applyEvents.ts).
 */
import { queryOptions } from '@tanstack/react-query'
import type { Entry, Page } from '../../../shared/index.ts'
import { encodePath, joinPath } from '../../../shared/paths.ts'
import { request } from '../../api/client.ts'
import type { Sorting } from '../folderRows.ts'

export const treeSorting: Sorting = { by: 'name', order: 'asc' }

const pageSize = 200
/** Of a folder with more folders the tree shows these; the list has all. */
const foldersMax = 2000

export function treeQuery(names: readonly string[]) {
  return queryOptions({
    queryKey: ['tree', joinPath(names)],
    queryFn: async ({ signal }): Promise<readonly Entry[]> => {
      const folders: Entry[] = []
      for (let cursor: string | null = null; ; ) {
        const at: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`
        const path = `/v1/folders/${encodePath(names)}?sort=name&order=asc&limit=${pageSize}${at}`
        const page: Page<Entry> = await request('GET', path, { signal })
        const found = page.items.filter(({ kind }) => kind === 'folder')
        folders.push(...found)
        if (found.length < page.items.length || page.next === null || folders.length >= foldersMax) return folders
        cursor = page.next
      }
    },
  })
}
