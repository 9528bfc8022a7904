/** The catalog: rows, what is derived from them, and their exchange between members. */
import { RowCatalog, type CatalogOptions } from './catalog.ts'
import { migrateCatalog } from './migrations.ts'
import type { Catalog } from './types.ts'
import { Views } from './views/index.ts'

export type { CatalogOptions } from './catalog.ts'
export {
  type CatalogExchange,
  type CatalogExchangeDeps,
  createCatalogExchange,
  type ExchangeEvents,
  type ExchangeProblem,
} from './exchange.ts'
export type { CountOptions, Durable } from './receipt.ts'
export { openSegment, SegmentBuilder } from './segments.ts'
export type * from './types.ts'

/** Copies wanted until the pool's settings row is here. */
const defaultCopies = 2

/**
 * Opens a catalog on its database, which it owns from then on. Counts all fingerprints anew: some two seconds per
 * million rows. Throws `newer-database`, `damaged-database`, `disk-full`.
 */
export function openCatalog(options: CatalogOptions): Catalog {
  const { database, keyring } = options
  migrateCatalog(database)
  return new RowCatalog(options, new Views(database, { keyring, defaultCopies }))
}
