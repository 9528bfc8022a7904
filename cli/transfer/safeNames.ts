/**
 * Names of the pool as names of this computer. What the target cannot hold or reads as a device is replaced; names that would
 * fall together (where case does not count, or after replacing) get a number, the same at every repetition, so that a
 * repeated get finds its files again.
 */
import type { Entry } from '../../shared/index.ts'

const reserved = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?:\.|$)/i

/** One name, fit for `platform`. */
export function safeName(name: string, platform: NodeJS.Platform): string {
  if (platform !== 'win32') return name
  const replaced = name.replace(/[<>:"/\\|?*\0-\x1f]/g, '_').replace(/[. ]+$/, (end) => '_'.repeat(end.length))
  return reserved.test(replaced) ? `_${replaced}` : replaced
}

/** Names for all entries of one folder, in their order; none equal, also by case where `caseCounts` is false. */
export function safeNames(
  entries: readonly Pick<Entry, 'name'>[],
  platform: NodeJS.Platform,
  caseCounts: boolean,
): string[] {
  const keyOf = (name: string) => (caseCounts ? name : name.normalize('NFC').toLowerCase())
  const taken = new Set<string>()
  return entries.map(({ name }) => {
    const safe = safeName(name, platform)
    let free = safe
    for (let number = 2; taken.has(keyOf(free)); number++) free = numbered(safe, number)
    taken.add(keyOf(free))
    return free
  })
}

/** `a.txt` -> `a (2).txt` */
export function numbered(name: string, number: number): string {
  const dot = name.lastIndexOf('.')
  return dot <= 0 ? `${name} (${number})` : `${name.slice(0, dot)} (${number})${name.slice(dot)}`
}
