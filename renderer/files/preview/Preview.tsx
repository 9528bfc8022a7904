/**
 * A file shown large over the window; arrows go to the neighbours. Contents come by ranges from the engine, which marks every
 * file as sandboxed, so nothing in a file ever runs in the window's origin: pictures are drawn as pictures (a script in an SVG
 * is dead there), texts are text, PDFs are drawn by a library without its scripting.
 */
import { ActionIcon, Button, Group, Loader, Modal, Text, Tooltip } from '@mantine/core'
import { useWindowEvent } from '@mantine/hooks'
import { IconChevronLeft, IconChevronRight, IconDownload, IconFileUnknown } from '@tabler/icons-react'
import { lazy, Suspense, useEffect, useState } from 'react'
import type { Entry } from '../../../shared/index.ts'
import { Message } from '../../app/Message.tsx'
import { stateSentence } from '../../words/states.ts'
import { sizeText } from '../../words/sizes.ts'
import { contentAddress, download } from '../actions.ts'
import { previewKindOf } from './kinds.ts'
import { TextPreview } from './TextPreview.tsx'
import classes from './Preview.module.css'

const PdfPreview = lazy(() => import('./PdfPreview.tsx'))

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
          <Content key={entry.id} entry={entry} />
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

function Content({ entry }: { readonly entry: Entry }) {
  const [failed, setFailed] = useState(false)
  const fail = () => setFailed(true)
  const address = contentAddress(entry)
  const kind = previewKindOf(entry.name)
  if (entry.state === 'lost' || entry.state === 'unreachable') {
    return <NotShown entry={entry} title="It cannot be read now" text={stateSentence(entry)} />
  }
  if (failed)
    return (
      <NotShown
        entry={entry}
        title="This file cannot be shown"
        text="It may be damaged or of a kind that this browser does not know."
      />
    )
  switch (kind) {
    case 'picture':
      return <img className={classes.picture} src={address} alt={entry.name} onError={fail} />
    case 'video':
      return <video className={classes.picture} src={address} controls autoPlay onError={fail} />
    case 'audio':
      return <audio className={classes.sound} src={address} controls autoPlay onError={fail} />
    case 'pdf':
      return (
        <Suspense fallback={<Loader />}>
          <PdfPreview address={address} onFail={fail} />
        </Suspense>
      )
    case 'text':
      return <TextPreview address={address} sizeBytes={entry.size ?? 0} />
    case 'none':
      return (
        <NotShown
          entry={entry}
          title="No preview for this kind of file"
          text="Save it and open it with its own program."
        />
      )
  }
}

function NotShown({ entry, title, text }: { readonly entry: Entry; readonly title: string; readonly text: string }) {
  return (
    <Message title={title} text={text} picture={<IconFileUnknown size={56} stroke={1.2} aria-hidden />}>
      <Button leftSection={<IconDownload size={16} aria-hidden />} onClick={() => download([entry])}>
        Download
      </Button>
    </Message>
  )
}
