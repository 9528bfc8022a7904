/** Settings in short sections; each is saved as it changes, and says what follows from it. */
import { Button, NativeSelect, NumberInput, SegmentedControl, Text, Title, useMantineColorScheme } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useId, useState } from 'react'
import type { DeviceClass, Settings, SettingsPatch } from '../../shared/index.ts'
import { VERSION } from '../../shared/version.ts'
import { request, wordsOf } from '../api/client.ts'
import { poolQuery, settingsQuery } from '../api/queries.ts'
import { session } from '../api/session.ts'
import { Message } from '../app/Message.tsx'
import page from '../app/Page.module.css'
import { Scroller } from '../app/Scroller.tsx'
import { TopBar } from '../app/TopBar.tsx'
import { failed } from '../app/undo.ts'
import classes from './SettingsScreen.module.css'

export default function SettingsScreen() {
  const settings = useQuery(settingsQuery)
  return (
    <>
      <TopBar title="Settings" />
      <Scroller label="All settings">
        <div className={page.narrow}>
          {settings.isError ? (
            <Message
              title="The pool’s settings cannot be shown"
              text={wordsOf(settings.error)}
              onRetry={() => void settings.refetch()}
            />
          ) : settings.data === undefined ? null : (
            <PoolSettings settings={settings.data} />
          )}
          <Appearance />
          <About />
        </div>
      </Scroller>
    </>
  )
}

interface SectionProps {
  readonly title: string
  readonly children: ReactNode
}

function Section({ title, children }: SectionProps) {
  return (
    <section className={classes.section} aria-label={title}>
      <Title order={2} size="h3" fw={600}>
        {title}
      </Title>
      {children}
    </section>
  )
}

interface LineProps {
  readonly word: string
  readonly consequence: string
  readonly children: (id: string, describedBy: string) => ReactNode
}

/** A setting: its word, its consequence in one line, its control. */
function Line({ word, consequence, children }: LineProps) {
  const id = useId()
  return (
    <div className={classes.line}>
      <div className={classes.words}>
        <label htmlFor={id}>{word}</label>
        <Text size="sm" c="dimmed" id={`${id}-why`}>
          {consequence}
        </Text>
      </div>
      {children(id, `${id}-why`)}
    </div>
  )
}

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

const waits = [
  { label: '1 minute', ms: minuteMs },
  { label: '5 minutes', ms: 5 * minuteMs },
  { label: '30 minutes', ms: 30 * minuteMs },
  { label: '2 hours', ms: 2 * hourMs },
  { label: '1 day', ms: dayMs },
  { label: '3 days', ms: 3 * dayMs },
  { label: '7 days', ms: 7 * dayMs },
]
const kinds: readonly (readonly [DeviceClass, string])[] = [
  ['always-on', 'Machines that are always on'],
  ['desktop', 'Desktops'],
  ['laptop', 'Laptops'],
]
const megabyte = 1e6

