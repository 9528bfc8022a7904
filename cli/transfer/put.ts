/**
 * Files and folders of this computer into the pool. What is there with the same size and modification time is skipped, so a
 * put that broke off goes on where it was when repeated. A file that changes while it is read is tried once more and then
 * told, never stored torn.
 */
import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { type Entry, joinPath } from '../../shared/index.ts'
import { type ApiClient, ApiFailure, type Headers } from '../apiClient.ts'
import { Failure, WrongUsage } from '../failure.ts'
import { showProgress } from '../progress.ts'
import { entryUrl, fileUrl, folderUrl, type RemotePath } from '../remotePath.ts'
import { LocalFile, PART_BYTES } from './localFile.ts'
import { walkTree } from './localTree.ts'
import { Crowd } from './result.ts'
import { SMALL_BYTES } from './smallFiles.ts'

export interface PutOptions {
  readonly wait?: 'all' | undefined
}

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
  const small = await readSmall(path, known, options, crowd)
  if (small === null) return null
  if (small !== undefined) {
    const head = { path: joinPath(names), size: small.bytes.length, ...modifiedField(small.modifiedMs) }
    await crowd.smallFiles(client).put({ head, bytes: small.bytes })
    crowd.moved(small.bytes.length)
    return small.bytes.length
  }
  const leaveMedium = await crowd.medium()
  try {
    return await putAlone(client, path, names, options, crowd)
  } finally {
    leaveMedium()
  }
}

/** A small file's bytes, closed again; undefined if it is to go alone, null if the same content is there already. */
async function readSmall(
  path: string,
  known: Entry | undefined,
  options: PutOptions,
  crowd: Crowd,
): Promise<{ readonly bytes: Buffer; readonly modifiedMs: number } | null | undefined> {
  using file = await LocalFile.open(path)
  const { sizeBytes, modifiedMs } = file
  if (known?.kind === 'file' && known.size === sizeBytes && Date.parse(known.modified) === modifiedMs) return null
  crowd.found(sizeBytes)
  if (sizeBytes > SMALL_BYTES || options.wait !== undefined) return undefined
  return { bytes: await file.whole(), modifiedMs }
}

async function putAlone(
  client: ApiClient,
  path: string,
  names: readonly string[],
  options: PutOptions,
  crowd: Crowd,
): Promise<number> {
  using file = await LocalFile.open(path)
  const { sizeBytes, modifiedMs } = file
  const headers = modifiedHeader(modifiedMs)
  const url = fileUrl(names)
  const wait = waitQuery(options)
  if (sizeBytes <= PART_BYTES) {
    await client.send('PUT', url + wait, headers, await file.whole())
    crowd.moved(sizeBytes)
    return sizeBytes
  }
  const leave = sizeBytes > LARGE_BYTES ? await crowd.large() : () => {}
  try {
    if (sizeBytes > LARGE_BYTES && (await putByPath(client, path, url + wait, headers))) crowd.moved(sizeBytes)
    else await client.send('PUT', url + wait, headers, counted(file.parts(), crowd), sizeBytes)
  } finally {
    leave()
  }
  return sizeBytes
}

/** Lets the node on this computer read a large file itself, which saves sending it; false where it cannot. */
async function putByPath(client: ApiClient, path: string, url: string, headers: Headers): Promise<boolean> {
  const from = `${url.includes('?') ? '&' : '?'}from=${encodeURIComponent(resolve(path))}`
  try {
    await client.send('PUT', url + from, headers)
    return true
  } catch (error) {
    if (error instanceof ApiFailure && error.code === 'source-unreadable') return false
    throw error
  }
}

async function* counted(parts: AsyncIterable<Buffer>, crowd: Crowd): AsyncGenerator<Buffer, void, void> {
  for await (const part of parts) {
    yield part
    crowd.moved(part.length)
  }
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

function modifiedHeader(modifiedMs: number): Headers {
  const { modified } = modifiedField(modifiedMs)
  return modified === undefined ? {} : { 'x-modified': modified }
}

/** RFC 3339 knows the years 0 to 9999; times outside are left to the node. */
function modifiedField(modifiedMs: number): { modified?: string } {
  const year = new Date(modifiedMs).getUTCFullYear()
  return year >= 0 && year <= 9999 ? { modified: new Date(modifiedMs).toISOString() } : {}
}
