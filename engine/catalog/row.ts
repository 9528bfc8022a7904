/**
 * The bytes of a row, the same on the wire and under its hash (docs/disk-format.md). Head: format 1, kind, id, register,
 * stamp, epoch, clear header, each of fixed length or with its length before it, so that no two rows share a head. Then
 * the sealed body up to the end. The hash that settles equal stamps and feeds fingerprints is BLAKE3 of all of it; the
 * head is authenticated with the body. One layout by hand instead of CBOR, since a hash needs one encoding only.
 */
import { bufferOf, bytesOf } from '../base/bytes.ts'
import { EngineError } from '../base/error.ts'
import { blake3 } from '../base/hash.ts'
import type { EpochId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import type { Row, RowKey, RowKind, Stamp } from './types.ts'

const format = 1
const idBytes = 16
const stampBytes = 28
const epochBytes = 16
const nameMaxBytes = 32
/** salt(32) and tag(16) around an empty body. */
const sealedMinBytes = 48
/** Format, two lengths, id, stamp, epoch, length of the header. */
const fixedBytes = 1 + 1 + idBytes + 1 + stampBytes + epochBytes + 4

const namePattern = /^[a-z][a-z0-9-]{0,31}$/

/** A row with its head, from which tag and hash are computed. */
export interface RowBytes {
  readonly row: Row
  readonly head: Buffer
}

/** Text of a key for maps and messages to people. */
export function keyText(key: RowKey): string {
  return `${key.kind}/${key.id}/${key.register}`
}

/** All of a row before its body. */
export function encodeHead(key: RowKey, stamp: Stamp, epoch: EpochId, header: Uint8Array): Buffer {
  const { kind, register } = key
  const head = Buffer.allocUnsafe(fixedBytes + kind.length + register.length + header.length)
  let at = head.writeUInt8(format, 0)
  at = head.writeUInt8(kind.length, at)
  at += head.write(kind, at, 'latin1')
  at += head.write(key.id, at, 'hex')
  at = head.writeUInt8(register.length, at)
  at += head.write(register, at, 'latin1')
  at += head.write(stamp, at, 'hex')
  at += head.write(epoch, at, 'hex')
  at = head.writeUInt32BE(header.length, at)
  head.set(header, at)
  return head
}

/** A row as it is sent; `decodeRow` is its inverse. */
export function encodeRow(row: Row): Buffer {
  return Buffer.concat([encodeHead(row, row.stamp, row.epoch, row.header), row.body])
}

/** Bytes that `encodeRow` would make. */
export function rowSizeBytes(row: Row): number {
  return fixedBytes + row.kind.length + row.register.length + row.header.length + row.body.length
}

/** Parses foreign bytes; unknown kinds and registers are fine. Throws `bad-row` on anything malformed or over its limit. */
export function decodeRow(bytes: Uint8Array): RowBytes {
  const all = bufferOf(bytes)
  let at = 0
  const take = (count: number): number => {
    const from = at
    at += count
    if (at > all.length) throw malformed('it is cut off')
    return from
  }
  const word = (): string => {
    const lengthBytes = all.readUInt8(take(1))
    const from = take(lengthBytes)
    return all.toString('latin1', from, from + lengthBytes)
  }
  const hex = (count: number): string => {
    const from = take(count)
    return all.toString('hex', from, from + count)
  }
  if (all.readUInt8(take(1)) !== format) throw malformed('its format is unknown')
  const kind = word()
  const id = hex(idBytes)
  const register = word()
  const stamp = hex(stampBytes) as Stamp
  const epoch = hex(epochBytes) as EpochId
  const headerBytes = all.readUInt32BE(take(4))
  if (headerBytes > limits.rowHeaderMaxBytes) throw malformed('its header is too long')
  const header = all.subarray(take(headerBytes), at)
  const head = all.subarray(0, at)
  const body = all.subarray(at)
  if (!namePattern.test(kind) || (register !== '' && !namePattern.test(register))) throw malformed('its key is not one')
  if (body.length < sealedMinBytes || body.length > limits.rowBodyMaxBytes)
    throw malformed('its body has a wrong length')
  return { row: { kind: kind as RowKind, id, register, stamp, epoch, header, body }, head }
}

/** 32 bytes. */
export function rowHash({ head, row }: RowBytes): Buffer {
  return blake3(head, row.body)
}

/** A key alone, as walks send it. */
export function encodeKey(key: RowKey): Buffer {
  return Buffer.concat([bytesOf(key.id), Buffer.from(`${key.kind}/${key.register}`, 'latin1')])
}

/** Throws `bad-row`. */
export function decodeKey(bytes: Uint8Array): RowKey {
  const all = bufferOf(bytes)
  const text = all.toString('latin1', idBytes)
  const slash = text.indexOf('/')
  const kind = text.slice(0, slash)
  const register = text.slice(slash + 1)
  if (all.length > idBytes + 2 * nameMaxBytes + 1 || !namePattern.test(kind)) throw malformed('its key is not one')
  if (register !== '' && !namePattern.test(register)) throw malformed('its key is not one')
  return { kind: kind as RowKind, id: all.toString('hex', 0, idBytes), register }
}

function malformed(why: string): EngineError {
  return new EngineError('bad-row', `not a row: ${why}`)
}
