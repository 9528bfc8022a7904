/**
 * Files of this computer outside the data folder, read in for the pool: straight into the memory in which they are cut, without a
 * copy on the way. A file that changes while it is read is found out at its end, so that it is never stored torn.
 */
import { open } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { EngineError, messageOf } from '../base/error.ts'
import type { LocalFile, LocalFiles } from '../ports.ts'

export const localFiles: LocalFiles = {
  async open(path) {
    if (!isAbsolute(path)) throw unreadable(path, 'the path does not begin at the root of this computer')
    const file = await open(path, 'r').catch((error: unknown) => {
      throw unreadable(path, messageOf(error))
    })
    try {
      const before = await file.stat({ bigint: true })
      if (!before.isFile()) throw unreadable(path, 'it is no file')
      const sizeBytes = Number(before.size)
      let at = 0
      return {
        sizeBytes,
        modifiedMs: Math.trunc(Number(before.mtimeMs)),
        read: async (target) => {
          const { bytesRead } = await file.read(target, 0, Math.min(target.length, sizeBytes - at), at)
          at += bytesRead
          if (bytesRead > 0 && at < sizeBytes) return bytesRead
          // The last bytes are given only once size and time have proved unchanged.
          const after = await file.stat({ bigint: true })
          if (at !== sizeBytes || after.size !== before.size || after.mtimeNs !== before.mtimeNs) throw changed(path)
          return bytesRead
        },
        [Symbol.asyncDispose]: async () => await file.close(),
      } satisfies LocalFile
    } catch (error) {
      await file.close()
      throw error
    }
  },
}

function unreadable(path: string, why: string): EngineError {
  return new EngineError('source-unreadable', `${path} cannot be read by the node: ${why}`, {
    hint: 'Send the bytes instead, or let the node’s user read the file.',
  })
}

function changed(path: string): EngineError {
  return new EngineError('source-changed', `${path} changed while it was read`, {
    hint: 'Try again when nothing writes to it.',
    retryable: true,
  })
}
