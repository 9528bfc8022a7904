/**
 * Files and folders dropped anywhere on the window, or pasted, go into the folder that is open, on other screens into the
 * topmost one; over a folder (in a list, the tree, the breadcrumb: `data-folder`) into that one. While something hovers, a frame
 * says so and names the folder. Rows of our own that are dragged are left to rows and breadcrumb.
 */
import { notifications } from '@mantine/notifications'
import { IconCloudUpload } from '@tabler/icons-react'
import { type ReactNode, useEffect, useState } from 'react'
import { parseJsonPath } from '../../shared/paths.ts'
import { failed } from '../app/undo.ts'
import { filesText } from '../words/sizes.ts'
import classes from './DropTarget.module.css'
import { importDropped } from './importPaths.ts'
import { useLeaving } from './leaving.ts'
import { readDropped } from './readDropped.ts'
import { startUpload } from './uploads.ts'

const hasFiles = (transfer: DataTransfer | null): transfer is DataTransfer => transfer?.types.includes('Files') ?? false

export function DropTarget({ folder, children }: { readonly folder: readonly string[]; readonly children: ReactNode }) {
  const [over, setOver] = useState<readonly string[] | null>(null)
  useLeaving()
  useEffect(() => {
    // Elements inside come and go under the pointer; only leaving all of them is leaving.
    let depth = 0
    const set = (next: number, into: readonly string[]): void => {
      depth = Math.max(0, next)
      setOver((before) => (depth === 0 ? null : before?.join('/') === into.join('/') ? before : into))
    }
    const folderUnder = (event: Event): readonly string[] => {
      const marked = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-folder]') : null
      return marked?.dataset['folder'] === undefined ? folder : parseJsonPath(marked.dataset['folder'])
    }
    const take = async (transfer: DataTransfer, into: readonly string[]): Promise<void> => {
      try {
        if (await importDropped([...transfer.files], into)) return
        const { picked, emptyFolders, name } = await readDropped(transfer, into)
        startUpload(name, into, picked, emptyFolders)
        if (picked.length > 0)
          notifications.show({ message: `Storing ${filesText(picked.length)} …`, withBorder: true })
      } catch (error) {
        failed('That could not be read', error)
      }
    }
    const handlers = {
      dragenter: (event: DragEvent) => hasFiles(event.dataTransfer) && set(depth + 1, folderUnder(event)),
      dragleave: (event: DragEvent) => hasFiles(event.dataTransfer) && set(depth - 1, folderUnder(event)),
      dragover: (event: DragEvent) => {
        if (!hasFiles(event.dataTransfer)) return
        event.preventDefault()
        set(Math.max(1, depth), folderUnder(event))
      },
      drop: (event: DragEvent) => {
        if (!hasFiles(event.dataTransfer)) return
        event.preventDefault()
        set(0, folder)
        void take(event.dataTransfer, folderUnder(event))
      },
      paste: (event: ClipboardEvent) => {
        if (!hasFiles(event.clipboardData) || event.target instanceof HTMLInputElement) return
        event.preventDefault()
        void take(event.clipboardData, folder)
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
      {over !== null ? (
        <div className={classes.over}>
          <div className={classes.sign}>
            <IconCloudUpload size={40} stroke={1.5} aria-hidden />
            <span>
              Drop to put into <strong>{over.at(-1) ?? 'all files'}</strong>
            </span>
          </div>
        </div>
      ) : null}
    </>
  )
}
