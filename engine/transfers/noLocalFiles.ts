/** The files of a computer of which the node may read none: an import that was taken on when it still might fails for each of them. */
import { EngineError } from '../base/error.ts'
import type { LocalFiles } from '../ports.ts'

export const noLocalFiles: LocalFiles = {
  open: async (path) => {
    throw unreadable(path)
  },
  look: async (path) => {
    throw unreadable(path)
  },
  children: (path) => {
    throw unreadable(path)
  },
  watch: async (path) => {
    throw unreadable(path)
  },
}

function unreadable(path: string): EngineError {
  return new EngineError('source-unreadable', `this node reads no files of its computer, so not ${path}`)
}
