/**
 * The pool's folders as a tree: opened step by step, remembered in this browser, a place to drop rows on. Drawn only where seen.
 * The focus stays on the whole and points at a row, as in the list.
 */
import { useLocalStorage } from '@mantine/hooks'
import { useQueries } from '@tanstack/react-query'
import { useVirtualizer } from '@tanstack/react-virtual'
import { IconChevronDown, IconChevronRight, IconFolderFilled, IconStack2 } from '@tabler/icons-react'
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react'
import { joinPath, parseJsonPath } from '../../../shared/paths.ts'
import { folderAddress, navigate } from '../../app/address.ts'
import { useEntryDrop } from '../useEntryDrop.ts'
import classes from './Sidebar.module.css'
import { treeQuery } from './treeQuery.ts'
import { pathsAbove, type TreeRow, treeRows } from './treeRows.ts'

interface Props {
  /** The folder that is shown; null where none is. */
  readonly folder: readonly string[] | null
  /** Where rows can be dropped. */
  readonly onDrop?: (ids: readonly string[], folder: readonly string[]) => void
}

const rowHeight = 30
const indentPx = 14
/** The oldest are forgotten. */
const openMax = 300

export function FolderTree({ folder, onDrop }: Props) {
  const [opened, setOpened] = useLocalStorage<readonly string[]>({
    key: 'hadahoop-tree-open',
    defaultValue: ['/'],
    getInitialValueInEffect: false,
  })
  const here = folder === null ? null : joinPath(folder)
  // The way to where one is stands open.
  useEffect(() => {
    if (folder === null) return
    setOpened((before) => {
      const missing = pathsAbove(folder).filter((path) => !before.includes(path))
      return missing.length === 0 ? before : [...before, ...missing].slice(-openMax)
    })
  }, [here])
  const queries = useQueries({ queries: opened.map((path) => treeQuery(parseJsonPath(path))) })
  const known = new Map(opened.map((path, at) => [path, queries[at]?.data?.map(({ name }) => name)]))
  const rows = treeRows('All files', new Set(opened), (path) => known.get(path))

  const [focus, setFocus] = useState<string | null>(null)
  const focused = rows.findIndex(({ path }) => path === (focus ?? here ?? '/'))
  const scroller = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 10,
  })
  useEffect(() => {
    if (focused >= 0) virtual.scrollToIndex(focused, { align: 'auto' })
  }, [focused])

  const toggle = useMemo(
    () => (path: string, isOpen: boolean) =>
      setOpened((before) =>
        isOpen
          ? before.filter((each) => each !== path)
          : [...before.filter((each) => each !== path), path].slice(-openMax),
      ),
    [setOpened],
  )
  const onKeyDown = (event: KeyboardEvent): void => {
    const row = rows[focused]
    if (row === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    const go = (to: TreeRow | undefined) => to && setFocus(to.path)
    const keys: Readonly<Record<string, () => void>> = {
      ArrowDown: () => go(rows[focused + 1]),
      ArrowUp: () => go(rows[focused - 1]),
      Home: () => go(rows[0]),
      End: () => go(rows.at(-1)),
      ArrowRight: () => (row.isOpen ? go(rows[focused + 1]) : toggle(row.path, false)),
      ArrowLeft: () =>
        row.isOpen ? toggle(row.path, true) : go(rows.findLast(({ depth }, at) => at < focused && depth < row.depth)),
      Enter: () => navigate(folderAddress(row.names)),
      ' ': () => navigate(folderAddress(row.names)),
    }
    const act = keys[event.key]
    if (act === undefined) return
    event.preventDefault()
    act()
  }
  return (
    <div
      ref={scroller}
      className={classes.tree}
      role="tree"
      aria-label="Folders"
      aria-activedescendant={rows[focused] === undefined ? undefined : idOf(rows[focused].path)}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onBlur={() => setFocus(null)}
    >
      <div className={classes.treeRows} style={{ height: virtual.getTotalSize() }} role="presentation">
        {virtual.getVirtualItems().map(({ index, start }) => {
          const row = rows[index]
          return row === undefined ? null : (
            <Row
              key={row.path}
              row={row}
              top={start}
              isHere={row.path === here}
              isFocused={index === focused}
              toggle={toggle}
              {...(onDrop === undefined ? {} : { onDrop })}
            />
          )
        })}
      </div>
    </div>
  )
}

const idOf = (path: string) => `tree-${encodeURIComponent(path)}`

interface RowProps {
  readonly row: TreeRow
  readonly top: number
  readonly isHere: boolean
  readonly isFocused: boolean
  readonly toggle: (path: string, isOpen: boolean) => void
  readonly onDrop?: NonNullable<Props['onDrop']>
}

function Row({ row, top, isHere, isFocused, toggle, onDrop }: RowProps) {
  const target = useEntryDrop(onDrop && ((ids) => onDrop(ids, row.names)))
  const { path, names, name, depth, isOpen, hasFolders } = row
  const Chevron = isOpen ? IconChevronDown : IconChevronRight
  const Icon = depth === 0 ? IconStack2 : IconFolderFilled
  return (
    <div
      id={idOf(path)}
      role="treeitem"
      aria-level={depth + 1}
      aria-expanded={hasFolders === false ? undefined : isOpen}
      aria-selected={isHere}
      className={classes.treeRow}
      data-focused={isFocused || undefined}
      data-folder={path}
      {...target}
      style={{ transform: `translateY(${top}px)`, paddingLeft: 4 + indentPx * depth }}
      onClick={() => navigate(folderAddress(names))}
    >
      <span
        className={classes.chevron}
        data-none={hasFolders === false || undefined}
        onClick={(event) => {
          event.stopPropagation()
          toggle(path, isOpen)
        }}
        aria-hidden
      >
        <Chevron size={14} />
      </span>
      <Icon size={17} className={depth === 0 ? undefined : classes.folder} aria-hidden />
      <span className={classes.treeName} title={name}>
        {name}
      </span>
    </div>
  )
}
