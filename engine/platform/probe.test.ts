import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isEngineError } from '../base/error.ts'
import { hashMachineId, machineHash } from './machine.ts'
import { type Check, missingFeatures, probeRuntime } from './probe.ts'

test('this runtime has all that is used', () => {
  assert.deepEqual(missingFeatures(), [])
  probeRuntime()
})

test('what is missing is named, one sentence each, with what to do', () => {
  const hint = 'Install it.'
  const of: Check[] = [
    { needs: 'first thing', hint, has: () => true },
    { needs: 'second thing', hint, has: () => false },
    {
      needs: 'third thing',
      hint,
      has: () => {
        throw new Error('cannot find it\nstack')
      },
    },
  ]
  assert.throws(
    () => probeRuntime(of),
    (error) =>
      isEngineError(error, 'runtime') &&
      error.message === 'This runtime has no second thing. This runtime has no third thing (cannot find it).' &&
      error.hint === hint,
  )
})

test('a computer has one hash, another has another, and the id is not in it', async () => {
  const first = await machineHash({})
  assert.match(first, /^[0-9a-f]{32}$/)
  assert.equal(await machineHash({}), first)
  const played = await machineHash({ HADAHOOP_MACHINE_ID: 'a'.repeat(32) })
  assert.notEqual(played, first)
  assert.notEqual(played, 'a'.repeat(32))
  // Frozen: member profiles keep it, and a new one would make one computer look like two.
  assert.equal(hashMachineId('0123456789abcdef0123456789abcdef'), '0da00e7a7833351573836e45a0a6adaa')
})
