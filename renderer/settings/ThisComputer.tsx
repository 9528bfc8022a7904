/** What the desktop app keeps for this computer; there is no such section in a browser. */
import { Switch, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { Desktop, DesktopSettings } from '../../shared/desktop.ts'
import { failed } from '../app/undo.ts'
import { Line, Section } from './lines.tsx'

const queryKey = ['desktop-settings']

export function ThisComputer({ desktop }: { readonly desktop: Desktop<File> }) {
  const client = useQueryClient()
  const settings = useQuery({ queryKey, queryFn: () => desktop.settings() })
  const change = (changes: Partial<DesktopSettings>): void => {
    desktop
      .changeSettings(changes)
      .then((after) => client.setQueryData(queryKey, after))
      .catch((error: unknown) => failed('The setting stays as it was', error))
  }
  if (settings.data === undefined) return null
  const { startAtLogin, notifications } = settings.data
  return (
    <Section title="This computer">
      <Line word="Start with the computer" consequence="Copies are only kept here while Hadahoop runs.">
        {(id, why) => (
          <Switch
            id={id}
            aria-describedby={why}
            checked={startAtLogin}
            onChange={(event) => change({ startAtLogin: event.currentTarget.checked })}
          />
        )}
      </Line>
      <Line word="Notifications" consequence="When a machine is gone, files are at risk, and when all is safe again.">
        {(id, why) => (
          <Switch
            id={id}
            aria-describedby={why}
            checked={notifications}
            onChange={(event) => change({ notifications: event.currentTarget.checked })}
          />
        )}
      </Line>
      <Text size="sm" c="dimmed">
        Where a saved file goes, the system asks each time.
      </Text>
    </Section>
  )
}
