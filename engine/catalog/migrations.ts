/**
 * The catalog's schema, in the order in which it grew. A file that was released never changes; what must change comes as
 * a new file at the end. The number at the start of a name is the database's `user_version` after it.
 */
import { migrate, readMigrations } from '../platform/index.ts'
import { sortKeyOf } from './views/names.ts'
import type { Database } from '../ports.ts'

const names = ['0001-rows.sql', '0002-views.sql', '0003-sort-keys.sql']

/** Brings a catalog database to the newest schema; throws `newer-database`. */
export function migrateCatalog(database: Database): void {
  database.define('sort_key_of', sortKeyOf)
  migrate(database, readMigrations(new URL('./schema/', import.meta.url), names))
}
