/** One upload or import: its name and place, how far, how safe, and what one can do with it. */
import { ActionIcon, Anchor, Progress, Text, Tooltip } from '@mantine/core'
import {
  IconArrowNarrowRight,
  IconCheck,
  IconCircleX,
  IconExclamationCircle,
  type Icon,
  IconPlayerPause,
  IconPlayerPlay,
  IconRefresh,
  IconUpload,
  IconX,
} from '@tabler/icons-react'
import { useState } from 'react'
import { folderAddress } from '../app/address.ts'
import { Link } from '../app/Link.tsx'
import { StateBadge } from '../words/StateBadge.tsx'
import { fileStateLooks, type StateLook } from '../words/states.ts'
import { countText } from '../words/sizes.ts'
import { isActive, type Line, paceText, type Steering } from './lines.ts'
import classes from './TransfersScreen.module.css'

interface Props {
  readonly line: Line
  readonly onSteer: (steering: Steering) => void
}

export function TransferRow({ line, onSteer }: Props) {
  const pace = paceText(line)
  return (
    <li className={classes.row} aria-label={line.name}>
      <Sign state={line.state} />
      <div className={classes.grow}>
        <div className={classes.title}>
          <Text fw={600} truncate>
            {line.name}
          </Text>
          <Text size="sm" c="dimmed" truncate>
            into <Link to={folderAddress(line.folder)}>{line.folder.at(-1) ?? 'All files'}</Link>
          </Text>
        </div>
        {isActive(line) ? (
          <Progress
            value={100 * line.part}
            color={line.state === 'running' ? undefined : 'var(--state-unreachable)'}
            size={5}
            my={6}
            aria-label={line.name}
          />
        ) : null}
        <div className={classes.sentence}>
          <Text size="sm" c="dimmed">
            {line.sentence}
            {pace === '' ? '' : `, ${pace}`}
          </Text>
          {line.state === 'done' ? <Phases phase={line.phase} /> : null}
        </div>
        <Problems line={line} />
      </div>
      <Buttons line={line} onSteer={onSteer} />
    </li>
  )
}

function Sign({ state }: { readonly state: Line['state'] }) {
  if (state === 'done') return <IconCheck size={20} stroke={1.8} color="var(--state-protected)" aria-hidden />
  if (state === 'failed') return <IconExclamationCircle size={20} stroke={1.7} color="var(--state-lost)" aria-hidden />
  if (state === 'cancelled') return <IconCircleX size={20} stroke={1.6} color="var(--state-unreachable)" aria-hidden />
  return <IconUpload size={20} stroke={1.6} aria-hidden />
}

const storedLook: StateLook = { word: 'Stored here', color: 'var(--state-protected)', icon: IconCheck }
const copyingLook: StateLook = { ...fileStateLooks.copying, word: 'Not yet copied' }

/** Stored here, then protected. */
function Phases({ phase }: Pick<Line, 'phase'>) {
  return (
    <span className={classes.phases}>
      <StateBadge look={storedLook} />
      <IconArrowNarrowRight size={16} stroke={1.5} color="var(--state-unreachable)" aria-label="then" />
      {phase === 'protected' ? (
        <StateBadge look={fileStateLooks.protected} />
      ) : (
        <StateBadge look={copyingLook} sentence="Copies on other machines are still to be made. Leave this one on." />
      )}
    </span>
  )
}

const problemsShown = 3

function Problems({ line: { problems, problemsMore } }: Pick<Props, 'line'>) {
  const [isAll, showAll] = useState(false)
  const shown = isAll ? problems : problems.slice(0, problemsShown)
  const hidden = problems.length - shown.length
  if (problems.length === 0) return null
  return (
    <div className={classes.problems}>
      {shown.map((text) => (
        <Text key={text} size="sm" c="var(--state-lost)">
          {text}
        </Text>
      ))}
      {hidden > 0 ? (
        <Anchor component="button" size="sm" onClick={() => showAll(true)}>
          Show {countText(hidden)} more
        </Anchor>
      ) : null}
      {problemsMore > 0 && hidden === 0 ? (
        <Text size="sm" c="dimmed">
          and {countText(problemsMore)} more
        </Text>
      ) : null}
    </div>
  )
}

function Buttons({ line: { state, name }, onSteer }: Props) {
  const act = (word: string, icon: Icon, steering: Steering) => (
    <Tooltip label={word} key={word}>
      <ActionIcon size="lg" aria-label={`${word} ${name}`} onClick={() => onSteer(steering)}>
        <Act icon={icon} />
      </ActionIcon>
    </Tooltip>
  )
  return (
    <div className={classes.buttons}>
      {state === 'running' || state === 'queued' ? act('Pause', IconPlayerPause, 'pause') : null}
      {state === 'paused' ? act('Resume', IconPlayerPlay, 'resume') : null}
      {state === 'failed' || state === 'cancelled' ? act('Retry', IconRefresh, 'retry') : null}
      {isActive({ state }) ? act('Cancel', IconX, 'cancel') : act('Remove from list:', IconX, 'remove')}
    </div>
  )
}

function Act({ icon: Icon }: { readonly icon: Icon }) {
  return <Icon size={18} stroke={1.7} />
}
