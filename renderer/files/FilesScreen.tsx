/**
 * One folder: its list, what can be done with it, and the details of what is chosen. Here the parts meet; each decides for itself
 * in a file of its own.
 */
import { ActionIcon, Button, Group, Menu, Tooltip } from '@mantine/core'
import { useHotkeys, useLocalStorage, useWindowEvent } from '@mantine/hooks'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import {
  IconChevronDown,
  IconFolderPlus,
  IconFolderUp,
  IconLayoutGrid,
  IconLayoutSidebarRight,
  IconList,
  IconUpload,
} from '@tabler/icons-react'
import { useEffect, useMemo, useState } from 'react'
import type { Entry } from '../../shared/index.ts'
import { Problem, wordsOf } from '../api/client.ts'
import { folderAddress, navigate, useAddress } from '../app/address.ts'
import { Message } from '../app/Message.tsx'
import { TopBar } from '../app/TopBar.tsx'
import { Breadcrumb } from './Breadcrumb.tsx'
import { ConfirmDelete } from './ConfirmDelete.tsx'
import { Details } from './Details.tsx'
import { EmptyFolder } from './EmptyFolder.tsx'
import { FileGrid } from './FileGrid.tsx'
import { FileList } from './FileList.tsx'
import { FileMenu } from './FileMenu.tsx'
import { folderQuery } from './folderQuery.ts'
import type { Sorting } from './folderRows.ts'
import { Preview } from './preview/Preview.tsx'
import { pickFiles } from '../transfers/pickFiles.ts'
import { selectOne, within } from './selection.ts'
import { Sidebar, SidebarButton } from './sidebar/Sidebar.tsx'
import { useFileCommands } from './useFileCommands.ts'
import { useListKeys } from './useListKeys.ts'
import { useSelection } from './useSelection.ts'
import classes from './FilesScreen.module.css'

const noRows: readonly Entry[] = []

