/** A file shown large over the window; arrows go to the neighbours. */
import { ActionIcon, Group, Modal, Text, Tooltip } from '@mantine/core'
import { useWindowEvent } from '@mantine/hooks'
import { IconChevronLeft, IconChevronRight, IconDownload } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import type { Entry } from '../../../shared/index.ts'
import { sizeText } from '../../words/sizes.ts'
import { download } from '../actions.ts'
import { PreviewContent } from './PreviewContent.tsx'
import classes from './Preview.module.css'

interface Props {
  readonly entry: Entry
  readonly rows: readonly Entry[]
  /** Null closes. */
  readonly onShow: (entry: Entry | null) => void
}

export function Preview({ entry, rows, onShow }: Props) {
  const files = rows.filter(({ kind }) => kind === 'file')
  const at = files.findIndex(({ id }) => id === entry.id)
  const before = files[at - 1]
  const after = files[at + 1]
  // The keyboard goes on where it was; the dialog's own return of the focus does not happen when it vanishes as a whole.
  const [focusedBefore] = useState(() => document.activeElement)
  useEffect(
    () => () => {
      if (focusedBefore instanceof HTMLElement) focusedBefore.focus({ preventScroll: true })
    },
    [focusedBefore],
  )
  // On the window: the focus may be in a picture that has just been replaced.
  useWindowEvent('keydown', (event) => {
    if (event.target instanceof HTMLMediaElement || event.ctrlKey || event.metaKey || event.altKey) return
    const target = event.key === 'ArrowLeft' ? before : event.key === 'ArrowRight' ? after : undefined
    if (event.key === ' ' && !(event.target instanceof HTMLButtonElement)) {
      event.preventDefault()
      onShow(null)
    } else if (target !== undefined) onShow(target)
  })
  return (
    <Modal.Root opened onClose={() => onShow(null)} fullScreen transitionProps={{ duration: 100 }}>
      <Modal.Overlay />
      <Modal.Content className={classes.content} aria-label={`Preview of ${entry.name}`}>
        <div className={classes.bar}>
          <Modal.Title className={classes.title}>{entry.name}</Modal.Title>
          <Text size="sm" c="dimmed">
            {entry.size === null ? '' : sizeText(entry.size)}
          </Text>
          <Group gap={4} wrap="nowrap" ml="auto">
            <Neighbour to={before} word="Previous" icon={IconChevronLeft} onShow={onShow} />
            <Neighbour to={after} word="Next" icon={IconChevronRight} onShow={onShow} />
            <Tooltip label="Download">
              <ActionIcon size="lg" aria-label="Download" onClick={() => download([entry])}>
                <IconDownload size={20} stroke={1.7} />
              </ActionIcon>
            </Tooltip>
            <Modal.CloseButton aria-label="Close" size="lg" />
          </Group>
        </div>
        <div className={classes.stage} tabIndex={-1} data-autofocus>
          <PreviewContent key={entry.id} entry={entry} />
        </div>
      </Modal.Content>
    </Modal.Root>
  )
}

interface NeighbourProps {
  readonly to: Entry | undefined
  readonly word: string
  readonly icon: typeof IconChevronLeft
  readonly onShow: Props['onShow']
}

function Neighbour({ to, word, icon: Icon, onShow }: NeighbourProps) {
  return (
    <Tooltip label={word}>
      <ActionIcon size="lg" aria-label={word} disabled={to === undefined} onClick={() => to && onShow(to)}>
        <Icon size={20} stroke={1.7} />
      </ActionIcon>
    </Tooltip>
  )
}
