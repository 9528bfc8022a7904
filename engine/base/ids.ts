/**
 * Branded ids. All are lower-case hexadecimal text in code and in the API; SQLite and the wire hold the bytes.
 * A branded type keeps a chunk's id from being passed where an entry's is meant; the parse functions are the
 * only way from foreign text to an id, so whatever carries the brand has the right length and alphabet.
 */
import { EngineError } from './error.ts'

declare const brand: unique symbol
export type Brand<T, Name extends string> = T & { readonly [brand]: Name }

/** First 16 bytes of the SHA-256 of the node's public key (SPKI, DER): 32 digits. */
export type NodeId = Brand<string, 'NodeId'>
/** 16 random bytes: 32 digits; never changes while the entry lives. */
export type EntryId = Brand<string, 'EntryId'>
/** 16 random bytes: 32 digits. Also names the upload that made the version, and so its leases. */
export type VersionId = Brand<string, 'VersionId'>
/** BLAKE3-256 of the sealed bytes: 64 digits. */
export type ChunkId = Brand<string, 'ChunkId'>
/** BLAKE3-256 of the segment's bytes: 64 digits. */
export type SegmentId = Brand<string, 'SegmentId'>
/** First 16 bytes of the BLAKE3 of the epoch row: 32 digits. */
export type EpochId = Brand<string, 'EpochId'>
/** First 16 bytes of the BLAKE3 of the pool's genesis row, so that nobody can found the same pool again: 32 digits. */
export type PoolId = Brand<string, 'PoolId'>

/** The root folder: an entry that every pool has, without rows of its own. */
export const ROOT_ENTRY = '0'.repeat(32) as EntryId

const digits16 = /^[0-9a-f]{32}$/
const digits32 = /^[0-9a-f]{64}$/

function parser<Id extends string>(
  name: string,
  pattern: RegExp,
): { parse: (text: string) => Id; is: (text: string) => text is Id } {
  const is = (text: string): text is Id => pattern.test(text)
  return {
    is,
    parse(text) {
      if (!is(text)) throw new EngineError('bad-id', `${name} expected, not ${JSON.stringify(text.slice(0, 80))}`)
      return text
    },
  }
}

/** Each `parse` throws `bad-id`; each `is` only tells. */
export const NodeIds = parser<NodeId>('a node id of 32 hexadecimal digits', digits16)
export const EntryIds = parser<EntryId>('an entry id of 32 hexadecimal digits', digits16)
export const VersionIds = parser<VersionId>('a version id of 32 hexadecimal digits', digits16)
export const EpochIds = parser<EpochId>('an epoch id of 32 hexadecimal digits', digits16)
export const PoolIds = parser<PoolId>('a pool id of 32 hexadecimal digits', digits16)
export const ChunkIds = parser<ChunkId>('a chunk id of 64 hexadecimal digits', digits32)
