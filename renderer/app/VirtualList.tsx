/** A list of rows of one height that draws only those in view; it scrolls by pointer and keyboard. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { type ReactNode, useEffect, useRef } from 'react'
import page from './Page.module.css'
import rows from './Rows.module.css'

interface Props<Item> {
  readonly label: string
  readonly items: readonly Item[]
  /** The row's `li`, to stand so many pixels below the first. */
  readonly row: (item: Item, topPx: number) => ReactNode
  /** Called while the last item is near the view. */
  readonly onEnd?: () => void
}

/** As in Rows.module.css. */
const rowHeight = 52

export function VirtualList<Item>({ label, items, row, onEnd }: Props<Item>) {
  const scroller = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 10,
  })
  const drawn = virtual.getVirtualItems()
  const isNearEnd = items.length > 0 && (drawn.at(-1)?.index ?? -1) >= items.length - 1
  useEffect(() => {
    if (isNearEnd) onEnd?.()
  })
  return (
    <div ref={scroller} className={page.scroller} role="region" aria-label={label} tabIndex={0}>
      <ul className={rows.list} style={{ height: virtual.getTotalSize() }}>
        {drawn.map(({ index, start }) => {
          const item = items[index]
          return item === undefined ? null : row(item, start)
        })}
      </ul>
    </div>
  )
}
