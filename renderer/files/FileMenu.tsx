/** The context menu of a list: of what is chosen, or of the folder itself. */
import { Menu } from '@mantine/core'
import {
  IconClipboard,
  IconCopy,
  IconDownload,
  IconExternalLink,
  IconEye,
  IconFolderPlus,
  IconPencil,
  IconScissors,
  IconTrash,
  IconUpload,
} from '@tabler/icons-react'
import type { ReactNode } from 'react'
import type { Entry } from '../../shared/index.ts'
import { openOutside } from './actions.ts'
import classes from './FileMenu.module.css'
import type { FileCommands } from './useFileCommands.ts'

interface Props {
  readonly className: string | undefined
  readonly commands: FileCommands
  readonly chosen: readonly Entry[]
  readonly children: ReactNode
}

export function FileMenu({ className, commands, chosen, children }: Props) {
  return (
    <Menu width={250} shadow="md">
      <Menu.ContextMenu>
        <div className={className}>{children}</div>
      </Menu.ContextMenu>
      <Menu.Dropdown>
        {chosen.length > 0 ? <ChosenItems commands={commands} chosen={chosen} /> : null}
        {commands.canPaste() ? (
          <Item icon={IconClipboard} word="Paste here" keys="Ctrl V" onClick={() => commands.paste()} />
        ) : null}
        <Item icon={IconFolderPlus} word="New folder" keys="Ctrl Shift N" onClick={() => commands.newFolder()} />
        <Item icon={IconUpload} word="Upload files …" keys="Ctrl U" onClick={() => commands.upload('files')} />
      </Menu.Dropdown>
    </Menu>
  )
}

function ChosenItems({ commands, chosen }: Pick<Props, 'commands' | 'chosen'>) {
  const [first] = chosen
  if (first === undefined) return null
  const isOne = chosen.length === 1
  const files = chosen.filter(({ kind }) => kind === 'file')
  return (
    <>
      {isOne ? <Item icon={IconEye} word="Open" keys="Enter" onClick={() => commands.open(first)} /> : null}
      {isOne && first.kind === 'file' && window.desktop !== undefined ? (
        <Item icon={IconExternalLink} word="Open with its program" onClick={() => openOutside(first)} />
      ) : null}
      {files.length > 0 ? <Item icon={IconDownload} word="Download" onClick={() => commands.download()} /> : null}
      <Menu.Divider />
      {isOne ? <Item icon={IconPencil} word="Rename" keys="F2" onClick={() => commands.rename()} /> : null}
      <Item icon={IconScissors} word="Cut" keys="Ctrl X" onClick={() => commands.cut()} />
      <Item icon={IconCopy} word="Copy" keys="Ctrl C" onClick={() => commands.copy()} />
      <Item icon={IconTrash} word="Move to trash" keys="Del" onClick={() => commands.remove()} />
      <Menu.Divider />
    </>
  )
}

interface ItemProps {
  readonly icon: typeof IconEye
  readonly word: string
  readonly keys?: string
  readonly onClick: () => void
}

const isMac = /Mac|iPhone|iPad/.test(navigator.platform)

function Item({ icon: Icon, word, keys, onClick }: ItemProps) {
  return (
    <Menu.Item
      leftSection={<Icon size={16} stroke={1.7} aria-hidden />}
      rightSection={
        keys === undefined ? null : (
          <kbd className={classes.keys}>{isMac ? keys.replace('Ctrl ', '⌘').replace('Shift ', '⇧') : keys}</kbd>
        )
      }
      onClick={onClick}
    >
      {word}
    </Menu.Item>
  )
}
