/** Until when a machine is away on purpose, so that nobody copies anew what it brings back. */
import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { Node } from '../../shared/index.ts'
import { changeMachine } from './machineActions.ts'

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs
/** What the engine allows, less a minute for the way. */
const mostMs = 7 * dayMs - minuteMs

const choices = [
  { word: 'Until tomorrow', days: 1 },
  { word: '3 days', days: 3 },
  { word: 'A week', days: 7 },
] as const

export function AwayMachine({ node, onClose }: { readonly node: Node; readonly onClose: () => void }) {
  const [until, setUntil] = useState(() => localText(Date.now() + 3 * dayMs))
  const atMs = new Date(until).getTime()
  const problem = !Number.isFinite(atMs)
    ? 'Choose a day and a time.'
    : atMs <= Date.now()
      ? 'That is over already.'
      : atMs > Date.now() + 7 * dayMs
        ? 'At most a week ahead. For longer, move everything off it.'
        : null
  return (
    <Modal opened onClose={onClose} title={`${node.name} is away until …`} closeButtonProps={{ 'aria-label': 'Close' }}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void changeMachine(node, { awayUntil: new Date(atMs).toISOString() }).then((worked) => worked && onClose())
        }}
      >
        <Stack>
          <Text>
            Until then nothing is copied anew because of it. Files whose only copies are on it cannot be opened
            meanwhile.
          </Text>
          <Group gap={8}>
            {choices.map(({ word, days }) => (
              <Button
                key={word}
                variant="default"
                size="compact-md"
                onClick={() => setUntil(localText(Date.now() + Math.min(days * dayMs, mostMs)))}
              >
                {word}
              </Button>
            ))}
          </Group>
          <TextInput
            label="Back on"
            type="datetime-local"
            value={until}
            onChange={(event) => setUntil(event.currentTarget.value)}
            error={problem}
            data-autofocus
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" disabled={problem !== null}>
              It is away
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

/** As such a box wants it: local time to the minute. */
function localText(ms: number): string {
  const offsetMs = new Date(ms).getTimezoneOffset() * minuteMs
  return new Date(ms - offsetMs).toISOString().slice(0, 16)
}
