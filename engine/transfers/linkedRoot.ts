/**
 * Whether a linked folder as a whole is there. A drive that is not plugged in leaves nothing, or the empty folder on which it is
 * otherwise mounted, and neither means that everything was deleted.
 */
import { EngineError, isEngineError } from '../base/error.ts'
import type { LocalFacts, LocalFiles } from '../ports.ts'
import type { LinkRow } from './linkedTable.ts'

/**
 * Of the folder itself its number and birth count: a drive gets another device number each time it is plugged in, and a folder that is
 * deleted and made again often has the same number. Where a file system keeps no births they are all 0.
 */
export function rootIdOf({ fileId }: Pick<LocalFacts, 'fileId'>): string {
  return fileId.split(':').slice(1).join(':')
}

/** Links that were made before births counted know the number alone. */
function isSameRoot(facts: LocalFacts, rootId: string): boolean {
  const found = rootIdOf(facts)
  return found === rootId || (!rootId.includes(':') && found.startsWith(`${rootId}:`))
}

/** Why what is seen of it is not to be believed; null while it is. */
export async function absenceOf(local: LocalFiles, { path, rootId }: LinkRow): Promise<EngineError | null> {
  try {
    const root = await local.look(path)
    if (root === undefined) {
      return new EngineError('source-unreadable', `${path} is not there`, {
        hint: 'Nothing is deleted in the pool; it goes on when the folder is back.',
      })
    }
    if (root.kind === 'folder' && isSameRoot(root, rootId)) return null
    return new EngineError('source-unreadable', `another folder stands at ${path} than was linked`, {
      hint: 'Bring the linked one back, or link this one instead.',
    })
  } catch (error) {
    if (!isEngineError(error)) throw error
    return error
  }
}
