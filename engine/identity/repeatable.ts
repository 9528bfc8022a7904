/**
 * ECDSA P-256 with SHA-256 whose nonce comes from key and message (RFC 6979), so that a simulation under one seed makes the
 * same rows, hashes and walks each time. For simulations only: big integers take a time that depends on the key, which a
 * real node must not show. The runtime's own signing draws its nonces and cannot be told otherwise.
 */
import { createECDH, createHash, createHmac, type KeyObject } from 'node:crypto'

/** The order of the curve's group: SEC 2, 2.4.2. */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

/** IEEE P1363: 64 bytes, valid for any verifier. */
export function signRepeatably(privateKey: KeyObject, bytes: Uint8Array): Buffer {
  const secret = Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url')
  const hash = numberOf(createHash('sha256').update(bytes).digest()) % ORDER
  for (const nonce of nonces(secret, bytesOfNumber(hash))) {
    const ecdh = createECDH('prime256v1')
    ecdh.setPrivateKey(bytesOfNumber(nonce))
    const r = numberOf(ecdh.getPublicKey().subarray(1, 33)) % ORDER
    const s = (inverse(nonce) * (hash + r * numberOf(secret))) % ORDER
    if (r !== 0n && s !== 0n) return Buffer.concat([bytesOfNumber(r), bytesOfNumber(s)])
  }
  throw new Error('nonces have no end')
}

/** RFC 6979, 3.2. */
function* nonces(secret: Buffer, hash: Buffer): Generator<bigint> {
  let v = Buffer.alloc(32, 1)
  let k = Buffer.alloc(32, 0)
  const stir = (...parts: Buffer[]) => {
    k = hmac(k, v, ...parts)
    v = hmac(k, v)
  }
  stir(Buffer.of(0), secret, hash)
  stir(Buffer.of(1), secret, hash)
  for (;;) {
    v = hmac(k, v)
    const nonce = numberOf(v)
    if (nonce > 0n && nonce < ORDER) yield nonce
    stir(Buffer.of(0))
  }
}

function hmac(key: Buffer, ...parts: Buffer[]) {
  return createHmac('sha256', key).update(Buffer.concat(parts)).digest()
}

/** Modulo the order, by Fermat: the order is prime. */
function inverse(value: bigint): bigint {
  let result = 1n
  let base = value
  for (let exponent = ORDER - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % ORDER
    base = (base * base) % ORDER
  }
  return result
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
}

function bytesOfNumber(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex')
}
