import assert from 'node:assert/strict'
import { test } from 'node:test'
import { blake3, blake3Hex, keyedBlake3 } from './hash.ts'

test('hashes are BLAKE3 as published', () => {
  // Test vectors of the BLAKE3 team: input of length 3 (bytes 0, 1, 2) and their key.
  const input = Buffer.of(0, 1, 2)
  const key = Buffer.from('whats the Elvish word for friend')
  assert.equal(blake3Hex(input), 'e1be4d7a8ab5560aa4199eea339849ba8e293d55ca0a81006726d184519e647f')
  assert.equal(
    keyedBlake3(key, input).toString('hex'),
    '39e67b76b5a007d4921969779fe666da67b5213b096084ab674742f0d5ec62b9',
  )
})

test('hashes made one after another do not get into each other', () => {
  const [one, two] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
  const parts = [Buffer.from('ab'), Buffer.from('c')]
  const first = keyedBlake3(one, ...parts)
  assert.notDeepEqual(keyedBlake3(two, ...parts), first)
  assert.throws(() => blake3(Buffer.from('x'), 5 as never))
  assert.deepEqual(blake3(Buffer.from('abc')), blake3(...parts))
  assert.deepEqual(keyedBlake3(one, Buffer.from('abc')), first)
  assert.deepEqual(keyedBlake3(Buffer.from(one), Buffer.from('abc')), first)
})
