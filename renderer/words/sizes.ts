/** Sizes and counts in the user's locale: decimal units, three digits. */
const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte'] as const

const formats = units.map(
  (unit) =>
    new Intl.NumberFormat(undefined, {
      style: 'unit',
      unit,
      maximumSignificantDigits: 3,
      unitDisplay: unit === 'byte' ? 'long' : 'short',
    }),
)
const rounded = new Intl.NumberFormat()
const percent = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 0 })

/** `1.2 GB`, `512 bytes`. */
export function sizeText(sizeBytes: number): string {
  let value = sizeBytes
  let at = 0
  // 999.5 would be shown as 1,000 of the smaller unit.
  while (value >= 999.5 && at < units.length - 1) {
    value /= 1000
    at++
  }
  return formats[at]?.format(at === 0 ? Math.round(value) : value) ?? String(sizeBytes)
}

export function countText(count: number): string {
  return rounded.format(count)
}

export function percentText(part: number): string {
  return percent.format(part)
}

/** `1 file`, `2,150 files`. */
export function filesText(count: number): string {
  return `${countText(count)} ${count === 1 ? 'file' : 'files'}`
}

export function foldersText(count: number): string {
  return `${countText(count)} ${count === 1 ? 'folder' : 'folders'}`
}

export function itemsText(count: number): string {
  return `${countText(count)} ${count === 1 ? 'item' : 'items'}`
}
