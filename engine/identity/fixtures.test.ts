/** Data folders of today must open for ever: these fixtures are frozen, and a change that makes this file red loses pools. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { systemRandom } from '../platform/index.ts'
import { createKeyring, loadIdentity, loadPoolSecrets, verifySignature } from './index.ts'
import { memoryDisk } from './testMemoryDisk.ts'

const fixture = (name: string) => readFileSync(new URL(`./fixtures/${name}`, import.meta.url))
const vectors = JSON.parse(fixture('vectors.json').toString())
const bytes = (name: string) => Buffer.from(vectors[name], 'hex')

test('a kept identity is the node it was, opens what was sealed to it, and its signatures hold', async () => {
  const disk = memoryDisk()
  await disk.write('identity.json', fixture('identity.json'))
  const identity = await loadIdentity({ disk, random: systemRandom }, '')
  assert.equal(identity.nodeId, vectors.nodeId)
  assert(verifySignature(identity.certificate, bytes('message'), bytes('signature')))
  assert.deepEqual(identity.unseal(bytes('sealed')), bytes('message'))
})

test('a kept pool file yields the keys it always did', async () => {
  const disk = memoryDisk()
  await disk.write('pool.json', fixture('pool.json'))
  const secrets = await loadPoolSecrets(disk)
  assert(secrets)
  const keyring = createKeyring({ ...secrets, current: () => assert.fail() })
  const epochs = keyring.epochs().map((id) => {
    const keys = Object.entries(keyring.get(id) ?? {}).filter(([name]) => name !== 'id')
    return [id, Object.fromEntries(keys.map(([name, key]) => [name, key.toString('hex')]))]
  })
  const found = {
    poolHint: keyring.poolHint,
    dedupKey: keyring.dedupKey.toString('hex'),
    epochs: Object.fromEntries(epochs),
  }
  assert.deepEqual(found, vectors.keyring)
})
