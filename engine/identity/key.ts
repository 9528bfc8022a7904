/**
 * ECDSA P-256 keys from the Random port, so that simulated nodes have the same keys under the same seed. The runtime's own
 * key generation asks the operating system and was rejected for that; the scalar drawn here is as good, since real nodes'
 * Random port asks the same.
 */
import { createECDH, createPrivateKey, type KeyObject } from 'node:crypto'
import type { Random } from '../ports.ts'

const CURVE = 'prime256v1'

/** Draws an ECDSA P-256 key from the Random port. */
export function drawPrivateKey(random: Random): KeyObject {
  const ecdh = createECDH(CURVE)
  for (;;) {
    const scalar = random.bytes(32)
    try {
      ecdh.setPrivateKey(scalar)
    } catch (error) {
      // Zero, or not below the order of the curve: once in 2^32 draws.
      if (isInvalidScalar(error)) continue
      throw error
    }
    const point = ecdh.getPublicKey()
    const text = (bytes: Buffer) => bytes.toString('base64url')
    const key = {
      kty: 'EC',
      crv: 'P-256',
      d: text(scalar),
      x: text(point.subarray(1, 33)),
      y: text(point.subarray(33)),
    }
    return createPrivateKey({ key, format: 'jwk' })
  }
}

function isInvalidScalar(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_CRYPTO_INVALID_KEYTYPE'
}
