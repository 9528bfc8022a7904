/**
 * Who has been silent for how long, kept over restarts. Without it a home whose computers are all switched off every night would
 * never reach a wait of a day, and never copy what a stolen one held. Only time in which this node ran counts. The file is no
 * promise: where it is missing or unreadable, waits begin anew, which is the safe side.
 */
import { z } from 'zod'
import { isEngineError } from '../base/error.ts'
import { NodeIds } from '../base/ids.ts'
import { readVersioned } from '../identity/index.ts'
import type { Disk } from '../ports.ts'
import type { KeptSilence } from './standing.ts'

const FILE = 'silences.json'
const FORMAT = 1

const stored = z.object({
  format: z.literal(FORMAT),
  silences: z.array(z.object({ nodeId: z.string().refine(NodeIds.is), silentMs: z.number().nonnegative() })),
})

export async function keepSilences(disk: Disk, silences: readonly KeptSilence[]): Promise<void> {
  await disk.write(FILE, Buffer.from(`${JSON.stringify({ format: FORMAT, silences })}\n`))
}

/** What was kept; nothing if that cannot be read, which is reported. */
export async function loadSilences(disk: Disk, report: (problem: string) => void): Promise<KeptSilence[]> {
  let bytes: Buffer
  try {
    bytes = await disk.read(FILE)
  } catch (error) {
    if (isEngineError(error, 'no-file')) return []
    throw error
  }
  try {
    return readVersioned(FILE, bytes, FORMAT, stored).silences
  } catch (error) {
    if (!isEngineError(error)) throw error
    report(`waits for machines that are away begin anew: ${error.message}`)
    return []
  }
}
