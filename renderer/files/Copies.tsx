/** On which machines a file's copies are, and what it survives. */
import { Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { Entry, Node, ReplicaHolder } from '../../shared/index.ts'
import { wordsOf } from '../api/client.ts'
import { nodesQuery, replicasQuery } from '../api/queries.ts'
import { percentText } from '../words/sizes.ts'
import { machineLook } from '../words/states.ts'
import classes from './Details.module.css'
import { survivalSentence } from './survival.ts'

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

/** A word that stands within a line. */
function within(word = ''): string {
  return word.slice(0, 1).toLowerCase() + word.slice(1)
}

function Holder({ holder, node }: { readonly holder: ReplicaHolder; readonly node: Node | undefined }) {
  const look = node === undefined ? undefined : machineLook(node)
  const isWhole = holder.chunks >= holder.total
  return (
    <li className={classes.item}>
      {look === undefined ? null : <look.icon size={17} stroke={1.7} color={look.color} aria-hidden />}
      <span className={classes.grow}>
        {holder.name}
        <span className={classes.sub}> {[node?.site, within(look?.word)].filter(Boolean).join(', ')}</span>
      </span>
      {isWhole ? null : <span className={classes.sub}>{percentText(holder.chunks / holder.total)} of it</span>}
    </li>
  )
}
