/** What happened, newest first. */
import { Button, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { activityQuery } from '../api/queries.ts'
import { When } from '../words/When.tsx'
import classes from './HealthScreen.module.css'

const shownFirst = 12

export function Activity() {
  const activity = useQuery(activityQuery)
  const [all, showAll] = useState(false)
  const items = activity.data ?? []
  const shown = all ? items : items.slice(0, shownFirst)
  return (
    <section className={classes.panel} aria-labelledby="activity">
      <Title order={2} size="md" fw={600} id="activity">
        What happened
      </Title>
      {items.length === 0 ? (
        <Text size="sm" c="dimmed">
          Nothing of note yet.
        </Text>
      ) : (
        <ol className={classes.activity}>
          {shown.map(({ id, at, text }) => (
            <li key={id}>
              <When at={at} />
              <span>{text}</span>
            </li>
          ))}
        </ol>
      )}
      {items.length > shown.length ? (
        <Button variant="subtle" size="compact-sm" w="fit-content" onClick={() => showAll(true)}>
          Show all
        </Button>
      ) : null}
    </section>
  )
}
