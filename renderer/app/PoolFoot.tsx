/** The pool in three lines: is all safe, its name, and how full it is. */
import { Progress, Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { Pool } from '../../shared/index.ts'
import { healthQuery } from '../api/queries.ts'
import { sizeText } from '../words/sizes.ts'
import { fileStateLooks } from '../words/states.ts'
import { Link } from './Link.tsx'
import classes from './PoolFoot.module.css'

export function PoolFoot({ pool }: { readonly pool: Pool }) {
  const health = useQuery(healthQuery)
  const state = health.data?.state
  const look = state === undefined || state === 'no-pool' ? undefined : fileStateLooks[state]
  const space = `${sizeText(pool.usedBytes)} of ${sizeText(pool.quotaBytes)}`
  const fill = pool.quotaBytes === 0 ? 0 : Math.round((1000 * pool.usedBytes) / pool.quotaBytes) / 10
  return (
    <Tooltip label={`${pool.name}: ${look?.word ?? '…'}, ${space} used`} position="right">
      <Link
        to="/health"
        className={classes.foot}
        aria-label={`Pool ${pool.name}: ${look?.word ?? 'asking'}. ${space} used.`}
      >
        <span className={classes.line}>
          {look === undefined ? null : <look.icon size={18} stroke={1.8} color={look.color} aria-hidden />}
          <span className={classes.name}>{pool.name}</span>
          <span className={classes.state}>{look?.word}</span>
        </span>
        <Progress className={classes.bar} value={fill} size={6} aria-label={`${space} used`} />
        <span className={classes.space}>{space}</span>
      </Link>
    </Tooltip>
  )
}
