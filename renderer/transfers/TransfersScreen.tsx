/** What moves: uploads of this window and imports of the engine, running first, with speed and time left. */
import { ActionIcon, Button, Progress, Text, Title, Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { IconArrowsUpDown, IconPlayerPause, IconPlayerPlay, IconRefresh, IconUpload, IconX } from '@tabler/icons-react'
import { formatDuration } from '../../shared/format.ts'
import type { Transfer } from '../../shared/index.ts'
import { request } from '../api/client.ts'
import { transfersQuery } from '../api/queries.ts'
import { useValue } from '../api/value.ts'
import { folderAddress } from '../app/address.ts'
import { Link } from '../app/Link.tsx'
import { Message } from '../app/Message.tsx'
import { Scroller } from '../app/Scroller.tsx'
import { TopBar } from '../app/TopBar.tsx'
import { failed } from '../app/undo.ts'
import { countText, filesText, sizeText } from '../words/sizes.ts'
import classes from './TransfersScreen.module.css'
import { cancelUpload, clearUploads, pauseUpload, retryUpload, type Upload, uploadRate, uploads } from './uploads.ts'

interface Line {
  readonly key: string
  readonly name: string
  readonly folder: readonly string[] | null
  readonly state: Transfer['state']
  readonly bytesDone: number
  readonly bytesTotal: number
  /** From 0 to 1; a small file is more than its bytes. */
  readonly part: number
  readonly begunMs: number | null
  readonly sentence: string
  readonly problems: readonly string[]
  readonly steer: (action: 'pause' | 'resume' | 'cancel' | 'retry') => void
}

const isActive = ({ state }: Line) => state === 'running' || state === 'queued' || state === 'paused'

export function TransfersScreen() {
  const mine = useValue(uploads)
  const imports = useQuery({ ...transfersQuery, retry: false })
  const lines = [...mine.map(lineOfUpload), ...(imports.data ?? []).map(lineOfTransfer)]
  const active = lines.filter(isActive)
  const ended = lines.filter((line) => !isActive(line))
  const isAllPaused = active.length > 0 && active.every(({ state }) => state === 'paused')
  const steerAll = () => {
    for (const line of active) line.steer(isAllPaused ? 'resume' : 'pause')
  }
  return (
    <>
      <TopBar title="Transfers">
        {ended.length > 0 ? (
          <Button variant="default" onClick={clearUploads}>
            Clear ended
          </Button>
        ) : null}
        {active.length > 0 ? (
          <Button
            leftSection={
              isAllPaused ? <IconPlayerPlay size={16} aria-hidden /> : <IconPlayerPause size={16} aria-hidden />
            }
            onClick={steerAll}
          >
            {isAllPaused ? 'Resume all' : 'Pause all'}
          </Button>
        ) : null}
      </TopBar>
      <Scroller label="All transfers">
        {lines.length === 0 ? (
          <Message
            title="Nothing is moving"
            text="Files that you drop into the window show here until they are stored and copied."
            picture={<IconArrowsUpDown size={56} stroke={1.2} aria-hidden />}
          />
        ) : (
          <>
            {active.length > 0 ? <Total lines={active} /> : null}
            <ul className={classes.list}>
              {[...active, ...ended].map((line) => (
                <Row key={line.key} line={line} />
              ))}
            </ul>
          </>
        )}
      </Scroller>
    </>
  )
}

function Total({ lines }: { readonly lines: readonly Line[] }) {
  const rate = useValue(uploadRate)
  const done = lines.reduce((sum, { bytesDone }) => sum + bytesDone, 0)
  const total = lines.reduce((sum, { bytesTotal }) => sum + bytesTotal, 0)
  const left = leftText(lines)
  const speed = rate > 0 ? `, ${sizeText(rate)}/s` : ''
  return (
    <section className={classes.total} aria-label="All together">
      <Title order={2} size="h3" fw={600}>
        {sizeText(done)} of {sizeText(total)}
        <Text span c="dimmed" fw={400}>
          {speed}
          {left}
        </Text>
      </Title>
      <Progress value={Math.round(100 * partOf(lines))} size={8} aria-label="All transfers" />
    </section>
  )
}

function Row({ line }: { readonly line: Line }) {
  return (
    <li className={classes.row}>
      <IconUpload size={20} stroke={1.6} aria-hidden />
      <div className={classes.grow}>
        <div className={classes.title}>
          <Text fw={600} truncate>
            {line.name}
          </Text>
          {line.folder === null ? null : (
            <Text size="sm" c="dimmed" truncate>
              into <Link to={folderAddress(line.folder)}>{line.folder.at(-1) ?? 'All files'}</Link>
            </Text>
          )}
        </div>
        {isActive(line) ? (
          <Progress value={Math.round(100 * line.part)} size={5} my={6} aria-label={line.name} />
        ) : null}
        <Text size="sm" c="dimmed">
          {line.sentence}
        </Text>
        {line.problems.map((text) => (
          <Text key={text} size="sm" c="var(--mantine-color-error)">
            {text}
          </Text>
        ))}
      </div>
      <Buttons line={line} />
    </li>
  )
}

function Buttons({ line }: { readonly line: Line }) {
  const { state, name, steer } = line
  return (
    <>
      {state === 'running' || state === 'queued' ? (
        <Act word="Pause" of={name} icon={IconPlayerPause} onClick={() => steer('pause')} />
      ) : null}
      {state === 'paused' ? (
        <Act word="Resume" of={name} icon={IconPlayerPlay} onClick={() => steer('resume')} />
      ) : null}
      {state === 'failed' ? <Act word="Retry" of={name} icon={IconRefresh} onClick={() => steer('retry')} /> : null}
      {isActive(line) ? <Act word="Cancel" of={name} icon={IconX} onClick={() => steer('cancel')} /> : null}
    </>
  )
}

interface ActProps {
  readonly word: string
  readonly of: string
  readonly icon: typeof IconX
  readonly onClick: () => void
}

function Act({ word, of, icon: Icon, onClick }: ActProps) {
  return (
    <Tooltip label={word}>
      <ActionIcon size="lg" aria-label={`${word} ${of}`} onClick={onClick}>
        <Icon size={18} stroke={1.7} />
      </ActionIcon>
    </Tooltip>
  )
}

/** What a file costs beside its bytes, in bytes that take as long. */
const fileCostBytes = 64 * 1024

function partDone(filesDone: number, filesTotal: number, bytesDone: number, bytesTotal: number): number {
  const all = bytesTotal + filesTotal * fileCostBytes
  return all === 0 ? 1 : Math.min(1, (bytesDone + filesDone * fileCostBytes) / all)
}

function partOf(lines: readonly Line[]): number {
  return lines.length === 0 ? 1 : lines.reduce((sum, { part }) => sum + part, 0) / lines.length
}

/** Below this an estimate is a guess. */
const partForEstimate = 0.03

/** By what is done since the uploads began; nothing while that says nothing. */
function leftText(lines: readonly Line[]): string {
  const nowMs = performance.now()
  const waits = lines.map(({ part, begunMs, state }) =>
    begunMs === null || state !== 'running' || part < partForEstimate ? null : ((nowMs - begunMs) * (1 - part)) / part,
  )
  const known = waits.filter((wait) => wait !== null)
  return known.length === 0 || known.length < waits.length ? '' : `, ${formatDuration(Math.max(1000, ...known))} left`
}

const problemsShown = 5

function lineOfUpload(upload: Upload): Line {
  const { id, name, folder, state, bytesDone, bytesTotal, failures } = upload
  return {
    key: `upload-${id}`,
    name,
    folder,
    state,
    bytesDone,
    bytesTotal,
    part: partDone(upload.filesDone, upload.filesTotal, bytesDone, bytesTotal),
    begunMs: upload.begunMs,
    sentence: sentenceOf(upload),
    problems: failures.slice(0, problemsShown).map(({ picked, text }) => `${picked.names.at(-1)}: ${text}`),
    steer(action) {
      if (action === 'cancel') cancelUpload(id)
      else if (action === 'retry') retryUpload(id)
      else pauseUpload(id, action === 'pause')
    },
  }
}

function sentenceOf({ state, filesDone, filesTotal, bytesDone, bytesTotal, filesCopying, failures }: Upload): string {
  const progress = `${countText(filesDone)} of ${filesText(filesTotal)}, ${sizeText(bytesDone)} of ${sizeText(bytesTotal)}`
  switch (state) {
    case 'running':
      return progress
    case 'paused':
      return `Paused. ${progress}`
    case 'cancelled':
      return `Cancelled. ${filesText(filesDone)} stored.`
    case 'failed':
      return `${filesText(failures.length)} not stored, ${countText(filesDone)} stored.`
    case 'done':
      return filesCopying > 0
        ? `${filesText(filesTotal)} stored here, ${countText(filesCopying)} not yet copied to other machines.`
        : `${filesText(filesTotal)}, ${sizeText(bytesTotal)}: stored and protected.`
  }
}

const phases = { storing: 'Being stored here', copying: 'Stored here, being copied', protected: 'Stored and protected' }

function lineOfTransfer(transfer: Transfer): Line {
  const { id, name, state, phase, filesDone, filesTotal, bytesDone, bytesTotal, error } = transfer
  return {
    key: id,
    name,
    folder: null,
    state,
    bytesDone,
    bytesTotal,
    part: partDone(filesDone, filesTotal, bytesDone, bytesTotal),
    begunMs: null,
    sentence: `${phases[phase]}: ${countText(filesDone)} of ${filesText(filesTotal)}.`,
    problems: error === undefined ? [] : [error.detail],
    steer(action) {
      request('POST', `/v1/transfers/${id}/${action}`).catch((problem: unknown) => failed('That did not work', problem))
    },
  }
}
