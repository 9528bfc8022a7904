/**
 * Whether all is safe, what is done about it, and what would be lost with which machines. States of files, chunks and the pool.
 */
import { z } from 'zod'
import { bytesSchema, countSchema, idSchema, reasonSchema, timeSchema } from './basics.ts'
import { fileCountsSchema, fileStateSchema } from './entries.ts'

const repairSchema = z.object({
  /** Copies to make now. */
  queuedChunks: countSchema,
  queuedBytes: bytesSchema,
  /** Made by this node since it started. */
  copiedChunks: countSchema,
  copiedBytes: bytesSchema,
  bytesPerSec: countSchema,
  /** Until the queue is empty at the present rate; null where nobody can say. */
  etaMs: countSchema.nullable(),
  /** Copying waits because more than half of the machines are gone. */
  frozen: z.object({ since: timeSchema, gone: countSchema, members: countSchema }).nullable(),
  /** What will be copied anew when the wait for a machine ends. */
  waiting: z.array(z.object({ nodeId: idSchema, until: timeSchema, chunks: countSchema, bytes: bytesSchema })),
})

export const healthSchema = z
  .object({
    /** The worst file state; `no-pool` while in none. */
    state: z.union([fileStateSchema, z.literal('no-pool')]),
    /** Of kept versions, trash included; `total` is the sum of the others. */
    chunks: z.object({
      total: countSchema,
      full: countSchema,
      degraded: countSchema,
      atRisk: countSchema,
      unreachable: countSchema,
      lost: countSchema,
    }),
    files: fileCountsSchema,
    /** Files by copies on members not past their grace: none, one, two, three, four, more. */
    filesByCopies: z.array(countSchema).length(6).optional(),
    repair: repairSchema,
    reasons: z.array(reasonSchema),
  })
  .meta({ id: 'Health' })
export type Health = z.output<typeof healthSchema>

export const whatIfQuerySchema = z.object({
  lost: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(idSchema).min(1).max(63)),
})
export type WhatIfQuery = z.output<typeof whatIfQuerySchema>
export const whatIfSchema = z
  .object({
    lost: z.array(idSchema),
    files: z.object({ total: countSchema, survive: countSchema, lost: countSchema }),
    bytesLost: bytesSchema,
    bytesToCopy: bytesSchema,
    /** Whether the machines left have room for the copies to make. */
    fits: z.boolean(),
  })
  .meta({ id: 'WhatIf' })
export type WhatIf = z.output<typeof whatIfSchema>

export const repairRequestSchema = z.strictObject({ resume: z.literal(true) }).meta({ id: 'RepairRequest' })
export type RepairRequest = z.output<typeof repairRequestSchema>

export const conditionsSchema = z
  .strictObject({
    onBattery: z.boolean(),
    metered: z.boolean(),
    /** It goes to sleep now: other machines hear that it is away, not broken. False or missing: it is awake. */
    asleep: z.boolean().optional(),
  })
  .meta({ id: 'Conditions', description: 'of the computer that this node runs on; forgotten at a restart' })
export type Conditions = z.output<typeof conditionsSchema>
