/**
 * Search: by any part of the name, narrowed by what the catalog knows of each entry and, for state and machine, by the last
 * survey of all files, so that a filter that few files pass looks at no chunks.
 */
import { NodeIds } from '../../base/ids.ts'
import * as files from '../../files/index.ts'
import { contentTypeOf, type Entry, type Page, parseJsonPath, type SearchQuery } from '../../../shared/index.ts'
import { pageOf } from './paging.ts'
import { toEntry } from './entries.ts'
import type { PoolParts } from './parts.ts'

/** Throws `bad-cursor`, and `not-found` or `wrong-kind` of `folder`. */
export async function search(pool: PoolParts, query: SearchQuery): Promise<Page<Entry>> {
  const { q, limit, cursor, kind, type, minSize, maxSize, after, before, state, node } = query
  const { census } = pool
  const on = node?.map((id) => NodeIds.parse(id))
  if (state !== undefined || node !== undefined) await census.settled()
  const folder =
    query.folder === undefined
      ? undefined
      : files.mustBeFolder(files.mustBeAt(pool.catalog.read, parseJsonPath(query.folder)))
  // Only files have a type, and only files lie on machines.
  const only = type !== undefined || node !== undefined ? 'file' : undefined
  if (kind === 'folder' && only === 'file') return { items: [], next: null }
  const wanted = kind ?? only
  const found = pool.catalog.read.search({
    text: q,
    limit,
    cursor,
    ...(wanted === undefined ? {} : { kind: wanted }),
    ...(folder === undefined ? {} : { folder }),
    ...(minSize === undefined ? {} : { minBytes: minSize }),
    ...(maxSize === undefined ? {} : { maxBytes: maxSize }),
    ...(after === undefined ? {} : { afterMs: Date.parse(after) }),
    ...(before === undefined ? {} : { beforeMs: Date.parse(before) }),
    ...(type === undefined ? {} : { named: (name: string) => contentTypeOf(name) === type }),
    acceptFile: (file) =>
      (state === undefined || census.stateOf(file) === state) &&
      (on === undefined || on.some((each) => census.isOn(file, each))),
    acceptFolder: (view) => state === undefined || census.worstIn(view) === state,
  })
  return pageOf(found, (view) => toEntry(pool, view))
}
