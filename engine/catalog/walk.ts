/**
 * The walk: two nodes compare fingerprints from the root down to the unequal buckets and swap the rows that differ, both
 * ways. It works on state, not on a log, so it is idempotent, may stop and begin anew anywhere, and does not care about
 * restored disk images or superseded rows; version vectors were rejected (see docs/decisions/). The side that walks
 * asks everything, the other only answers. Over `WalkPartner`, so that it runs against a network or a catalog alike.
 */
import { bytesOf, hexOf } from '../base/bytes.ts'
import { EngineError } from '../base/error.ts'
import { limits } from '../limits.ts'
import { differing, sumsBytes } from './fingerprint.ts'
import { compareRows, type Ranked } from './merge.ts'
import { uppersPerStep } from './messages.ts'
import { decodeKey, encodeKey, encodeRow, keyText } from './row.ts'
import type { Row, RowKey, Stamp, WalkReads } from './types.ts'

/** One row in a listing: key, stamp, hash. */
export type ListedRow = readonly [key: Uint8Array, stamp: Uint8Array, hash: Uint8Array]

export interface Listing {
  readonly rows: readonly ListedRow[]
  readonly next: { readonly index: number; readonly after: Uint8Array } | null
}

/** The other side, as the walking one sees it. */
export interface WalkPartner {
  begin(): Promise<Uint8Array>
  lower(uppers: readonly number[]): Promise<Uint8Array>
  list(buckets: readonly number[], after: Uint8Array | null): Promise<Listing>
  rows(keys: readonly Uint8Array[]): Promise<{ rows: readonly Row[]; done: number }>
  /** Codes of the rows that it refused. */
  push(rows: readonly Row[]): Promise<readonly string[]>
}

/** This side. */
export interface WalkSelf {
  readonly reads: WalkReads
  /** Merges durably; codes of the rows that were refused. */
  merge(rows: readonly Row[]): Promise<readonly string[]>
}

export interface WalkReport {
  readonly fetched: number
  readonly sent: number
  /** Why rows were refused on either side, `gone` left out: those are ended here or there and leave both. */
  readonly refused: readonly string[]
}

/** Walks once. Rejects when the partner does; what was swapped by then stays. */
export async function walk(self: WalkSelf, partner: WalkPartner, signal: AbortSignal): Promise<WalkReport> {
  const refused: string[] = []
  let fetched = 0
  let sent = 0
  const note = (codes: readonly string[]) => refused.push(...codes.filter((code) => code !== 'gone'))
  const buckets = await unequalBuckets(self.reads, partner)
  let stepBuckets: number = limits.bucketsPerWalkStart
  for (let first = 0; first < buckets.length; ) {
    signal.throwIfAborted()
    const step = buckets.slice(first, first + stepBuckets)
    first += step.length
    const { wanted, surplus, listed } = await difference(self.reads, partner, step)
    if (listed < limits.rowsPerBatch) stepBuckets = Math.min(2 * stepBuckets, limits.bucketsPerWalkStep)
    else if (listed > 4 * limits.rowsPerBatch) stepBuckets = Math.max(1, stepBuckets >> 1)
    for (let asked = 0; asked < wanted.length; ) {
      const { rows, done } = await partner.rows(wanted.slice(asked, asked + limits.rowsPerBatch))
      note(await self.merge(rows))
      fetched += rows.length
      asked += Math.max(1, done)
      signal.throwIfAborted()
    }
    for (const batch of batches(self.reads, surplus)) {
      note(await partner.push(batch))
      sent += batch.length
      signal.throwIfAborted()
    }
  }
  return { fetched, sent, refused }
}

async function unequalBuckets(reads: WalkReads, partner: WalkPartner): Promise<number[]> {
  const uppers = differing(reads.upper(), await partner.begin())
  const buckets: number[] = []
  for (let first = 0; first < uppers.length; first += uppersPerStep) {
    const asked = uppers.slice(first, first + uppersPerStep)
    const lower = await partner.lower(asked)
    for (const [index, upper] of asked.entries()) {
      const theirs = lower.subarray(index * sumsBytes, (index + 1) * sumsBytes)
      for (const low of differing(reads.lower(upper), theirs)) buckets.push(upper * 256 + low)
    }
  }
  return buckets
}

