/** What was deleted, with its way back. */
import { Button, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { IconArrowBackUp, IconTrash } from '@tabler/icons-react'
import type { Entry, TrashItem } from '../../shared/index.ts'
import { request, wordsOf } from '../api/client.ts'
import { nodesQuery, trashQuery } from '../api/queries.ts'
import { Message } from '../app/Message.tsx'
import rows from '../app/Rows.module.css'
import { TopBar } from '../app/TopBar.tsx'
import { didUndoably, failed } from '../app/undo.ts'
import { VirtualList } from '../app/VirtualList.tsx'
import { encodePath, parseJsonPath } from '../../shared/paths.ts'
import { EntryIcon } from '../files/EntryIcon.tsx'
import { sizeText } from '../words/sizes.ts'
import { dateText, exactTime } from '../words/times.ts'
import { When } from '../words/When.tsx'
import classes from './TrashScreen.module.css'

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
          text="What is deleted stays here and can be restored."
          picture={<IconTrash size={56} stroke={1.2} aria-hidden />}
        />
      ) : (
        <VirtualList
          label="Deleted files and folders"
          items={items}
          row={(item, top) => <Row key={item.id} item={item} top={top} />}
        />
      )}
    </>
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
      didUndoably(`“${item.name}” is back in ${placeText(entry.path)}`, async () => {
        await request('DELETE', `/v1/${entry.kind}s/${encodePath(parseJsonPath(entry.path))}`)
      })
    } catch (error) {
      failed(`“${item.name}” could not be restored`, error)
    }
    await client.invalidateQueries({ queryKey: trashQuery.queryKey })
  }
  return (
    <li className={rows.row} style={{ transform: `translateY(${top}px)` }}>
      <EntryIcon entry={item} size={22} />
      <div className={rows.grow}>
        <Text truncate title={item.path}>
          {item.name}
        </Text>
        <Text size="xs" c="dimmed" truncate>
          from {placeText(item.path)}
        </Text>
      </div>
      <Text size="sm" c="dimmed" className={classes.when}>
        Deleted <When at={item.deletedAt} />
        {by === undefined ? '' : ` on ${by}`}
        {item.expiresAt === null || Date.parse(item.expiresAt) < Date.now() ? null : (
          <span title={exactTime(item.expiresAt)}>, kept at least until {dateText(item.expiresAt)}</span>
        )}
      </Text>
      <Text size="sm" c="dimmed" className={rows.size}>
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

function placeText(path: string): string {
  const above = parseJsonPath(path).slice(0, -1)
  return above.length === 0 ? 'all files' : above.join(' / ')
}
