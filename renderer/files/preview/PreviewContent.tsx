/**
 * What a file, or one version of it, holds. Contents come by ranges from the engine, which marks every file as sandboxed, so nothing in a
 * file ever runs in the window's origin: pictures are drawn as pictures (a script in an SVG is dead there), texts are text, PDFs
 * are drawn by a library without its scripting.
 */
import { Button, Group, Loader } from '@mantine/core'
import { IconDownload, IconExternalLink, IconFileUnknown } from '@tabler/icons-react'
import { lazy, Suspense, useState } from 'react'
import type { Entry } from '../../../shared/index.ts'
import { Message } from '../../app/Message.tsx'
import { stateSentence } from '../../words/states.ts'
import { contentAddress, download, openOutside } from '../actions.ts'
import { previewKindOf } from './kinds.ts'
import classes from './Preview.module.css'
import { TextPreview } from './TextPreview.tsx'

const PdfPreview = lazy(() => import('./PdfPreview.tsx'))

interface Props {
  readonly entry: Entry
  /** The current one if none is given. */
  readonly version?: { readonly id: string; readonly size: number }
  /** Sound and moving pictures begin by themselves. */
  readonly plays?: boolean
}

export function PreviewContent({ entry, version, plays = true }: Props) {
  const [failed, setFailed] = useState(false)
  const fail = () => setFailed(true)
  const address = contentAddress(entry, version?.id)
  const kind = previewKindOf(entry.name)
  if (version === undefined && (entry.state === 'lost' || entry.state === 'unreachable')) {
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
      return <video className={classes.picture} src={address} controls autoPlay={plays} onError={fail} />
    case 'audio':
      return <audio className={classes.sound} src={address} controls autoPlay={plays} onError={fail} />
    case 'pdf':
      return (
        <Suspense fallback={<Loader />}>
          <PdfPreview address={address} onFail={fail} />
        </Suspense>
      )
    case 'text':
      return <TextPreview address={address} sizeBytes={version?.size ?? entry.size ?? 0} />
    case 'none':
      return (
        <NotShown
          entry={entry}
          title="No preview for this kind of file"
          text={window.desktop === undefined ? 'Save it and open it with its own program.' : ''}
        />
      )
  }
}

function NotShown({ entry, title, text }: { readonly entry: Entry; readonly title: string; readonly text: string }) {
  return (
    <Message title={title} text={text} picture={<IconFileUnknown size={56} stroke={1.2} aria-hidden />}>
      <Group gap={8}>
        {window.desktop === undefined ? null : (
          <Button leftSection={<IconExternalLink size={16} aria-hidden />} onClick={() => openOutside(entry)}>
            Open with its program
          </Button>
        )}
        <Button
          variant={window.desktop === undefined ? 'filled' : 'default'}
          leftSection={<IconDownload size={16} aria-hidden />}
          onClick={() => download([entry])}
        >
          Download
        </Button>
      </Group>
    </Message>
  )
}
