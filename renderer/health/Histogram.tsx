/** How many files are in which state and have how many copies, as bars of one scale with their numbers. */
import { Anchor, Title } from '@mantine/core'
import { Fragment } from 'react'
import type { Health } from '../../shared/index.ts'
import { Link } from '../app/Link.tsx'
import { countText, filesText } from '../words/sizes.ts'
import { StateBadge } from '../words/StateBadge.tsx'
import { fileStateLooks, filesByState } from '../words/states.ts'
import classes from './HealthScreen.module.css'

/** How many files have how many copies: the same bars in the one accent, the wanted number not judged here. */
export function CopiesHistogram({ health: { files, filesByCopies } }: { readonly health: Health }) {
  if (filesByCopies === undefined) return null
  const most = filesByCopies.findLastIndex((count) => count > 0)
  const shown = filesByCopies.slice(0, Math.max(3, most + 1))
  return (
    <section className={classes.panel} aria-labelledby="files-by-copies">
      <Title order={2} size="md" fw={600} id="files-by-copies">
        Files by number of copies
      </Title>
      <div className={classes.bars}>
        {shown.map((count, copies) => {
          const word = copiesWords[copies] ?? ''
          const percent = files.total === 0 ? 0 : (100 * count) / files.total
          return (
            <Fragment key={word}>
              <span>{word}</span>
              <div className={classes.bar} aria-hidden>
                <div style={{ width: `${count > 0 ? Math.max(1.5, percent) : 0}%` }} />
              </div>
              <span className={classes.number} data-none={count === 0 || undefined}>
                {countText(count)}
              </span>
            </Fragment>
          )
        })}
      </div>
    </section>
  )
}

const copiesWords = ['No copy', '1 copy', '2 copies', '3 copies', '4 copies', '5 or more'] as const

export function Histogram({ health: { files } }: { readonly health: Health }) {
  return (
    <section className={classes.panel} aria-labelledby="files-by-state">
      <Title order={2} size="md" fw={600} id="files-by-state">
        {countText(files.total)} files by state
      </Title>
      <div className={classes.bars}>
        {filesByState(files).map(([state, count]) => {
          const look = fileStateLooks[state]
          const percent = files.total === 0 ? 0 : (100 * count) / files.total
          // What is there is seen, however little it is.
          const width = count > 0 ? Math.max(1.5, percent) : 0
          return (
            <Fragment key={state}>
              <StateBadge look={look} />
              <div className={classes.bar} aria-hidden>
                <div style={{ width: `${width}%`, background: look.color }} />
              </div>
              <span className={classes.number} data-none={count === 0 || undefined}>
                {count === 0 ? (
                  0
                ) : (
                  <Anchor
                    component={Link}
                    to={`/search?kind=file&state=${state}`}
                    inherit
                    aria-label={`${look.word}: show ${filesText(count)}`}
                  >
                    {countText(count)}
                  </Anchor>
                )}
              </span>
            </Fragment>
          )
        })}
      </div>
    </section>
  )
}
