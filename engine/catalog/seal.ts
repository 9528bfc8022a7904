/**
 * Sealing of rows. Salt = keyed BLAKE3 of head and plain body; body key = keyed BLAKE3 of the salt; AES-256-GCM under a
 * fixed nonce with the head as additional data. So key, stamp, epoch and header cannot be changed by whoever relays the row,
 * and since the salt covers everything that enters the tag, a body key never seals two different things: the one
 * condition under which a fixed nonce is safe. A random nonce was rejected: two nodes in one state would differ.
 */
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import { bufferOf } from '../base/bytes.ts'
import { EngineError } from '../base/error.ts'
import { blake3, keyedBlake3 } from '../base/hash.ts'
import type { EpochKeys } from '../identity/types.ts'
import { encodeHead, keyText, type RowBytes } from './row.ts'
import type { RowKey, Stamp } from './types.ts'

const cipher = 'aes-256-gcm'
const nonce = Buffer.alloc(12)
const saltBytes = 32
const tagBytes = 16
const options = { authTagLength: tagBytes }

/** A sealed row with its hash. */
export interface SealedRow extends RowBytes {
  readonly hash: Buffer
}

/** Seals a plain body under a key, stamp and clear header. */
export function sealRow(keys: EpochKeys, key: RowKey, stamp: Stamp, header: Uint8Array, plain: Uint8Array): SealedRow {
  const head = encodeHead(key, stamp, keys.id, header)
  const salt = keyedBlake3(keys.rowSaltKey, head, plain)
  const seal = createCipheriv(cipher, bodyKey(keys, salt), nonce, options)
  seal.setAAD(head)
  const sealed = seal.update(plain)
  seal.final()
  const body = Buffer.concat([salt, sealed, seal.getAuthTag()], saltBytes + sealed.length + tagBytes)
  const { kind, id, register } = key
  return { row: { kind, id, register, stamp, epoch: keys.id, header, body }, head, hash: blake3(head, body) }
}

/** The plain body; throws `bad-tag` if anything of the row was changed or the keys are another epoch's. */
export function openRow(keys: EpochKeys, { row, head }: RowBytes): Buffer {
  const body = bufferOf(row.body)
  const salt = body.subarray(0, saltBytes)
  const open = createDecipheriv(cipher, bodyKey(keys, salt), nonce, options)
  open.setAAD(head)
  open.setAuthTag(body.subarray(body.length - tagBytes))
  const plain = open.update(body.subarray(saltBytes, body.length - tagBytes))
  try {
    open.final()
  } catch (error) {
    throw new EngineError('bad-tag', `the row ${keyText(row)} is not what its author sealed`, { cause: error })
  }
  return plain
}

/** As a key object: Node turns plain bytes into one by a detour that takes longer than all the rest. */
function bodyKey(keys: EpochKeys, salt: Uint8Array): KeyObject {
  return createSecretKey(keyedBlake3(keys.rowBodyKey, salt))
}
