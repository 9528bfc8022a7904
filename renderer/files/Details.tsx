/** The panel beside the list: what is chosen, is it safe, where it is, and what it was. */
import { Button, CloseButton, Group, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { IconDownload, IconEye, IconTrash } from '@tabler/icons-react'
import type { Entry } from '../../shared/index.ts'
import { nodesQuery } from '../api/queries.ts'
import { Remedy } from '../health/Remedy.tsx'
import { itemsText, sizeText } from '../words/sizes.ts'
import { StateBadge } from '../words/StateBadge.tsx'
import { fileStateLooks, stateSentence } from '../words/states.ts'
import { When } from '../words/When.tsx'
import { download } from './actions.ts'
import { Conflict } from './Conflict.tsx'
import { Contents } from './Contents.tsx'
import { Copies } from './Copies.tsx'
import { CopiesWanted } from './CopiesWanted.tsx'
import classes from './Details.module.css'
import { EntryIcon } from './EntryIcon.tsx'
import { KeepOn } from './KeepOn.tsx'
import { Thumbnail } from './preview/Thumbnail.tsx'
import { Versions } from './Versions.tsx'

interface Props {
  readonly chosen: readonly Entry[]
  readonly onPreview: (entry: Entry) => void
  readonly onRemove: () => void
  readonly onClose: () => void
}

export function Details({ chosen, onPreview, onRemove, onClose }: Props) {
  const [first] = chosen
  if (first === undefined) return null
  return (
    <aside className={classes.panel} aria-label="Details">
      <div className={classes.top}>
        <Title order={2} size="sm" fw={600}>
          Details
        </Title>
        <CloseButton aria-label="Close details" onClick={onClose} />
      </div>
      {chosen.length === 1 ? <One entry={first} onPreview={onPreview} /> : <Many chosen={chosen} onRemove={onRemove} />}
    </aside>
  )
}

function One({ entry, onPreview }: { readonly entry: Entry; readonly onPreview: (entry: Entry) => void }) {
  const nodes = useQuery(nodesQuery)
  return (
    <>
      {entry.kind === 'file' ? <Thumbnail entry={entry} onOpen={() => onPreview(entry)} /> : null}
      <div className={classes.name}>
        <EntryIcon entry={entry} size={22} />
        <Text fw={600} style={{ overflowWrap: 'anywhere' }}>
          {entry.name}
        </Text>
      </div>
      <div>
        <StateBadge look={fileStateLooks[entry.state]} />
        <Text size="sm" c="dimmed" mt={4}>
          {stateSentence(entry, nodes.data)}
        </Text>
        {entry.reasons.map((reason) => (
          <Remedy key={reason.code} reason={reason} />
        ))}
      </div>
      {entry.kind === 'file' ? (
        <Group gap={8} grow wrap="nowrap">
          <Button variant="default" leftSection={<IconEye size={16} aria-hidden />} onClick={() => onPreview(entry)}>
            Preview
          </Button>
          <Button
            variant="default"
            leftSection={<IconDownload size={16} aria-hidden />}
            onClick={() => download([entry])}
          >
            Download
          </Button>
        </Group>
      ) : null}
      {entry.conflict ? <Conflict entry={entry} /> : null}
      <dl className={classes.facts}>
        {entry.size === null ? null : (
          <>
            <dt>Size</dt>
            <dd>{sizeText(entry.size)}</dd>
          </>
        )}
        <dt>Modified</dt>
        <dd>
          <When at={entry.modified} />
        </dd>
        <dt>
          <label htmlFor={`wanted-${entry.id}`}>Copies wanted</label>
        </dt>
        <dd>
          <CopiesWanted entry={entry} />
        </dd>
        <dt>Always kept on</dt>
        <dd>
          <KeepOn entry={entry} />
        </dd>
      </dl>
      {entry.kind === 'file' ? (
        <>
          <Copies entry={entry} />
          <Versions entry={entry} />
        </>
      ) : (
        <Contents folder={entry} />
      )}
    </>
  )
}

function Many({ chosen, onRemove }: Pick<Props, 'chosen' | 'onRemove'>) {
  const sizes = chosen.reduce((sum, { size }) => sum + (size ?? 0), 0)
  const folders = chosen.filter(({ kind }) => kind === 'folder').length
  return (
    <div>
      <Text fw={600}>{itemsText(chosen.length)} selected</Text>
      <Text size="sm" c="dimmed">
        {sizeText(sizes)}
        {folders > 0 ? ' without what is inside folders' : ''}
      </Text>
      <Stack gap={8} mt="md">
        {folders === chosen.length ? null : (
          <Button
            variant="default"
            leftSection={<IconDownload size={16} aria-hidden />}
            onClick={() => download(chosen)}
          >
            Download
          </Button>
        )}
        <Button variant="default" leftSection={<IconTrash size={16} aria-hidden />} onClick={() => onRemove()}>
          Move to trash
        </Button>
      </Stack>
    </div>
  )
}
