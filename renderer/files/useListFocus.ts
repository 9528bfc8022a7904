/** What list and tiles share: the focus on the whole, and picking with the pointer. */
import { type DragEvent, type MouseEvent, type RefObject, useCallback, useEffect, useRef } from 'react'
import type { Entry } from '../../shared/index.ts'
import { beginDrag } from './dragging.ts'
import { extendTo, selectOne, type Selection, toggle } from './selection.ts'
import type { Select } from './useSelection.ts'

/** The element that scrolls; it takes the focus at the start and after a rename. */
export function useListFocus(renaming: string | null): RefObject<HTMLDivElement | null> {
  const scroller = useRef<HTMLDivElement>(null)
  const wasRenaming = useRef(renaming)
  useEffect(() => {
    scroller.current?.focus({ preventScroll: true })
  }, [])
  useEffect(() => {
    if (wasRenaming.current !== null && renaming === null) scroller.current?.focus({ preventScroll: true })
    wasRenaming.current = renaming
  }, [renaming])
  return scroller
}

/** Callbacks that stay the same while rows and selection change, so that rows are not drawn anew for them. */
export function usePick(rows: readonly Entry[], selection: Selection, select: Select) {
  const latest = useRef({ rows, selection })
  latest.current = { rows, selection }
  const onPick = useCallback(
    (event: MouseEvent, entry: Entry) => {
      const { rows } = latest.current
      if (event.type === 'contextmenu') select((before) => (before.ids.has(entry.id) ? before : selectOne(entry.id)))
      else if (event.shiftKey) select((before) => extendTo(before, rows, entry.id))
      else if (event.ctrlKey || event.metaKey) select((before) => toggle(before, entry.id))
      else select(() => selectOne(entry.id))
    },
    [select],
  )
  const onDrag = useCallback((event: DragEvent, entry: Entry): void => {
    const { rows, selection } = latest.current
    const ids = selection.ids.has(entry.id) ? selection.ids : new Set([entry.id])
    // With Alt out of the window; without, into a folder of it.
    if (event.altKey && window.desktop !== undefined) {
      event.preventDefault()
      window.desktop.dragFiles(rows.filter(({ id, kind }) => kind === 'file' && ids.has(id)).map(({ path }) => path))
    } else beginDrag(event.dataTransfer, [...ids])
  }, [])
  return { onPick, onDrag }
}
