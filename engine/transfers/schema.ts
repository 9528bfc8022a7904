/** The database of transfers: local to this node, never exchanged. */
import { migrate, readMigrations } from '../platform/index.ts'
import type { Database } from '../ports.ts'

/** Throws `newer-database`. */
export function migrateTransfers(database: Database): void {
  const names = ['0001-imports.sql', '0002-linked-folders.sql', '0003-linked-origins.sql']
  migrate(database, readMigrations(new URL('./schema/', import.meta.url), names))
}
