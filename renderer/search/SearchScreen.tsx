/** Results of a search with its filters. The address holds both, so a search can be kept as a bookmark. */
import { Button, Text } from '@mantine/core'
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { IconSearch } from '@tabler/icons-react'
import type { Entry, Page } from '../../shared/index.ts'
import { parseJsonPath } from '../../shared/paths.ts'
import { request, wordsOf } from '../api/client.ts'
import { folderAddress, useAddress } from '../app/address.ts'
import { Link } from '../app/Link.tsx'
import { Message } from '../app/Message.tsx'
import rows from '../app/Rows.module.css'
import { TopBar } from '../app/TopBar.tsx'
import { VirtualList } from '../app/VirtualList.tsx'
import { EntryIcon } from '../files/EntryIcon.tsx'
import { Sidebar, SidebarButton } from '../files/sidebar/Sidebar.tsx'
import { whereOf } from '../files/where.ts'
import { type MachineFacts, useMachineFacts } from '../machines/machineFacts.ts'
import { sizeText } from '../words/sizes.ts'
import { StateBadge } from '../words/StateBadge.tsx'
import { fileStateLooks, stateSentence } from '../words/states.ts'
import { When } from '../words/When.tsx'
import { Filters } from './Filters.tsx'
import classes from './SearchScreen.module.css'

const pageSize = 200

export function SearchScreen() {
  const { query } = useAddress()
  const machines = useMachineFacts()
  const asked = askedOf(query, machines)
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
      <TopBar title={titleOf(query, machines)}>
        <SidebarButton />
      </TopBar>
      <div className={classes.content}>
        <Sidebar folder={null} />
        <div className={classes.results}>
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
            <VirtualList
              label="Results"
              items={rows}
              row={(entry, top) => <Row key={entry.id} entry={entry} machines={machines} top={top} />}
              onEnd={() => {
                if (results.hasNextPage && !results.isFetchingNextPage) void results.fetchNextPage()
              }}
            />
          )}
        </div>
      </div>
    </>
  )
}

/** What the engine is asked: a place is the machines that stand there. */
function askedOf(query: URLSearchParams, machines: MachineFacts): string {
  const asked = new URLSearchParams(query)
  const place = asked.get('place')
  asked.delete('place')
  if (place === null) return asked.toString()
  const there = machines.filter(({ site }) => site === place)
  if (there.length === 0) return ''
  asked.set('node', there.map(({ id }) => id).join(','))
  return asked.toString()
}

/** Where only a machine or a place is chosen, that is where one is. */
function titleOf(query: URLSearchParams, machines: MachineFacts): string {
  const place = query.get('place')
  if (place !== null) return `At ${place}`
  const machine = machines.find(({ id }) => id === query.get('node'))
  return machine !== undefined && !query.get('q') ? `On ${machine.name}` : 'Search'
}

interface RowProps {
  readonly entry: Entry
  readonly machines: MachineFacts
  readonly top: number
}

function Row({ entry, machines, top }: RowProps) {
  const names = parseJsonPath(entry.path)
  const above = names.slice(0, -1)
  const where = whereOf(entry, machines)
  const to = entry.kind === 'folder' ? folderAddress(names) : `${folderAddress(above)}?select=${entry.id}`
  return (
    <li className={rows.row} style={{ transform: `translateY(${top}px)` }}>
      <EntryIcon entry={entry} size={22} />
      <div className={rows.grow}>
        <Link to={to} className={classes.name}>
          {entry.name}
        </Link>
        <Text size="xs" c="dimmed" truncate>
          {above.length === 0 ? 'in all files' : `in ${above.join(' / ')}`}
        </Text>
      </div>
      <div className={classes.state}>
        <StateBadge look={fileStateLooks[entry.state]} sentence={stateSentence(entry, machines)} />
      </div>
      <Text size="sm" c="dimmed" className={classes.where} truncate title={where.sentence}>
        {where.machines.map(({ name }) => name).join(', ')}
      </Text>
      <Text size="sm" c="dimmed" className={classes.when}>
        <When at={entry.modified} />
      </Text>
      <Text size="sm" c="dimmed" className={rows.size}>
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
