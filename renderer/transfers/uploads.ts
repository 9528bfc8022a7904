/**
 * Uploads of this window: what was dropped or chosen together is one upload. A few requests run at once, small files share one. An
 * upload whose file fails goes on with the others and can be tried again for what failed. Uploads live in this window only, so
 * closing it asks first (leaving.ts). Files count as protected when the engine says so of their entries, or of everything.
 */
import type { Entry } from '../../shared/index.ts'
import { encodePath } from '../../shared/paths.ts'
import { EngineGone, Problem, request } from '../api/client.ts'
import { createValue } from '../api/value.ts'
import type { UploadFacts } from './lines.ts'
import { batchBytes, batchFileBytes, batchFiles, sendBatch } from './sendBatch.ts'
import { sendFile } from './sendFile.ts'

export interface Picked {
  readonly file: File
  /** From the pool's root, with the file's name. */
  readonly names: readonly string[]
}

export interface Failure {
  readonly picked: Picked
  readonly text: string
}

export interface Upload extends UploadFacts {
  readonly failures: readonly Failure[]
}

/** A request under way: one large file, or some small ones. */
interface Shipment {
  readonly picked: readonly Picked[]
  readonly abort: AbortController
  sentBytes: number
}

interface Work {
  shown: Upload
  readonly waiting: Picked[]
  readonly failures: Failure[]
  /** What was left when it was cancelled. */
  readonly cancelled: Picked[]
  readonly running: Set<Shipment>
  /** Ids of entries stored and not yet known to be protected. */
  readonly copying: Set<string>
  bytesStored: number
  isPaused: boolean
  isCancelled: boolean
}

const together = 4
const showEveryMs = 200
const attempts = 3

/** Newest first. */
export const uploads = createValue<readonly Upload[]>([])
/** How many are under way. */
export const activeUploads = createValue(0)
/** Bytes per second of the last moments. */
export const uploadRate = createValue(0)

const works = new Map<number, Work>()
let count = 0
let timer: ReturnType<typeof setTimeout> | undefined

/** Starts storing what was picked; empty folders are made too. */
export function startUpload(
  name: string,
  folder: readonly string[],
  picked: readonly Picked[],
  emptyFolders: readonly (readonly string[])[] = [],
): void {
  for (const names of emptyFolders) void request('PUT', `/v1/folders/${encodePath(names)}`).catch(() => undefined)
  if (picked.length === 0) return
  const work: Work = {
    shown: {
      id: ++count,
      name,
      begunMs: performance.now(),
      folder,
      state: 'running',
      filesTotal: picked.length,
      filesDone: 0,
      bytesTotal: picked.reduce((sum, { file }) => sum + file.size, 0),
      bytesDone: 0,
      filesCopying: 0,
      failures: [],
    },
    waiting: picked.toReversed(),
    failures: [],
    cancelled: [],
    running: new Set(),
    copying: new Set(),
    bytesStored: 0,
    isPaused: false,
    isCancelled: false,
  }
  works.set(work.shown.id, work)
  pump()
  show()
}

export function pauseUpload(id: number, isPaused: boolean): void {
  const work = works.get(id)
  if (work === undefined) return
  work.isPaused = isPaused
  if (isPaused) {
    for (const { picked, abort } of work.running) {
      abort.abort()
      work.waiting.push(...picked)
    }
    work.running.clear()
  }
  pump()
  show()
}

/** Stops it; files that are stored stay. */
export function cancelUpload(id: number): void {
  const work = works.get(id)
  if (work === undefined) return
  work.isCancelled = true
  work.isPaused = false
  work.cancelled.push(...work.waiting)
  work.waiting.length = 0
  for (const { picked, abort } of work.running) {
    abort.abort()
    work.cancelled.push(...picked)
  }
  work.running.clear()
  show()
}

export function retryUpload(id: number): void {
  const work = works.get(id)
  if (work === undefined) return
  // What was cancelled goes on with what it had left; what failed with that.
  work.waiting.push(...work.cancelled, ...work.failures.map(({ picked }) => picked))
  work.failures.length = 0
  work.cancelled.length = 0
  work.isCancelled = false
  pump()
  show()
}

/** Forgets the uploads that have ended. */
export function clearUploads(): void {
  for (const [id, { shown }] of works) if (shown.state !== 'running' && shown.state !== 'paused') works.delete(id)
  show()
}

/** Takes one that has ended off the list. */
export function removeUpload(id: number): void {
  works.delete(id)
  show()
}

/** Entries changed: some may have all their copies now. */
export function noteEntries(entries: ReadonlyMap<string, Entry | null>): void {
  let changed = false
  for (const { copying } of works.values()) {
    for (const id of copying) {
      const entry = entries.get(id)
      if (entry === undefined || (entry !== null && entry.state !== 'protected')) continue
      copying.delete(id)
      changed = true
    }
  }
  if (changed) show()
}

