/**
 * What nodes say to each other about replicas. Ids travel packed, 32 bytes each, in one byte string. Small chunks go many
 * to a message (their bytes one after another in the payload), large ones alone.
 */
import { z } from 'zod'
import { bytesOf, hexOf } from '../base/bytes.ts'
import type { ChunkId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import { defineMessage } from '../net/index.ts'

const idBytes = 32
const bytes = (check: (length: number) => boolean) =>
  z.custom<Uint8Array>((value) => value instanceof Uint8Array && check(value.length))
const packed = (maxIds: number) => bytes((length) => length % idBytes === 0 && length <= maxIds * idBytes)
const id16 = bytes((length) => length === 16)
const count = z.number().int().nonnegative()
const lease = z.object({ upload: id16, writer: id16, writerStart: count })

/** Ids as they travel. */
export function packIds(ids: readonly ChunkId[]): Buffer {
  return bytesOf(ids.join(''))
}

export function unpackIds(from: Uint8Array): ChunkId[] {
  const text = hexOf(from)
  const ids: ChunkId[] = []
  for (let at = 0; at < text.length; at += 2 * idBytes) ids.push(text.slice(at, at + 2 * idBytes) as ChunkId)
  return ids
}

/**
 * Puts chunks into the receiver's store; `leases[i]` says by index in `uploads` whose upload chunk i belongs to (-1: a background
 * copy). Answers what became of each, in order: `stored`, `had`, or an error code.
 */
export const storeChunks = defineMessage(
  'chunks.store',
  'data',
  z.object({
    ids: packed(limits.chunksPerBatch),
    sizes: z.array(count).max(limits.chunksPerBatch),
    uploads: z.array(lease).max(limits.chunksPerBatch),
    leases: z.array(z.number().int().min(-1)).max(limits.chunksPerBatch),
  }),
  z.object({ results: z.array(z.string().max(64)).max(limits.chunksPerBatch) }),
)

/** Asks for chunks; the payload holds those that are there, one after another; size 0 says that one is not. */
export const fetchChunks = defineMessage(
  'chunks.fetch',
  'data',
  z.object({ ids: packed(limits.chunksPerBatch) }),
  z.object({ sizes: z.array(count).max(limits.chunksPerBatch) }),
)

/** Leases chunks that the receiver holds already, for an upload that reuses them. */
export const touchChunks = defineMessage(
  'chunks.touch',
  'control',
  z.object({ ids: packed(limits.chunksPerBatch), lease }),
  z.object({ held: z.array(z.boolean()).max(limits.chunksPerBatch) }),
)

/** The sender gives up an upload of its own: these chunks need not be kept for it. */
export const abandonUpload = defineMessage(
  'chunks.abandon',
  'control',
  z.object({ upload: id16, ids: packed(limits.inventoryBatch) }),
  z.object({}),
)

/** A batch of inventory news, numbered per start of the holder; false asks for nothing, the receiver compares by itself. */
export const pushInventory = defineMessage(
  'inventory.push',
  'control',
  z.object({ sequence: count, added: packed(limits.inventoryBatch), removed: packed(limits.inventoryBatch) }),
  z.object({ ok: z.boolean() }),
)

/** The holder's sums (8 bytes each): of its 256 groups of buckets (`group` null), or of the 256 buckets of one group. */
export const inventorySums = defineMessage(
  'inventory.sums',
  'control',
  z.object({ group: z.number().int().min(0).max(255).nullable() }),
  z.object({ sums: bytes((length) => length === 256 * 8), sequence: count }),
)

/** All ids that the holder has in a bucket. */
export const inventoryBucket = defineMessage(
  'inventory.bucket',
  'control',
  z.object({
    bucket: z
      .number()
      .int()
      .min(0)
      .max(limits.fingerprintBuckets - 1),
  }),
  z.object({ ids: bytes((length) => length % idBytes === 0) }),
)

/**
 * Asks a holder to send chunks on: `copies[i]` is the place in `targets` of the node that chunk i goes to. Answers what became
 * of each, in order: `stored`, `had`, `missing` (not here any more), `careful`, `too-busy`, or an error code of the target's.
 */
export const copyChunks = defineMessage(
  'chunks.copy',
  'control',
  z.object({
    ids: packed(limits.copiesPerOrder),
    targets: z.array(id16).max(limits.membersPerPool),
    copies: z.array(count).max(limits.copiesPerOrder),
    atRisk: z.boolean(),
  }),
  z.object({ results: z.array(z.string().max(64)).max(limits.copiesPerOrder) }),
)

/** May background copies of so many bytes come? Answers after how long, or null: not now. */
export const grantBytes = defineMessage(
  'chunks.grant',
  'control',
  z.object({ sizeBytes: count }),
  z.object({ waitMs: count.nullable() }),
)

/**
 * Asks the receiver to pledge its replicas: the sender has marked its own as leaving and deletes them when enough others pledge.
 * `wanted[i]` is how many pledges it asks for. Answers in order: `pledged`, or why not (see pledge.ts).
 */
export const pledgeChunks = defineMessage(
  'chunks.pledge',
  'control',
  z.object({ ids: packed(limits.pledgesPerBatch), wanted: z.array(count).max(limits.pledgesPerBatch) }),
  z.object({ answers: z.array(z.string().max(64)).max(limits.pledgesPerBatch) }),
)

/** Answered once nothing that the receiver is giving up relies on a pledge of the sender's any more, and its news is on its way. */
export const settlePledges = defineMessage('chunks.settle', 'control', z.object({}), z.object({}))
