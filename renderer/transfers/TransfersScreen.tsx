/**
 * What moves: uploads of this window and imports of the engine, running first, with speed and time left; and what would be missed
 * if this machine were lost now.
 */
import { Button, Progress, Skeleton, Text, Title } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { IconArrowsExchange, IconArrowsUpDown, IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react'
import { transfersQuery, uncopiedQuery } from '../api/queries.ts'
import { useValue } from '../api/value.ts'
import { Message } from '../app/Message.tsx'
import { Scroller } from '../app/Scroller.tsx'
import { TopBar } from '../app/TopBar.tsx'
import { sizeText } from '../words/sizes.ts'
import {
  isActive,
  type Line,
  lineOfTransfer,
  lineOfUpload,
  paceText,
  type Total,
  totalOf,
  uncopiedText,
} from './lines.ts'
import { clearEnded, steer } from './steer.ts'
import { TransferRow } from './TransferRow.tsx'
import classes from './TransfersScreen.module.css'
import { uploadRate, uploads } from './uploads.ts'

export function TransfersScreen() {
  const client = useQueryClient()
  const mine = useValue(uploads)
  const rate = useValue(uploadRate)
  const imports = useQuery({ ...transfersQuery, retry: false })
  const nowMs = performance.now()
  const lines = [...mine.map((upload) => lineOfUpload(upload, nowMs)), ...(imports.data ?? []).map(lineOfTransfer)]
  const active = lines.filter(isActive)
  const ended = lines.filter((line) => !isActive(line))
  const total = totalOf(active, rate)
  return (
    <>
      <TopBar title="Transfers">
        {ended.length > 0 ? (
          <Button variant="default" onClick={() => void clearEnded(client)}>
            Clear ended
          </Button>
        ) : null}
        {active.length > 0 ? <PauseAll lines={active} isAllPaused={total.isAllPaused} /> : null}
      </TopBar>
      <Scroller label="All transfers">
        <Uncopied />
        {imports.isPending && lines.length === 0 ? <Skeleton height={64} radius={10} mt={4} /> : null}
        {!imports.isPending && lines.length === 0 ? (
          <div className={classes.empty}>
            <Message
              title="Nothing is moving"
              text="Files that you drop into the window show here until they are stored and copied."
              picture={<IconArrowsUpDown size={56} stroke={1.2} aria-hidden />}
            />
          </div>
        ) : null}
        {active.length > 0 ? <TotalBar total={total} /> : null}
        <ul className={classes.list}>
          {[...active, ...ended].map((line) => (
            <TransferRow key={line.key} line={line} onSteer={(steering) => steer(client, line, steering)} />
          ))}
        </ul>
      </Scroller>
    </>
  )
}

function PauseAll({ lines, isAllPaused }: { readonly lines: readonly Line[]; readonly isAllPaused: boolean }) {
  const client = useQueryClient()
  const Icon = isAllPaused ? IconPlayerPlay : IconPlayerPause
  const steerAll = () => {
    for (const line of lines) {
      if (isAllPaused) steer(client, line, 'resume')
      else if (line.state !== 'paused') steer(client, line, 'pause')
    }
  }
  return (
    <Button leftSection={<Icon size={16} aria-hidden />} onClick={steerAll}>
      {isAllPaused ? 'Resume all' : 'Pause all'}
    </Button>
  )
}

function TotalBar({ total }: { readonly total: Total }) {
  const pace = total.isAllPaused ? 'paused' : paceText(total)
  return (
    <section className={classes.total} aria-label="All together">
      <Title order={2} size="h3" fw={600}>
        {sizeText(total.bytesDone)} of {sizeText(total.bytesTotal)}
        <Text span c="dimmed" fw={400}>
          {pace === '' ? '' : `, ${pace}`}
        </Text>
      </Title>
      <Progress
        value={100 * total.part}
        color={total.isAllPaused ? 'var(--state-unreachable)' : undefined}
        size={8}
        aria-label="All transfers"
      />
    </section>
  )
}

/** What lies on this machine alone although others could have it. */
function Uncopied() {
  const { data } = useQuery(uncopiedQuery)
  const text = uncopiedText(data?.files ?? 0)
  if (text === null) return null
  return (
    <div className={classes.uncopied} role="status">
      <IconArrowsExchange size={20} stroke={1.7} color="var(--state-copying)" aria-hidden />
      <Text size="sm">
        <strong>{text}</strong> to another machine ({sizeText(data?.bytes ?? 0)}). Leave this machine on until they are.
      </Text>
    </div>
  )
}
