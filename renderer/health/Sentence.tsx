/** Large: is everything safe. Below, for everything that is not: why, and what to do, with a button where one helps. */
import { Text, Title } from '@mantine/core'
import { IconShieldOff } from '@tabler/icons-react'
import type { Health } from '../../shared/index.ts'
import { fileStateLooks } from '../words/states.ts'
import { Until } from '../words/When.tsx'
import classes from './HealthScreen.module.css'
import { Remedy } from './Remedy.tsx'
import { healthSentence } from './sentences.ts'

export function Sentence({ health, machines }: { readonly health: Health; readonly machines: number }) {
  const look = health.state === 'no-pool' ? undefined : fileStateLooks[health.state]
  const sentence = healthSentence(health, machines)
  const Icon = look?.icon ?? IconShieldOff
  return (
    <section className={classes.sentence} aria-label="In one sentence">
      <Icon size={52} stroke={1.4} color={look?.color} aria-hidden />
      <div>
        <Title order={2} className={classes.large}>
          {sentence}
        </Title>
        {machines < 2 ? (
          <Text c="dimmed" mt={6}>
            Add a second machine to keep two copies of everything.
          </Text>
        ) : null}
        <ul className={classes.reasons}>
          {health.reasons.map((reason) => (
            <li key={`${reason.code} ${reason.text}`}>
              <Text span>
                {sentence.startsWith(reason.text.replace(/\.$/, '')) ? null : `${reason.text} `}
                {reason.at === undefined ? null : (
                  <>
                    That begins <Until at={reason.at} />.{' '}
                  </>
                )}
                {reason.action === undefined ? null : (
                  <Text span c="dimmed">
                    {reason.action}
                  </Text>
                )}
              </Text>
              <Remedy reason={reason} />
            </li>
          ))}
        </ul>
      </div>
    </section>
  )
}
