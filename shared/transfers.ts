/**
 * Work that takes a while (imports, uploads) and what happened: transfers, activity, and the event stream's data.
 */
import { z } from 'zod'
import { bytesSchema, countSchema, idSchema, pageOf, pathSchema, problemSchema, timeSchema } from './basics.ts'
import { entrySchema, goneEntrySchema } from './entries.ts'
import { healthSchema } from './health.ts'
import { nodeSchema } from './pool.ts'

export const importRequestSchema = z
  .strictObject({
    /** Paths on this computer. */
    paths: z
      .array(
        z
          .string()
          .min(1)
          .max(32 * 1024),
      )
      .min(1)
      .max(10_000),
    folder: pathSchema,
  })
  .meta({ id: 'ImportRequest' })
export type ImportRequest = z.output<typeof importRequestSchema>
export const importAnswerSchema = z.object({ id: idSchema }).meta({ id: 'ImportAnswer' })
export type ImportAnswer = z.output<typeof importAnswerSchema>

export const transferFailureSchema = z.object({ path: z.string(), code: z.string(), text: z.string() })

export const transferSchema = z
  .object({
    id: idSchema,
    /** The name of what is imported, and how many more. */
    name: z.string(),
    /** The first few, on this computer. */
    paths: z.array(z.string()),
    pathsTotal: countSchema,
    /** Where they go in the pool. */
    folder: pathSchema,
    /** `done`: all is stored and acknowledged. */
    state: z.enum(['queued', 'running', 'paused', 'done', 'failed', 'cancelled']),
    /** `copying`: stored, and copies are still being made; `protected`: all wanted copies are durable. */
    phase: z.enum(['storing', 'copying', 'protected']),
    bytesDone: bytesSchema,
    bytesTotal: bytesSchema,
    /** Those that were there already included. */
    filesDone: countSchema,
    filesTotal: countSchema,
    /** False while the totals still grow. */
    counted: z.boolean(),
    /** Were there already, with the same size and modification time. */
    filesSkipped: countSchema,
    /** Links to folders and to nothing, and the node's own data folder. */
    filesLeftOut: countSchema,
    filesFailed: countSchema,
    /** Stored, without all their copies yet. */
    filesCopying: countSchema,
    rateBytesPerSec: countSchema,
    /** Null where nothing can be said. */
    secondsLeft: countSchema.nullable(),
    startedAt: timeSchema,
    finishedAt: timeSchema.nullable(),
    error: problemSchema.optional(),
    /** Files that were not stored, the first 50. */
    failed: z.array(transferFailureSchema),
  })
  .meta({ id: 'Transfer' })
export type Transfer = z.output<typeof transferSchema>
export const goneTransferSchema = z.object({ id: idSchema, gone: z.literal(true) }).meta({ id: 'GoneTransfer' })
export type GoneTransfer = z.output<typeof goneTransferSchema>

/** What lies on this machine alone although more copies are wanted and other machines are there: would be missed if it were lost now. */
export const uncopiedSchema = z.object({ files: countSchema, bytes: bytesSchema })
export type Uncopied = z.output<typeof uncopiedSchema>
export const transferPageSchema = pageOf(transferSchema).extend({ uncopied: uncopiedSchema })
export type TransferPage = z.output<typeof transferPageSchema>

export const activitySchema = z
  .object({
    id: z.string(),
    at: timeSchema,
    code: z.string(),
    text: z.string(),
    nodeId: idSchema.optional(),
    entryId: idSchema.optional(),
  })
  .meta({ id: 'Activity' })
export type Activity = z.output<typeof activitySchema>
export const activityPageSchema = pageOf(activitySchema)

export const logLineSchema = z
  .object({ id: z.string(), at: timeSchema, text: z.string() })
  .meta({ id: 'LogLine', description: 'what a node noted beside its work, for whoever helps' })
export type LogLine = z.output<typeof logLineSchema>
export const logPageSchema = pageOf(logLineSchema)

/** The event stream's names, each with the shape of its data. */
export const eventSchemas = {
  entry: z.union([entrySchema, goneEntrySchema]),
  transfer: z.union([transferSchema, goneTransferSchema]),
  node: nodeSchema,
  health: healthSchema,
  activity: activitySchema,
  reset: z.object({}),
} as const
export type EventName = keyof typeof eventSchemas

export const loginSchema = z.strictObject({ code: z.string().min(1).max(256) }).meta({ id: 'Login' })
export type Login = z.output<typeof loginSchema>
export const loginLinkSchema = z.object({ url: z.string(), expiresAt: timeSchema }).meta({ id: 'LoginLink' })
export type LoginLink = z.output<typeof loginLinkSchema>
