/**
 * Runs a test under many seeds. By default the same ones each time, so that a failure in continuous integration is the
 * failure at the desk; SIM_SEED replays one, SIM_SEEDS searches more. A failure names its seed and the way to replay it.
 */
import { messageOf } from '../base/error.ts'

/** Calls `test` with the seeds 1 to `count`, in sequence. Environment: SIM_SEED=n (only n), SIM_SEEDS=n (1 to n). */
export async function withSeeds(count: number, test: (seed: number) => Promise<void>): Promise<void> {
  const { SIM_SEED: only, SIM_SEEDS: many } = process.env
  const first = only === undefined ? 1 : Number(only)
  const last = only === undefined ? Number(many ?? count) : first
  for (let seed = first; seed <= last; seed += 1) {
    try {
      await test(seed)
    } catch (error) {
      throw new Error(`seed ${seed}: ${messageOf(error)}\nreplay with SIM_SEED=${seed} node --test <this file>`, {
        cause: error,
      })
    }
  }
}
