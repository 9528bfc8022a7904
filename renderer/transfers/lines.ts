/**
 * Uploads of this window and imports of the engine as the same kind of line: what it is, how far, in which phase, in words. Pure, so
 * that the words of every state can be tested.
 */
import { formatDuration } from '../../shared/format.ts'
import type { Transfer } from '../../shared/index.ts'
import { countText, filesText, sizeText } from '../words/sizes.ts'

export type Steering = 'pause' | 'resume' | 'cancel' | 'retry' | 'remove'

export interface Line {
  readonly key: string
  /** Whom to steer: an upload's number or a transfer's id. */
  readonly id: number | string
  readonly name: string
  /** In the pool, from the root. */
  readonly folder: readonly string[]
  readonly state: Transfer['state']
  /** How safe it is by now. */
  readonly phase: Transfer['phase']
  readonly bytesDone: number
  readonly bytesTotal: number
  /** From 0 to 1; a small file is more than its bytes. */
  readonly part: number
  readonly rateBytesPerSec: number
  /** Null while nothing can be said. */
  readonly secondsLeft: number | null
  readonly sentence: string
  readonly problems: readonly string[]
  /** Further problems that are not listed. */
  readonly problemsMore: number
}

/** What is told of an upload; uploads.ts keeps more. */
export interface UploadFacts {
  readonly id: number
  readonly name: string
  /** By the clock of performance.now(). */
  readonly begunMs: number
  readonly folder: readonly string[]
  readonly state: 'running' | 'paused' | 'done' | 'failed' | 'cancelled'
  readonly filesTotal: number
  readonly filesDone: number
  readonly bytesTotal: number
  readonly bytesDone: number
  /** Files stored that have not all their copies yet. */
  readonly filesCopying: number
  readonly failures: readonly { readonly picked: { readonly names: readonly string[] }; readonly text: string }[]
}

export const isActive = ({ state }: Pick<Line, 'state'>) =>
  state === 'running' || state === 'queued' || state === 'paused'

export function lineOfUpload(upload: UploadFacts, nowMs: number): Line {
  const { id, name, folder, state, bytesDone, bytesTotal, failures, filesDone, filesTotal, filesCopying } = upload
  const part = partDone(upload)
  const spentSeconds = (nowMs - upload.begunMs) / 1000
  const secondsLeft = state === 'running' && part >= partForEstimate ? (spentSeconds * (1 - part)) / part : null
  const line = { state, filesDone, filesTotal, bytesDone, bytesTotal, filesCopying, filesFailed: failures.length }
  return {
    ...{ key: `upload-${id}`, id, name, folder, state, bytesDone, bytesTotal, part, secondsLeft },
    phase: state !== 'done' ? 'storing' : filesCopying > 0 ? 'copying' : 'protected',
    rateBytesPerSec: 0,
    sentence: sentenceOf({ ...line, filesLeftOut: 0, filesSkipped: 0, counted: true }),
    problems: failures.map(({ picked, text }) => `${picked.names.at(-1)}: ${text}`),
    problemsMore: 0,
  }
}

export function lineOfTransfer(transfer: Transfer): Line {
  const { id, name, state, phase, bytesDone, bytesTotal, rateBytesPerSec, secondsLeft, error, failed } = transfer
  const problems =
    failed.length > 0 ? failed.map(({ text }) => upperFirst(text)) : error === undefined ? [] : [wordsOf(error)]
  return {
    ...{ key: id, id, name, state, phase, bytesDone, bytesTotal, rateBytesPerSec, secondsLeft, problems },
    folder: transfer.folder.split('/').filter((each) => each !== ''),
    part: transfer.counted ? partDone(transfer) : Math.min(partDone(transfer), mostWhileCounting),
    sentence: sentenceOf(transfer),
    problemsMore: Math.max(0, transfer.filesFailed - failed.length),
  }
}

/** What a file costs beside its bytes, in bytes that take as long. */
const fileCostBytes = 64 * 1024
/** While more is found the bar must not seem full. */
const mostWhileCounting = 0.95
/** Below this an estimate is a guess. */
const partForEstimate = 0.03

interface Counts {
  readonly filesDone: number
  readonly filesTotal: number
  readonly bytesDone: number
  readonly bytesTotal: number
}

function partDone({ filesDone, filesTotal, bytesDone, bytesTotal }: Counts): number {
  const all = bytesTotal + filesTotal * fileCostBytes
  return all === 0 ? 0 : Math.min(1, (bytesDone + filesDone * fileCostBytes) / all)
}

