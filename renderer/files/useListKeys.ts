/** The keyboard in a list of files: as in a file manager. */
import { type KeyboardEvent, useRef } from 'react'
import type { Entry } from '../../shared/index.ts'
import { folderAddress, navigate } from '../app/address.ts'
import { moveBy, noSelection, selectAll, selectOne, type Selection, toggle } from './selection.ts'
import type { FileCommands } from './useFileCommands.ts'
import type { Select } from './useSelection.ts'

interface Parts {
  readonly rows: readonly Entry[]
  readonly selection: Selection
  readonly select: Select
  readonly commands: FileCommands
  readonly folder: readonly string[]
  /** How many stand side by side. */
  readonly columns: number
}

const pageRows = 15
/** Letters typed within this time are one word. */
const typeAheadMs = 800

export function useListKeys({
  rows,
  selection,
  select,
  commands,
  folder,
  columns,
}: Parts): (event: KeyboardEvent) => void {
  const typed = useRef({ text: '', atMs: 0 })

  const jump = (letter: string): void => {
    const nowMs = performance.now()
    const text = nowMs - typed.current.atMs < typeAheadMs ? typed.current.text + letter : letter
    typed.current = { text, atMs: nowMs }
    const found = rows.find(({ name }) => name.toLowerCase().startsWith(text.toLowerCase()))
    if (found !== undefined) select(() => selectOne(found.id))
  }
  const move = (by: number, event: KeyboardEvent) => select((before) => moveBy(before, rows, by, event.shiftKey))
  const focused = () => rows.find(({ id }) => id === selection.focus)

  const plain: Readonly<Record<string, (event: KeyboardEvent) => void>> = {
    ArrowDown: (event) => move(columns, event),
    ArrowUp: (event) => move(-columns, event),
    ...(columns > 1
      ? {
          ArrowRight: (event: KeyboardEvent) => move(1, event),
          ArrowLeft: (event: KeyboardEvent) => move(-1, event),
        }
      : {}),
    PageDown: (event) => move(pageRows, event),
    PageUp: (event) => move(-pageRows, event),
    Home: (event) => move(-rows.length, event),
    End: (event) => move(rows.length, event),
    Enter: () => {
      const entry = focused()
      if (entry !== undefined) commands.open(entry)
    },
    ' ': () => {
      const entry = focused()
      if (entry?.kind === 'file') commands.preview(entry)
    },
    F2: () => commands.rename(),
    Delete: () => commands.remove(),
    Backspace: () => {
      if (folder.length > 0) navigate(folderAddress(folder.slice(0, -1)))
    },
    Escape: () => select(() => noSelection),
  }
  const withModifier: Readonly<Record<string, () => void>> = {
    a: () => select((before) => selectAll(before, rows)),
    c: () => commands.copy(),
    x: () => commands.cut(),
    ' ': () => select((before) => (before.focus === null ? before : toggle(before, before.focus))),
    Backspace: () => commands.remove(),
  }

  return (event) => {
    if (event.target instanceof HTMLInputElement || event.altKey) return
    const mod = event.ctrlKey || event.metaKey
    const act = mod ? (event.shiftKey ? undefined : withModifier[event.key]) : plain[event.key]
    if (act !== undefined) {
      event.preventDefault()
      event.stopPropagation()
      act(event)
    } else if (!mod && event.key.length === 1 && event.key !== '?') {
      jump(event.key)
    }
  }
}
