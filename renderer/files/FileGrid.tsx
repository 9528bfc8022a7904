/**
 * The same folder as tiles, pictures as pictures. Keyboard, selection and commands are the list's; tiles are drawn row by row,
 * only those in view.
 */
import { useElementSize } from '@mantine/hooks'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect } from 'react'
import type { Entry } from '../../shared/index.ts'
import { StateBadge } from '../words/StateBadge.tsx'
import { fileStateLooks, stateSentence } from '../words/states.ts'
import { contentAddress } from './actions.ts'
import { EntryIcon } from './EntryIcon.tsx'
import classes from './FileGrid.module.css'
import type { FileListProps } from './FileList.tsx'
import { NameBox } from './NameBox.tsx'
import { previewKindOf } from './preview/kinds.ts'
import { RubberBand } from './RubberBand.tsx'
import { noSelection } from './selection.ts'
import { noteShown } from './shownEntries.ts'
import { useEntryDrop } from './useEntryDrop.ts'
import { useListFocus, usePick } from './useListFocus.ts'
import { useRubberBand } from './useRubberBand.ts'

const tileHeight = 176
const tileWidth = 168
/** As in the style sheet. */
const padding = 12

export function FileGrid(props: FileListProps) {
  const { rows, selection, select, renaming, onRenamed, onOpen, onMoveInto, onColumns } = props
  const { ref: measured, width } = useElementSize()
  const columns = Math.max(1, Math.floor(width / tileWidth))
  useEffect(() => onColumns(columns), [columns, onColumns])
  const scroller = useListFocus(renaming)
  const virtual = useVirtualizer({
    count: Math.ceil(rows.length / columns),
    getScrollElement: () => scroller.current,
    estimateSize: () => tileHeight,
    overscan: 2,
  })
  const lines = virtual.getVirtualItems()
  useEffect(() => {
    noteShown(lines.flatMap(({ index }) => rows.slice(index * columns, (index + 1) * columns).map(({ id }) => id)))
  })
  const { focus } = selection
  useEffect(() => {
    const at = focus === null ? -1 : rows.findIndex(({ id }) => id === focus)
    if (at >= 0) virtual.scrollToIndex(Math.floor(at / columns), { align: 'auto' })
    // Only when the focus moves: new rows must not scroll the tiles.
  }, [focus])
  const { onPick, onDrag } = usePick(rows, selection, select)
  const { band, ...banding } = useRubberBand({
    scroller,
    select,
    idsIn: ({ left, top, width: bandWidth, height }) => {
      const tile = width / columns
      const [first, last] = [left - padding, left - padding + bandWidth].map((x) => Math.floor(x / tile))
      const from = Math.max(0, Math.floor((top - padding) / tileHeight))
      const to = Math.ceil((top - padding + height) / tileHeight)
      return rows
        .slice(from * columns, to * columns)
        .filter((_, at) => at % columns >= (first ?? 0) && at % columns <= (last ?? 0))
        .map(({ id }) => id)
    },
  })
  return (
    <div
      ref={scroller}
      className={classes.scroller}
      role="grid"
      aria-label={props.label}
      aria-multiselectable
      aria-rowcount={Math.ceil(rows.length / columns)}
      aria-busy={!props.complete}
      aria-activedescendant={focus === null ? undefined : `row-${focus}`}
      tabIndex={0}
      onKeyDown={props.onKeyDown}
      {...banding}
      onClick={(event) =>
        event.target instanceof Element && !event.target.closest('[role=gridcell]') && select(() => noSelection)
      }
    >
      <RubberBand band={band} />
      <div ref={measured} className={classes.tiles} style={{ height: virtual.getTotalSize() }} role="rowgroup">
        {lines.map(({ index, start }) => (
          <div
            key={index}
            role="row"
            aria-rowindex={index + 1}
            className={classes.row}
            style={{ transform: `translateY(${start}px)`, gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}
          >
            {rows.slice(index * columns, (index + 1) * columns).map((entry) => (
              <Tile
                key={entry.id}
                entry={entry}
                isChosen={selection.ids.has(entry.id)}
                isFocused={focus === entry.id}
                isRenaming={renaming === entry.id}
                {...{ onPick, onOpen, onRenamed, onDrag, onMoveInto }}
              />
            ))}
          </div>
        ))}
      </div>
    </div>
  )
}

interface TileProps extends Pick<FileListProps, 'onOpen' | 'onRenamed' | 'onMoveInto'>, ReturnType<typeof usePick> {
  readonly entry: Entry
  readonly isChosen: boolean
  readonly isFocused: boolean
  readonly isRenaming: boolean
}

function Tile(props: TileProps) {
  const { entry, isChosen, isFocused, isRenaming, onPick, onOpen, onRenamed, onDrag, onMoveInto } = props
  const target = useEntryDrop(entry.kind === 'folder' ? (ids) => onMoveInto(ids, entry) : undefined, entry.id)
  return (
    <div
      id={`row-${entry.id}`}
      role="gridcell"
      aria-selected={isChosen}
      aria-label={`${entry.name}, ${fileStateLooks[entry.state].word}`}
      className={classes.tile}
      data-focused={isFocused || undefined}
      draggable={isChosen && !isRenaming}
      onClick={(event) => onPick(event, entry)}
      onContextMenu={(event) => onPick(event, entry)}
      onDoubleClick={() => isRenaming || onOpen(entry)}
      onDragStart={(event) => onDrag(event, entry)}
      data-folder={entry.kind === 'folder' ? entry.path : undefined}
      {...target}
    >
      <div className={classes.frame}>
        <div className={classes.picture}>
          <span draggable={!isRenaming}>
            <Picture entry={entry} />
          </span>
        </div>
        <div className={classes.line}>
          {entry.state === 'protected' ? null : (
            <span className={classes.state}>
              <StateBadge look={fileStateLooks[entry.state]} sentence={stateSentence(entry)} iconOnly />
            </span>
          )}
          {isRenaming ? (
            <NameBox entry={entry} onDone={(name) => onRenamed(entry, name)} />
          ) : (
            <span className={classes.name} draggable title={entry.name}>
              {entry.name}
            </span>
          )}
        </div>
      </div>
    </div>
  )
}

/** Larger pictures are not fetched unasked: they may come from another machine. */
const largestBytes = 8_000_000

function Picture({ entry }: { readonly entry: Entry }) {
  const isReadable = entry.state !== 'lost' && entry.state !== 'unreachable'
  if (!isReadable || previewKindOf(entry.name) !== 'picture' || (entry.size ?? 0) > largestBytes) {
    return <EntryIcon entry={entry} size={56} />
  }
  return <img src={contentAddress(entry)} alt="" loading="lazy" decoding="async" draggable={false} />
}
