/** What is said of a file of the data folder that cannot be read any more. */
import { EngineError } from '../base/error.ts'

export function damaged(path: string, why: string, cause?: unknown): EngineError {
  return new EngineError('damaged-file', `${path} is damaged: ${why}`, {
    hint: 'Put it back from a backup of the data folder. Without one, move the data folder away and join the pool anew.',
    cause,
  })
}
