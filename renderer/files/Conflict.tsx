/** Two versions written apart, side by side, until a person decides. */
import { Button, Group, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { IconGitFork } from '@tabler/icons-react'
import { useState } from 'react'
import type { Entry } from '../../shared/index.ts'
import { nodesQuery, versionsQuery } from '../api/queries.ts'
import { sizeText } from '../words/sizes.ts'
import { When } from '../words/When.tsx'
import { contentAddress, settle } from './actions.ts'
import { Compare } from './Compare.tsx'
import { headsOf } from './headsOf.ts'
import classes from './Details.module.css'

export function Conflict({ entry }: { readonly entry: Entry }) {
  const client = useQueryClient()
  const versions = useQuery(versionsQuery(entry.id))
  const nodes = useQuery(nodesQuery)
  const [comparing, compare] = useState(false)
  const heads = headsOf(versions.data ?? [])
  return (
    <section className={classes.conflict} aria-label="Conflict">
      <Group gap={8} wrap="nowrap">
        <IconGitFork size={18} color="var(--state-degraded)" aria-hidden />
        <Text fw={600} size="sm">
          Changed on two machines at once
        </Text>
      </Group>
      <Text size="sm" c="dimmed">
        Both are kept until you decide. What you do not keep stays among the versions.
      </Text>
      {heads.map((head) => (
        <Group key={head.id} gap={8} wrap="nowrap" justify="space-between">
          <Text size="sm">
            <a href={contentAddress(entry, head.id)} target="_blank" rel="noreferrer">
              {nodes.data?.find(({ id }) => id === head.author)?.name ?? 'A machine'}
            </a>
            <Text component="span" display="block" className={classes.sub}>
              <When at={head.created} />, {sizeText(head.size)}
            </Text>
          </Text>
          <Button size="compact-sm" variant="default" flex="none" onClick={() => void settle(client, entry, head.id)}>
            Keep this
          </Button>
        </Group>
      ))}
      <Group gap={8} grow>
        <Button size="compact-md" variant="default" onClick={() => compare(true)}>
          Compare
        </Button>
        <Button size="compact-md" onClick={() => void settle(client, entry, 'both')}>
          Keep both
        </Button>
      </Group>
      {comparing ? <Compare entry={entry} versions={heads} decides onClose={() => compare(false)} /> : null}
    </section>
  )
}
