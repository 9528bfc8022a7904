/**
 * pool.json: the secrets of the pool that this node is in (mode 0600, versioned). Whoever reads it can read the pool, so it
 * holds nothing else. It is written durably before a node says that it is in a pool, and before anything is sealed under a
 * new epoch: a secret that only memory knew would take its chunks along at a power cut.
 */
import { z } from 'zod'
import { bytesOf } from '../base/bytes.ts'
import { isEngineError } from '../base/error.ts'
import { EpochIds, PoolIds, type PoolId } from '../base/ids.ts'
import type { Disk } from '../ports.ts'
import { readVersioned } from './identity.ts'
import type { EpochSecret } from './keyring.ts'

export const POOL_FILE = 'pool.json'
const FORMAT = 1

export interface PoolSecrets {
  readonly poolId: PoolId
  /** 32 bytes, drawn when the pool is made; never changes. */
  readonly poolSecret: Buffer
  readonly epochs: readonly EpochSecret[]
}

const secret = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .transform(bytesOf)
const stored = z.object({
  format: z.literal(FORMAT),
  poolId: z.string().refine(PoolIds.is),
  poolSecret: secret,
  epochs: z.array(z.object({ id: z.string().refine(EpochIds.is), secret })),
})

/** The secrets kept in the data folder; undefined while in no pool. Throws `damaged-file`, `newer-file`. */
export async function loadPoolSecrets(disk: Disk): Promise<PoolSecrets | undefined> {
  let bytes: Buffer
  try {
    bytes = await disk.read(POOL_FILE)
  } catch (error) {
    if (isEngineError(error, 'no-file')) return undefined
    throw error
  }
  const { poolId, poolSecret, epochs } = readVersioned(POOL_FILE, bytes, FORMAT, stored)
  return { poolId, poolSecret, epochs }
}

/** Replaces what was kept; durable once resolved. */
export async function savePoolSecrets(disk: Disk, secrets: PoolSecrets): Promise<void> {
  const value = {
    format: FORMAT,
    poolId: secrets.poolId,
    poolSecret: secrets.poolSecret.toString('hex'),
    epochs: secrets.epochs.map(({ id, secret }) => ({ id, secret: secret.toString('hex') })),
  }
  await disk.writeDurable(POOL_FILE, Buffer.from(`${JSON.stringify(value, null, 2)}\n`), { mode: 0o600 })
}

/** Forgets them: this node left, or was removed. */
export async function forgetPoolSecrets(disk: Disk): Promise<void> {
  try {
    await disk.remove(POOL_FILE)
  } catch (error) {
    if (!isEngineError(error, 'no-file')) throw error
  }
}
