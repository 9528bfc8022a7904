/** Before a machine gives up all that it holds: what that moves, and whether it fits elsewhere. */
import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import type { Node } from '../../shared/index.ts'
import { sizeText } from '../words/sizes.ts'
import { Consequence } from './Consequence.tsx'
import { patchMachine } from './machineActions.ts'

export function DrainMachine({ node, onClose }: { readonly node: Node; readonly onClose: () => void }) {
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Move everything off ${node.name}?`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack>
        <Text>
          The {sizeText(node.usedBytes)} on it move to the other machines; nothing leaves it before its copies are
          elsewhere. It stays in the pool and can be used as before. Afterwards it can be removed without loss.
        </Text>
        <Consequence node={node} advice="They are copied first, so leave it switched on until it is empty." />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            data-autofocus
            onClick={() => {
              patchMachine(node, { drain: true })
              onClose()
            }}
          >
            Move everything off it
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
