/** Why machines do not see each other: what the engine finds wrong with this machine and its connections, when asked. */
import { Button, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { IconAlertTriangle, IconCircleCheck, IconCircleX } from '@tabler/icons-react'
import type { Doctor, DoctorCheck } from '../../shared/index.ts'
import { request, wordsOf } from '../api/client.ts'
import { Section } from './lines.tsx'
import classes from './SettingsScreen.module.css'

const looks = {
  ok: { icon: IconCircleCheck, color: 'var(--state-protected)', word: 'Good' },
  warning: { icon: IconAlertTriangle, color: 'var(--state-degraded)', word: 'Perhaps a problem' },
  problem: { icon: IconCircleX, color: 'var(--state-lost)', word: 'A problem' },
} as const

export function Checks() {
  const checks = useQuery({
    queryKey: ['doctor'],
    queryFn: ({ signal }) => request<Doctor>('GET', '/v1/doctor', { signal }),
    enabled: false,
    gcTime: 0,
  })
  return (
    <Section title="When machines do not see each other">
      <div className={classes.line}>
        <Text size="sm" c="dimmed" className={classes.words}>
          Looks at the network, at the machines seen on it, and at why each of the pool is or is not connected.
        </Text>
        <Button variant="default" flex="none" loading={checks.isFetching} onClick={() => void checks.refetch()}>
          Check now
        </Button>
      </div>
      <div aria-live="polite">
        {checks.isError ? <Text size="sm">{wordsOf(checks.error)}</Text> : null}
        <ul className={classes.checks}>
          {(checks.data?.checks ?? []).map((check) => (
            <Check key={check.code + check.text} check={check} />
          ))}
        </ul>
      </div>
    </Section>
  )
}

function Check({ check: { result, text, hint } }: { readonly check: DoctorCheck }) {
  const { icon: Icon, color, word } = looks[result]
  return (
    <li>
      <Icon size={18} stroke={1.8} color={color} role="img" aria-label={word} />
      <span>
        {text}{' '}
        {hint === undefined ? null : (
          <Text span inherit c="dimmed">
            {hint}
          </Text>
        )}
      </span>
    </li>
  )
}
