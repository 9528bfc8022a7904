/**
 * Which rows are chosen and where the keyboard stands, as a file manager does it. By id, so that a selection survives every
 * update of the list. Pure.
 */
export interface Selection {
  readonly ids: ReadonlySet<string>
  /** Where the keyboard stands. */
  readonly focus: string | null
  /** Where a range begins. */
  readonly anchor: string | null
}

interface Row {
  readonly id: string
}

export const noSelection: Selection = { ids: new Set(), focus: null, anchor: null }

export function selectOne(id: string): Selection {
  return { ids: new Set([id]), focus: id, anchor: id }
}

/** Ctrl+click: in or out, the others stay. */
export function toggle(selection: Selection, id: string): Selection {
  const ids = new Set(selection.ids)
  if (!ids.delete(id)) ids.add(id)
  return { ids, focus: id, anchor: id }
}

/** Shift+click: everything from the anchor to here. */
export function extendTo(selection: Selection, rows: readonly Row[], id: string): Selection {
  const anchor = selection.anchor ?? selection.focus ?? rows[0]?.id ?? id
  const from = rows.findIndex((row) => row.id === anchor)
  const to = rows.findIndex((row) => row.id === id)
  if (from < 0 || to < 0) return selectOne(id)
  const ids = new Set(rows.slice(Math.min(from, to), Math.max(from, to) + 1).map((row) => row.id))
  return { ids, focus: id, anchor }
}

export function selectAll(selection: Selection, rows: readonly Row[]): Selection {
  return {
    ids: new Set(rows.map(({ id }) => id)),
    focus: selection.focus ?? rows[0]?.id ?? null,
    anchor: selection.anchor,
  }
}

/** Arrow keys and their kin: `by` rows on, kept inside the list; with `extend`, as Shift does. */
export function moveBy(selection: Selection, rows: readonly Row[], by: number, extend: boolean): Selection {
  if (rows.length === 0) return selection
  const at = rows.findIndex((row) => row.id === selection.focus)
  const start = at < 0 ? (by > 0 ? -1 : rows.length) : at
  const target = rows[Math.max(0, Math.min(rows.length - 1, start + by))] as Row
  return extend ? extendTo(selection, rows, target.id) : selectOne(target.id)
}

/** Without what is no longer in the list. */
export function within(selection: Selection, rows: readonly Row[]): Selection {
  if (selection.ids.size === 0) return selection
  const present = new Set<string>()
  for (const { id } of rows) if (selection.ids.has(id)) present.add(id)
  return present.size === selection.ids.size ? selection : { ...selection, ids: present }
}
