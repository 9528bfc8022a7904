/**
 * BLAKE3 (https://github.com/BLAKE3-team/BLAKE3-specs), from the native @napi-rs/blake-hash: 5 GB/s on one core.
 * Whatever is addressed by content in Hadahoop is addressed by this hash; keyed hashes derive keys and salts.
 */
import { Blake3Hasher } from '@napi-rs/blake-hash'
import { bufferOf } from './bytes.ts'

/** BLAKE3-256 of the parts in sequence: 32 bytes. */
export function blake3(...parts: Uint8Array[]): Buffer {
  const hasher = new Blake3Hasher()
  for (const part of parts) hasher.update(bufferOf(part))
  return hasher.digestBuffer()
}

/** BLAKE3-256 of the parts in sequence: 64 hexadecimal digits. */
export function blake3Hex(...parts: Uint8Array[]): string {
  const hasher = new Blake3Hasher()
  for (const part of parts) hasher.update(bufferOf(part))
  return hasher.digest('hex')
}

/** Keyed BLAKE3-256 (a pseudo-random function) of the parts in sequence; `key` has 32 bytes. */
export function keyedBlake3(key: Buffer, ...parts: Uint8Array[]): Buffer {
  const hasher = Blake3Hasher.newKeyed(key)
  for (const part of parts) hasher.update(bufferOf(part))
  return hasher.digestBuffer()
}
