/** Which versions of a file wait for a decision. */
import type { Version } from '../../shared/index.ts'

/** Versions that no other names as its parent. */
export function headsOf(versions: readonly Version[]): readonly Version[] {
  const parents = new Set(versions.flatMap((version) => version.parents))
  return versions.filter(({ id }) => !parents.has(id))
}
