/** Names that are free, and the part of a name that is edited. */

/** `wanted`, or the first of `wanted 2`, `wanted 3` ... that is not taken; endings stay at the end. */
export function freeName(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted.normalize('NFC'))) return wanted
  const [stem, ending] = splitName(wanted)
  for (let number = 2; ; number++) {
    const name = `${stem} ${number}${ending}`
    if (!taken.has(name.normalize('NFC'))) return name
  }
}

/** `report` and `.docx`; a name that begins with its only dot has no ending. */
export function splitName(name: string): readonly [stem: string, ending: string] {
  const dot = name.lastIndexOf('.')
  return dot <= 0 ? [name, ''] : [name.slice(0, dot), name.slice(dot)]
}
