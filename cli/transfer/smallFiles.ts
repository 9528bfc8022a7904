/**
 * Small files go many to a request: while some requests are under way the next files collect, so that thousands of small files
 * cost their bytes and not a request each. Every file is stored or fails by itself.
 */
import { NaturalBatch } from '../../engine/base/batch.ts'
import { BATCH_BYTES, BATCH_FILES, type BatchAnswer, type BatchFile, encodeBatch } from '../../shared/index.ts'
import { type ApiClient, ApiFailure } from '../apiClient.ts'

/** Files up to this size travel in batches. */
export const SMALL_BYTES = 64 * 1024
/** Batches under way at once: one is stored while the next is sent. */
const AT_ONCE = 3
const shares = { maxItems: BATCH_FILES / 2, maxBytes: BATCH_BYTES / 4, inFlight: AT_ONCE }

export class SmallFiles {
  readonly #batches: NaturalBatch<BatchFile, BatchAnswer['items'][number]>

  constructor(client: ApiClient) {
    this.#batches = new NaturalBatch(shares, async (files) => {
      const { value } = await client.send('POST', '/v1/batches', {}, Buffer.concat(encodeBatch(files)))
      return (value as BatchAnswer).items
    })
  }

  /** Resolves once the file is acknowledged. Throws ApiFailure. */
  async put(file: BatchFile): Promise<void> {
    const stored = await this.#batches.add(file, file.bytes.length)
    if ('problem' in stored) throw new ApiFailure(stored.problem.status, stored.problem)
  }
}
