/**
 * Saying what was measured: one line per figure, with the unit, and the ratio to the peer measured in the same sitting.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

export function megabytesPerSecond(bytes: number, ms: number): number {
  return bytes / 1e6 / (ms / 1e3)
}

export function report(what: string, value: number, unit: string, more = ''): void {
  console.log(
    `${what.padEnd(44)} ${value.toFixed(value < 10 ? 2 : 0).padStart(8)} ${unit}${more === '' ? '' : `   ${more}`}`,
  )
}

/**
 * Syncthing's figure for the same work (`big`: MB/s, `small`: files/s) from bench/peers/syncthing.sh, or undefined where it is not
 * installed or set not to run (BENCH_PEERS=0).
 */
export function syncthing(mode: 'big' | 'small'): number | undefined {
  if (process.env['BENCH_PEERS'] === '0') return undefined
  if (spawnSync('syncthing', ['--version']).status !== 0) {
    console.log('syncthing is not installed: no comparison')
    return undefined
  }
  const run = spawnSync('bash', [join(import.meta.dirname, 'peers/syncthing.sh'), mode], { encoding: 'utf8' })
  const figure = /, (\d+) (?:MB|files)\/s/.exec(run.stdout)?.[1]
  if (figure === undefined) {
    console.log(`syncthing did not finish: ${run.stderr.slice(-500)}`)
    return undefined
  }
  return Number(figure)
}

export function compare(what: string, ours: number, theirs: number | undefined, unit: string): void {
  if (theirs === undefined) return
  report(`${what}: Syncthing`, theirs, unit)
  console.log(`${what}: ratio ${(ours / theirs).toFixed(2)}`)
}
