/** The dialog before a large delete. */
import { Button, Group, Modal, Text } from '@mantine/core'
import { useValue } from '../api/value.ts'
import { countText, sizeText } from '../words/sizes.ts'
import { question } from './deleteQuestion.ts'

export function ConfirmDelete() {
  const asked = useValue(question)
  return (
    <Modal
      opened={asked !== null}
      onClose={() => asked?.answer(false)}
      title={`Move “${asked?.name ?? ''}” to the trash?`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Text mb="lg">
        It holds {countText(asked?.entries ?? 0)} files and folders, {sizeText(asked?.bytes ?? 0)} together. They stay
        in the trash and can be restored from there.
      </Text>
      <Group justify="flex-end">
        <Button variant="default" onClick={() => asked?.answer(false)} data-autofocus>
          Cancel
        </Button>
        <Button color="red.9" onClick={() => asked?.answer(true)}>
          Move to trash
        </Button>
      </Group>
    </Modal>
  )
}
