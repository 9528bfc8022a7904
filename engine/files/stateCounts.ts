/** Numbers of files or chunks by state. */
import { type FileState, fileStates } from '../placement/index.ts'

export type StateCounts = Record<FileState, number>

export function noCounts(): StateCounts {
  return Object.fromEntries(fileStates.map((state) => [state, 0])) as StateCounts
}
