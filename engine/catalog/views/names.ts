/**
 * Names: what makes two equal, how they sort, and what is shown where equal ones meet. Pure and the same on every node. Names are equal if their
 * NFC is; they differ only in case if their folded form is equal. The folding knows no locale (Turkish I and all): a
 * pool's members need not share one.
 */
import { limits } from '../../limits.ts'

const ascii = /^[\0-\x7f]*$/

/** NFC: two names with equal keys are one name. */
export function keyOfName(name: string): string {
  return ascii.test(name) ? name : name.normalize('NFC')
}

/** Case-folded NFC: for searching and for finding twins. Equal keys have equal folds. */
export function foldName(name: string): string {
  if (ascii.test(name)) return name.toLowerCase()
  // Through upper case, so that ß meets ẞ and SS, and a final sigma the other one.
  return name.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC')
}

const digitRun = /[0-9]+/g
/** Values of so many digits say their length in one digit. */
const shortRun = 8

/**
 * What a list in order of names is sorted by, made from a folded name: runs of digits stand in order of their value, so that
 * `page 2` comes before `page 10`. Each run loses its leading zeros and gains its length in front, which begins with a digit, so that
 * digits keep their place among other characters; at the end follows how many zeros each run lost, if any did. A schema's
 * migration uses it, so what it answers never changes.
 */
export function sortKeyOf(fold: string): string {
  let zeros = ''
  let hasZeros = false
  const key = fold.replace(digitRun, (run) => {
    const value = run.replace(/^0+/, '')
    const lost = run.length - Math.max(value.length, 1)
    zeros += String.fromCharCode(2 + lost)
    hasZeros ||= lost > 0
    const length = value.length <= shortRun ? `${value.length}` : `9${`${value.length}`.padStart(3, '0')}`
    return length + value
  })
  return hasZeros ? `${key}\u0001${zeros}` : key
}

/** Digits of an id that a decorated name shows at least. */
export const minDigits = 4
const maxExtensionBytes = 32
const decoration = / \(([0-9a-f]{4,32})\)(?=\.[^.]*$|$)/g

/**
 * The name with digits of an id before the extension, cut to limits.nameMaxBytes at a code point: `report (3fa2).txt`. A folder
 * has no extension, nor has a name that only begins with a dot.
 */
export function decorateName(name: string, digits: string, isFolder: boolean): string {
  const dot = isFolder ? -1 : name.lastIndexOf('.')
  const hasExtension = dot > 0 && Buffer.byteLength(name.slice(dot)) <= maxExtensionBytes
  const end = ` (${digits})${hasExtension ? name.slice(dot) : ''}`
  const stem = hasExtension ? name.slice(0, dot) : name
  return cutText(stem, limits.nameMaxBytes - Buffer.byteLength(end)) + end
}

/** The digits in a name that may be a decorated one; a name that ends in `.x (3fa2)` may be so in two ways. */
export function digitsInName(name: string): string[] {
  return [...name.matchAll(decoration)].map((match) => match[1] as string)
}

function cutText(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= maxBytes) return text
  let end = maxBytes
  // Bytes 10xxxxxx continue a code point.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  return bytes.toString('utf8', 0, end)
}
