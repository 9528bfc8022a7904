/** The question before a machine is removed, with what it alone holds. */
import { Alert, Button, Group, Modal, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { IconAlertTriangle } from '@tabler/icons-react'
import type { Node } from '../../shared/index.ts'
import { request } from '../api/client.ts'
import { failed } from '../app/undo.ts'
import { filesText, sizeText } from '../words/sizes.ts'

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
  const onlyHere = node.onlyHere
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Remove ${node.name} from the pool?`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {onlyHere !== undefined && onlyHere.files > 0 ? (
        <Alert color="red" variant="light" icon={<IconAlertTriangle aria-hidden />} mb="md">
          <Text c="var(--mantine-color-text)">
            {filesText(onlyHere.files)} ({sizeText(onlyHere.bytes)}) are on no other machine and would be lost. Choose
            “Move everything off it” first, and wait until it is done.
          </Text>
        </Alert>
      ) : null}
      <Text mb="lg">
        It no longer sees what is in the pool, and its copies are made anew on the other machines. To come back it needs
        a new code.
      </Text>
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose} data-autofocus>
          Cancel
        </Button>
        <Button color="red.9" loading={remove.isPending} onClick={() => remove.mutate()}>
          Remove
        </Button>
      </Group>
    </Modal>
  )
}
