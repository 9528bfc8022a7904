/** Left of the list: the folder tree, and below it the same files by place and machine. Shown or not, as the user wants. */
import { ActionIcon, Tooltip } from '@mantine/core'
import { useLocalStorage } from '@mantine/hooks'
import { IconLayoutSidebar } from '@tabler/icons-react'
import { FolderTree } from './FolderTree.tsx'
import { Places } from './Places.tsx'
import classes from './Sidebar.module.css'

/** Below this width the list needs the room. */
const roomyPx = 1200

function useSidebarShown() {
  return useLocalStorage({
    key: 'hadahoop-tree',
    defaultValue: window.innerWidth >= roomyPx,
    getInitialValueInEffect: false,
  })
}

export function SidebarButton() {
  const [shown, show] = useSidebarShown()
  const word = shown ? 'Hide folders and machines' : 'Show folders and machines'
  return (
    <Tooltip label={word}>
      <ActionIcon size="lg" aria-label="Folders and machines" aria-pressed={shown} onClick={() => show(!shown)}>
        <IconLayoutSidebar size={20} stroke={1.7} />
      </ActionIcon>
    </Tooltip>
  )
}

interface Props {
  readonly folder: readonly string[] | null
  readonly onDrop?: (ids: readonly string[], folder: readonly string[]) => void
}

export function Sidebar({ folder, onDrop }: Props) {
  const [shown] = useSidebarShown()
  if (!shown) return null
  return (
    <aside className={classes.sidebar} aria-label="Folders and machines">
      <h2 className={classes.heading}>Folders</h2>
      <FolderTree folder={folder} {...(onDrop === undefined ? {} : { onDrop })} />
      <Places />
    </aside>
  )
}
