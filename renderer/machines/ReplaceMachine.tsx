/** A new machine in the place of an old one, in one dialog: choose it (or invite it first), see what moves, begin. */
import { Alert, Button, Group, List, Modal, NativeSelect, Stack, Text } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { IconInfoCircle } from '@tabler/icons-react'
import { useState } from 'react'
import type { Node } from '../../shared/index.ts'
import { request, wordsOf } from '../api/client.ts'
import { nodesQuery, whatIfQuery } from '../api/queries.ts'
import { isThere } from './machineFacts.ts'
import { sizeText } from '../words/sizes.ts'

interface Props {
  readonly node: Node
  readonly onInvite: () => void
  readonly onClose: () => void
}

export function ReplaceMachine({ node, onInvite, onClose }: Props) {
  const client = useQueryClient()
  const nodes = useQuery(nodesQuery)
  const others = (nodes.data ?? []).filter(
    ({ id, replacedBy, drain, state }) => id !== node.id && replacedBy === null && !drain && state !== 'removed',
  )
  // The one that holds least is most likely the new one.
  const newest = others.toSorted((a, b) => a.usedBytes - b.usedBytes)[0]
  const [chosen, choose] = useState<string | null>(null)
  const by = others.find(({ id }) => id === chosen) ?? newest
  const facts = useQuery(whatIfQuery([node.id]))
  const replace = useMutation({
    mutationFn: (heir: string) => request('POST', `/v1/nodes/${node.id}/replace`, { body: { by: heir } }),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['nodes'] })
      onClose()
    },
  })
  const isTight = by !== undefined && by.freeBytes < node.usedBytes
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={`Replace ${node.name} by a new machine`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack>
        {by === undefined ? (
          <Text>First the new machine joins the pool. Then it can take the place of {node.name}.</Text>
        ) : (
          <>
            <NativeSelect
              label="The new machine"
              description="It takes the name, the place, the space and the pinned files of the old one."
              data={others.map(({ id, name, freeBytes }) => ({
                value: id,
                label: `${name}, ${sizeText(freeBytes)} free`,
              }))}
              value={by.id}
              onChange={(event) => choose(event.currentTarget.value)}
              data-autofocus
            />
            <List size="sm" type="ordered" spacing={4}>
              <List.Item>
                {by.name} is called {node.name} from now on, the old one “{node.name} (old)”.
              </List.Item>
              <List.Item>
                {isThere(node)
                  ? `What is on the old one (${sizeText(node.usedBytes)}) moves to where it belongs; nothing leaves it before its copies are elsewhere.`
                  : `The old one is off: what was on it is copied anew from the other machines${facts.data === undefined ? '' : ` (${sizeText(facts.data.bytesToCopy)})`}.`}
              </List.Item>
              <List.Item>When it is empty, the old one leaves the pool by itself.</List.Item>
            </List>
            {!isThere(node) && facts.data !== undefined && facts.data.files.lost > 0 ? (
              <Alert color="red" variant="light" icon={<IconInfoCircle aria-hidden />}>
                <Text c="var(--mantine-color-text)">
                  Some files are on the old one alone. Switch it on once more, if that is possible.
                </Text>
              </Alert>
            ) : null}
            {isTight ? (
              <Text size="sm" c="dimmed">
                {by.name} has less free than the old one holds; the rest goes to the other machines.
              </Text>
            ) : null}
          </>
        )}
        {replace.isError ? (
          <Text size="sm" c="var(--mantine-color-error)" role="alert">
            {wordsOf(replace.error)}
          </Text>
        ) : null}
        <Group justify="space-between">
          <Button variant="subtle" c="var(--accent-text)" onClick={onInvite}>
            Add the new machine …
          </Button>
          <Group gap={8}>
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button
              disabled={by === undefined}
              loading={replace.isPending}
              onClick={() => by !== undefined && replace.mutate(by.id)}
            >
              Replace
            </Button>
          </Group>
        </Group>
      </Stack>
    </Modal>
  )
}
