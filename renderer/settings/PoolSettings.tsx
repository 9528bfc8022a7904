/** The pool's own settings: the same on every machine, each saved as it changes. */
import { Group, NativeSelect, Switch, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { DeviceClass, Settings, SettingsPatch } from '../../shared/index.ts'
import { request } from '../api/client.ts'
import { settingsQuery } from '../api/queries.ts'
import { failed } from '../app/undo.ts'
import { Line, NumberLine, Section } from './lines.tsx'

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
const mutationKey = ['settings']

export function PoolSettings({ settings }: { readonly settings: Settings }) {
  const client = useQueryClient()
  const save = useMutation({
    mutationKey,
    // One after the other, so that the last answer knows of all.
    scope: { id: 'settings' },
    mutationFn: (patch: SettingsPatch) => request<Settings>('PATCH', '/v1/settings', { body: patch }),
    onMutate: (patch) => {
      client.setQueryData<Settings>(settingsQuery.queryKey, (before) =>
        before === undefined ? before : { ...before, ...patch, graceMs: { ...before.graceMs, ...patch.graceMs } },
      )
    },
    // An answer knows nothing of what is changed meanwhile: that would go and come again.
    onSuccess: (after) => {
      if (client.isMutating({ mutationKey }) === 1) client.setQueryData(settingsQuery.queryKey, after)
    },
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
      <Section title="Trash and versions">
        <NumberLine
          word="Days in the trash"
          consequence="What is deleted can be restored at least so long. This release deletes nothing for good."
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
          consequence="MB/s for each machine, for copies made in the background; 0 is no limit."
          value={settings.upBytesPerSec / megabyte}
          onSave={(rate) => save.mutate({ upBytesPerSec: Math.round(rate * megabyte) })}
        />
        <NumberLine
          word="Receiving at most"
          consequence="MB/s for each machine, for copies made in the background; 0 is no limit."
          value={settings.downBytesPerSec / megabyte}
          onSave={(rate) => save.mutate({ downBytesPerSec: Math.round(rate * megabyte) })}
        />
        {settings.upBytesPerSec === 0 && settings.downBytesPerSec === 0 ? null : (
          <LimitHours settings={settings} onSave={(limitHours) => save.mutate({ limitHours })} />
        )}
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

const usualHours = { from: '08:00', to: '18:00' } as const

/** Between which times of day the limits hold; a time is saved when its box is left. */
function LimitHours({
  settings,
  onSave,
}: {
  readonly settings: Settings
  readonly onSave: (hours: Settings['limitHours']) => void
}) {
  const hours = settings.limitHours ?? null
  const change = (which: 'from' | 'to', value: string): void => {
    if (hours === null || value === '' || value === hours[which]) return
    const next = { ...hours, [which]: value }
    if (next.from !== next.to) onSave(next)
  }
  return (
    <Line
      word="Only at some hours"
      consequence={
        hours === null
          ? 'The limits hold day and night.'
          : 'Outside these hours, by each machine’s own clock, copies are made at full speed.'
      }
    >
      {(id, why) => (
        <Group gap={8} wrap="nowrap">
          {hours === null
            ? null
            : (['from', 'to'] as const).map((which) => (
                <TextInput
                  key={`${which} ${hours[which]}`}
                  type="time"
                  w={112}
                  aria-label={which === 'from' ? 'Limits hold from' : 'Limits hold until'}
                  defaultValue={hours[which]}
                  onBlur={(event) => change(which, event.currentTarget.value)}
                />
              ))}
          <Switch
            id={id}
            aria-describedby={why}
            checked={hours !== null}
            onChange={(event) => onSave(event.currentTarget.checked ? usualHours : null)}
          />
        </Group>
      )}
    </Line>
  )
}
