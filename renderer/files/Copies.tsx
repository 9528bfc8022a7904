/** On which machines a file's copies are, and what it survives. */
import { Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { Entry, Node, ReplicaHolder } from '../../shared/index.ts'
import { wordsOf } from '../api/client.ts'
import { nodesQuery, replicasQuery } from '../api/queries.ts'
import { percentText } from '../words/sizes.ts'
import { machineLook } from '../words/states.ts'
import classes from './Details.module.css'

export function Copies({ entry }: { readonly entry: Entry }) {
  const holders = useQuery(replicasQuery(entry.id))
  const nodes = useQuery(nodesQuery)
  const shown = holders.data ?? []
  return (
    <section className={classes.section} aria-labelledby="copies-title">
      <Title order={3} size="sm" fw={600} id="copies-title">
        Where it is
      </Title>
      {holders.isError ? (
        <Text size="sm" c="dimmed">
          {wordsOf(holders.error)}
        </Text>
      ) : null}
      <ul className={classes.list}>
        {shown.map((holder) => (
          <Holder key={holder.nodeId} holder={holder} node={nodes.data?.find(({ id }) => id === holder.nodeId)} />
        ))}
      </ul>
      {holders.data === undefined ? null : (
        <Text size="sm" c="dimmed">
          {survivalSentence(shown, nodes.data ?? [])}
        </Text>
      )}
    </section>
  )
}

function Holder({ holder, node }: { readonly holder: ReplicaHolder; readonly node: Node | undefined }) {
  const look = node === undefined ? undefined : machineLook(node)
  const isWhole = holder.chunks >= holder.total
  return (
    <li className={classes.item}>
      {look === undefined ? null : <look.icon size={17} stroke={1.7} color={look.color} aria-hidden />}
      <span className={classes.grow}>
        {holder.name}
        <span className={classes.sub}> {[node?.site, look?.word].filter(Boolean).join(', ')}</span>
      </span>
      {isWhole ? null : <span className={classes.sub}>{percentText(holder.chunks / holder.total)} of it</span>}
    </li>
  )
}

/** What failures of machines or places a file survives, by the machines that hold all of it. */
export function survivalSentence(holders: readonly ReplicaHolder[], nodes: readonly Node[]): string {
  const whole = holders.filter(({ chunks, total }) => chunks >= total)
  if (whole.length === 0) return holders.length === 0 ? '' : 'No machine has all of it.'
  const [only] = whole
  if (whole.length === 1 && only !== undefined) return `Only ${only.name} has all of it.`
  const sites = new Set(whole.map(({ nodeId }) => nodes.find(({ id }) => id === nodeId)?.site ?? ''))
  const machines = whole.length === 2 ? 'any one machine' : `any ${whole.length - 1} machines`
  return `Survives ${machines} failing${sites.size > 1 ? ', or a whole place' : ''}.`
}
