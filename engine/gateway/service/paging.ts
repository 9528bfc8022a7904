/** Pages of lists, as the API's answers have them. */
import { EngineError } from '../../base/error.ts'
import type { Page, PageQuery } from '../../../shared/index.ts'

export function pageOf<From, To>(page: Page<From>, show: (item: From) => To): Page<To> {
  return { items: page.items.map(show), next: page.next }
}

/** One page of a list that is short enough to be made whole; the cursor is the index of the next item. Throws `bad-cursor`. */
export function pageOfAll<Item>(list: string, all: readonly Item[], { limit, cursor }: PageQuery): Page<Item> {
  const from = cursor === null ? 0 : numberInCursor(list, cursor)
  const to = from + limit
  return { items: all.slice(from, to), next: to < all.length ? numberedCursor(list, to) : null }
}

/** A cursor that is a number; it names its list, so that another list knows it for foreign. */
export function numberedCursor(list: string, number: number | string): string {
  return `${list}-${number}`
}

/** Throws `bad-cursor`. */
export function numberInCursor(list: string, cursor: string): number {
  const digits = cursor.startsWith(`${list}-`) ? cursor.slice(list.length + 1) : ''
  if (/^\d{1,15}$/.test(digits)) return Number(digits)
  throw new EngineError('bad-cursor', 'the cursor is not from this list', { hint: 'Start again at the first page.' })
}
