/** Opens a catalog of rows alone for a test. */
import type { NodeId } from '../../base/ids.ts'
import type { Keyring } from '../../identity/types.ts'
import { openSqlite } from '../../platform/index.ts'
import type { Clock, Database } from '../../ports.ts'
import { RowCatalog } from '../catalog.ts'
import { migrateCatalog } from '../migrations.ts'
import { BareViews } from './bareViews.ts'
import { testClock, testId, testKeyring } from './pool.ts'

export interface BareOptions {
  readonly database?: Database
  readonly clock?: Clock
  readonly node?: string
  readonly startNumber?: number
  readonly keyring?: Keyring | null
  readonly views?: BareViews
}

export function openBare(options: BareOptions = {}) {
  const database = options.database ?? openSqlite(':memory:')
  migrateCatalog(database)
  const views = options.views ?? new BareViews()
  const keyring = options.keyring === undefined ? testKeyring() : options.keyring
  const catalog = new RowCatalog(
    {
      database,
      clock: options.clock ?? testClock(),
      nodeId: testId<NodeId>(options.node ?? 'node'),
      startNumber: options.startNumber ?? 1,
      keyring: () => keyring,
    },
    views,
  )
  return { catalog, views, database }
}
