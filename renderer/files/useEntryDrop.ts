/** A place that takes rows dragged within the window: shows that it would, and hands over what was dropped. */
import { type DragEvent, useState } from 'react'
import { draggedIds } from './dragging.ts'

/**
 * `drop` undefined: nothing is taken here; `self`: the entry that stands here, which cannot be dropped on itself. The
 * properties go onto the element as they are.
 */
export function useEntryDrop(drop: ((ids: readonly string[]) => void) | undefined, self?: string) {
  const [isOver, setOver] = useState(false)
  const taken = (event: DragEvent): readonly string[] | null => {
    const ids = drop === undefined ? null : draggedIds(event.dataTransfer)
    return ids === null || (self !== undefined && ids.includes(self)) ? null : ids
  }
  return {
    'data-over': isOver || undefined,
    onDragOver: (event: DragEvent) => {
      if (taken(event) === null) return
      event.preventDefault()
      setOver(true)
    },
    onDragLeave: () => setOver(false),
    onDrop: (event: DragEvent) => {
      setOver(false)
      const ids = taken(event)
      if (ids === null) return
      event.preventDefault()
      drop?.(ids)
    },
  }
}
