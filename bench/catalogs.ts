/** Catalogs of their own for benchmarks, in a folder that goes when the process does. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Catalog, openCatalog } from '../engine/catalog/index.ts'
import { testId, testKeyring } from '../engine/catalog/testing/pool.ts'
import { openSqlite, systemClock } from '../engine/platform/index.ts'

const folder = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'hadahoop-bench-'))
process.on('exit', () => rmSync(folder, { recursive: true }))

export const keyring = testKeyring()

export function digest(label: string): Buffer {
  return createHash('sha256').update(label).digest()
}

/** Opens the catalog of this name, made if it is not there. */
export function openBenchCatalog(name: string): Catalog {
  const database = openSqlite(join(folder, `${name}.db`))
  return openCatalog({ database, clock: systemClock, nodeId: testId(name), startNumber: 1, keyring: () => keyring })
}
