/** Which release this is, whose work it holds, and where its interfaces are. */
import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { VERSION } from '../../shared/version.ts'
import { poolQuery } from '../api/queries.ts'
import { Section } from './lines.tsx'

export function About() {
  const pool = useQuery(poolQuery)
  return (
    <Section title="About">
      <Text size="sm">
        Hadahoop {VERSION}, pool “{pool.data?.name}”.
      </Text>
      <Text size="sm" c="dimmed">
        Under the MIT licence; it contains{' '}
        <a href="/licences.txt" target="_blank" rel="noreferrer">
          works of others
        </a>{' '}
        under theirs. For programs:{' '}
        <a href="/openapi.json" target="_blank" rel="noreferrer">
          API
        </a>
        .
      </Text>
    </Section>
  )
}
