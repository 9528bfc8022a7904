/** Many small files to the engine in one request: one request each costs more than the files themselves. */
import type { BatchAnswer } from '../../shared/index.ts'
import { joinPath } from '../../shared/paths.ts'
import { EngineGone, Problem, problemOf } from '../api/client.ts'
import type { Picked } from './uploads.ts'

/** Files that travel together: so many, of at most so many bytes each, together below what the engine takes. */
export const batchFiles = 128
export const batchFileBytes = 128 * 1024
export const batchBytes = 3_000_000

/** Of each file its entry's id or what went wrong, in order. Throws Problem, EngineGone, or the signal's reason for all of them. */
export async function sendBatch(picked: readonly Picked[], signal: AbortSignal): Promise<(string | Problem)[]> {
  const { encodeBatch } = await import('../../shared/batch.ts')
  const files = await Promise.all(
    picked.map(async ({ file, names }) => ({
      head: { path: joinPath(names), size: file.size, modified: new Date(file.lastModified).toISOString() },
      bytes: new Uint8Array(await file.arrayBuffer()),
    })),
  )
  const body = new Blob(encodeBatch(files) as BlobPart[])
  const response = await fetch('/v1/batches', { method: 'POST', body, signal }).catch((error: unknown) => {
    throw signal.aborted ? error : new EngineGone()
  })
  if (!response.ok) throw await problemOf(response)
  const { items } = (await response.json()) as BatchAnswer
  return items.map((item) => ('id' in item ? item.id : new Problem(item.problem)))
}
