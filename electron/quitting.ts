/**
 * Quitting while files have too few copies: asked first, since this machine may have the only ones. Not where the engine was there
 * before the app (it stays), and not when the system shuts down (nobody answers then; what was acknowledged is durable).
 */
import { z } from 'zod'
import { formatBytes } from '../shared/format.ts'

const transfersSchema = z.object({ uncopied: z.object({ files: z.int(), bytes: z.int() }) })
export type Uncopied = z.output<typeof transfersSchema>['uncopied']

/** What `GET /v1/transfers` says of files that are stored here and not copied yet; none if it says nothing. */
export function readUncopied(answer: unknown): Uncopied {
  const parsed = transfersSchema.safeParse(answer)
  return parsed.success ? parsed.data.uncopied : { files: 0, bytes: 0 }
}

/** The question to ask before quitting; undefined: just quit. */
export function questionBeforeQuitting(
  attached: boolean,
  { files, bytes }: Uncopied,
): { readonly message: string; readonly detail: string; readonly buttons: readonly [string, string] } | undefined {
  if (attached || files === 0) return undefined
  return {
    message: files === 1 ? '1 file is not yet copied' : `${files} files are not yet copied`,
    detail: `${formatBytes(bytes)} lie on this computer alone. They are copied to other machines while Hadahoop runs.`,
    buttons: ['Keep running', 'Quit anyway'],
  }
}
