/**
 * Reads the numbered .sql files of a schema that lie beside the code. They are found by URL from the module that names
 * them (`new URL('./schema/', import.meta.url)`), so a bundle works if its build puts that folder beside the bundle.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { Migration } from './sqlite.ts'

/** `names` like `0001-rows.sql`, in order; the number is the migration's version. */
export function readMigrations(folder: URL, names: readonly string[]): Migration[] {
  return names.map((name) => {
    const version = Number(/^(\d{4})-[a-z0-9-]+\.sql$/.exec(name)?.[1])
    assert(Number.isInteger(version), `${name} is not named like a migration`)
    return { version, sql: readFileSync(new URL(name, folder), 'utf8') }
  })
}