/** What stands in these buckets: keys of rows that the partner has newer, and of those that we have newer. */
async function difference(
  reads: WalkReads,
  partner: WalkPartner,
  buckets: readonly number[],
): Promise<{ wanted: Uint8Array[]; surplus: RowKey[]; listed: number }> {
  const theirs: ListedRow[] = []
  let left = buckets
  for (let after: Uint8Array | null = null; left.length > 0; ) {
    const { rows, next } = await partner.list(left, after)
    for (const row of rows) theirs.push(row)
    if ((next !== null && rows.length === 0) || theirs.length > limits.walkStepRows) {
      throw new EngineError('bad-message', 'a listing of buckets that does not end')
    }
    left = next === null ? [] : left.slice(next.index)
    after = next?.after ?? null
  }
  // Ours are read last: what changed here meanwhile is compared as it is now.
  const ours = new Map<string, Ranked & { key: RowKey }>()
  for (const bucket of buckets) for (const row of reads.bucket(bucket)) ours.set(keyText(row.key), row)
  const listed = Math.max(ours.size, theirs.length)
  const wanted: Uint8Array[] = []
  for (const [keyBytes, stamp, hash] of theirs) {
    const name = keyText(decodeKey(keyBytes))
    const standing = ours.get(name)
    const order = standing === undefined ? 1 : compareRows({ stamp: hexOf(stamp) as Stamp, hash }, standing)
    if (order > 0) wanted.push(keyBytes)
    if (order >= 0) ours.delete(name)
  }
  return { wanted, surplus: [...ours.values()].map((row) => row.key), listed }
}

/** The rows of these keys, in batches that fit a message; those that are gone by now are left out. */
function* batches(reads: WalkReads, keys: readonly RowKey[]): Generator<Row[]> {
  let batch: Row[] = []
  let sizeBytes = 0
  for (const key of keys) {
    const row = reads.row(key)
    if (row === undefined) continue
    const rowBytes = encodeRow(row).length
    if (batch.length === limits.rowsPerBatch || (batch.length > 0 && sizeBytes + rowBytes > limits.batchMaxBytes)) {
      yield batch
      batch = []
      sizeBytes = 0
    }
    batch.push(row)
    sizeBytes += rowBytes
  }
  if (batch.length > 0) yield batch
}

// ---------------------------------------------------------------- the answering side

export function answerLower(reads: WalkReads, uppers: readonly number[]): Buffer {
  return Buffer.concat(uppers.map((upper) => reads.lower(upper)))
}

/** What a row takes in a listing beside its key: stamp, hash, CBOR. */
const listedBytes = 28 + 32 + 8

/** Lists buckets in order, each by key, as far as one message holds; `after` is for the first of them. */
export function answerList(reads: WalkReads, buckets: readonly number[], after: Uint8Array | null): Listing {
  const listed: ListedRow[] = []
  let sizeBytes = 0
  for (const [index, bucket] of buckets.entries()) {
    let last = index === 0 && after !== null ? after : nothing
    const rows = reads
      .bucket(bucket)
      .map(({ key, stamp, hash }): ListedRow => [encodeKey(key), bytesOf(stamp), hash])
      .filter(([key]) => Buffer.compare(key, last) > 0)
      .sort(([left], [right]) => Buffer.compare(left, right))
    for (const row of rows) {
      sizeBytes += row[0].length + listedBytes
      if (sizeBytes > limits.batchMaxBytes && listed.length > 0) return { rows: listed, next: { index, after: last } }
      listed.push(row)
      last = row[0]
    }
  }
  return { rows: listed, next: null }
}

const nothing = Buffer.alloc(0)

/** As many of the rows asked for as one message holds. */
export function answerRows(reads: WalkReads, keys: readonly Uint8Array[]): { rows: Buffer[]; done: number } {
  const rows: Buffer[] = []
  let sizeBytes = 0
  let done = 0
  for (const key of keys) {
    const row = reads.row(decodeKey(key))
    if (row !== undefined) {
      const bytes = encodeRow(row)
      if (rows.length > 0 && sizeBytes + bytes.length > limits.batchMaxBytes) break
      rows.push(bytes)
      sizeBytes += bytes.length
    }
    done++
  }
  return { rows, done }
}
