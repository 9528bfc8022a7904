/**
 * What happened, in the words of people: a bounded list that survives restarts. Each node keeps its own; what the pool has done
 * is in every node's list, since all read it from the same rows (sight.ts). Rows for events were rejected: they would be kept and
 * exchanged for ever to say what other rows say already.
 */
import type { Activity } from '../../shared/index.ts'
import { isEngineError } from '../base/error.ts'
import { limits } from '../limits.ts'
import { migrate, readMigrations } from '../platform/index.ts'
import type { Clock, Database, Statement } from '../ports.ts'
import type { Happening, PoolSight } from './sight.ts'

interface Row {
  readonly number: number
  readonly at_ms: number
  readonly code: string
  readonly text: string
  readonly node: string | null
}

export class Diary {
  readonly #database: Database
  readonly #clock: Clock
  readonly #told: (item: Activity) => void
  readonly #insert: Statement
  readonly #trim: Statement
  readonly #page: Statement
  readonly #sight: Statement
  readonly #setSight: Statement

  /** Owns the database. Throws `newer-database`. */
  constructor(database: Database, clock: Clock, told: (item: Activity) => void) {
    migrate(database, readMigrations(new URL('./schema/', import.meta.url), ['0001-activity.sql']))
    this.#database = database
    this.#clock = clock
    this.#told = told
    this.#insert = database
      .prepare('INSERT INTO activity (at_ms, code, text, node) VALUES (?, ?, ?, ?) RETURNING number')
      .pluck()
    this.#trim = database.prepare('DELETE FROM activity WHERE number <= ?')
    this.#page = database.prepare(
      'SELECT number, at_ms, code, text, node FROM activity WHERE number < ? ORDER BY number DESC LIMIT ?',
    )
    this.#sight = database.prepare('SELECT text FROM sight').pluck()
    this.#setSight = database.prepare('INSERT OR REPLACE INTO sight (one, text) VALUES (1, ?)')
  }

  /** On a full disk nothing is noted: what is only told must not keep it from happening. */
  note({ code, text, nodeId }: Happening): void {
    const atMs = this.#clock.nowMs()
    let number: number
    try {
      number = this.#insert.get<number>(atMs, code, text, nodeId ?? null) as number
      this.#trim.run(number - limits.activityItems)
    } catch (error) {
      if (isEngineError(error, 'disk-full')) return
      throw error
    }
    this.#told(itemOf({ number, at_ms: atMs, code, text, node: nodeId ?? null }))
  }

  /** Up to `limit` items that came before the one with that id (null: the newest), newest first. */
  page(before: string | null, limit: number): Activity[] {
    const number = before === null ? Number.MAX_SAFE_INTEGER : Number(before)
    return this.#page.all<Row>(number, limit).map(itemOf)
  }

  /** The pool as it was last looked at. */
  sight(): PoolSight | null {
    const text = this.#sight.get<string>()
    return text === undefined ? null : (JSON.parse(text) as PoolSight)
  }

  setSight(sight: PoolSight): void {
    this.#setSight.run(JSON.stringify(sight))
  }

  /** The node left its pool: nothing that was said of it stays. */
  forget(): void {
    this.#database.exec('DELETE FROM activity; DELETE FROM sight')
  }

  close(): void {
    this.#database.close()
  }
}

function itemOf({ number, at_ms, code, text, node }: Row): Activity {
  const at = new Date(at_ms).toISOString()
  return { id: String(number), at, code, text, ...(node === null ? {} : { nodeId: node }) }
}