interface Told extends Counts {
  readonly state: Transfer['state']
  readonly counted: boolean
  readonly filesCopying: number
  readonly filesFailed: number
  readonly filesSkipped: number
  readonly filesLeftOut: number
}

function sentenceOf(told: Told): string {
  const { state, filesDone, filesTotal, bytesDone, bytesTotal, filesFailed } = told
  const of = told.counted ? '' : ' so far'
  const progress = `${countText(filesDone)} of ${filesText(filesTotal)}${of}, ${sizeText(bytesDone)} of ${sizeText(bytesTotal)}`
  switch (state) {
    case 'queued':
      return 'Waits for its turn.'
    case 'running':
      return filesTotal === 0 ? 'Looking at what there is …' : progress
    case 'paused':
      return filesTotal === 0 ? 'Paused.' : `Paused. ${progress}`
    case 'cancelled':
      return `Cancelled. ${filesText(filesDone)} stored.`
    case 'failed':
      return filesFailed > 0
        ? `${filesText(filesFailed)} not stored, ${countText(filesDone)} stored.`
        : `Stopped. ${progress}`
    case 'done':
      return `${filesText(filesDone)}, ${sizeText(bytesDone)}.${besides(told)}`
  }
}

/** What a person would miss or wonder about. */
function besides({ filesCopying, filesDone, filesSkipped, filesLeftOut }: Told): string {
  const parts: string[] = []
  if (filesCopying > 0 && filesCopying < filesDone)
    parts.push(`${countText(filesCopying)} not yet copied to other machines.`)
  if (filesSkipped > 0)
    parts.push(
      filesSkipped === filesDone ? 'All were there already.' : `${countText(filesSkipped)} were there already.`,
    )
  if (filesLeftOut > 0) parts.push(`${countText(filesLeftOut)} ${filesLeftOut === 1 ? 'link' : 'links'} left out.`)
  return parts.length === 0 ? '' : ` ${parts.join(' ')}`
}

/** `45 MB/s, 3 min left`; empty where nothing can be said. */
export function paceText({
  state,
  rateBytesPerSec,
  secondsLeft,
}: Pick<Line, 'state' | 'rateBytesPerSec' | 'secondsLeft'>): string {
  if (state !== 'running') return ''
  const parts = []
  if (rateBytesPerSec > 0) parts.push(`${sizeText(rateBytesPerSec)}/s`)
  if (secondsLeft !== null) parts.push(`${formatDuration(Math.max(1, Math.ceil(secondsLeft)) * 1000)} left`)
  return parts.join(', ')
}

export interface Total
  extends Pick<Line, 'bytesDone' | 'bytesTotal' | 'part' | 'rateBytesPerSec' | 'secondsLeft' | 'state'> {
  readonly isAllPaused: boolean
}

/** All active lines together; `uploadBytesPerSec` is the rate of all uploads of this window. */
export function totalOf(lines: readonly Line[], uploadBytesPerSec: number): Total {
  const sum = (of: (line: Line) => number) => lines.reduce((all, line) => all + of(line), 0)
  const moving = lines.filter(({ state }) => state === 'running')
  const left = moving.map(({ secondsLeft }) => secondsLeft).filter((each) => each !== null)
  const isKnown = left.length > 0 && left.length === moving.length && lines.every(({ state }) => state !== 'queued')
  const weights = sum(weightOf)
  return {
    bytesDone: sum(({ bytesDone }) => bytesDone),
    bytesTotal: sum(({ bytesTotal }) => bytesTotal),
    part: weights === 0 ? 0 : sum((line) => line.part * weightOf(line)) / weights,
    rateBytesPerSec: uploadBytesPerSec + sum(({ rateBytesPerSec }) => rateBytesPerSec),
    secondsLeft: isKnown ? Math.max(...left) : null,
    state: moving.length > 0 ? 'running' : 'paused',
    isAllPaused: lines.length > 0 && lines.every(({ state }) => state === 'paused'),
  }
}

const weightOf = ({ bytesTotal }: Line) => bytesTotal + fileCostBytes

/** `2 files are not yet copied`; null where all are. */
export function uncopiedText(files: number): string | null {
  if (files === 0) return null
  return `${filesText(files)} ${files === 1 ? 'is' : 'are'} not yet copied`
}

function wordsOf({ detail, hint }: { readonly detail: string; readonly hint?: string | undefined }): string {
  return [upperFirst(detail), hint]
    .filter((each) => each !== undefined)
    .join('. ')
    .replace('..', '.')
}

function upperFirst(text: string): string {
  return text.startsWith('/') ? text : text.charAt(0).toUpperCase() + text.slice(1)
}
