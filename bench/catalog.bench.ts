/**
 * Rows through one catalog each, on one core: authored 256 at a time as busy uploads do, merged as a walk brings them, and the time to
 * open. BENCH_ROWS: how many (default 100,000). The data lies under BENCH_DIR, else in the temporary folder.
 */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT_ENTRY } from '../engine/base/ids.ts'
import { type Catalog, type Change, openCatalog, type Row } from '../engine/catalog/index.ts'
import type { Keyring } from '../engine/identity/index.ts'
import { openSqlite, systemClock } from '../engine/platform/index.ts'
import { report } from './figures.ts'

const count = Number(process.env['BENCH_ROWS'] ?? 100_000)
const atOnce = 256
const mergedAtOnce = 1000
const folder = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'hadahoop-bench-'))

const digest = (label: string) => createHash('sha256').update(label).digest()
const id = <Id extends string>(label: string) => digest(label).toString('hex', 0, 16) as Id
const keys = {
  id: id<ReturnType<Keyring['epochs']>[number]>('epoch'),
  rowSaltKey: digest('salt'),
  rowBodyKey: digest('body'),
  chunkSealKey: digest('chunk'),
  segmentKey: digest('segment'),
}
const keyring: Keyring = {
  poolId: id('pool'),
  current: () => keys,
  get: () => keys,
  epochs: () => [keys.id],
  dedupKey: digest('dedup'),
  poolHint: '0'.repeat(16),
}

function open(name: string): Catalog {
  const database = openSqlite(join(folder, `${name}.db`))
  return openCatalog({ database, clock: systemClock, nodeId: id(name), startNumber: 1, keyring: () => keyring })
}

function birth(index: number): Change {
  const entry = id<typeof ROOT_ENTRY>(`entry ${index}`)
  const version = {
    version: id<never>(`version ${index}`),
    entry,
    segments: [],
    parents: [],
    sizeBytes: 4096,
    modifiedMs: 1_700_000_000_000,
    createdMs: 1_700_000_000_000,
    author: id<never>('author'),
  }
  return { what: 'birth', entry, parent: ROOT_ENTRY, name: `file number ${index}.txt`, version }
}

const author = open('author')
const rows: Row[] = []
let startMs = performance.now()
for (let first = 0; first < count; first += atOnce) {
  const works = Array.from({ length: Math.min(atOnce, count - first) }, (_, index) =>
    author.transact((tx) => tx.write(birth(first + index))),
  )
  for (const work of await Promise.all(works)) rows.push(...work.rows)
}
report('rows authored, 256 transactions at a time', (count / (performance.now() - startMs)) * 1e3, 'rows/s')

const merger = open('merger')
startMs = performance.now()
for (let first = 0; first < count; first += mergedAtOnce)
  await merger.merge(rows.slice(first, first + mergedAtOnce), [])
report('rows merged, 1,000 at a time', (count / (performance.now() - startMs)) * 1e3, 'rows/s')

author.close()
merger.close()
startMs = performance.now()
open('merger').close()
report(`catalog of ${count} rows opened`, performance.now() - startMs, 'ms')
report('peak memory', process.resourceUsage().maxRSS / 1e3, 'MB')
rmSync(folder, { recursive: true })
