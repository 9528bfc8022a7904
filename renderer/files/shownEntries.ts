/** Ids of the entries that a long list shows just now, so that their states can be asked anew without asking for the whole list. */
let shown: readonly string[] = []

export function noteShown(ids: readonly string[]): void {
  shown = ids
}

export function shownEntries(): readonly string[] {
  return shown
}
