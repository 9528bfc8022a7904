/**
 * Files and folders dropped anywhere on the window, or pasted, go into the folder that is open, on other screens into
 * the topmost one. While something hovers, a
 * frame says so and names the folder. Rows of our own that are dragged are left to rows and breadcrumb.
 */
import { notifications } from '@mantine/notifications'
import { IconCloudUpload } from '@tabler/icons-react'
import { type ReactNode, useEffect, useState } from 'react'
import { failed } from '../app/undo.ts'
import { filesText } from '../words/sizes.ts'
import classes from './DropTarget.module.css'
import { importDropped } from './importPaths.ts'
import { useLeaving } from './leaving.ts'
import { readDropped } from './readDropped.ts'
import { startUpload } from './uploads.ts'

const hasFiles = (transfer: DataTransfer | null): transfer is DataTransfer => transfer?.types.includes('Files') ?? false

export function DropTarget({ folder, children }: { readonly folder: readonly string[]; readonly children: ReactNode }) {
  const [isOver, setOver] = useState(false)
  useLeaving()
  useEffect(() => {
    // Elements inside come and go under the pointer; only leaving all of them is leaving.
    let depth = 0
    const set = (next: number): void => {
      depth = Math.max(0, next)
      setOver(depth > 0)
    }
    const take = async (transfer: DataTransfer): Promise<void> => {
      try {
        if (await importDropped([...transfer.files], folder)) return
        const { picked, emptyFolders, name } = await readDropped(transfer, folder)
        startUpload(name, folder, picked, emptyFolders)
        if (picked.length > 0)
          notifications.show({ message: `Storing ${filesText(picked.length)} …`, withBorder: true })
      } catch (error) {
        failed('That could not be read', error)
      }
    }
    const handlers = {
      dragenter: (event: DragEvent) => hasFiles(event.dataTransfer) && set(depth + 1),
      dragleave: (event: DragEvent) => hasFiles(event.dataTransfer) && set(depth - 1),
      dragover: (event: DragEvent) => hasFiles(event.dataTransfer) && event.preventDefault(),
      drop: (event: DragEvent) => {
        if (!hasFiles(event.dataTransfer)) return
        event.preventDefault()
        set(0)
        void take(event.dataTransfer)
      },
      paste: (event: ClipboardEvent) => {
        if (!hasFiles(event.clipboardData) || event.target instanceof HTMLInputElement) return
        event.preventDefault()
        void take(event.clipboardData)
      },
    }
    const entries = Object.entries(handlers) as [string, EventListener][]
    for (const [name, handler] of entries) addEventListener(name, handler)
    return () => {
      for (const [name, handler] of entries) removeEventListener(name, handler)
    }
  }, [folder])
  return (
    <>
      {children}
      {isOver ? (
        <div className={classes.over}>
          <div className={classes.sign}>
            <IconCloudUpload size={40} stroke={1.5} aria-hidden />
            <span>
              Drop to put into <strong>{folder.at(-1) ?? 'all files'}</strong>
            </span>
          </div>
        </div>
      ) : null}
    </>
  )
}
