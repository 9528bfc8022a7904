/**
 * What nodes say to each other about the catalog, all on the control lane, so that it never waits for bulk. Rows and
 * keys travel as the bytes of row.ts, many to a message; ids of segments packed, 32 bytes each, in one byte string.
 */
import { z } from 'zod'
import { hexOf } from '../base/bytes.ts'
import type { SegmentId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import { defineMessage } from '../net/index.ts'
import { sumsBytes } from './fingerprint.ts'

const idBytes = 32
const bytes = (check: (length: number) => boolean) =>
  z.custom<Uint8Array>((value) => value instanceof Uint8Array && check(value.length))
const rowMaxBytes = limits.rowHeaderMaxBytes + limits.rowBodyMaxBytes + 256
const row = bytes((length) => length <= rowMaxBytes)
const key = bytes((length) => length <= 128)
const segment = bytes((length) => length <= limits.segmentMaxBytes)
const packedIds = bytes((length) => length % idBytes === 0 && length <= limits.segmentsPerFetch * idBytes)
const bucket = z
  .number()
  .int()
  .min(0)
  .max(limits.fingerprintBuckets - 1)
const index = z.number().int().nonnegative().max(limits.rowsPerBatch)

/** Uppers whose lower sums one message answers. */
export const uppersPerStep = 64

/**
 * Rows for the receiver to merge, and segments that they name. Answered once merged durably: which rows were refused and
 * why, and which segments of the others the receiver lacks. A row is durable there if it is not refused and none of its
 * segments is missing; `missing` lists at most limits.segmentsPerFetch of them.
 */
export const pushRows = defineMessage(
  'rows.push',
  'control',
  z.object({ rows: z.array(row).max(limits.rowsPerBatch), segments: z.array(segment).max(limits.segmentsPerFetch) }),
  z.object({
    refused: z.array(z.tuple([index, z.string().max(64)])).max(limits.rowsPerBatch),
    missing: packedIds,
  }),
)

/** Asks for segments; answers some or all of those that are here, in no order: the asker knows them by their hash. */
export const getSegments = defineMessage(
  'segments.get',
  'control',
  z.object({ ids: packedIds }),
  z.object({ segments: z.array(segment).max(limits.segmentsPerFetch) }),
)

/** Opens a walk: the receiver's 256 upper sums. Fails `busy` while another node walks there. */
export const beginWalk = defineMessage(
  'walk.begin',
  'control',
  z.object({}),
  z.object({ upper: bytes((length) => length === sumsBytes) }),
)

/** The 256 bucket sums below each of these uppers, one after another. */
export const lowerSums = defineMessage(
  'walk.lower',
  'control',
  z.object({ uppers: z.array(z.number().int().min(0).max(255)).min(1).max(uppersPerStep) }),
  z.object({ lower: bytes((length) => length % sumsBytes === 0 && length <= uppersPerStep * sumsBytes) }),
)

/** Lists the rows of buckets, from after a key of the first of them; `next` says where to go on if there is more. */
export const listBuckets = defineMessage(
  'walk.list',
  'control',
  z.object({ buckets: z.array(bucket).min(1).max(limits.bucketsPerWalkStep), after: key.nullable() }),
  z.object({
    rows: z
      .array(z.tuple([key, bytes((length) => length === 28), bytes((length) => length === 32)]))
      .max(limits.batchMaxBytes / 64),
    /** Index into `buckets`, and the last key listed of that bucket. */
    next: z.object({ index: bucket, after: key }).nullable(),
  }),
)

/** Asks for rows by key; answers those of the first `done` keys that are still there. */
export const getRows = defineMessage(
  'walk.rows',
  'control',
  z.object({ keys: z.array(key).min(1).max(limits.rowsPerBatch) }),
  z.object({ rows: z.array(row).max(limits.rowsPerBatch), done: index }),
)

/** Asks the receiver to walk here: of two nodes only the one with the smaller id walks. Answered before it begins. */
export const askWalk = defineMessage('walk.ask', 'control', z.object({}), z.object({}))

/** Ends a walk in which both sides merged all that the other had when it began. */
export const endWalk = defineMessage('walk.end', 'control', z.object({}), z.object({}))

/** Ids of segments from one byte string. */
export function unpackSegmentIds(packed: Uint8Array): SegmentId[] {
  const text = hexOf(packed)
  const ids: SegmentId[] = []
  for (let at = 0; at < text.length; at += 2 * idBytes) ids.push(text.slice(at, at + 2 * idBytes) as SegmentId)
  return ids
}

export function packSegmentIds(ids: readonly SegmentId[]): Buffer {
  return Buffer.from(ids.join(''), 'hex')
}
