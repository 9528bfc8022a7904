/** Rows that are dragged within the window: known by a type of their own, so that files from outside are told apart. */
const type = 'application/x-hadahoop-entries'

let underWay: readonly string[] = []

export function beginDrag(transfer: DataTransfer, ids: readonly string[]): void {
  underWay = ids
  transfer.setData(type, ids.join(','))
  transfer.effectAllowed = 'move'
}

/** The ids that are dragged; null if something else is. Their data itself may not be read before the drop. */
export function draggedIds(transfer: DataTransfer): readonly string[] | null {
  return transfer.types.includes(type) ? underWay : null
}
