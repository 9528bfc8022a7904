/** How full the pool is, and what still fits: not the free bytes, but what can be kept as often as it should be. */
import { Progress, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { poolQuery } from '../api/queries.ts'
import { sizeText } from '../words/sizes.ts'
import classes from './HealthScreen.module.css'

export function Space() {
  const { data: pool } = useQuery(poolQuery)
  if (pool === undefined || pool === null) return null
  const used = `${sizeText(pool.usedBytes)} of ${sizeText(pool.quotaBytes)}`
  const { bytes, copies } = pool.room
  return (
    <section className={classes.panel} aria-labelledby="space">
      <Title order={2} size="md" fw={600} id="space">
        Space
      </Title>
      <Progress
        value={pool.quotaBytes === 0 ? 0 : Math.round((1000 * pool.usedBytes) / pool.quotaBytes) / 10}
        size={8}
        aria-label={`${used} used`}
      />
      <Text size="sm">
        {used} used.{' '}
        {bytes === 0
          ? 'Nothing more fits: add a machine, or give more space.'
          : `Room for ${sizeText(bytes)} more${copies === 1 ? '' : `, each kept ${copies} times`}.`}
      </Text>
    </section>
  )
}
