/** Folders of this computer whose changes go into the pool by themselves: what each does, and the way to link, pause and unlink one. */
import { ActionIcon, Button, Group, Menu, Stack, Text, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { IconDots, IconFolderSymlink, IconPlayerPause, IconPlayerPlay, IconUnlink } from '@tabler/icons-react'
import { useState } from 'react'
import type { LinkedFolder, LinkPatch } from '../../shared/index.ts'
import { all, Problem, request } from '../api/client.ts'
import { folderAddress } from '../app/address.ts'
import { Link } from '../app/Link.tsx'
import { failed } from '../app/undo.ts'
import { parseJsonPath } from '../../shared/paths.ts'
import { countText, filesText } from '../words/sizes.ts'
import { Section } from './lines.tsx'
import classes from './SettingsScreen.module.css'

const queryKey = ['linked-folders']
/** They change without events. */
const everyMs = 3000

export function LinkedFolders() {
  const links = useQuery({
    queryKey,
    refetchInterval: everyMs,
    queryFn: async ({ signal }) => {
      try {
        return await all<LinkedFolder>('/v1/linked-folders', signal)
      } catch (error) {
        if (error instanceof Problem && error.status === 404) return null
        throw error
      }
    },
  })
  const { desktop } = window
  // Linking reads this computer, which a browser may not ask for.
  if (links.data === undefined || links.data === null) return null
  if (links.data.length === 0 && desktop === undefined) return null
  return (
    <Section title="Linked folders">
      <Text size="sm" c="dimmed">
        What changes in them on this computer goes into the pool by itself; the pool changes nothing in them.
      </Text>
      {links.data.map((link) => (
        <Line key={link.id} link={link} />
      ))}
      {desktop === undefined ? null : <NewLink onLink={(folder) => desktop.linkFolder(folder)} />}
    </Section>
  )
}

function Line({ link }: { readonly link: LinkedFolder }) {
  const client = useQueryClient()
  const { id, path, folder, deletes, state } = link
  const act = (doing: Promise<unknown>): void => {
    doing
      .then(() => client.invalidateQueries({ queryKey }))
      .catch((error: unknown) => failed(`${path} stays as it is`, error))
  }
  const change = (patch: LinkPatch) => act(request('PATCH', `/v1/linked-folders/${id}`, { body: patch }))
  return (
    <div className={classes.line}>
      <div className={classes.words}>
        <Text style={{ overflowWrap: 'anywhere' }}>{path}</Text>
        <Text size="sm" c="dimmed">
          into <Link to={folderAddress(parseJsonPath(folder))}>{folder === '/' ? 'all files' : folder}</Link>
          {`, ${sentenceOf(link)}`}
        </Text>
        {link.problem === undefined ? null : (
          <Text size="sm" c="var(--mantine-color-error)">
            {[link.problem.detail, link.problem.hint].filter(Boolean).join(' ')}
          </Text>
        )}
      </div>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon size="lg" aria-label={`Actions for ${path}`}>
            <IconDots size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            leftSection={
              state === 'paused' ? <IconPlayerPlay size={16} aria-hidden /> : <IconPlayerPause size={16} aria-hidden />
            }
            onClick={() => change({ paused: state !== 'paused' })}
          >
            {state === 'paused' ? 'Go on' : 'Pause'}
          </Menu.Item>
          <Menu.CheckboxItem checked={deletes} onChange={(wanted) => change({ deletes: wanted })}>
            What is deleted there goes to the trash
          </Menu.CheckboxItem>
          <Menu.Divider />
          <Menu.Item
            leftSection={<IconUnlink size={16} aria-hidden />}
            onClick={() => act(request('DELETE', `/v1/linked-folders/${id}`))}
          >
            Unlink; nothing is deleted
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </div>
  )
}

function sentenceOf({ state, files, filesWaiting, failed: notStored }: LinkedFolder): string {
  const parts = [
    state === 'paused' ? 'paused' : '',
    filesText(files),
    filesWaiting > 0 ? `${countText(filesWaiting)} on the way` : '',
    notStored.length > 0 ? `${countText(notStored.length)} could not be stored` : '',
  ]
  return parts.filter(Boolean).join(', ')
}

function NewLink({ onLink }: { readonly onLink: (folder: string) => Promise<unknown> }) {
  const client = useQueryClient()
  const [folder, setFolder] = useState('/')
  return (
    <Group align="flex-end" gap={8} mt={8}>
      <Stack gap={0} flex={1}>
        <TextInput
          label="Goes into"
          description="A folder of the pool; it is made if it is not there."
          value={folder}
          onChange={(event) => setFolder(event.currentTarget.value)}
        />
      </Stack>
      <Button
        variant="default"
        leftSection={<IconFolderSymlink size={16} aria-hidden />}
        disabled={!folder.startsWith('/')}
        onClick={() => {
          onLink(folder)
            .then(() => client.invalidateQueries({ queryKey }))
            .catch((error: unknown) => failed('The folder could not be linked', error))
        }}
      >
        Link a folder …
      </Button>
    </Group>
  )
}
