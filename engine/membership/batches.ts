/** Cuts encoded member rows into messages. */
import { limits } from '../limits.ts'

/** Runs of rows, in order, of at most limits.batchMaxBytes each. */
export function batchesOf(rows: readonly Uint8Array[]): Uint8Array[][] {
  const batches: Uint8Array[][] = []
  let sizeBytes = Infinity
  for (const row of rows) {
    if (sizeBytes + row.length > limits.batchMaxBytes) {
      batches.push([])
      sizeBytes = 0
    }
    batches.at(-1)?.push(row)
    sizeBytes += row.length + 8
  }
  return batches
}
