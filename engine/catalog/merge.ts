/**
 * Which of two rows under one key stands: the one with the greater stamp, of equal stamps the one with the greater hash.
 * A pure function of the two, so it does not matter in which order, how often or from which old disk image rows come
 * (invariant 5). Nothing else decides: not who sent it, not when it came.
 */
import { EngineError } from '../base/error.ts'
import { limits } from '../limits.ts'
import { stampMs } from './stamp.ts'
import type { Stamp } from './types.ts'

/** What of a row the merge compares. */
export interface Ranked {
  readonly stamp: Stamp
  readonly hash: Uint8Array
}

/** Positive if `left` stands, negative if `right` does, 0 if they are the same row. */
export function compareRows(left: Ranked, right: Ranked): number {
  if (left.stamp !== right.stamp) return left.stamp > right.stamp ? 1 : -1
  return Buffer.compare(left.hash, right.hash)
}

/** Refuses a row from a clock too far ahead: it would win over everything that is written until then. */
export function checkNotAhead(stamp: Stamp, nowMs: number): void {
  const aheadMs = stampMs(stamp) - nowMs
  if (aheadMs > limits.stampAheadMaxMs) {
    throw new EngineError('stamp-ahead', `a row is stamped ${Math.round(aheadMs / 1000)} s ahead of this clock`)
  }
}