export function FilesScreen() {
  const { folder, query } = useAddress()
  const [sorting, setSorting] = useLocalStorage<Sorting>({
    key: 'hadahoop-sorting',
    defaultValue: { by: 'name', order: 'asc' },
    getInitialValueInEffect: false,
  })
  const [detailsShown, showDetails] = useLocalStorage({
    key: 'hadahoop-details',
    defaultValue: window.innerWidth >= 1100,
    getInitialValueInEffect: false,
  })
  const [view, setView] = useLocalStorage<'list' | 'tiles'>({
    key: 'hadahoop-view',
    defaultValue: 'list',
    getInitialValueInEffect: false,
  })
  const [columns, setColumns] = useState(1)
  const list = useQuery(folderQuery(folder, sorting))
  const rows = list.data?.rows ?? noRows
  const address = folderAddress(folder)
  const [selection, select] = useSelection(address)
  const [renaming, setRenaming] = useState<string | null>(null)
  const [previewed, preview] = useState<string | null>(null)
  const client = useQueryClient()

  const chosen = useMemo(() => rows.filter(({ id }) => selection.ids.has(id)), [rows, selection.ids])
  useEffect(() => select((before) => within(before, rows)), [rows, select])
  const wanted = query.get('select')
  useEffect(() => {
    if (wanted !== null && rows.some(({ id }) => id === wanted)) {
      select(() => selectOne(wanted))
      navigate(address, { replace: true })
    }
  }, [wanted, rows, address, select])

  const commands = useFileCommands({ client, folder, rows, chosen, select, setRenaming, preview })
  const onKeyDown = useListKeys({ rows, selection, select, commands, folder, columns })
  useHotkeys([
    ['mod+shift+N', commands.newFolder],
    ['mod+U', () => commands.upload('files')],
  ])

  useWindowEvent('paste', (event) => {
    // Files from outside go before what was copied here; the drop target takes those.
    if (event.target instanceof HTMLInputElement || event.clipboardData?.types.includes('Files')) return
    commands.paste()
  })

  const View = view === 'list' ? FileList : FileGrid
  const isMissing = list.error instanceof Problem && (list.error.status === 404 || list.error.code === 'wrong-kind')
  const focused = rows.find(({ id }) => id === previewed)
  return (
    <>
      <TopBar title={<Breadcrumb folder={folder} onDrop={commands.moveTo} />}>
        <SidebarButton />
        <Tooltip label="New folder">
          <ActionIcon size="lg" aria-label="New folder" onClick={commands.newFolder}>
            <IconFolderPlus size={20} stroke={1.7} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label={view === 'list' ? 'Show as tiles' : 'Show as a list'}>
          <ActionIcon
            size="lg"
            aria-label={view === 'list' ? 'Show as tiles' : 'Show as a list'}
            onClick={() => setView(view === 'list' ? 'tiles' : 'list')}
          >
            {view === 'list' ? <IconLayoutGrid size={20} stroke={1.7} /> : <IconList size={20} stroke={1.7} />}
          </ActionIcon>
        </Tooltip>
        <Tooltip label={detailsShown ? 'Hide details' : 'Show details'}>
          <ActionIcon
            size="lg"
            aria-label="Details"
            aria-pressed={detailsShown}
            onClick={() => showDetails(!detailsShown)}
          >
            <IconLayoutSidebarRight size={20} stroke={1.7} />
          </ActionIcon>
        </Tooltip>
        <UploadButton onPick={(kind) => pickFiles(kind, folder)} />
      </TopBar>
      <div className={classes.content}>
        <Sidebar folder={folder} onDrop={commands.moveTo} />
        {list.isError && list.data === undefined ? (
          <Message
            title={isMissing ? 'This folder is not here' : 'The folder cannot be shown'}
            text={isMissing ? 'It was moved, renamed or deleted.' : wordsOf(list.error)}
            {...(isMissing ? {} : { onRetry: () => void list.refetch() })}
          >
            <Button variant="default" onClick={() => navigate('/files')}>
              All files
            </Button>
          </Message>
        ) : list.data?.complete === true && rows.length === 0 ? (
          <EmptyFolder onPick={() => pickFiles('files', folder)} />
        ) : (
          <FileMenu className={classes.list} commands={commands} chosen={chosen}>
            <View
              key={address}
              label={folder.at(-1) ?? 'All files'}
              rows={rows}
              complete={list.data?.complete ?? false}
              sorting={sorting}
              onSort={setSorting}
              selection={selection}
              select={select}
              renaming={renaming}
              onRenamed={commands.finishRename}
              onOpen={commands.open}
              onMoveInto={commands.moveInto}
              onKeyDown={onKeyDown}
              onColumns={setColumns}
            />
          </FileMenu>
        )}
        {detailsShown && chosen.length > 0 ? (
          <Details
            chosen={chosen}
            onPreview={commands.preview}
            onRemove={commands.remove}
            onClose={() => showDetails(false)}
          />
        ) : null}
      </div>
      <ConfirmDelete />
      {focused === undefined ? null : (
        <Preview entry={focused} rows={rows} onShow={(entry) => preview(entry?.id ?? null)} />
      )}
    </>
  )
}

function UploadButton({ onPick }: { readonly onPick: (kind: 'files' | 'folder') => void }) {
  return (
    <Group gap={0} wrap="nowrap">
      <Button
        className={classes.upload}
        leftSection={<IconUpload size={17} aria-hidden />}
        onClick={() => onPick('files')}
      >
        Upload
      </Button>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon
            className={classes.uploadMore}
            variant="filled"
            color="accent"
            size={36}
            aria-label="More ways to upload"
          >
            <IconChevronDown size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconUpload size={16} aria-hidden />} onClick={() => onPick('files')}>
            Files …
          </Menu.Item>
          <Menu.Item leftSection={<IconFolderUp size={16} aria-hidden />} onClick={() => onPick('folder')}>
            Folder …
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </Group>
  )
}
