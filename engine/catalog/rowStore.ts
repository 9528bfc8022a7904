/**
 * Rows in SQLite and their fingerprints, which follow each other: a change counts in the fingerprints once its
 * transaction is durable, and not at all if it is undone. Whether a row may replace another is decided in merge.ts.
 */
import { bytesOf, hexOf } from '../base/bytes.ts'
import type { EntryId, EpochId } from '../base/ids.ts'
import type { Database, Statement } from '../ports.ts'
import type { Follower } from './derived.ts'
import { bucketOfSlot, Fingerprints, slotOf } from './fingerprint.ts'
import type { SealedRow } from './seal.ts'
import { NO_STAMP } from './stamp.ts'
import type { Row, RowKey, RowKind, Stamp, WalkReads } from './types.ts'

/** All rows of an id (the entry's registers, or the version), and where they lie. */
export interface RowsOfId {
  readonly slot: number
  readonly rows: readonly StandingRow[]
}

/** What the merge must know of a row that is here. */
export interface StandingRow {
  readonly number: number
  readonly kind: string
  readonly register: string
  readonly stamp: Stamp
  readonly hash: Buffer
}

interface FullRow {
  readonly number: number
  readonly slot: number
  readonly id: Buffer
  readonly kind: string
  readonly register: string
  readonly stamp: Buffer
  readonly epoch: Buffer
  readonly hash: Buffer
  readonly header: Buffer
  readonly body: Buffer
}

/** A row counted in or out by work that is not durable yet. */
interface Delta {
  readonly bucket: number
  readonly hash: Buffer
  readonly present: boolean
}

const columns = 'number, slot, id, kind, register, stamp, epoch, hash, header, body'

export class RowStore implements WalkReads, Follower {
  readonly #fingerprints = new Fingerprints()
  readonly #deltas: Delta[] = []
  #mark = 0
  readonly #rowsOfId: Statement
  readonly #insert: Statement
  readonly #replace: Statement
  readonly #remove: Statement
  readonly #ofOwner: Statement
  readonly #ofBucket: Statement
  readonly #byKey: Statement
  readonly #numbered: Statement
  readonly #ahead: Statement
  readonly #greatestBelow: Statement
  readonly #readGreatest: Statement
  readonly #writeGreatest: Statement

