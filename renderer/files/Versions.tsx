/** What a file was before, newest first; each can be looked at, saved, or made current again. */
import { ActionIcon, Menu, Title } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { IconColumns2, IconDots, IconDownload, IconHistory } from '@tabler/icons-react'
import { useState } from 'react'
import type { Entry, Version } from '../../shared/index.ts'
import { nodesQuery, versionsQuery } from '../api/queries.ts'
import { sizeText } from '../words/sizes.ts'
import { exactTime } from '../words/times.ts'
import { When } from '../words/When.tsx'
import { contentAddress, restoreVersion } from './actions.ts'
import { Compare } from './Compare.tsx'
import classes from './Details.module.css'

export function Versions({ entry }: { readonly entry: Entry }) {
  const versions = useQuery(versionsQuery(entry.id))
  const shown = versions.data ?? []
  const [compared, compare] = useState<Version | null>(null)
  return (
    <section className={classes.section} aria-labelledby="versions-title">
      <Title order={3} size="sm" fw={600} id="versions-title">
        Versions
      </Title>
      <ul className={classes.list}>
        {shown.map((version) => (
          <Line key={version.id} entry={entry} version={version} onCompare={() => compare(version)} />
        ))}
      </ul>
      {compared === null ? null : (
        <Compare
          entry={entry}
          versions={[compared, ...shown.filter(({ current }) => current)]}
          decides={false}
          onClose={() => compare(null)}
        />
      )}
    </section>
  )
}

interface LineProps {
  readonly entry: Entry
  readonly version: Version
  readonly onCompare: () => void
}

function Line({ entry, version, onCompare }: LineProps) {
  const client = useQueryClient()
  const nodes = useQuery(nodesQuery)
  const author = nodes.data?.find(({ id }) => id === version.author)?.name
  return (
    <li className={classes.item}>
      <span className={classes.grow}>
        {version.current ? 'Current' : <When at={version.created} />}
        <span className={classes.sub}>
          {' '}
          {version.current ? (
            <>
              <When at={version.created} />,{' '}
            </>
          ) : null}
          {[sizeText(version.size), author].filter(Boolean).join(', ')}
        </span>
      </span>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon size="sm" aria-label={`Version of ${exactTime(version.created)}`}>
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {version.current ? null : (
            <Menu.Item leftSection={<IconColumns2 size={16} aria-hidden />} onClick={onCompare}>
              Compare with now
            </Menu.Item>
          )}
          <Menu.Item
            component="a"
            href={contentAddress(entry, version.id)}
            download={entry.name}
            leftSection={<IconDownload size={16} aria-hidden />}
          >
            Download
          </Menu.Item>
          {version.current ? null : (
            <Menu.Item
              leftSection={<IconHistory size={16} aria-hidden />}
              onClick={() => void restoreVersion(client, entry, version.id)}
            >
              Restore
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
    </li>
  )
}
