/** The sheet of keyboard shortcuts. */
import { Kbd, Modal, Table } from '@mantine/core'

const mod = /Mac|iPhone|iPad/.test(navigator.platform) ? '⌘' : 'Ctrl'

const shortcuts: readonly (readonly [keys: readonly string[], what: string])[] = [
  [['↑', '↓', 'Home', 'End', 'Page'], 'Move in a list'],
  [['letters'], 'Jump to a name'],
  [['Enter'], 'Open'],
  [['Space'], 'Preview'],
  [['F2'], 'Rename'],
  [['Del'], 'Move to the trash'],
  [[mod, 'A'], 'Select all'],
  [[mod, 'C'], 'Copy'],
  [[mod, 'X'], 'Cut'],
  [[mod, 'V'], 'Paste'],
  [[mod, 'Z'], 'Undo'],
  [[mod, 'F'], 'Search here'],
  [[mod, 'K'], 'Command palette'],
  [[mod, '1 … 6'], 'Screens'],
  [[mod, 'Shift', 'N'], 'New folder'],
  [[mod, 'U'], 'Upload'],
  [['Backspace'], 'Folder above'],
  ...(window.desktop === undefined ? [] : [[['Alt', 'drag'], 'Drag files out of the window'] as const]),
  [['Esc'], 'Close what is on top'],
  [['?'], 'This list'],
]

export function Shortcuts({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title="Keyboard shortcuts" closeButtonProps={{ 'aria-label': 'Close' }}>
      <Table withRowBorders={false} verticalSpacing={5}>
        <Table.Tbody>
          {shortcuts.map(([keys, what]) => (
            <Table.Tr key={what}>
              <Table.Td>{what}</Table.Td>
              <Table.Td ta="right">
                {keys.map((key) => (
                  <Kbd key={key} ml={4}>
                    {key}
                  </Kbd>
                ))}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  )
}
