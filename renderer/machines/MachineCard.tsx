/** One machine in a few lines: name, place, state, how full it is, and what it alone holds. */
import { ActionIcon, Menu, Progress, Text, Title, UnstyledButton } from '@mantine/core'
import { IconDeviceDesktop, IconDeviceLaptop, IconDots, IconServer2 } from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import type { Node } from '../../shared/index.ts'
import { filesText, sizeText } from '../words/sizes.ts'
import { StateBadge } from '../words/StateBadge.tsx'
import { machineLook } from '../words/states.ts'
import { exactTime, untilText } from '../words/times.ts'
import { useTimePassing } from '../words/When.tsx'
import { isWaitedFor } from './machineActions.ts'
import { isThere } from './machineFacts.ts'
import classes from './MachineCard.module.css'
import { Sparkline } from './Sparkline.tsx'

const icons = { 'always-on': IconServer2, desktop: IconDeviceDesktop, laptop: IconDeviceLaptop } as const

interface Props {
  readonly node: Node
  /** Menu items, if it has a menu. */
  readonly menu?: ReactNode
  /** Where the name leads to more of it. */
  readonly onOpen?: () => void
}

export function MachineCard({ node, menu, onOpen }: Props) {
  useTimePassing()
  const Icon = icons[node.deviceClass]
  const used = `${sizeText(node.usedBytes)} of ${sizeText(node.quotaBytes)}`
  const percent = node.quotaBytes === 0 ? 0 : Math.round((100 * node.usedBytes) / node.quotaBytes)
  const titleId = `machine-${node.id}`
  return (
    <article className={classes.card} aria-labelledby={titleId}>
      <div className={classes.top}>
        <Icon size={26} stroke={1.4} aria-hidden />
        <div className={classes.grow}>
          <Title order={2} size="md" fw={600} id={titleId} className={classes.name}>
            {onOpen === undefined ? (
              node.name
            ) : (
              <UnstyledButton className={classes.open} onClick={onOpen}>
                {node.name}
              </UnstyledButton>
            )}
          </Title>
          <Text size="sm" c="dimmed" truncate>
            {[node.site, node.self ? 'this machine' : ''].filter(Boolean).join(', ') || 'no place named'}
          </Text>
        </div>
        {menu === undefined ? null : (
          <Menu position="bottom-end">
            <Menu.Target>
              <ActionIcon aria-label={`Actions for ${node.name}`}>
                <IconDots size={18} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>{menu}</Menu.Dropdown>
          </Menu>
        )}
      </div>
      <span title={node.lastSeen === null ? undefined : `Last seen ${exactTime(node.lastSeen)}`}>
        <StateBadge look={machineLook(node)} />
      </span>
      <div>
        <Progress value={percent} size={6} aria-label={`${used} used`} />
        <Text size="sm" c="dimmed" mt={6}>
          {used}
        </Text>
      </div>
      {node.traffic ? <Sparkline traffic={node.traffic} isThere={isThere(node)} /> : null}
      {node.shedding === null ? null : <Shedding shedding={node.shedding} usedBytes={node.usedBytes} />}
      {sentencesOf(node).map((text) => (
        <Text key={text} size="sm">
          {text}
        </Text>
      ))}
    </article>
  )
}

/** How far it is with moving what it holds away. What it held at first is not known here; what it holds now stands for it. */
function Shedding({
  shedding,
  usedBytes,
}: {
  readonly shedding: NonNullable<Node['shedding']>
  readonly usedBytes: number
}) {
  const { reason, bytesLeft, stuck } = shedding
  const [most] = useState(Math.max(usedBytes, bytesLeft))
  const done = most === 0 ? 100 : Math.round(100 * (1 - Math.min(bytesLeft, most) / most))
  const words = {
    drain: 'Being emptied',
    quota: 'Giving up what is over its space',
    replace: 'Being replaced',
  } as const
  return (
    <div>
      <Progress value={done} size={6} color="yellow.8" aria-label={words[reason]} />
      <Text size="sm" mt={6}>
        {words[reason]}: {bytesLeft === 0 ? 'nothing is left on it.' : `${sizeText(bytesLeft)} still to move.`}
        {stuck === null ? '' : ` ${stuck}`}
      </Text>
    </div>
  )
}

/** What is worth knowing of this machine, none if all is as usual. */
function sentencesOf(node: Node): string[] {
  const { onlyHere, shedding, waitEnds, missed, clockOffsetMs, sameComputerAs } = node
  const sentences: string[] = []
  if (onlyHere.files > 0) {
    sentences.push(`${filesText(onlyHere.files)} only here, ${sizeText(onlyHere.bytes)}.`)
  } else if (node.usedBytes > 0 && !shedding) sentences.push('All it holds is elsewhere, too.')
  if (waitEnds !== null && isWaitedFor(node)) {
    sentences.push(`Its copies are made anew ${untilText(waitEnds)} unless it returns.`)
  } else if (missed || waitEnds !== null) sentences.push('Its copies do not count any more; others take their place.')
  if (sameComputerAs !== undefined && sameComputerAs.length > 0) {
    sentences.push('Shares its computer with another machine of the pool, so it counts as one.')
  }
  const minuteMs = 60_000
  if (clockOffsetMs && Math.abs(clockOffsetMs) > 10 * minuteMs) {
    const minutes = Math.round(Math.abs(clockOffsetMs) / minuteMs)
    sentences.push(`Its clock is ${minutes} minutes ${clockOffsetMs > 0 ? 'ahead' : 'behind'}. Set it right.`)
  }
  return sentences
}
