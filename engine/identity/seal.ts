/**
 * Sealing to a node's certificate: only the holder of its key can open (ECIES: an ephemeral P-256 key agreed with the
 * recipient's, HKDF-SHA-256, AES-256-GCM). Epoch secrets travel this way. It hides and protects the bytes but says nothing
 * of who sealed them: what must be authentic is signed as well.
 *
 * Bytes: format 1 | ephemeral public point, uncompressed (65) | ciphertext | tag (16).
 */
import { createCipheriv, createDecipheriv, createPublicKey, diffieHellman, hkdfSync, type KeyObject } from 'node:crypto'
import { EngineError } from '../base/error.ts'
import { readCertificate } from '../platform/index.ts'
import type { Random } from '../ports.ts'
import { drawPrivateKey } from './key.ts'

const FORMAT = 1
const POINT_BYTES = 65
const HEAD_BYTES = 1 + POINT_BYTES
const TAG_BYTES = 16
const LABEL = 'hadahoop seal to certificate 1'

/** Seals bytes to the node of a certificate (DER); 82 bytes longer. Throws `bad-certificate`. */
export function sealTo(certificate: Uint8Array, bytes: Uint8Array, random: Random): Buffer {
  const recipient = readCertificate(certificate).publicKey
  const ephemeral = drawPrivateKey(random)
  const head = Buffer.concat([Buffer.of(FORMAT), pointOf(ephemeral)])
  const { key, nonce } = derive(
    diffieHellman({ privateKey: ephemeral, publicKey: recipient }),
    head,
    pointOf(recipient),
  )
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(head)
  return Buffer.concat([head, cipher.update(bytes), cipher.final(), cipher.getAuthTag()])
}

/** Opens what `sealTo` sealed to the public half of this key. Throws `damaged` if anything was changed or it is another's. */
export function openSealed(sealed: Uint8Array, privateKey: KeyObject): Buffer {
  try {
    if (sealed.length < HEAD_BYTES + TAG_BYTES || sealed[0] !== FORMAT)
      throw new Error('too short, or of another format')
    const head = sealed.subarray(0, HEAD_BYTES)
    const shared = diffieHellman({ privateKey, publicKey: keyOf(head.subarray(1)) })
    const { key, nonce } = derive(shared, head, pointOf(privateKey))
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES }).setAAD(head)
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
    return Buffer.concat([decipher.update(sealed.subarray(HEAD_BYTES, sealed.length - TAG_BYTES)), decipher.final()])
  } catch (error) {
    throw new EngineError('damaged', 'the sealed bytes were changed or are for another machine', { cause: error })
  }
}

/** Each sealing has a fresh key, so the nonce may be derived with it; both public points are bound in. */
function derive(shared: Buffer, head: Uint8Array, recipientPoint: Buffer): { key: Buffer; nonce: Buffer } {
  const derived = Buffer.from(hkdfSync('sha256', shared, Buffer.concat([head, recipientPoint]), LABEL, 44))
  return { key: derived.subarray(0, 32), nonce: derived.subarray(32) }
}

function pointOf(key: KeyObject): Buffer {
  const { x, y } = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' })
  return Buffer.concat([Buffer.of(4), Buffer.from(x ?? '', 'base64url'), Buffer.from(y ?? '', 'base64url')])
}

/** The runtime checks that the point lies on the curve. */
function keyOf(point: Uint8Array): KeyObject {
  if (point[0] !== 4) throw new Error('not an uncompressed point')
  const text = (from: number, to: number) => Buffer.from(point.subarray(from, to)).toString('base64url')
  return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: text(1, 33), y: text(33, 65) }, format: 'jwk' })
}
