/**
 * The code that a person carries from the inviting machine to the joining one: 10 bits that match what the pool shows on
 * the local network, 80 random bits, 10 bits of checksum; 20 characters of Crockford's base32 in groups of four. Case,
 * separators and the look-alikes O, I and L do not matter. Every single wrong character and every swap of two neighbours
 * is found before anything is dialled: the whole is 1 modulo 1021, a prime that no such change leaves alone.
 */
import assert from 'node:assert/strict'
import { hkdfSync } from 'node:crypto'
import { bytesOf } from '../base/bytes.ts'
import { EngineError } from '../base/error.ts'
import type { Random } from '../ports.ts'

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const characters = 20
const hintBits = 10n
const secretBytes = 10
const checkBits = 10n
const modulus = 1021n

/** Draws the code of a new invite to the pool with this mDNS fingerprint (16 hexadecimal digits). */
export function drawInviteCode(poolHint: string, random: Random): string {
  const secret = BigInt(`0x${random.bytes(secretBytes).toString('hex')}`)
  const payload = ((hintOf(poolHint) << BigInt(8 * secretBytes)) | secret) << checkBits
  // The remainder is below 1021, so it fits its 10 bits and no two codes are one.
  const check = (1n - (payload % modulus) + modulus) % modulus
  return spell(payload | check)
}

/**
 * What a code means: the key that both ends prove to know, and the tag by which the inviter finds the invite. Neither
 * tells the other, and 80 bits are too many to try. Throws `bad-code` for anything that is no code.
 */
export function readInviteCode(code: string): { readonly key: Buffer; readonly tag: Buffer } {
  const value = parse(code)
  const secret = Buffer.from(
    ((value >> checkBits) & ((1n << BigInt(8 * secretBytes)) - 1n)).toString(16).padStart(2 * secretBytes, '0'),
    'hex',
  )
  const derive = (label: string, sizeBytes: number) =>
    Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), `hadahoop invite ${label}`, sizeBytes))
  return { key: derive('key', 32), tag: derive('tag', 16) }
}

/** True if the code may belong to the pool that shows this fingerprint; one in 1,024 foreign pools matches as well. Throws `bad-code`. */
export function codeMatchesHint(code: string, poolHint: string): boolean {
  return parse(code) >> (BigInt(8 * secretBytes) + checkBits) === hintOf(poolHint)
}

/** The code as it is shown, whatever way it was typed. Throws `bad-code`. */
export function normalInviteCode(code: string): string {
  return spell(parse(code))
}

function hintOf(poolHint: string): bigint {
  assert(/^[0-9a-f]{16}$/.test(poolHint))
  return BigInt(bytesOf(poolHint).readUInt16BE(0)) >> (16n - hintBits)
}

function spell(value: bigint): string {
  let text = ''
  for (let left = value, count = 0; count < characters; count += 1, left >>= 5n)
    text = alphabet[Number(left & 31n)] + text
  return text.replaceAll(/(.{4})(?=.)/g, '$1-')
}

function parse(code: string): bigint {
  const text = code
    .slice(0, 200)
    .toUpperCase()
    .replaceAll(/[\s\p{Pd}._:/]/gu, '')
    .replaceAll('O', '0')
    .replaceAll(/[IL]/g, '1')
  let value = 0n
  for (const character of text) {
    const digit = alphabet.indexOf(character)
    if (digit < 0) throw badCode(`${JSON.stringify(character)} does not occur in codes`)
    value = (value << 5n) | BigInt(digit)
  }
  if (text.length !== characters) throw badCode(`it has ${text.length} letters and digits instead of ${characters}`)
  if (value % modulus !== 1n) throw badCode('a character is wrong, or two are swapped')
  return value
}

function badCode(why: string): EngineError {
  return new EngineError('bad-code', `not an invite code: ${why}`, {
    hint: 'Compare it with the code that the other machine shows, and type it again.',
  })
}
