/** Views over a fresh database, fed with changes as the catalog would feed them. */
import { blake3Hex } from '../../../base/hash.ts'
import type { Keyring } from '../../../identity/types.ts'
import { openSqlite } from '../../../platform/index.ts'
import type { Database } from '../../../ports.ts'
import { migrateCatalog } from '../../migrations.ts'
import { testKeyring } from '../../testing/pool.ts'
import type { Change, OpenRow, RowKey, Stamp } from '../../types.ts'
import { Views } from '../index.ts'

export interface TestViewsOptions {
  readonly database?: Database
  readonly keyring?: () => Keyring | null
}

export const testKeys = testKeyring().current()

/** A change under its stamp. */
export interface StampedChange {
  readonly change: Change
  readonly stamp: Stamp
}

/** A stamp of a wall clock second and a counter, by an author that does not matter. */
export function stampAt(ms: number, counter = 0): Stamp {
  return `${ms.toString(16).padStart(12, '0')}${counter.toString(16).padStart(4, '0')}${'1'.repeat(40)}` as Stamp
}

/** The register that a change writes; equal for changes that replace each other. */
export function keyOf(change: Change): RowKey {
  switch (change.what) {
    case 'version':
      return { kind: 'version', id: change.version.version, register: '' }
    case 'profile':
    case 'presence':
      return { kind: 'node', id: change.node, register: change.what }
    case 'settings':
      return { kind: 'pool', id: '0'.repeat(32), register: 'settings' }
    default:
      return { kind: 'entry', id: change.entry, register: change.what }
  }
}

export function openRow({ change, stamp }: StampedChange): OpenRow {
  const nothing = Buffer.alloc(0)
  return { row: { ...keyOf(change), stamp, epoch: testKeys.id, header: nothing, body: nothing }, hash: nothing, change }
}

export class TestViews extends Views {
  readonly database: Database

  constructor(options: TestViewsOptions = {}) {
    const database = options.database ?? openSqlite(':memory:')
    migrateCatalog(database)
    const keyring = testKeyring()
    super(database, { keyring: options.keyring ?? (() => keyring), defaultCopies: 2 })
    this.database = database
  }

  /** Applies changes in one transaction. */
  take(...changes: readonly StampedChange[]): void {
    this.transact(() => {
      for (const change of changes) this.apply(openRow(change))
    })
  }

  transact<T>(work: () => T): T {
    this.database.exec('BEGIN')
    this.mark()
    const value = work()
    this.database.exec('COMMIT')
    this.commit()
    return value
  }

  /** Does all that may wait. */
  settle(): void {
    this.transact(() => {
      while (this.workOff(3)) continue
    })
  }
}

/** 32 digits that begin as given, so that tests can choose the order of ids and what they share. */
export function idOf<Id extends string>(beginning: string, label = ''): Id {
  return (beginning + blake3Hex(Buffer.from(`${beginning} ${label}`))).slice(0, 32) as Id
}
