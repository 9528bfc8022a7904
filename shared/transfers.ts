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

export const transferSchema = z
  .object({
    id: idSchema,
    name: z.string(),
    state: z.enum(['queued', 'running', 'paused', 'done', 'failed', 'cancelled']),
    phase: z.enum(['storing', 'copying', 'protected']),
    bytesDone: bytesSchema,
    bytesTotal: bytesSchema,
    filesDone: countSchema,
    filesTotal: countSchema,
    rateBytesPerSec: countSchema,
    error: problemSchema.optional(),
  })
  .meta({ id: 'Transfer' })
export type Transfer = z.output<typeof transferSchema>
export const transferPageSchema = pageOf(transferSchema)

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

/** The event stream's names, each with the shape of its data. */
export const eventSchemas = {
  entry: z.union([entrySchema, goneEntrySchema]),
  transfer: transferSchema,
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
