/**
 * The order in which the engine lists names (engine/catalog/views/names.ts), so that what is merged into a list stands where a
 * list made anew has it: no locale's own order, no regard to case, runs of digits by their value.
 */
import type { Entry } from '../../shared/index.ts'

/** Made once for each entry: a burst of events compares each many times. */
const keys = new WeakMap<Entry, string>()

export function sortKeyOf(entry: Entry): string {
  const known = keys.get(entry)
  if (known !== undefined) return known
  const key = withNumbers(foldName(entry.name))
  keys.set(entry, key)
  return key
}

function foldName(name: string): string {
  return name.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC')
}

/** Each run of digits without leading zeros and with its length in front; at the end how many zeros each lost. */
function withNumbers(fold: string): string {
  let zeros = ''
  let hasZeros = false
  const key = fold.replace(/[0-9]+/g, (run) => {
    const value = run.replace(/^0+/, '')
    const lost = run.length - Math.max(value.length, 1)
    zeros += String.fromCharCode(2 + lost)
    hasZeros ||= lost > 0
    return (value.length <= 8 ? `${value.length}` : `9${`${value.length}`.padStart(3, '0')}`) + value
  })
  return hasZeros ? `${key}\u0001${zeros}` : key
}
