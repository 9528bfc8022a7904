/**
 * Files and folders of the pool onto this computer. Each file comes under a temporary name and is renamed when it is whole, so
 * no half file ever has a real name; what is there with the same size and modification time is skipped. Nothing is
 * written outside LOCAL: names are made safe, and a link inside LOCAL is not walked through.
 */
import { lstat, mkdir, open, rename, rm, stat, utimes } from 'node:fs/promises'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { type Entry, nameProblem } from '../../shared/index.ts'
import type { ApiClient } from '../apiClient.ts'
import { fileTimeMs } from '../../engine/base/fileTime.ts'
import { Failure } from '../failure.ts'
import { showProgress } from '../progress.ts'
import { entryUrl, folderUrl, type RemotePath } from '../remotePath.ts'
import { download } from './download.ts'
import { Crowd } from './result.ts'
import { safeNames } from './safeNames.ts'

const LARGE_BYTES = 4 * 1024 * 1024

interface Job {
  readonly client: ApiClient
  readonly crowd: Crowd
  readonly caseCounts: boolean
}

/** Throws what ends everything; what fails singly is in the result. */
export async function get(client: ApiClient, remote: RemotePath, local: string): Promise<Crowd> {
  const entry = await client.get<Entry>(entryUrl(remote.names))
  using progress = showProgress('Fetching')
  const crowd = new Crowd(progress)
  const target = resolve(await targetOf(entry, local))
  try {
    await mkdir(entry.kind === 'folder' ? target : dirname(target), { recursive: true })
    const caseCounts = await doesCaseCount(entry.kind === 'folder' ? target : dirname(target))
    const job = { client, crowd, caseCounts }
    if (entry.kind === 'folder') await getFolder(job, remote.names, target)
    else await crowd.add(entry.path, () => getFile(job, remote.names, entry, target))
  } catch (error) {
    crowd.failed(entry.path, error)
  }
  await crowd.settled()
  return crowd
}

/** REMOTE becomes LOCAL; into LOCAL with a trailing slash, and for a file also where LOCAL is a folder. */
async function targetOf(entry: Entry, local: string): Promise<string> {
  const isFolder = async () => (await stat(local).catch(() => undefined))?.isDirectory() === true
  const into = local.endsWith('/') || local.endsWith(sep) || (entry.kind === 'file' && (await isFolder()))
  if (!into || entry.name === '') return local
  return join(local, safeNames([entry], process.platform, true)[0] as string)
}

async function getFolder(job: Job, names: readonly string[], target: string): Promise<void> {
  const entries: Entry[] = []
  for await (const entry of job.client.items<Entry>(folderUrl(names), { sort: 'name' })) entries.push(entry)
  const localNames = safeNames(entries, process.platform, job.caseCounts)
  for (const [at, entry] of entries.entries()) {
    if (job.crowd.stopped !== undefined) return
    const path = join(target, localNames[at] as string)
    const below = [...names, entry.name]
    if (nameProblem(entry.name) !== null) {
      job.crowd.failed(entry.path, new Failure('bad-name', 'The name is not allowed.'))
    } else if (entry.kind === 'file') {
      await job.crowd.add(entry.path, () => getFile(job, below, entry, path))
    } else {
      try {
        await makeFolder(path)
        await getFolder(job, below, path)
      } catch (error) {
        job.crowd.failed(entry.path, error)
      }
    }
  }
}

async function makeFolder(path: string): Promise<void> {
  const present = await lstat(path).catch(() => undefined)
  if (present?.isDirectory()) return
  if (present?.isSymbolicLink()) throw new Failure('link-in-the-way', `${path} is a link; it would lead elsewhere.`)
  await mkdir(path)
}

async function getFile(job: Job, names: readonly string[], entry: Entry, path: string): Promise<void> {
  const sizeBytes = entry.size ?? 0
  const modifiedMs = Date.parse(entry.modified)
  const present = await lstat(path, { bigint: true }).catch(() => undefined)
  if (present?.isDirectory()) throw new Failure('wrong-kind', `${path} is a folder.`)
  if (present?.isFile() && Number(present.size) === sizeBytes && fileTimeMs(present.mtimeNs) === modifiedMs) {
    return job.crowd.skipped()
  }
  job.crowd.found(sizeBytes)
  const leave = sizeBytes > LARGE_BYTES ? await job.crowd.large() : () => {}
  // One name per entry, so that what a killed command left is replaced by the next.
  const partial = join(dirname(path), `.hadahoop-${entry.id}.part`)
  try {
    await fill(job, names, entry, partial)
    await utimes(partial, new Date(modifiedMs), new Date(modifiedMs))
    await rename(partial, path)
    job.crowd.done(sizeBytes)
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  } finally {
    leave()
  }
}

/** Writes the very version that was listed, so that size and time belong to the bytes. */
async function fill(job: Job, names: readonly string[], entry: Entry, path: string): Promise<void> {
  let writtenBytes = 0
  const parts = async function* () {
    for await (const part of download(job.client, names, { version: entry.version ?? undefined })) {
      yield part
      writtenBytes += part.length
      job.crowd.moved(part.length)
    }
  }
  await using file = await open(path, 'w')
  await file.writeFile(parts())
  if (writtenBytes !== entry.size) throw new Failure('damaged', `${writtenBytes} bytes came of ${entry.size}.`)
}

/** Whether the file system of a folder tells `a` from `A`. */
async function doesCaseCount(folder: string): Promise<boolean> {
  const probe = join(folder, `.hadahoop-case-${process.pid}`)
  try {
    await (await open(probe, 'w')).close()
    return (await stat(join(folder, basename(probe).toUpperCase())).catch(() => undefined)) === undefined
  } finally {
    await rm(probe, { force: true })
  }
}
