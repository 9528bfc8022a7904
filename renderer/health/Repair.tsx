/** What is being copied anew, how long it takes, and what waits for a machine to come back. */
import { Button, Progress, Text, Title } from '@mantine/core'
import { formatDuration } from '../../shared/format.ts'
import type { Health, Node } from '../../shared/index.ts'
import { request } from '../api/client.ts'
import { failed } from '../app/undo.ts'
import { countText, sizeText } from '../words/sizes.ts'
import { Until } from '../words/When.tsx'
import classes from './HealthScreen.module.css'

export function Repair({ health, nodes }: { readonly health: Health; readonly nodes: readonly Node[] }) {
  const { repair } = health
  const copied = repair.copiedBytes ?? 0
  const total = copied + repair.queuedBytes
  const isIdle = repair.queuedChunks === 0
  const resume = () =>
    request('POST', '/v1/repair', { body: { resume: true } }).catch((error: unknown) =>
      failed('Copying could not be resumed', error),
    )
  return (
    <section className={classes.panel} aria-labelledby="repair">
      <Title order={2} size="md" fw={600} id="repair">
        Copying anew
      </Title>
      <Text size="sm">{isIdle ? 'Nothing has to be copied now.' : queueText(repair)}</Text>
      {isIdle && copied > 0 ? (
        <Text size="sm" c="dimmed">
          {sizeText(copied)} were copied since this machine started.
        </Text>
      ) : null}
      {isIdle || total === 0 ? null : (
        <Progress value={Math.round((100 * copied) / total)} size={8} aria-label="Copied anew" />
      )}
      {repair.frozen ? (
        <>
          <Text size="sm">
            Copying waits, because {countText(repair.frozen.gone)} of {countText(repair.frozen.members)} machines are
            gone at once: more likely the network than the machines.
          </Text>
          <Button variant="default" size="compact-md" w="fit-content" onClick={() => void resume()}>
            Copy anyway
          </Button>
        </>
      ) : null}
      {(repair.waiting ?? []).map(({ nodeId, until, bytes }) => (
        <Text size="sm" c="dimmed" key={nodeId}>
          {nodes.find(({ id }) => id === nodeId)?.name ?? 'A machine'}: {sizeText(bytes)} are copied anew{' '}
          <Until at={until} /> unless it returns.
        </Text>
      ))}
    </section>
  )
}

function queueText({ queuedBytes, bytesPerSec, etaMs }: Health['repair']): string {
  const speed = bytesPerSec > 0 ? ` at ${sizeText(bytesPerSec)}/s` : ''
  const left = etaMs === null || etaMs === undefined ? '' : `, ${formatDuration(etaMs)} left`
  return `${sizeText(queuedBytes)} to copy${speed}${left}.`
}