function PoolSettings({ settings }: { readonly settings: Settings }) {
  const client = useQueryClient()
  const save = useMutation({
    mutationFn: (patch: SettingsPatch) => request<Settings>('PATCH', '/v1/settings', { body: patch }),
    onMutate: (patch) => {
      client.setQueryData<Settings>(settingsQuery.queryKey, (before) =>
        before === undefined ? before : { ...before, ...patch, graceMs: { ...before.graceMs, ...patch.graceMs } },
      )
    },
    onSuccess: (after) => client.setQueryData(settingsQuery.queryKey, after),
    onError: (error) => {
      failed('The setting stays as it was', error)
      void client.invalidateQueries({ queryKey: settingsQuery.queryKey })
    },
  })
  return (
    <>
      <Section title="Copies">
        <Line
          word="Copies of each file"
          consequence="More copies survive more failures and take more space. Folders can have their own number."
        >
          {(id, why) => (
            <NativeSelect
              id={id}
              aria-describedby={why}
              w={90}
              data={['1', '2', '3', '4', '5']}
              value={String(settings.copies)}
              onChange={(event) => save.mutate({ copies: Number(event.currentTarget.value) })}
            />
          )}
        </Line>
      </Section>
      <Section title="When a machine is off">
        {kinds.map(([kind, word]) => (
          <Line key={kind} word={word} consequence="After this time the copies on it are made anew on others.">
            {(id, why) => (
              <NativeSelect
                id={id}
                aria-describedby={why}
                w={150}
                data={waitsWith(settings.graceMs[kind])}
                value={String(settings.graceMs[kind])}
                onChange={(event) => save.mutate({ graceMs: { [kind]: Number(event.currentTarget.value) } })}
              />
            )}
          </Line>
        ))}
      </Section>
      <Section title="What was">
        <NumberLine
          word="Days in the trash"
          consequence="What is deleted can be restored for so long."
          value={settings.trashDays}
          onSave={(trashDays) => save.mutate({ trashDays })}
        />
        <NumberLine
          word="Days of earlier versions"
          consequence="An earlier version stays at least so long."
          value={settings.versionDays}
          onSave={(versionDays) => save.mutate({ versionDays })}
        />
        <NumberLine
          word="Earlier versions at least"
          consequence="So many stay, however old they are."
          least={1}
          value={settings.versionCount}
          onSave={(versionCount) => save.mutate({ versionCount })}
        />
      </Section>
      <Section title="Network">
        <NumberLine
          word="Sending at most"
          consequence="In MB/s for each machine; 0 is no limit."
          value={settings.upBytesPerSec / megabyte}
          onSave={(rate) => save.mutate({ upBytesPerSec: Math.round(rate * megabyte) })}
        />
        <NumberLine
          word="Receiving at most"
          consequence="In MB/s for each machine; 0 is no limit."
          value={settings.downBytesPerSec / megabyte}
          onSave={(rate) => save.mutate({ downBytesPerSec: Math.round(rate * megabyte) })}
        />
      </Section>
    </>
  )
}

/** The usual waits, and the one that is set if it is none of them. */
function waitsWith(ms: number): { value: string; label: string }[] {
  const known = waits.map((wait) => ({ value: String(wait.ms), label: wait.label }))
  if (waits.some((wait) => wait.ms === ms)) return known
  return [
    { value: String(ms), label: ms < minuteMs ? `${ms / 1000} seconds` : `${Math.round(ms / minuteMs)} minutes` },
    ...known,
  ]
}

interface NumberProps {
  readonly word: string
  readonly consequence: string
  readonly value: number
  readonly least?: number
  readonly onSave: (value: number) => void
}

/** Saved when it is left or Enter is pressed, so that half a number never counts. */
function NumberLine({ word, consequence, value, least = 0, onSave }: NumberProps) {
  const [edited, edit] = useState<number | string | null>(null)
  const commit = (): void => {
    const wanted = edited === null || edited === '' ? value : Number(edited)
    edit(null)
    if (Number.isFinite(wanted) && wanted !== value) onSave(wanted)
  }
  return (
    <Line word={word} consequence={consequence}>
      {(id, why) => (
        <NumberInput
          id={id}
          aria-describedby={why}
          w={110}
          min={least}
          max={3650}
          value={edited ?? value}
          onChange={edit}
          onBlur={commit}
          onKeyDown={(event) => event.key === 'Enter' && commit()}
        />
      )}
    </Line>
  )
}

function Appearance() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <Section title="This window">
      <div className={classes.line}>
        <div className={classes.words}>
          <span>Appearance</span>
          <Text size="sm" c="dimmed">
            In this browser only.
          </Text>
        </div>
        <SegmentedControl
          aria-label="Appearance"
          value={colorScheme}
          onChange={(value) => setColorScheme(value)}
          data={[
            { value: 'auto', label: 'As the system' },
            { value: 'light', label: 'Light' },
            { value: 'dark', label: 'Dark' },
          ]}
        />
      </div>
      <div className={classes.line}>
        <div className={classes.words}>
          <span>Login</span>
          <Text size="sm" c="dimmed">
            To come back, run “npx hadahoop open” on this machine.
          </Text>
        </div>
        <Button
          variant="default"
          onClick={() => {
            void request('DELETE', '/v1/session')
              .then(() => session.set('out'))
              .catch((error: unknown) => failed('You are still logged in', error))
          }}
        >
          Log out
        </Button>
      </div>
    </Section>
  )
}

function About() {
  const pool = useQuery(poolQuery)
  return (
    <Section title="About">
      <Text size="sm" c="dimmed">
        Hadahoop {VERSION}. Pool “{pool.data?.name}”. <a href="/openapi.json">API</a>
      </Text>
    </Section>
  )
}