  /** Counts all fingerprints anew from the rows: some two seconds per million. */
  constructor(database: Database) {
    const prepare = (sql: string) => database.prepare(sql)
    this.#rowsOfId = prepare('SELECT number, kind, register, stamp, hash FROM row WHERE slot = ? AND id = ?')
    this.#insert = prepare(
      `INSERT INTO row (slot, id, kind, register, stamp, epoch, hash, owner, header, body)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#replace = prepare(
      'UPDATE row SET stamp = ?, epoch = ?, hash = ?, owner = ?, header = ?, body = ? WHERE number = ?',
    )
    this.#remove = prepare('DELETE FROM row WHERE number = ?')
    this.#ofOwner = prepare('SELECT number, slot, hash FROM row WHERE owner = ?')
    this.#ofBucket = prepare('SELECT id, kind, register, stamp, hash FROM row WHERE slot >= ? AND slot < ?')
    this.#byKey = prepare(`SELECT ${columns} FROM row WHERE slot = ? AND id = ? AND kind = ? AND register = ?`)
    this.#numbered = prepare(`SELECT ${columns} FROM row WHERE number > ? ORDER BY number LIMIT ?`)
    this.#ahead = prepare(`SELECT ${columns} FROM row WHERE stamp > ? ORDER BY stamp LIMIT ?`)
    this.#greatestBelow = prepare('SELECT max(stamp) FROM row WHERE stamp <= ?').pluck()
    this.#readGreatest = prepare('SELECT greatest FROM stamp_clock').pluck()
    this.#writeGreatest = prepare(
      'INSERT INTO stamp_clock (one, greatest) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET greatest = excluded.greatest',
    )
    for (const row of prepare('SELECT slot, hash FROM row').iterate<{ slot: number; hash: Buffer }>()) {
      this.#fingerprints.add(bucketOfSlot(row.slot), row.hash)
    }
  }

  // -------------------------------------------------------------- inside a transaction

  ofId(id: string): RowsOfId {
    const slot = slotOf(id)
    const found = this.#rowsOfId.all<Omit<StandingRow, 'stamp'> & { stamp: Buffer }>(slot, bytesOf(id))
    const rows = found.map(({ number, kind, register, stamp, hash }) => ({
      number,
      kind,
      register,
      stamp: hexOf(stamp) as Stamp,
      hash,
    }))
    return { slot, rows }
  }

  /** Stores a row in the place of `replaced`, or anew. `slot`: its id's; `owner`: the entry of a version row. */
  put({ row, hash }: SealedRow, slot: number, owner: EntryId | null, replaced: StandingRow | undefined): void {
    const stamp = bytesOf(row.stamp)
    const epoch = bytesOf(row.epoch)
    const ownerBytes = owner === null ? null : bytesOf(owner)
    if (replaced === undefined) {
      const id = bytesOf(row.id)
      this.#insert.run(slot, id, row.kind, row.register, stamp, epoch, hash, ownerBytes, row.header, row.body)
    } else {
      this.#replace.run(stamp, epoch, hash, ownerBytes, row.header, row.body, replaced.number)
      this.#count(slot, replaced.hash, false)
    }
    this.#count(slot, hash, true)
  }

  /** Removes all rows of an entry and of its versions; only `gone` stays. */
  removeEntry(entry: EntryId): void {
    const { slot, rows } = this.ofId(entry)
    for (const row of rows) {
      if (row.kind !== 'entry') continue
      this.#remove.run(row.number)
      this.#count(slot, row.hash, false)
    }
    for (const row of this.#ofOwner.all<{ number: number; slot: number; hash: Buffer }>(bytesOf(entry))) {
      this.#remove.run(row.number)
      this.#count(row.slot, row.hash, false)
    }
  }

  saveGreatest(stamp: Stamp): void {
    this.#writeGreatest.run(bytesOf(stamp))
  }

  #count(slot: number, hash: Buffer, present: boolean): void {
    this.#deltas.push({ bucket: bucketOfSlot(slot), hash, present })
  }

  // -------------------------------------------------------------- following the transaction

  mark(): void {
    this.#mark = this.#deltas.length
  }

  undo(): void {
    this.#deltas.length = this.#mark
  }

  commit(): void {
    for (const { bucket, hash, present } of this.#deltas) {
      if (present) this.#fingerprints.add(bucket, hash)
      else this.#fingerprints.subtract(bucket, hash)
    }
    this.rollback()
  }

  rollback(): void {
    this.#deltas.length = 0
    this.#mark = 0
  }

  // -------------------------------------------------------------- reads

  root(): string {
    return this.#fingerprints.root()
  }

  upper(): Buffer {
    return this.#fingerprints.upper()
  }

  lower(upper: number): Buffer {
    return this.#fingerprints.lower(upper)
  }

  bucket(bucket: number): { key: RowKey; stamp: Stamp; hash: Buffer }[] {
    const first = bucket * 2 ** 32
    const found = this.#ofBucket.all<Pick<FullRow, 'id' | 'kind' | 'register' | 'stamp' | 'hash'>>(
      first,
      first + 2 ** 32,
    )
    return found.map(({ id, kind, register, stamp, hash }) => ({
      key: { kind: kind as RowKind, id: hexOf(id), register },
      stamp: hexOf(stamp) as Stamp,
      hash,
    }))
  }

  row(key: RowKey): Row | undefined {
    const found = this.#byKey.get<FullRow>(slotOf(key.id), bytesOf(key.id), key.kind, key.register)
    return found === undefined ? undefined : rowOf(found)
  }

  /** Rows in the order of their numbers, from after `after` on. */
  numbered(after: number, limit: number): { number: number; row: Row }[] {
    return this.#numbered.all<FullRow>(after, limit).map((found) => ({ number: found.number, row: rowOf(found) }))
  }

  /** Rows stamped after `stamp`, the earliest first; reads the whole table. */
  stampedAfter(stamp: Stamp, limit: number): Row[] {
    return this.#ahead.all<FullRow>(bytesOf(stamp), limit).map(rowOf)
  }

  /** The greatest stamp of any row up to `stamp`; reads the whole table. */
  greatestUpTo(stamp: Stamp): Stamp {
    const found = this.#greatestBelow.get<Buffer | null>(bytesOf(stamp))
    return found ? (hexOf(found) as Stamp) : NO_STAMP
  }

  /** The greatest stamp ever authored or merged here. */
  savedGreatest(): Stamp {
    const found = this.#readGreatest.get<Buffer>()
    return found === undefined ? NO_STAMP : (hexOf(found) as Stamp)
  }
}

function rowOf(found: FullRow): Row {
  return {
    kind: found.kind as RowKind,
    id: hexOf(found.id),
    register: found.register,
    stamp: hexOf(found.stamp) as Stamp,
    epoch: hexOf(found.epoch) as EpochId,
    header: found.header,
    body: found.body,
  }
}
