/** Pages of lists, as the API's answers have them. */
import { EngineError } from '../../base/error.ts'
import type { Page, PageQuery } from '../../../shared/index.ts'

export function pageOf<From, To>(page: Page<From>, show: (item: From) => To): Page<To> {
  return { items: page.items.map(show), next: page.next }
}

/** One page of a list that is short enough to be made whole; the cursor is the index of the next item. */
export function pageOfAll<Item>(all: readonly Item[], { limit, cursor }: PageQuery): Page<Item> {
  const from = cursor === null ? 0 : Number(cursor)
  if (!Number.isSafeInteger(from) || from < 0) throw new EngineError('bad-cursor', 'the cursor is not from this list')
  const to = from + limit
  return { items: all.slice(from, to), next: to < all.length ? String(to) : null }
}
