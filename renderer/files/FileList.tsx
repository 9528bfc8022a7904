/**
 * The list of a folder as a grid that draws only what is seen. Focus stays on the list itself and points at a row
 * (aria-activedescendant), since the row that has the focus may not be drawn.
 */
import { Skeleton } from '@mantine/core'
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, useEffect, useState } from 'react'
import type { Entry } from '../../shared/index.ts'
import { useMachineFacts } from '../machines/machineFacts.ts'
import classes from './FileList.module.css'
import { FileRow } from './FileRow.tsx'
import type { Sorting } from './folderRows.ts'
import { RubberBand } from './RubberBand.tsx'
import { noteShown } from './shownEntries.ts'
import { noSelection, type Selection } from './selection.ts'
import { useListFocus, usePick } from './useListFocus.ts'
import { useRubberBand } from './useRubberBand.ts'
import type { Select } from './useSelection.ts'

export interface FileListProps {
  readonly label: string
  readonly rows: readonly Entry[]
  /** False while further rows are on their way. */
  readonly complete: boolean
  readonly sorting: Sorting
  readonly onSort: (sorting: Sorting) => void
  readonly selection: Selection
  readonly select: Select
  readonly renaming: string | null
  readonly onRenamed: (entry: Entry, name: string | null) => void
  readonly onOpen: (entry: Entry) => void
  readonly onMoveInto: (ids: readonly string[], target: Entry) => void
  readonly onKeyDown: (event: KeyboardEvent) => void
  /** Told how many stand side by side. */
  readonly onColumns: (columns: number) => void
}

const rowHeight = 36
const headHeight = 34
const skeletonAfterMs = 150

export function FileList(props: FileListProps) {
  const { label, rows, complete, sorting, onSort, selection, select, renaming, onRenamed, onOpen, onMoveInto } = props
  const scroller = useListFocus(renaming)
  const machines = useMachineFacts()
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 15,
  })

  const { onColumns } = props
  useEffect(() => onColumns(1), [onColumns])
  const items = virtual.getVirtualItems()
  useEffect(() => noteShown(items.flatMap(({ index }) => rows[index]?.id ?? [])))

  // What the keyboard reached is brought into view; a pointer's target is there already.
  const { focus } = selection
  useEffect(() => {
    const at = focus === null ? -1 : rows.findIndex(({ id }) => id === focus)
    if (at >= 0) virtual.scrollToIndex(at, { align: 'auto' })
    // Only when the focus moves: new rows must not scroll the list.
  }, [focus])
  const { onPick, onDrag } = usePick(rows, selection, select)
  const { band, ...banding } = useRubberBand({
    scroller,
    select,
    idsIn: ({ top, height }) => {
      const from = Math.max(0, Math.floor((top - headHeight) / rowHeight))
      return rows.slice(from, Math.max(from, Math.ceil((top + height - headHeight) / rowHeight))).map(({ id }) => id)
    },
  })

  return (
    <div
      ref={scroller}
      className={classes.list}
      role="grid"
      aria-label={label}
      aria-multiselectable
      aria-rowcount={complete ? rows.length + 1 : -1}
      aria-busy={!complete}
      aria-activedescendant={focus === null ? undefined : `row-${focus}`}
      tabIndex={0}
      onKeyDown={props.onKeyDown}
      {...banding}
      onClick={(event) => event.target === event.currentTarget && select(() => noSelection)}
    >
      <Header sorting={sorting} onSort={onSort} />
      <RubberBand band={band} />
      {rows.length === 0 && !complete ? (
        <Skeletons />
      ) : (
        <div className={classes.rows} style={{ height: virtual.getTotalSize() }} role="rowgroup">
          {items.map(({ index, start }) => {
            const entry = rows[index]
            if (entry === undefined) return null
            return (
              <FileRow
                key={entry.id}
                entry={entry}
                machines={machines}
                index={index}
                top={start}
                isChosen={selection.ids.has(entry.id)}
                isFocused={focus === entry.id}
                isRenaming={renaming === entry.id}
                onPick={onPick}
                onOpen={onOpen}
                onRenamed={onRenamed}
                onDrag={onDrag}
                onMoveInto={onMoveInto}
              />
            )
          })}
        </div>
      )}
    </div>
  )
}

const columns = [
  { by: 'name', word: 'Name', className: undefined },
  { by: null, word: 'State', className: undefined },
  { by: null, word: 'Where', className: classes.where },
  { by: 'modified', word: 'Modified', className: classes.modified },
  { by: 'size', word: 'Size', className: classes.size },
] as const

function Header({ sorting, onSort }: Pick<FileListProps, 'sorting' | 'onSort'>) {
  return (
    <div role="rowgroup" className={classes.head}>
      <div role="row" className={classes.columns} aria-rowindex={1}>
        {columns.map(({ by, word, className }) => {
          const isSorted = by !== null && sorting.by === by
          const order = isSorted && sorting.order === 'asc' ? 'desc' : 'asc'
          const Arrow = sorting.order === 'asc' ? IconArrowUp : IconArrowDown
          return (
            <div
              key={word}
              role="columnheader"
              className={className}
              aria-sort={isSorted ? (sorting.order === 'asc' ? 'ascending' : 'descending') : undefined}
            >
              {by === null ? (
                word
              ) : (
                <button type="button" className={classes.sort} onClick={() => onSort({ by, order })}>
                  {word}
                  {isSorted ? <Arrow size={14} aria-hidden /> : null}
                </button>
              )}
            </div>
          )
        })}
      </div>
    </div>
  )
}

function Skeletons() {
  const [shown, show] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => show(true), skeletonAfterMs)
    return () => clearTimeout(timer)
  }, [])
  if (!shown) return null
  return (
    <div aria-hidden>
      {[52, 38, 61, 45, 30, 56, 41, 48].map((width) => (
        <div key={width} className={classes.skeleton}>
          <Skeleton height={14} width={`${width}%`} />
        </div>
      ))}
    </div>
  )
}
