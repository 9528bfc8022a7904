/** Linked folders: folders of the node's computer whose changes go into the pool as they happen. */
import { z } from 'zod'
import { countSchema, idSchema, pageOf, pathSchema, problemSchema, timeSchema } from './basics.ts'
import { transferFailureSchema } from './transfers.ts'

const localPathSchema = z
  .string()
  .min(1)
  .max(32 * 1024)
const ignoreSchema = z.array(z.string().min(1).max(200)).max(100)

export const linkRequestSchema = z
  .strictObject({
    /** A folder of this computer. */
    path: localPathSchema,
    /** Where its content goes in the pool. */
    folder: pathSchema,
    /** What is deleted in it goes to the pool's trash. Else the pool keeps it. */
    deletes: z.boolean().default(false),
    /** Patterns of what is left alone, beside what always is. */
    ignore: ignoreSchema.default([]),
  })
  .meta({ id: 'LinkRequest' })
export type LinkRequest = z.output<typeof linkRequestSchema>

export const linkPatchSchema = z
  .strictObject({ deletes: z.boolean().optional(), ignore: ignoreSchema.optional(), paused: z.boolean().optional() })
  .meta({ id: 'LinkPatch' })
export type LinkPatch = z.output<typeof linkPatchSchema>

export const linkedFolderSchema = z
  .object({
    id: idSchema,
    path: z.string(),
    folder: pathSchema,
    deletes: z.boolean(),
    ignore: z.array(z.string()),
    /** `failed`: nothing goes on for now; `problem` says why. */
    state: z.enum(['following', 'paused', 'failed']),
    problem: problemSchema.optional(),
    /** In the folder and in the pool. */
    files: countSchema,
    /** Changed, and still being written or stored. */
    filesWaiting: countSchema,
    failed: z.array(transferFailureSchema),
    createdAt: timeSchema,
    /** Since the node started; null before. */
    lastChangeAt: timeSchema.nullable(),
    lastLookAt: timeSchema.nullable(),
  })
  .meta({ id: 'LinkedFolder' })
export type LinkedFolder = z.output<typeof linkedFolderSchema>
export const linkedFolderPageSchema = pageOf(linkedFolderSchema)
