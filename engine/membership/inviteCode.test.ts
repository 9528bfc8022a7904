import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isEngineError } from '../base/error.ts'
import type { Random } from '../ports.ts'
import { codeMatchesHint, drawInviteCode, normalInviteCode, readInviteCode } from './inviteCode.ts'

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const fixed = (bytes: Uint8Array): Random => ({ bytes: () => Buffer.from(bytes), fraction: () => 0 })
const hints = fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString('hex'))
const codes = fc
  .tuple(hints, fc.uint8Array({ minLength: 10, maxLength: 10 }))
  .map(([hint, secret]) => drawInviteCode(hint, fixed(secret)))
const isBad = (code: string) => {
  try {
    readInviteCode(code)
    return false
  } catch (error) {
    assert(isEngineError(error, 'bad-code'))
    assert(error.hint !== undefined)
    return true
  }
}

test('a code has five groups of four and carries 80 bits of its own', () => {
  const code = drawInviteCode('0123456789abcdef', fixed(Buffer.alloc(10, 7)))
  assert.match(code, /^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){4}$/)
  fc.assert(
    fc.property(hints, fc.uint8Array({ minLength: 10, maxLength: 10 }), fc.nat(79), (hint, secret, bit) => {
      const other = Uint8Array.from(secret)
      other[bit >> 3] = (other[bit >> 3] as number) ^ (1 << (bit & 7))
      const left = readInviteCode(drawInviteCode(hint, fixed(secret)))
      const right = readInviteCode(drawInviteCode(hint, fixed(other)))
      assert(!left.key.equals(right.key) && !left.tag.equals(right.tag))
      assert(!left.key.includes(left.tag))
    }),
  )
})

test('a code is read however it is typed', () => {
  fc.assert(
    fc.property(codes, fc.constantFrom(' ', '', '-', '–', '.', '\n'), (code, separator) => {
      const typed = code.toLowerCase().replaceAll('-', separator).replaceAll('0', 'o').replaceAll('1', 'l')
      assert.equal(normalInviteCode(typed), code)
      assert.equal(normalInviteCode(typed.replaceAll('l', 'I')), code)
      assert.deepEqual(readInviteCode(typed), readInviteCode(code))
    }),
  )
})

test('any one wrong character and any swap of neighbours is found', () => {
  fc.assert(
    fc.property(codes, (code) => {
      const plain = code.replaceAll('-', '')
      for (let at = 0; at < plain.length; at += 1) {
        for (const character of alphabet) {
          if (character !== plain[at]) assert(isBad(plain.slice(0, at) + character + plain.slice(at + 1)))
        }
        if (at > 0 && plain[at] !== plain[at - 1]) {
          assert(isBad(plain.slice(0, at - 1) + plain[at] + plain[at - 1] + plain.slice(at + 1)))
        }
      }
    }),
    { numRuns: 20 },
  )
})

test('what is no code at all is bad', () => {
  for (const text of ['', 'hello', '0'.repeat(20), 'U'.repeat(20), '0'.repeat(2_000_000), '\u{1f600}'.repeat(20)])
    assert(isBad(text))
  fc.assert(fc.property(codes, (code) => isBad(`${code}0`) && isBad(code.slice(1))))
})

test('the hint matches the pool that the code is for, and few others', () => {
  fc.assert(
    fc.property(codes, hints, hints, fc.uint8Array({ minLength: 10, maxLength: 10 }), (_, mine, other, secret) => {
      const code = drawInviteCode(mine, fixed(secret))
      assert(codeMatchesHint(code, mine))
      const sameBits = Number.parseInt(mine.slice(0, 4), 16) >> 6 === Number.parseInt(other.slice(0, 4), 16) >> 6
      assert.equal(codeMatchesHint(code, other), sameBits)
    }),
  )
})
