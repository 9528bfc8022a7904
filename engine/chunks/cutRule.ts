/**
 * Where a content may be cut. The target size of a piece is a function of the offset at which the piece begins and of
 * nothing else: so equal contents cut alike whatever follows, an append changes the last piece only, the beginning of a
 * file is cut finely and a terabyte still has fewer than 150,000 chunks. Around the target the rule is FastCDC's
 * normalised chunking (Xia et al., "FastCDC", USENIX ATC 2016, and "The Design of Fast Content-Defined Chunking", IEEE
 * TPDS 2020): nothing before half of it, few cuts before it, many after it, an end at one and a half of it.
 * A piece size that depends on the file's size was rejected: a file that grows past a limit would store itself anew.
 */
import { limits } from '../limits.ts'

/** The gear hash looks back so far: what lies further away has been shifted out of its 64 bits. */
export const GEAR_WINDOW_BYTES = 64

/** A cut needs this many leading zero bits of the gear hash more than log2(target) before the target is reached... */
const EXTRA_BITS_BEFORE_TARGET = 2
/** ...and so many fewer afterwards. */
const FEWER_BITS_AFTER_TARGET = 3

const OFFSETS_PER_TARGET = 16

/** What holds for a piece that begins at one offset. All in bytes, but the bits. */
export interface CutRule {
  readonly targetBytes: number
  /** No piece but the last is shorter. */
  readonly minBytes: number
  /** No piece is longer. */
  readonly maxBytes: number
  /** Leading zero bits that the gear hash must have at a cut before, and from, the target on. */
  readonly bitsBefore: number
  readonly bitsAfter: number
}

/** The rule for a piece that begins `offset` bytes into its content: the target is the power of two at or below a sixteenth of it. */
export function cutRule(offset: number): CutRule {
  const wished = Math.min(Math.max(offset / OFFSETS_PER_TARGET, limits.pieceTargetMinBytes), limits.pieceTargetMaxBytes)
  const power = 31 - Math.clz32(wished)
  const targetBytes = 2 ** power
  return {
    targetBytes,
    minBytes: targetBytes / 2,
    maxBytes: Math.min(targetBytes * 1.5, limits.pieceMaxBytes),
    bitsBefore: power + EXTRA_BITS_BEFORE_TARGET,
    bitsAfter: power - FEWER_BITS_AFTER_TARGET,
  }
}

/**
 * Finds the least length, from `first` to `last` inclusive, at which the gear hash of the 64 bytes before it has `bits`
 * leading zeros; 0 if there is none. Lengths count from the beginning of the piece; `first` is at least 64.
 */
export type FindCut = (first: number, last: number, bits: number) => number

/** What is known of the piece that is being cut. */
export interface PieceSoFar {
  /** Bytes there, counted from the beginning of the piece. */
  readonly availableBytes: number
  /** Lengths up to this one were looked at before, in vain. */
  readonly scannedBytes: number
  /** Nothing follows what is there. */
  readonly ended: boolean
}

/** The length of the piece, or 0 if more bytes are needed to tell. */
export function cutPiece(rule: CutRule, piece: PieceSoFar, find: FindCut): number {
  const { availableBytes, scannedBytes, ended } = piece
  const { minBytes, targetBytes, maxBytes } = rule
  const from = Math.max(minBytes, scannedBytes + 1)
  const beforeTarget = Math.min(targetBytes - 1, availableBytes)
  if (from <= beforeTarget) {
    const cut = find(from, beforeTarget, rule.bitsBefore)
    if (cut > 0) return cut
  }
  const beforeEnd = Math.min(maxBytes - 1, availableBytes)
  if (Math.max(from, targetBytes) <= beforeEnd) {
    const cut = find(Math.max(from, targetBytes), beforeEnd, rule.bitsAfter)
    if (cut > 0) return cut
  }
  if (availableBytes >= maxBytes) return maxBytes
  return ended ? availableBytes : 0
}
