/**
 * When to start the engine again after it died: soon at first, then ever later, so that an engine that cannot live does not keep
 * the computer busy; at once again after it has run well for a while. And which failures no restart mends.
 */

const firstDelayMs = 500
const longestDelayMs = 60_000
/** After so long a life a death counts as the first. */
const wellAfterMs = 120_000

/** `deaths`: how often it died in a row, this one included, from 1. */
export function restartDelayMs(deaths: number): number {
  return Math.min(longestDelayMs, firstDelayMs * 2 ** (deaths - 1))
}

/** Deaths in a row, after one more death of an engine that had run for so long. */
export function deathsAfter(deaths: number, livedMs: number): number {
  return livedMs >= wellAfterMs ? 1 : deaths + 1
}

/** What needs a person: trying again would say the same. */
const final: ReadonlySet<string> = new Set([
  'newer-database',
  'newer-file',
  'damaged-file',
  'damaged-database',
  'secrets-wrapped',
  'secrets-key',
  'not-permitted',
  'runtime',
])

export function needsPerson(code: string): boolean {
  return final.has(code)
}
