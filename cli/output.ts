/**
 * What commands print: one JSON document with `--json`, else lines and tables. Names come from other machines and may
 * hold anything, so control characters are shown and never reach the terminal.
 */

/** Control characters as escapes, so that a name cannot move the cursor or break a line. */
export function visible(text: string): string {
  return text.replace(/[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (sign) => {
    const short = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[sign]
    return short ?? `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value))
}

/** To stderr, where it does not mix with what scripts read. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** Rows in columns as wide as their widest cell; cells of numbers (`right`) end flush. */
export function table(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const cells = [heads, ...rows].map((row) => row.map(visible))
  const widths = heads.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  return cells
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0
          return right.includes(column) ? cell.padStart(width) : cell.padEnd(width)
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** `2024-05-01 14:03` in local time. */
export function localTime(time: string): string {
  const date = new Date(time)
  const two = (number: number) => String(number).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`
}
