/** What was deleted, with its way back. */
import { Button, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { IconArrowBackUp, IconTrash } from '@tabler/icons-react'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useRef } from 'react'
import type { Entry, TrashItem } from '../../shared/index.ts'
import { request, wordsOf } from '../api/client.ts'
import { nodesQuery, trashQuery } from '../api/queries.ts'
import { Message } from '../app/Message.tsx'
import page from '../app/Page.module.css'
import { TopBar } from '../app/TopBar.tsx'
import { didUndoably, failed } from '../app/undo.ts'
import { encodePath, parseJsonPath } from '../../shared/paths.ts'
import { EntryIcon } from '../files/EntryIcon.tsx'
import { parentPath } from '../files/folderRows.ts'
import { sizeText } from '../words/sizes.ts'
import { exactTime, timeText, untilText } from '../words/times.ts'
import classes from './TrashScreen.module.css'

const rowHeight = 52

export function TrashScreen() {
  const trash = useQuery(trashQuery)
  const items = trash.data ?? []
  return (
    <>
      <TopBar title="Trash" />
      {trash.isError ? (
        <Message title="The trash cannot be shown" text={wordsOf(trash.error)} onRetry={() => void trash.refetch()} />
      ) : trash.data !== undefined && items.length === 0 ? (
        <Message
          title="Nothing in the trash"
          text="What is deleted stays here for a while and can be restored."
          picture={<IconTrash size={56} stroke={1.2} aria-hidden />}
        />
      ) : (
        <List items={items} />
      )}
    </>
  )
}

function List({ items }: { readonly items: readonly TrashItem[] }) {
  const scroller = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 10,
  })
  return (
    <div ref={scroller} className={page.scroller} tabIndex={0} role="region" aria-label="Deleted files and folders">
      <ul className={classes.list} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const item = items[index]
          return item === undefined ? null : <Row key={item.id} item={item} top={start} />
        })}
      </ul>
    </div>
  )
}

function Row({ item, top }: { readonly item: TrashItem; readonly top: number }) {
  const client = useQueryClient()
  const nodes = useQuery(nodesQuery)
  const by = nodes.data?.find(({ id }) => id === item.deletedBy)?.name
  const restore = async (): Promise<void> => {
    client.setQueryData<TrashItem[]>(trashQuery.queryKey, (before) => before?.filter(({ id }) => id !== item.id))
    try {
      const entry = await request<Entry>('POST', `/v1/trash/${item.id}/restore`)
      didUndoably(`“${item.name}” is back in ${parentPath(entry.path)}`, async () => {
        await request('DELETE', `/v1/${entry.kind}s/${encodePath(parseJsonPath(entry.path))}`)
      })
    } catch (error) {
      failed(`“${item.name}” could not be restored`, error)
    }
    await client.invalidateQueries({ queryKey: trashQuery.queryKey })
  }
  return (
    <li className={classes.row} style={{ transform: `translateY(${top}px)` }}>
      <EntryIcon entry={item} size={22} />
      <div className={classes.grow}>
        <Text truncate title={item.path}>
          {item.name}
        </Text>
        <Text size="xs" c="dimmed" truncate>
          from {parentPath(item.path)}
        </Text>
      </div>
      <Text size="sm" c="dimmed" className={classes.when} title={exactTime(item.deletedAt)}>
        Deleted {timeText(item.deletedAt)}
        {by === undefined ? '' : ` on ${by}`}
        {item.expiresAt === null ? '' : `, gone for good ${untilText(item.expiresAt)}`}
      </Text>
      <Text size="sm" c="dimmed" className={classes.size}>
        {item.size === null ? '' : sizeText(item.size)}
      </Text>
      <Button
        variant="default"
        size="xs"
        leftSection={<IconArrowBackUp size={15} aria-hidden />}
        aria-label={`Restore ${item.name}`}
        onClick={() => void restore()}
      >
        Restore
      </Button>
    </li>
  )
}
