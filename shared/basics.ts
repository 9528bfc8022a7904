/**
 * Schemas that others are built from: ids, times, sizes, paths, pages, problems. Ids are lower-case hexadecimal,
 * times RFC 3339 in UTC, sizes whole bytes.
 */
import { z } from 'zod'
import { BadPath, parseJsonPath } from './paths.ts'

export const idSchema = z
  .string()
  .regex(/^[0-9a-f]{32}$/)
  .meta({ description: '32 lower-case hexadecimal digits' })

/** RFC 3339 with `Z`. */
export const timeSchema = z.iso.datetime().meta({ description: 'RFC 3339, UTC' })
/** A time from outside: any offset from UTC. */
export const givenTimeSchema = z.iso
  .datetime({ offset: true, error: 'not a time of RFC 3339, like 2024-05-01T09:00:00Z' })
  .meta({ description: 'RFC 3339' })
export const bytesSchema = z.int().min(0).meta({ description: 'bytes' })
export const countSchema = z.int().min(0)
export const copiesSchema = z.int().min(1).max(5).meta({ description: 'copies wanted' })

export const pathSchema = z
  .string()
  .superRefine((path, context) => {
    try {
      parseJsonPath(path)
    } catch (error) {
      if (!(error instanceof BadPath)) throw error
      context.addIssue({ code: 'custom', message: error.message, params: { code: 'bad-path' } })
    }
  })
  .meta({ description: 'starts with /, nothing encoded' })

export const LIST_DEFAULT = 200
export const LIST_MAX = 1000

/** A whole number as it comes in a query: decimal digits and nothing else. */
export function wholeNumberIn(min: number, max: number) {
  return z
    .string()
    .regex(/^\d{1,15}$/, 'not a whole number')
    .transform(Number)
    .pipe(z.int().min(min).max(max))
}

/** `limit` and `cursor` as they come in a query. */
export const pageQuery = {
  limit: wholeNumberIn(1, LIST_MAX).default(LIST_DEFAULT),
  cursor: z
    .string()
    .max(64 * 1024)
    .nullable()
    .default(null),
}
export const pageQuerySchema = z.object(pageQuery)
export type PageQuery = z.output<typeof pageQuerySchema>

/** One page of a list. */
export interface Page<Item> {
  items: Item[]
  next: string | null
}

export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), next: z.string().nullable() })
}

export const problemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string(),
    hint: z.string().optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457; `code` is stable' })
export type Problem = z.output<typeof problemSchema>

export const reasonSchema = z
  .object({
    code: z.string(),
    text: z.string(),
    nodeId: idSchema.optional(),
    /** Since when. */
    since: timeSchema.optional(),
    /** When it ends by itself. */
    at: timeSchema.optional(),
    /** What to do next, in words. */
    action: z.string().optional(),
    /** The same for a button. */
    remedy: z.enum(['add-machine', 'switch-on', 'free-space', 'resume', 'set-clock', 'wait']).optional(),
  })
  .meta({ id: 'Reason', description: 'why something is not protected, and what to do next' })
export type Reason = z.output<typeof reasonSchema>
