/** What the engine noted, for whoever helps: shown when asked for, and saved as a file. */
import { Button, Group, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { LogLine, Page } from '../../shared/index.ts'
import { request, wordsOf } from '../api/client.ts'
import { Section } from './lines.tsx'
import classes from './SettingsScreen.module.css'

export function Log() {
  const log = useQuery({
    queryKey: ['log'],
    queryFn: ({ signal }) => request<Page<LogLine>>('GET', '/v1/log?limit=1000', { signal }),
    enabled: false,
    gcTime: 0,
  })
  const text = log.data?.items.map(({ at, text: line }) => `${at}  ${line}`).join('\n')
  return (
    <Section title="Log">
      <div className={classes.line}>
        <Text size="sm" c="dimmed" className={classes.words}>
          What this machine noted since it was started, for whoever helps you. It names files and machines of the pool.
        </Text>
        <Group gap="xs" wrap="nowrap" flex="none">
          {text ? (
            <Button
              variant="default"
              component="a"
              href={`data:text/plain;charset=utf-8,${encodeURIComponent(text)}`}
              download="hadahoop-log.txt"
            >
              Save
            </Button>
          ) : null}
          <Button variant="default" loading={log.isFetching} onClick={() => void log.refetch()}>
            Show
          </Button>
        </Group>
      </div>
      <div aria-live="polite">
        {log.isError ? <Text size="sm">{wordsOf(log.error)}</Text> : null}
        {text === '' ? <Text size="sm">Nothing was noted.</Text> : null}
      </div>
      {text ? (
        <pre className={classes.log} tabIndex={0} aria-label="Lines of the log, newest first">
          {text}
        </pre>
      ) : null}
    </Section>
  )
}
