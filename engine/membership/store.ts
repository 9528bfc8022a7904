/**
 * Member rows, invites and the pool's mark on disk (members.db): grow-only while in a pool, and committed before anyone
 * acts on them. `transact` makes several changes one commit. Rows were verified before they came in; on the way out only
 * their hash is checked, against a disk that changes bytes.
 */
import assert from 'node:assert/strict'
import { bytesOf, hexOf } from '../base/bytes.ts'
import { EngineError, isEngineError } from '../base/error.ts'
import type { NodeId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import { migrate, readMigrations, transact } from '../platform/index.ts'
import type { Database } from '../ports.ts'
import { decodeRow, encodeRow, type MemberRow, type RowHash } from './memberRow.ts'

/** An invite as its inviter keeps it. */
export interface StoredInvite {
  readonly tag: Buffer
  readonly key: Buffer
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly failures: number
  readonly spentBy: NodeId | null
}

export interface PoolMark {
  readonly genesis: RowHash
  readonly name: string
}

export interface StoredAddress {
  readonly address: string
  readonly typed: boolean
  readonly workedAtMs: number | null
}

type InviteLine = {
  tag: Uint8Array
  key: Uint8Array
  created_ms: number
  expires_ms: number
  failures: number
  spent_by: Uint8Array | null
}

export class MemberStore {
  readonly #database: Database

  /** Brings the database's schema up to date; throws `newer-database`. */
  constructor(database: Database) {
    migrate(database, readMigrations(new URL('./schema/', import.meta.url), ['0001-members.sql']))
    this.#database = database
  }

  /** Runs `work` as one commit, durable when this returns; an exception undoes it. */
  transact<T>(work: () => T): T {
    return transact(this.#database, work)
  }

  pool(): PoolMark | undefined {
    const line = this.#database.prepare('SELECT genesis, name FROM pool').get<{ genesis: Uint8Array; name: string }>()
    return line === undefined ? undefined : { genesis: hexOf(line.genesis) as RowHash, name: line.name }
  }

  setPool(mark: PoolMark): void {
    this.#database
      .prepare('INSERT INTO pool (one, genesis, name) VALUES (1, ?, ?) ON CONFLICT DO UPDATE SET name = excluded.name')
      .run(bytesOf(mark.genesis), mark.name)
  }

  /** All rows in the order in which they came. Throws `damaged-database`. */
  rows(): MemberRow[] {
    const lines = this.#database.prepare('SELECT hash, bytes FROM member_rows ORDER BY sequence').iterate<{
      hash: Uint8Array
      bytes: Uint8Array
    }>()
    return Array.from(lines, (line) => checked(line.bytes, hexOf(line.hash)))
  }

  /** Rows that are there already are passed over. */
  addRows(rows: readonly MemberRow[]): void {
    const insert = this.#database.prepare('INSERT INTO member_rows (hash, bytes) VALUES (?, ?) ON CONFLICT DO NOTHING')
    for (const row of rows) insert.run(bytesOf(row.hash), encodeRow(row))
  }

  addInvite(invite: Omit<StoredInvite, 'failures' | 'spentBy'>): void {
    this.#database
      .prepare('INSERT INTO invites (tag, key, created_ms, expires_ms) VALUES (?, ?, ?, ?)')
      .run(invite.tag, invite.key, invite.createdAtMs, invite.expiresAtMs)
    this.#database
      .prepare('DELETE FROM invites WHERE tag NOT IN (SELECT tag FROM invites ORDER BY created_ms DESC LIMIT ?)')
      .run(limits.invitesRemembered)
  }

  invites(): StoredInvite[] {
    return this.#database.prepare('SELECT * FROM invites').all<InviteLine>().map(toInvite)
  }

  invite(tag: Uint8Array): StoredInvite | undefined {
    const line = this.#database.prepare('SELECT * FROM invites WHERE tag = ?').get<InviteLine>(tag)
    return line === undefined ? undefined : toInvite(line)
  }

  spendInvite(tag: Uint8Array, by: NodeId): void {
    const { changes } = this.#database
      .prepare('UPDATE invites SET spent_by = ? WHERE tag = ? AND spent_by IS NULL')
      .run(bytesOf(by), tag)
    assert.equal(changes, 1, 'an invite is spent once')
  }

  countFailure(tag: Uint8Array): void {
    this.#database.prepare('UPDATE invites SET failures = failures + 1 WHERE tag = ?').run(tag)
  }

  addresses(): (StoredAddress & { readonly node: NodeId })[] {
    type Line = { node: Uint8Array; address: string; typed: number; worked_ms: number | null }
    const lines = this.#database.prepare('SELECT * FROM addresses').all<Line>()
    return lines.map((line) => ({
      node: hexOf(line.node) as NodeId,
      address: line.address,
      typed: line.typed === 1,
      workedAtMs: line.worked_ms,
    }))
  }

  /** Replaces what is kept for a node. */
  setAddresses(node: NodeId, addresses: readonly StoredAddress[]): void {
    this.#database.prepare('DELETE FROM addresses WHERE node = ?').run(bytesOf(node))
    const insert = this.#database.prepare('INSERT INTO addresses (node, address, typed, worked_ms) VALUES (?, ?, ?, ?)')
    for (const { address, typed, workedAtMs } of addresses) {
      insert.run(bytesOf(node), address, typed ? 1 : 0, workedAtMs)
    }
  }

  close(): void {
    this.#database.close()
  }

  /** Forgets pool, rows, invites and addresses. */
  forget(): void {
    for (const table of ['pool', 'member_rows', 'invites', 'addresses']) {
      this.#database.prepare(`DELETE FROM ${table}`).run()
    }
  }
}

function checked(bytes: Uint8Array, hash: string): MemberRow {
  let cause: unknown
  try {
    const row = decodeRow(bytes)
    if (row.hash === hash) return row
  } catch (error) {
    if (!isEngineError(error, 'bad-row')) throw error
    cause = error
  }
  throw new EngineError('damaged-database', `members.db is damaged: row ${hash} has changed`, {
    hint: 'Check the disk, then remove this machine from the pool on another one and join it anew.',
    cause,
  })
}

function toInvite(line: InviteLine): StoredInvite {
  return {
    tag: Buffer.from(line.tag),
    key: Buffer.from(line.key),
    createdAtMs: line.created_ms,
    expiresAtMs: line.expires_ms,
    failures: line.failures,
    spentBy: line.spent_by === null ? null : (hexOf(line.spent_by) as NodeId),
  }
}
