/** The question before a machine is removed, with what it alone holds. */
import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { Node } from '../../shared/index.ts'
import { request } from '../api/client.ts'
import { failed } from '../app/undo.ts'
import { Consequence } from './Consequence.tsx'

export function RemoveMachine({ node, onClose }: { readonly node: Node; readonly onClose: () => void }) {
  const client = useQueryClient()
  const remove = useMutation({
    mutationFn: () => request('DELETE', `/v1/nodes/${node.id}`),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['nodes'] })
      onClose()
    },
    onError: (error) => {
      failed(`${node.name} could not be removed`, error)
      onClose()
    },
  })
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Remove ${node.name} from the pool?`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack>
        <Consequence node={node} advice="Choose “Move everything off it” first, and wait until it is done." />
        <Text>It no longer sees what is in the pool. To come back it needs a new code.</Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            Cancel
          </Button>
          <Button color="red.9" loading={remove.isPending} onClick={() => remove.mutate()}>
            Remove
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
