/** Results of a search with its filters. The address holds both, so a search can be kept as a bookmark. */
import { Button, Text } from '@mantine/core'
import { useInfiniteQuery, keepPreviousData } from '@tanstack/react-query'
import { IconSearch } from '@tabler/icons-react'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef } from 'react'
import type { Entry, Page } from '../../shared/index.ts'
import { parseJsonPath } from '../../shared/paths.ts'
import { request, wordsOf } from '../api/client.ts'
import { folderAddress, useAddress } from '../app/address.ts'
import { Link } from '../app/Link.tsx'
import { Message } from '../app/Message.tsx'
import page from '../app/Page.module.css'
import { TopBar } from '../app/TopBar.tsx'
import { EntryIcon } from '../files/EntryIcon.tsx'
import { parentPath } from '../files/folderRows.ts'
import { sizeText } from '../words/sizes.ts'
import { StateBadge } from '../words/StateBadge.tsx'
import { fileStateLooks, stateSentence } from '../words/states.ts'
import { exactTime, timeText } from '../words/times.ts'
import { Filters } from './Filters.tsx'
import classes from './SearchScreen.module.css'

const rowHeight = 52
const pageSize = 200

export function SearchScreen() {
  const { query } = useAddress()
  const asked = query.toString()
  const results = useInfiniteQuery({
    queryKey: ['search', 'screen', asked],
    queryFn: ({ pageParam, signal }) => {
      const parameters = new URLSearchParams(asked)
      parameters.set('limit', String(pageSize))
      if (pageParam !== null) parameters.set('cursor', pageParam)
      return request<Page<Entry>>('GET', `/v1/search?${parameters}`, { signal })
    },
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
    enabled: asked !== '',
  })
  const rows = results.data?.pages.flatMap(({ items }) => items) ?? []
  return (
    <>
      <TopBar title="Search" />
      <Filters />
      {asked === '' ? (
        <Message
          title="What are you looking for?"
          text="Any part of a name finds it. The filters above narrow it down."
          picture={<IconSearch size={56} stroke={1.2} aria-hidden />}
        />
      ) : results.isError ? (
        <Message title="The search failed" text={wordsOf(results.error)} onRetry={() => void results.refetch()} />
      ) : results.data !== undefined && rows.length === 0 ? (
        <Message
          title="Nothing found"
          text="Try a shorter part of the name, or fewer filters."
          picture={<IconSearch size={56} stroke={1.2} aria-hidden />}
        />
      ) : (
        <Results
          rows={rows}
          onEnd={() => {
            if (results.hasNextPage && !results.isFetchingNextPage) void results.fetchNextPage()
          }}
        />
      )}
    </>
  )
}

function Results({ rows, onEnd }: { readonly rows: readonly Entry[]; readonly onEnd: () => void }) {
  const scroller = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 10,
  })
  const items = virtual.getVirtualItems()
  const isNearEnd = (items.at(-1)?.index ?? -1) >= rows.length - 1
  useEffect(() => {
    if (isNearEnd && rows.length > 0) onEnd()
  })
  return (
    <div ref={scroller} className={page.scroller} role="region" aria-label="Results" tabIndex={0}>
      <ul className={classes.list} style={{ height: virtual.getTotalSize() }}>
        {items.map(({ index, start }) => {
          const entry = rows[index]
          return entry === undefined ? null : <Row key={entry.id} entry={entry} top={start} />
        })}
      </ul>
    </div>
  )
}

function Row({ entry, top }: { readonly entry: Entry; readonly top: number }) {
  const names = parseJsonPath(entry.path)
  const above = names.slice(0, -1)
  const to = entry.kind === 'folder' ? folderAddress(names) : `${folderAddress(above)}?select=${entry.id}`
  return (
    <li className={classes.row} style={{ transform: `translateY(${top}px)` }}>
      <EntryIcon entry={entry} size={22} />
      <div className={classes.grow}>
        <Link to={to} className={classes.name}>
          {entry.name}
        </Link>
        <Text size="xs" c="dimmed" truncate>
          {parentPath(entry.path)}
        </Text>
      </div>
      <div className={classes.state}>
        <StateBadge look={fileStateLooks[entry.state]} sentence={stateSentence(entry)} />
      </div>
      <Text size="sm" c="dimmed" className={classes.when} title={exactTime(entry.modified)}>
        {timeText(entry.modified)}
      </Text>
      <Text size="sm" c="dimmed" className={classes.size}>
        {entry.size === null ? '' : sizeText(entry.size)}
      </Text>
      <Button
        component={Link}
        to={folderAddress(above)}
        variant="subtle"
        c="var(--accent-text)"
        size="compact-sm"
        aria-label={`Folder of ${entry.name}`}
      >
        Folder
      </Button>
    </li>
  )
}
