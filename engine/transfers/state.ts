/**
 * The states of an import and what leads from one to another: pure, so that what people may do when, and what a start finds, is
 * decided in one place. `paused` stays until somebody resumes; `running` of an earlier start goes on by itself.
 */
export type ImportState = 'queued' | 'running' | 'paused' | 'done' | 'failed' | 'cancelled'
export type ImportAction = 'pause' | 'resume' | 'cancel' | 'retry'

const afterAction: Readonly<Record<ImportAction, Partial<Record<ImportState, ImportState>>>> = {
  pause: { queued: 'paused', running: 'paused' },
  resume: { paused: 'queued' },
  cancel: { queued: 'cancelled', running: 'cancelled', paused: 'cancelled' },
  retry: { failed: 'queued', cancelled: 'queued' },
}

/** The state after somebody did that; undefined where it makes no sense. */
export function steered(state: ImportState, action: ImportAction): ImportState | undefined {
  return afterAction[action][state]
}

/** What a state of an earlier start becomes at a new one. */
export function atStart(state: ImportState): ImportState {
  return state === 'running' ? 'queued' : state
}

export function isEnded(state: ImportState): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled'
}

/** Those of the queued ones that begin now, first come first served. */
export function toBegin<T extends { readonly state: ImportState }>(inOrder: readonly T[], atOnce: number): T[] {
  const running = inOrder.filter(({ state }) => state === 'running').length
  return inOrder.filter(({ state }) => state === 'queued').slice(0, Math.max(0, atOnce - running))
}
