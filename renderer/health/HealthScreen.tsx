/** Is everything safe: one sentence first, then why not and what to do, then machines, copies, repair and what happened. */
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { IconTestPipe } from '@tabler/icons-react'
import { useState } from 'react'
import { wordsOf } from '../api/client.ts'
import { healthQuery, nodesQuery } from '../api/queries.ts'
import { Message } from '../app/Message.tsx'
import { Scroller } from '../app/Scroller.tsx'
import { TopBar } from '../app/TopBar.tsx'
import { MachineCard } from '../machines/MachineCard.tsx'
import cards from '../machines/MachineCard.module.css'
import { Activity } from './Activity.tsx'
import classes from './HealthScreen.module.css'
import { CopiesHistogram, Histogram } from './Histogram.tsx'
import { Repair } from './Repair.tsx'
import { Sentence } from './Sentence.tsx'
import { Space } from './Space.tsx'
import { WhatIf } from './WhatIf.tsx'

export default function HealthScreen() {
  const health = useQuery(healthQuery)
  const nodes = useQuery(nodesQuery)
  const [imagining, imagine] = useState(false)
  return (
    <>
      <TopBar title="Health">
        <Button
          variant={imagining ? 'default' : 'filled'}
          leftSection={<IconTestPipe size={17} aria-hidden />}
          onClick={() => imagine(!imagining)}
        >
          {imagining ? 'End what if' : 'What if …'}
        </Button>
      </TopBar>
      <Scroller label="Health of the pool">
        {health.isError ? (
          <Message title="Health cannot be shown" text={wordsOf(health.error)} onRetry={() => void health.refetch()} />
        ) : health.data === undefined ? null : (
          <div className={classes.sections}>
            <Sentence health={health.data} machines={nodes.data?.length ?? 0} />
            {imagining ? (
              <WhatIf nodes={nodes.data ?? []} />
            ) : (
              <div className={cards.cards}>
                {(nodes.data ?? []).map((node) => (
                  <MachineCard key={node.id} node={node} />
                ))}
              </div>
            )}
            <div className={classes.halves}>
              <Histogram health={health.data} />
              <CopiesHistogram health={health.data} />
              <div className={classes.stack}>
                <Space />
                <Repair health={health.data} nodes={nodes.data ?? []} />
              </div>
            </div>
            <Activity />
          </div>
        )}
      </Scroller>
    </>
  )
}
