/** What a browser without a session sees: how to get in. */
import { Alert, Button, Code, Stack, Text, Title } from '@mantine/core'
import { loginProblem } from '../api/session.ts'
import { useValue } from '../api/value.ts'
import classes from './Login.module.css'

export function Login() {
  const problem = useValue(loginProblem)
  return (
    <main className={classes.page}>
      <Stack className={classes.card} gap="md">
        <img src="/icon.svg" alt="" width={48} height={48} />
        <Title order={1} size="h2">
          Open this window from its machine
        </Title>
        {problem === null ? null : (
          <Alert color="red" variant="light" title="That link did not work">
            <Text c="var(--mantine-color-text)">{problem}</Text>
          </Alert>
        )}
        <Text>
          This browser is not logged in, or its login ended when Hadahoop was started anew. On the machine, run
        </Text>
        <Code block>npx hadahoop open</Code>
        <Text>and open the address that it prints. It works once, within five minutes.</Text>
        <Button variant="default" onClick={() => location.reload()}>
          Try again
        </Button>
      </Stack>
    </main>
  )
}
