/** What stands where content cannot: an empty place or a failure, in words, with the way out. */
import { Button, Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'

interface Props {
  readonly title: string
  readonly text?: string
  readonly picture?: ReactNode
  readonly onRetry?: () => void
  readonly children?: ReactNode
}

export function Message({ title, text, picture, onRetry, children }: Props) {
  return (
    <Stack flex={1} align="center" justify="center" gap="sm" p="xl" mih={280} ta="center">
      {picture}
      <Title order={2} size="h3" fw={600}>
        {title}
      </Title>
      {text === undefined ? null : (
        <Text c="dimmed" maw={440}>
          {text}
        </Text>
      )}
      {onRetry === undefined ? null : (
        <Button variant="default" onClick={onRetry}>
          Try again
        </Button>
      )}
      {children}
    </Stack>
  )
}
