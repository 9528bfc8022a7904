/**
 * Files of this computer outside the data folder, read in for the pool: straight into the memory in which they are cut, without a
 * copy on the way. A file that changes while it is read is found out at its end, so that it is never stored torn. The
 * node's own data folder is told from all others: what takes that in grows for ever.
 */
import type { BigIntStats, Dirent } from 'node:fs'
import { constants, lstat, open, opendir, stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { EngineError, messageOf } from '../base/error.ts'
import { fileTimeMs } from '../base/fileTime.ts'
import { limits } from '../limits.ts'
import type { LocalChild, LocalFacts, LocalFile, LocalFiles } from '../ports.ts'
import { watchFolder } from './folderWatch.ts'

/** The files of this computer as the node on that data folder may read them. */
export async function createLocalFiles(dataFolder: string): Promise<LocalFiles> {
  const ownId = fileIdOf(await stat(dataFolder, { bigint: true }))
  return { open: openFile, look: (path) => look(path, ownId), children, watch: watchFolder }
}

async function openFile(path: string): Promise<LocalFile> {
  requireAbsolute(path)
  // A pipe would keep a thread waiting for whoever writes into it.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((error: unknown) => {
    throw unreadable(path, messageOf(error))
  })
  try {
    const before = await file.stat({ bigint: true })
    if (!before.isFile()) throw unreadable(path, 'it is no file')
    const sizeBytes = Number(before.size)
    let at = 0
    let isProved = false
    return {
      sizeBytes,
      modifiedMs: fileTimeMs(before.mtimeNs),
      read: async (target) => {
        if (isProved) return 0
        const { bytesRead } = await file.read(target, 0, Math.min(target.length, sizeBytes - at), at)
        at += bytesRead
        if (bytesRead > 0 && at < sizeBytes) return bytesRead
        // The last bytes are given only once size and time have proved unchanged.
        const after = await file.stat({ bigint: true })
        if (at !== sizeBytes || after.size !== before.size || after.mtimeNs !== before.mtimeNs) throw changed(path)
        isProved = true
        return bytesRead
      },
      [Symbol.asyncDispose]: async () => await file.close(),
    } satisfies LocalFile
  } catch (error) {
    await file.close()
    throw error
  }
}

const nothingThere = new Set(['ENOENT', 'ENOTDIR', 'ELOOP'])

async function look(path: string, ownId: string): Promise<LocalFacts | undefined> {
  requireAbsolute(path)
  const orNothing = (error: unknown) => {
    if (nothingThere.has((error as { code?: string }).code ?? '')) return undefined
    throw unreadable(path, messageOf(error))
  }
  const here = await lstat(path, { bigint: true }).catch(orNothing)
  const isLink = here?.isSymbolicLink() === true
  const found = isLink ? await stat(path, { bigint: true }).catch(orNothing) : here
  if (found === undefined) return undefined
  const fileId = fileIdOf(found)
  const kind = found.isFile() ? 'file' : found.isDirectory() ? (fileId === ownId ? 'own' : 'folder') : 'other'
  return { kind, sizeBytes: Number(found.size), modifiedMs: fileTimeMs(found.mtimeNs), fileId, isLink }
}

function fileIdOf({ dev, ino, birthtimeNs }: BigIntStats): string {
  return `${dev}:${ino}:${birthtimeNs}`
}

async function* children(path: string): AsyncGenerator<readonly LocalChild[], void, void> {
  requireAbsolute(path)
  const size = limits.localNamesAtOnce
  try {
    await using folder = await opendir(path, { bufferSize: size })
    let batch: LocalChild[] = []
    for (let child = await folder.read(); child !== null; child = await folder.read()) {
      batch.push({ name: child.name, kind: (await isText(path, child)) ? kindOf(child) : 'unreadable' })
      if (batch.length < size) continue
      yield batch
      batch = []
    }
    if (batch.length > 0) yield batch
  } catch (error) {
    throw unreadable(path, messageOf(error))
  }
}

/** A name that is not UTF-8 is read with U+FFFD in it, and then nothing has the name that was read. */
async function isText(path: string, { name }: Dirent): Promise<boolean> {
  if (!name.includes('\ufffd')) return true
  return await lstat(join(path, name)).then(
    () => true,
    () => false,
  )
}

function kindOf(child: Dirent): LocalChild['kind'] {
  if (child.isFile()) return 'file'
  if (child.isDirectory()) return 'folder'
  return child.isSymbolicLink() ? 'link' : 'other'
}

function requireAbsolute(path: string): void {
  if (!isAbsolute(path)) throw unreadable(path, 'the path does not begin at the root of this computer')
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