/** The engine says that everything is protected. */
export function noteAllProtected(): void {
  for (const { copying } of works.values()) copying.clear()
  if (works.size > 0) show()
}

/** Ids of entries whose protection is waited for, some of them. */
export function copyingEntries(most: number): readonly string[] {
  return [...works.values()].flatMap(({ copying }) => [...copying]).slice(0, most)
}

function pump(): void {
  let free = together - [...works.values()].reduce((sum, { running }) => sum + running.size, 0)
  for (const work of works.values()) {
    while (free > 0 && !work.isPaused && work.waiting.length > 0) {
      free--
      void ship(work, nextShipment(work.waiting))
    }
  }
}

/** The next file, and if it is small, small ones after it. */
function nextShipment(waiting: Picked[]): Shipment {
  const picked: Picked[] = []
  let bytes = 0
  for (let next = waiting.at(-1); next !== undefined; next = waiting.at(-1)) {
    const { size } = next.file
    const fits = size <= batchFileBytes && bytes + size <= batchBytes && picked.length < batchFiles
    if (picked.length > 0 && !fits) break
    picked.push(next)
    waiting.pop()
    bytes += size
    if (size > batchFileBytes) break
  }
  return { picked, abort: new AbortController(), sentBytes: 0 }
}

async function ship(work: Work, shipment: Shipment): Promise<void> {
  work.running.add(shipment)
  const { picked, abort } = shipment
  try {
    const results = await withRetries(abort.signal, () => send(shipment))
    for (const [at, result] of results.entries()) settle(work, picked[at] as Picked, result)
  } catch (error) {
    if (abort.signal.aborted) return // paused or cancelled, which has put it where it belongs
    for (const each of picked) settle(work, each, error)
  } finally {
    work.running.delete(shipment)
    pump()
    show()
  }
}

/** Of each file the id of its entry, or its entry, or what went wrong. */
async function send(shipment: Shipment): Promise<readonly unknown[]> {
  const { picked, abort } = shipment
  const [first, ...others] = picked
  if (first === undefined) return []
  if (others.length > 0) return await sendBatch(picked, abort.signal)
  const entry = await sendFile(first, abort.signal, (sentBytes) => {
    shipment.sentBytes = sentBytes
    show()
  })
  return [entry.state === 'protected' ? null : entry.id]
}

function settle(work: Work, picked: Picked, result: unknown): void {
  if (result instanceof Error) {
    work.failures.push({ picked, text: result.message })
    return
  }
  work.bytesStored += picked.file.size
  work.shown = { ...work.shown, filesDone: work.shown.filesDone + 1 }
  if (typeof result === 'string') work.copying.add(result)
}

async function withRetries<T>(signal: AbortSignal, run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run()
    } catch (error) {
      const mayPass = error instanceof EngineGone || (error instanceof Problem && error.status === 503)
      if (!mayPass || attempt === attempts || signal.aborted) throw error
      await new Promise((resolve) => setTimeout(resolve, 1000 * attempt))
    }
  }
}

/** Brings what is shown up to date, a few times a second at most. */
function show(): void {
  timer ??= setTimeout(showNow, showEveryMs)
}

let lastBytes = 0
let lastMs = 0

function showNow(): void {
  timer = undefined
  for (const work of works.values()) work.shown = { ...work.shown, ...factsOf(work) }
  const all = [...works.values()].map(({ shown }) => shown).toReversed()
  const active = all.filter(({ state }) => state === 'running' || state === 'paused')
  uploads.set(all)
  activeUploads.set(active.length)
  const bytes = all.reduce((sum, { bytesDone }) => sum + bytesDone, 0)
  const nowMs = performance.now()
  const rate = lastMs === 0 ? 0 : Math.max(0, ((bytes - lastBytes) * 1000) / (nowMs - lastMs))
  const weight = 0.3 // of the newest moment, so that the figure can be read
  uploadRate.set(active.length === 0 ? 0 : uploadRate.get() * (1 - weight) + rate * weight)
  lastBytes = bytes
  lastMs = active.length === 0 ? 0 : nowMs
}

function factsOf(work: Work) {
  const isOver = work.waiting.length === 0 && work.running.size === 0
  const sent = [...work.running].reduce((sum, { sentBytes }) => sum + sentBytes, 0)
  const state = work.isCancelled
    ? ('cancelled' as const)
    : isOver
      ? work.failures.length > 0
        ? ('failed' as const)
        : ('done' as const)
      : work.isPaused
        ? ('paused' as const)
        : ('running' as const)
  return {
    state,
    bytesDone: work.bytesStored + sent,
    filesCopying: work.copying.size,
    failures: [...work.failures],
  }
}
