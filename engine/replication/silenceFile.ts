/**
 * Who has been silent for how long, kept over restarts. Without it a home whose computers are all switched off every night would
 * never reach a wait of a day, and never copy what a stolen one held. Only time in which this node ran counts. The file is no
 * promise: where it is missing or unreadable, waits begin anew, which is the safe side.
 */
import { z } from 'zod'
import { isEngineError } from '../base/error.ts'
import { NodeIds } from '../base/ids.ts'
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
  const parsed = stored.safeParse(parseJson(bytes))
  if (!parsed.success) {
    report(`${FILE} cannot be read: waits for machines that are away begin anew`)
    return []
  }
  return parsed.data.silences.map(({ nodeId, silentMs }) => ({ nodeId, silentMs }))
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined // reported by the caller, like any other content that is not ours
  }
}
