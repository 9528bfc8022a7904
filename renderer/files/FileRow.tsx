/** One row: name (or the box that edits it), state, machines, time, size. Draggable, and a folder takes what is dropped on it. */
import { IconGitFork } from '@tabler/icons-react'
import { type DragEvent, type MouseEvent, memo } from 'react'
import type { Entry } from '../../shared/index.ts'
import type { MachineFacts } from '../machines/machineFacts.ts'
import { StateBadge } from '../words/StateBadge.tsx'
import { fileStateLooks, stateSentence } from '../words/states.ts'
import { sizeText } from '../words/sizes.ts'
import { When } from '../words/When.tsx'
import { EntryIcon } from './EntryIcon.tsx'
import classes from './FileList.module.css'
import { NameBox } from './NameBox.tsx'
import { useEntryDrop } from './useEntryDrop.ts'
import { WhereCell } from './WhereCell.tsx'

interface Props {
  readonly entry: Entry
  readonly machines: MachineFacts
  readonly index: number
  /** Pixels from the first row. */
  readonly top: number
  readonly isChosen: boolean
  readonly isFocused: boolean
  readonly isRenaming: boolean
  readonly onPick: (event: MouseEvent, entry: Entry) => void
  readonly onOpen: (entry: Entry) => void
  readonly onRenamed: (entry: Entry, name: string | null) => void
  readonly onDrag: (event: DragEvent, entry: Entry) => void
  readonly onMoveInto: (ids: readonly string[], target: Entry) => void
}

/** Header and rows count from one. */
const firstRowIndex = 2

export const FileRow = memo(function FileRow(props: Props) {
  const {
    entry,
    machines,
    index,
    top,
    isChosen,
    isFocused,
    isRenaming,
    onPick,
    onOpen,
    onRenamed,
    onDrag,
    onMoveInto,
  } = props
  const target = useEntryDrop(entry.kind === 'folder' ? (ids) => onMoveInto(ids, entry) : undefined, entry.id)
  return (
    <div
      id={`row-${entry.id}`}
      role="row"
      aria-rowindex={index + firstRowIndex}
      aria-selected={isChosen}
      className={`${classes.row} ${classes.columns}`}
      data-focused={isFocused || undefined}
      data-folder={entry.kind === 'folder' ? entry.path : undefined}
      {...target}
      style={{ transform: `translateY(${top}px)` }}
      // The name drags; the rest of a row does so once it is chosen, and else begins a rubber band.
      draggable={isChosen && !isRenaming}
      onClick={(event) => onPick(event, entry)}
      onContextMenu={(event) => onPick(event, entry)}
      onDoubleClick={() => isRenaming || onOpen(entry)}
      onDragStart={(event) => onDrag(event, entry)}
    >
      <div role="gridcell" className={classes.name}>
        {isRenaming ? (
          <>
            <EntryIcon entry={entry} />
            <NameBox entry={entry} onDone={(name) => onRenamed(entry, name)} />
          </>
        ) : (
          <span className={classes.grip} draggable>
            <EntryIcon entry={entry} />
            <span className={classes.nameText} title={entry.name}>
              {entry.name}
            </span>
          </span>
        )}
        {entry.conflict ? (
          <IconGitFork size={16} color="var(--state-degraded)" aria-label="Two versions wait for a decision" />
        ) : null}
      </div>
      <div role="gridcell" className={classes.state}>
        <StateBadge look={fileStateLooks[entry.state]} sentence={stateSentence(entry, machines)} />
      </div>
      <WhereCell entry={entry} machines={machines} />
      <div role="gridcell" className={classes.modified}>
        <When at={entry.modified} />
      </div>
      <div role="gridcell" className={classes.size}>
        {entry.size === null ? '' : sizeText(entry.size)}
      </div>
    </div>
  )
})
