/** The Random port over the operating system's generator, good enough for keys. */
import { randomBytes, randomInt } from 'node:crypto'
import type { Random } from '../ports.ts'

const STEPS = 2 ** 48 - 1

export const systemRandom: Random = {
  bytes: (count) => randomBytes(count),
  fraction: () => randomInt(STEPS) / STEPS,
}
