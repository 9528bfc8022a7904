/** What holds for this computer: how it keeps its secrets, and in the desktop app what that keeps for it. */
import { Button, Group, Switch } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { Desktop, DesktopChange, DesktopSettings } from '../../shared/desktop.ts'
import { failed } from '../app/undo.ts'
import { Line, Section } from './lines.tsx'
import { SecretsLine } from './SecretsLine.tsx'

const queryKey = ['desktop-settings']

export function ThisComputer() {
  return (
    <Section title="This computer">
      {window.desktop === undefined ? null : <AppLines desktop={window.desktop} />}
      <SecretsLine />
    </Section>
  )
}

function AppLines({ desktop }: { readonly desktop: Desktop<File> }) {
  const client = useQueryClient()
  const settings = useQuery({ queryKey, queryFn: () => desktop.settings() })
  const keep = (answer: Promise<DesktopSettings>): void => {
    answer
      .then((after) => client.setQueryData(queryKey, after))
      .catch((error: unknown) => failed('The setting stays as it was', error))
  }
  const change = (changes: DesktopChange): void => keep(desktop.changeSettings(changes))
  if (settings.data === undefined) return null
  const { startAtLogin, notifications, downloadFolder } = settings.data
  return (
    <>
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
      <Line
        word="Downloads"
        consequence={
          downloadFolder === null
            ? 'The system asks each time where a file goes.'
            : `They are saved in ${downloadFolder}.`
        }
      >
        {(id, why) => (
          <Group gap="xs" wrap="nowrap">
            {downloadFolder === null ? null : (
              <Button variant="default" onClick={() => change({ downloadFolder: null })}>
                Ask each time
              </Button>
            )}
            <Button
              id={id}
              aria-describedby={why}
              variant="default"
              onClick={() => keep(desktop.chooseDownloadFolder())}
            >
              Choose a folder …
            </Button>
          </Group>
        )}
      </Line>
    </>
  )
}
