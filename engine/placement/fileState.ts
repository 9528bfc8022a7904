/**
 * The state of a file, as API.md defines it: a pure function of how many replicas its worst chunk has. One place decides it
 * for files, folders, health and what-if, so that they never disagree.
 */
export const fileStates = ['protected', 'copying', 'degraded', 'at-risk', 'unreachable', 'lost'] as const
/** From best to worst. */
export type FileState = (typeof fileStates)[number]

export interface ReplicaCounts {
  readonly wanted: number
  /** Fewest replicas of any chunk on members at all. */
  readonly existing: number
  /** Fewest on members neither removed nor past their grace. */
  readonly durable: number
  /** Fewest on online or suspect members. */
  readonly reachable: number
  /** First copies are being made: nobody has given up on them. */
  readonly copying: boolean
}

/** First match, as in API.md. */
export function fileState(counts: ReplicaCounts): FileState {
  if (counts.existing === 0) return 'lost'
  if (counts.reachable === 0) return 'unreachable'
  if (counts.durable >= counts.wanted) return 'protected'
  if (counts.copying) return 'copying'
  return counts.durable <= 1 ? 'at-risk' : 'degraded'
}

/** The worse of two states. */
export function worse(a: FileState, b: FileState): FileState {
  return fileStates.indexOf(a) >= fileStates.indexOf(b) ? a : b
}
