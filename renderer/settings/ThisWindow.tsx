/** What holds for this window alone: its look, and in a browser its login. */
import { Button, SegmentedControl, Text, useMantineColorScheme } from '@mantine/core'
import { request } from '../api/client.ts'
import { session } from '../api/session.ts'
import { failed } from '../app/undo.ts'
import { Section } from './lines.tsx'
import classes from './SettingsScreen.module.css'

export function ThisWindow() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <Section title="This window">
      <div className={classes.line}>
        <div className={classes.words}>
          <span>Appearance</span>
          <Text size="sm" c="dimmed">
            {window.desktop === undefined ? 'In this browser only.' : 'In this window only.'}
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
      {window.desktop === undefined ? <LogOut /> : null}
    </Section>
  )
}

/** Not in the desktop app, which needs no login. */
function LogOut() {
  return (
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
  )
}
