/**
 * Files and folders of this computer into the pool. What is there with the same size and modification time is skipped, so a
 * put that broke off goes on where it was when repeated. A file that changes while it is read is never taken for whole:
 * its last bytes are held back until size and time prove unchanged.
 */
import { type FileHandle, open, stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import type { Entry } from '../../shared/index.ts'
import { type ApiClient, ApiFailure, type Headers } from '../apiClient.ts'
import { collect } from '../collect.ts'
import { Failure, WrongUsage } from '../failure.ts'
import { showProgress } from '../progress.ts'
import { entryUrl, fileUrl, folderUrl, type RemotePath } from '../remotePath.ts'
import { walkTree } from './localTree.ts'
import { Crowd } from './result.ts'

export interface PutOptions {
  readonly wait?: 'all' | undefined
}

const PART_BYTES = 1024 * 1024
const LARGE_BYTES = 4 * PART_BYTES

/** Puts each of `locals` at `remote`, or into it. Throws what ends everything; what fails singly is in the result. */
export async function put(
  client: ApiClient,
  locals: readonly string[],
  remote: RemotePath,
  options: PutOptions,
): Promise<Crowd> {
  using progress = showProgress('Storing')
  const crowd = new Crowd(progress)
  for (const local of locals) {
    if (crowd.stopped !== undefined) break
    if (local === '-') await putStdin(client, remote, options, crowd)
    else await putLocal(client, local, targetOf(local, locals.length, remote), options, crowd)
  }
  await crowd.settled()
  return crowd
}

/** One LOCAL becomes REMOTE; into REMOTE with a trailing slash or several LOCALs. */
function targetOf(local: string, count: number, remote: RemotePath): readonly string[] {
  return count > 1 || remote.intoFolder ? [...remote.names, basename(resolve(local))] : remote.names
}

async function putLocal(
  client: ApiClient,
  local: string,
  names: readonly string[],
  options: PutOptions,
  crowd: Crowd,
): Promise<void> {
  try {
    const kind = await stat(local)
    const entry = await entryAt(client, names)
    if (kind.isFile()) return await crowd.add(local, () => putFile(client, local, names, entry, options, crowd))
    if (!kind.isDirectory()) throw new Failure('special-file', 'Pipes, sockets and devices have no content to store.')
    for await (const found of walkTree(client, local, names, entry)) {
      if (crowd.stopped !== undefined) return
      if (found.what === 'file') {
        await crowd.add(found.path, () => putFile(client, found.path, found.names, found.known, options, crowd))
      } else if (found.what === 'folder') {
        await crowd.add(found.path, async () => void (await client.send('PUT', folderUrl(found.names))))
      } else if (found.what === 'leftOut') crowd.leftOut(found.path, found.code)
      else crowd.failed(found.path, found.error)
    }
  } catch (error) {
    crowd.failed(local, error)
  }
}

/** What stands at a path now. */
export async function entryAt(client: ApiClient, names: readonly string[]): Promise<Entry | undefined> {
  try {
    return await client.get<Entry>(entryUrl(names))
  } catch (error) {
    // A file where a folder would be is told when something is stored below it.
    if (error instanceof ApiFailure && (error.code === 'not-found' || error.code === 'wrong-kind')) return undefined
    throw error
  }
}

async function putFile(
  client: ApiClient,
  path: string,
  names: readonly string[],
  known: Entry | undefined,
  options: PutOptions,
  crowd: Crowd,
): Promise<void> {
  const sizeBytes = await putOnce(client, path, names, known, options, crowd).catch(async (error: unknown) => {
    if (!(error instanceof Failure) || error.code !== 'source-changed') throw error
    return putOnce(client, path, names, known, options, crowd)
  })
  if (sizeBytes === null) crowd.skipped()
  else crowd.done(sizeBytes)
}

/** Bytes stored, or null if the same content is there already. Throws Failure `source-changed`. */
async function putOnce(
  client: ApiClient,
  path: string,
  names: readonly string[],
  known: Entry | undefined,
  options: PutOptions,
  crowd: Crowd,
): Promise<number | null> {
  await using file = await open(path)
  const { size, mtimeMs } = await file.stat()
  const modifiedMs = Math.trunc(mtimeMs)
  if (known?.kind === 'file' && known.size === size && Date.parse(known.modified) === modifiedMs) return null
  crowd.found(size)
  const parts = steadyParts(file, path, size, mtimeMs)
  const headers = modifiedHeader(modifiedMs)
  const url = fileUrl(names) + waitQuery(options)
  if (size <= PART_BYTES) {
    await client.send('PUT', url, headers, Buffer.concat(await collect(parts)))
    crowd.moved(size)
    return size
  }
  const leave = size > LARGE_BYTES ? await crowd.large() : () => {}
  try {
    await client.send('PUT', url, headers, counted(parts, crowd), size)
  } finally {
    leave()
  }
  return size
}

async function* counted(parts: AsyncIterable<Buffer>, crowd: Crowd): AsyncGenerator<Buffer, void, void> {
  for await (const part of parts) {
    yield part
    crowd.moved(part.length)
  }
}

/** The file's bytes, the last part only once the file has proved unchanged. */
async function* steadyParts(
  file: FileHandle,
  path: string,
  sizeBytes: number,
  mtimeMs: number,
): AsyncGenerator<Buffer, void, void> {
  let at = 0
  do {
    const part = Buffer.allocUnsafe(Math.min(PART_BYTES, sizeBytes - at))
    const { bytesRead } = await file.read(part, 0, part.length, at)
    at += bytesRead
    const now = at === sizeBytes ? await file.stat() : { size: sizeBytes, mtimeMs }
    if ((bytesRead === 0 && sizeBytes > 0) || now.size !== sizeBytes || now.mtimeMs !== mtimeMs) {
      throw new Failure('source-changed', `${path} changes while it is read.`, {
        hint: 'Try again when it is at rest.',
      })
    }
    yield part.subarray(0, bytesRead)
  } while (at < sizeBytes)
}

async function putStdin(client: ApiClient, remote: RemotePath, options: PutOptions, crowd: Crowd): Promise<void> {
  if (remote.intoFolder) throw new WrongUsage('Name the file that standard input becomes; REMOTE ends with a slash.')
  try {
    let sizeBytes = 0
    const parts = async function* () {
      for await (const part of process.stdin) {
        sizeBytes += (part as Buffer).length
        yield part as Buffer
        crowd.moved((part as Buffer).length)
      }
    }
    crowd.found(0)
    await client.send('PUT', fileUrl(remote.names) + waitQuery(options), {}, parts())
    crowd.done(sizeBytes)
  } catch (error) {
    crowd.failed('-', error)
  }
}

function waitQuery({ wait }: PutOptions): string {
  return wait === undefined ? '' : `?wait=${wait}`
}

/** RFC 3339 knows the years 0 to 9999; times outside are left to the node. */
function modifiedHeader(modifiedMs: number): Headers {
  const year = new Date(modifiedMs).getUTCFullYear()
  return year >= 0 && year <= 9999 ? { 'x-modified': new Date(modifiedMs).toISOString() } : {}
}
