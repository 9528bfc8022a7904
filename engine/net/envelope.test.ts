import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { EngineError } from '../base/error.ts'
import { limits } from '../limits.ts'
import {
  bundle,
  decodeEnvelopes,
  describeError,
  type Envelope,
  encodeEnvelope,
  kinds,
  restoreError,
} from './envelope.ts'

/** One of each kind as protocol 1 sends it. Never changed: other machines run releases that send exactly these bytes. */
const frozen = JSON.parse(readFileSync(new URL('./fixtures/protocol1.json', import.meta.url), 'utf8')) as Record<
  string,
  string
>

const examples: Record<string, Envelope> = {
  request: [kinds.request, 7, 'catalog.roots', { root: Buffer.from('0102', 'hex'), since: 5 }],
  requestWithPayload: [kinds.request, 8, 'chunks.store', { ids: Buffer.alloc(4, 9) }, 8_388_608],
  answer: [kinds.answer, 7, { equal: true }],
  answerWithPayload: [kinds.answer, 300, { sizes: [1, 70_000] }, 12_582_976],
  failure: [
    kinds.failure,
    9,
    describeError(
      new EngineError('quota-full', 'no room', { hint: 'Make some.', retryable: true, facts: { freeBytes: 1 } }),
    ),
  ],
  cancel: [kinds.cancel, 9],
  requestFrame: [kinds.requestFrame, 8],
  answerFrame: [kinds.answerFrame, 300],
  cut: [kinds.cut, 300],
  credit: [kinds.credit, 8_388_608, 0],
  pulse: [
    kinds.pulse,
    1234.5,
    { nowMs: 1_767_225_600_000, catalogRoot: 'ab', inventorySequence: 3, usedBytes: 1, quotaBytes: 2, leaving: false },
  ],
  echo: [kinds.echo, 1234.5, 1_767_225_600_001],
  beat: [kinds.beat],
  hello: [
    kinds.hello,
    {
      protocol: { min: 1, max: 1 },
      nodeId: '0'.repeat(32),
      startNumber: 4_000_000_000,
      nowMs: 1_767_225_600_000,
      admission: Buffer.from('rows'),
      software: 'hadahoop 0.1.0',
      linkId: 'a1b2c3d4e5f6',
      port: 4240,
      windowBytes: 33_554_432,
    },
  ],
  welcome: [kinds.welcome],
  refuse: [kinds.refuse, 'not-a-member', 'words', 'hint'],
  adopt: [kinds.adopt],
  dataHello: [kinds.dataHello, 'a1b2c3d4e5f6', '0'.repeat(32), 1],
}

test('every kind of message has its frozen bytes', () => {
  const encoded = Object.fromEntries(
    Object.entries(examples).map(([name, envelope]) => [name, encodeEnvelope(envelope).toString('hex')]),
  )
  assert.deepEqual(encoded, frozen)
  assert.deepEqual(new Set(Object.values(examples).map(([kind]) => kind)), new Set(Object.values(kinds)))
  for (const [name, hex] of Object.entries(frozen)) {
    const [decoded] = decodeEnvelopes(Buffer.from(hex, 'hex'))
    assert.deepEqual(encodeEnvelope(decoded as Envelope).toString('hex'), hex, name)
  }
})

test('a bundle of any number of envelopes is one CBOR value that gives them back', () => {
  for (const count of [1, 2, 23, 24, 255, 256, 3_000]) {
    const envelopes = Array.from({ length: count }, (_, index): Envelope => [kinds.cancel, index])
    assert.deepEqual(decodeEnvelopes(bundle(envelopes.map(encodeEnvelope))), envelopes)
  }
})

test('an error travels with its code, words, hint and facts, cut to a bearable size', () => {
  const error = new EngineError('x', 'y'.repeat(9_999), { hint: 'z'.repeat(9_999), facts: { a: [1] } })
  const restored = restoreError(decodeEnvelopes(encodeEnvelope([kinds.failure, 1, describeError(error)]))[0]?.[2])
  assert.deepEqual([restored.code, restored.message.length, restored.hint?.length], ['x', 2_000, 2_000])
  assert.deepEqual([restored.retryable, restored.facts], [false, { a: [1] }])
  assert.throws(() => encodeEnvelope([kinds.answer, 1, Buffer.alloc(limits.controlMessageMaxBytes)]), {
    code: 'too-large',
  })
})
