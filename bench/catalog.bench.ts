/**
 * Rows through one catalog each, on one core: authored 256 at a time as busy uploads do, merged as a walk brings them, and the time to
 * open. BENCH_ROWS: how many (default 100,000). The data lies under BENCH_DIR, else in the temporary folder.
 */
import { ROOT_ENTRY } from '../engine/base/ids.ts'
import type { Change, Row } from '../engine/catalog/index.ts'
import { testId } from '../engine/catalog/testing/pool.ts'
import { openBenchCatalog } from './catalogs.ts'
import { report } from './figures.ts'

const count = Number(process.env['BENCH_ROWS'] ?? 100_000)
const atOnce = 256
const mergedAtOnce = 1000

function birth(index: number): Change {
  const entry = testId<typeof ROOT_ENTRY>(`entry ${index}`)
  const version = {
    version: testId<never>(`version ${index}`),
    entry,
    segments: [],
    parents: [],
    sizeBytes: 4096,
    modifiedMs: 1_700_000_000_000,
    createdMs: 1_700_000_000_000,
    author: testId<never>('author'),
  }
  return { what: 'birth', entry, parent: ROOT_ENTRY, name: `file number ${index}.txt`, version }
}

const author = openBenchCatalog('author')
const rows: Row[] = []
let startMs = performance.now()
for (let first = 0; first < count; first += atOnce) {
  const works = Array.from({ length: Math.min(atOnce, count - first) }, (_, index) =>
    author.transact((tx) => tx.write(birth(first + index))),
  )
  for (const work of await Promise.all(works)) rows.push(...work.rows)
}
report('rows authored, 256 transactions at a time', (count / (performance.now() - startMs)) * 1e3, 'rows/s')

const merger = openBenchCatalog('merger')
startMs = performance.now()
for (let first = 0; first < count; first += mergedAtOnce)
  await merger.merge(rows.slice(first, first + mergedAtOnce), [])
report('rows merged, 1,000 at a time', (count / (performance.now() - startMs)) * 1e3, 'rows/s')

author.close()
merger.close()
startMs = performance.now()
openBenchCatalog('merger').close()
report(`catalog of ${count} rows opened`, performance.now() - startMs, 'ms')
report('peak memory', process.resourceUsage().maxRSS / 1e3, 'MB')
