/** Machines to imagine lost, and what that would mean. Nothing happens to them. */
import { Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Node } from '../../shared/index.ts'
import { wordsOf } from '../api/client.ts'
import { whatIfQuery } from '../api/queries.ts'
import { MachineCard } from '../machines/MachineCard.tsx'
import cards from '../machines/MachineCard.module.css'
import classes from './HealthScreen.module.css'
import { WhatIfAnswer } from './WhatIfAnswer.tsx'

export function WhatIf({ nodes }: { readonly nodes: readonly Node[] }) {
  const [lost, setLost] = useState<readonly string[]>([])
  const answer = useQuery(whatIfQuery(lost))
  const names = nodes.filter(({ id }) => lost.includes(id)).map(({ name }) => name)
  const flip = (id: string) => setLost(lost.includes(id) ? lost.filter((each) => each !== id) : [...lost, id])
  return (
    <>
      <section className={classes.answer} aria-live="polite">
        <Title order={2} size="h3" fw={600}>
          {lost.length === 0 ? 'Choose machines to imagine them lost.' : `If ${names.join(' and ')} were lost …`}
        </Title>
        {lost.length === 0 ? <Text c="dimmed">Nothing happens to them.</Text> : null}
        {lost.length > 0 && answer.isError ? <Text>{wordsOf(answer.error)}</Text> : null}
        {lost.length > 0 && answer.data !== undefined ? (
          <WhatIfAnswer facts={answer.data} left={nodes.length - lost.length} />
        ) : null}
      </section>
      <div className={cards.cards}>
        {nodes.map((node) => (
          <button
            key={node.id}
            type="button"
            className={classes.pick}
            aria-pressed={lost.includes(node.id)}
            aria-label={`Imagine ${node.name} lost`}
            onClick={() => flip(node.id)}
          >
            <MachineCard node={node} />
          </button>
        ))}
      </div>
    </>
  )
}
