/**
 * What a look at one file of a linked folder leads to: pure, from what is known of its path, what stands there and since when. A file is
 * taken once its size and time rest, since programs write large files for minutes and their first half is worth nothing. A
 * rename is believed of the same file with the same size and time only: numbers of files are used again by the next file.
 */
import { limits } from '../limits.ts'
import type { LocalFacts } from '../ports.ts'
import type { LinkedItem } from './linkedTable.ts'

type FileFacts = Pick<LocalFacts, 'sizeBytes' | 'modifiedMs' | 'fileId'>

/** A file that was seen changed, and since when it has been as it is. */
export interface Unsettled {
  readonly sizeBytes: number
  readonly modifiedMs: number
  /** Monotonic. */
  readonly sinceMs: number
}

export type FileStep =
  | { readonly step: 'same' }
  | { readonly step: 'store' }
  | { readonly step: 'wait'; readonly unsettled: Unsettled }

export interface Now {
  readonly nowMs: number
  readonly monotonicMs: number
}

export function fileStep(
  known: LinkedItem | undefined,
  facts: FileFacts,
  unsettled: Unsettled | undefined,
  { nowMs, monotonicMs }: Now,
): FileStep {
  if (known?.kind === 'file' && isSame(known, facts)) return { step: 'same' }
  // What was written long ago and is only new here (moved in, or there before it was linked) rests already.
  if (facts.modifiedMs < nowMs - limits.linkedRestedMs) return { step: 'store' }
  if (unsettled === undefined || !isSame(unsettled, facts)) {
    const { sizeBytes, modifiedMs } = facts
    return { step: 'wait', unsettled: { sizeBytes, modifiedMs, sinceMs: monotonicMs } }
  }
  if (monotonicMs - unsettled.sinceMs < limits.linkedSettleMs) return { step: 'wait', unsettled }
  return { step: 'store' }
}

/** True if what stands at a new path is what `item` was, provided nothing stands at its path any more. */
export function isRenamed(item: LinkedItem, kind: LinkedItem['kind'], facts: FileFacts): boolean {
  if (item.kind !== kind || item.fileId !== facts.fileId) return false
  return kind === 'folder' || isSame(item, facts)
}

function isSame(
  a: { readonly sizeBytes: number; readonly modifiedMs: number },
  b: { readonly sizeBytes: number; readonly modifiedMs: number },
): boolean {
  return a.sizeBytes === b.sizeBytes && a.modifiedMs === b.modifiedMs
}
