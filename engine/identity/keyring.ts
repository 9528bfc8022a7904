/**
 * All keys of a pool, from its secrets by HKDF-SHA-256 with one label per use, so that no key tells anything of another.
 * What must stay equal for the pool's whole life (finding equal pieces, the mDNS hint) comes from the pool secret; what
 * seals comes from the secrets of epochs, which change when a member leaves. The labels are part of the disk format.
 */
import assert from 'node:assert/strict'
import { hkdfSync } from 'node:crypto'
import { bytesOf } from '../base/bytes.ts'
import type { EpochId, PoolId } from '../base/ids.ts'
import type { EpochKeys, Keyring } from './types.ts'

export interface EpochSecret {
  readonly id: EpochId
  /** 32 bytes. */
  readonly secret: Buffer
}

export interface KeyringOptions {
  readonly poolId: PoolId
  /** 32 bytes. */
  readonly poolSecret: Buffer
  readonly epochs: readonly EpochSecret[]
  /** The epoch for what is written now; it must be known. Asked each time, since removals change it. */
  current(): EpochId
}

/** A keyring that learns epochs as their rows arrive. */
export interface GrowingKeyring extends Keyring {
  /** Known ones stay as they are. */
  add(epoch: EpochSecret): void
}

export function createKeyring(options: KeyringOptions): GrowingKeyring {
  const { poolId, poolSecret } = options
  const keysByEpoch = new Map<EpochId, EpochKeys>()
  const add = ({ id, secret }: EpochSecret) => {
    if (keysByEpoch.has(id)) return
    keysByEpoch.set(id, {
      id,
      rowSaltKey: derive(secret, poolId, 'row salt'),
      rowBodyKey: derive(secret, poolId, 'row body'),
      chunkSealKey: derive(secret, poolId, 'chunk seal'),
      segmentKey: derive(secret, poolId, 'segment'),
    })
  }
  for (const epoch of options.epochs) add(epoch)
  return {
    poolId,
    add,
    current() {
      const keys = keysByEpoch.get(options.current())
      assert(keys, 'the current epoch is one whose secret is known')
      return keys
    },
    get: (epoch) => keysByEpoch.get(epoch),
    epochs: () => [...keysByEpoch.keys()],
    dedupKey: derive(poolSecret, poolId, 'deduplication'),
    poolHint: derive(poolSecret, poolId, 'pool hint').toString('hex', 0, 8),
  }
}

function derive(secret: Buffer, poolId: PoolId, use: string): Buffer {
  assert.equal(secret.length, 32)
  return Buffer.from(hkdfSync('sha256', secret, bytesOf(poolId), `hadahoop 1 ${use}`, 32))
}
