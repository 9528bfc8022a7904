/** How many files are in which state, as bars of one scale with their numbers. */
import { Title } from '@mantine/core'
import { Fragment } from 'react'
import type { Health } from '../../shared/index.ts'
import { countText } from '../words/sizes.ts'
import { StateBadge } from '../words/StateBadge.tsx'
import { fileStateLooks } from '../words/states.ts'
import classes from './HealthScreen.module.css'

const rows = [
  ['protected', 'protected'],
  ['copying', 'copying'],
  ['degraded', 'degraded'],
  ['at-risk', 'atRisk'],
  ['unreachable', 'unreachable'],
  ['lost', 'lost'],
] as const

export function Histogram({ health: { files } }: { readonly health: Health }) {
  return (
    <section className={classes.panel} aria-labelledby="files-by-state">
      <Title order={2} size="md" fw={600} id="files-by-state">
        {countText(files.total)} files by state
      </Title>
      <div className={classes.bars}>
        {rows.map(([state, field]) => {
          const look = fileStateLooks[state]
          const percent = files.total === 0 ? 0 : (100 * files[field]) / files.total
          // What is there is seen, however little it is.
          const width = files[field] > 0 ? Math.max(1.5, percent) : 0
          return (
            <Fragment key={state}>
              <StateBadge look={look} />
              <div className={classes.bar} aria-hidden>
                <div style={{ width: `${width}%`, background: look.color }} />
              </div>
              <span className={classes.number}>{countText(files[field])}</span>
            </Fragment>
          )
        })}
      </div>
    </section>
  )
}
