/** The command palette: screens, common actions, and files whose name holds what was typed. */
import { Spotlight, spotlight } from '@mantine/spotlight'
import '@mantine/spotlight/styles.css'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { IconFile, IconFolder, IconKeyboard, IconSearch } from '@tabler/icons-react'
import { useState } from 'react'
import type { Entry, Page } from '../../shared/index.ts'
import { parseJsonPath } from '../../shared/paths.ts'
import { request } from '../api/client.ts'
import { folderAddress, navigate } from './address.ts'
import { railScreens } from './Rail.tsx'

const found = 8

export function openPalette(): void {
  spotlight.open()
}

export function Palette({ onShortcuts }: { readonly onShortcuts: () => void }) {
  const [text, setText] = useState('')
  const asked = text.trim()
  const files = useQuery({
    queryKey: ['search', 'palette', asked],
    queryFn: ({ signal }) =>
      request<Page<Entry>>('GET', `/v1/search?limit=${found}&q=${encodeURIComponent(asked)}`, { signal }),
    enabled: asked !== '',
    placeholderData: keepPreviousData,
  })
  const commands = [
    ...railScreens.map(({ to, word, icon: Icon }) => ({
      id: to,
      label: `Go to ${word}`,
      leftSection: <Icon size={18} stroke={1.7} aria-hidden />,
      onClick: () => navigate(to),
    })),
    {
      id: 'shortcuts',
      label: 'Keyboard shortcuts',
      leftSection: <IconKeyboard size={18} stroke={1.7} aria-hidden />,
      onClick: onShortcuts,
    },
  ].filter(({ label }) => label.toLowerCase().includes(asked.toLowerCase()))
  const entries = asked === '' ? [] : (files.data?.items ?? []).map(actionOf)
  const everything =
    asked === ''
      ? []
      : [
          {
            id: 'search',
            label: `Search for “${asked}”`,
            leftSection: <IconSearch size={18} stroke={1.7} aria-hidden />,
            onClick: () => navigate(`/search?q=${encodeURIComponent(asked)}`),
          },
        ]
  // What comes late stands last, so that the choice does not move under the finger.
  const actions = [...commands, ...everything, ...entries]
  return (
    <Spotlight.Root
      query={text}
      onQueryChange={setText}
      shortcut={null}
      clearQueryOnClose
      scrollable
      maxHeight={420}
      centered={false}
      yOffset="14vh"
      overlayProps={{ backgroundOpacity: 0.35, blur: 0 }}
      attributes={{ content: { 'aria-label': 'Command palette' } }}
    >
      <Spotlight.Search
        placeholder="Go to, or find a file"
        aria-label="Go to, or find a file"
        leftSection={<IconSearch size={18} aria-hidden />}
      />
      <Spotlight.ActionsList>
        {actions.map((action) => (
          <Spotlight.Action key={action.id} {...action} />
        ))}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  )
}

function actionOf(entry: Entry) {
  const names = parseJsonPath(entry.path)
  const isFolder = entry.kind === 'folder'
  const Icon = isFolder ? IconFolder : IconFile
  const to = isFolder ? folderAddress(names) : `${folderAddress(names.slice(0, -1))}?select=${entry.id}`
  return {
    id: entry.id,
    label: entry.name,
    description: entry.path,
    leftSection: <Icon size={18} stroke={1.7} aria-hidden />,
    onClick: () => navigate(to),
  }
}
