/**
 * BLAKE3 (https://github.com/BLAKE3-team/BLAKE3-specs), from the native @napi-rs/blake-hash: 5 GB/s on one core.
 * Whatever is addressed by content in Hadahoop is addressed by this hash; keyed hashes derive keys and salts.
 */
import { Blake3Hasher } from '@napi-rs/blake-hash'
import { bufferOf } from './bytes.ts'

// A hasher is a native object of 2 KB that only a later garbage collection gives back, and making one takes longer than
// hashing a row. So one serves all plain hashes, and one each key; calls are synchronous and cannot get into each other's way.
const plain = new Blake3Hasher()
const keyed = new WeakMap<Buffer, Blake3Hasher>()

/** BLAKE3-256 of the parts in sequence: 32 bytes. */
export function blake3(...parts: Uint8Array[]): Buffer {
  return fed(plain, parts).digestBuffer()
}

/** BLAKE3-256 of the parts in sequence: 64 hexadecimal digits. */
export function blake3Hex(...parts: Uint8Array[]): string {
  return fed(plain, parts).digest('hex')
}

/** Keyed BLAKE3-256 (a pseudo-random function) of the parts in sequence; `key` has 32 bytes and never changes. */
export function keyedBlake3(key: Buffer, ...parts: Uint8Array[]): Buffer {
  let hasher = keyed.get(key)
  if (hasher === undefined) {
    hasher = Blake3Hasher.newKeyed(key)
    keyed.set(key, hasher)
  }
  return fed(hasher, parts).digestBuffer()
}

function fed(hasher: Blake3Hasher, parts: readonly Uint8Array[]): Blake3Hasher {
  hasher.reset()
  for (const part of parts) hasher.update(bufferOf(part))
  return hasher
}
