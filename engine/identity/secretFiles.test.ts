import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isEngineError } from '../base/error.ts'
import { systemRandom } from '../platform/index.ts'
import { loadIdentity, SecretFiles } from './index.ts'
import { memoryDisk, type MemoryDisk } from './testMemoryDisk.ts'

const coded = (code: string) => (error: unknown) => isEngineError(error, code)
const key = Buffer.alloc(32, 7)
const otherKey = Buffer.alloc(32, 8)
const open = (disk: MemoryDisk, key: Buffer | undefined) => SecretFiles.open({ disk, random: systemRandom, key })
const textOf = (disk: MemoryDisk, path: string): string => disk.files.get(path)?.data.toString() ?? ''
const identityOn = async (disk: SecretFiles) => await loadIdentity({ disk, random: systemRandom }, 'ab'.repeat(16))

test('without a key secrets lie open, for their owner alone', async () => {
  const disk = memoryDisk()
  const files = await open(disk, undefined)
  await identityOn(files)
  assert.equal(files.protection, 'file')
  assert.match(textOf(disk, 'identity.json'), /PRIVATE KEY/)
})

test('with a key they are wrapped from the first byte on, and the same node comes back', async () => {
  const disk = memoryDisk()
  const { nodeId } = await identityOn(await open(disk, key))
  assert.doesNotMatch(textOf(disk, 'identity.json'), /PRIVATE|CERTIFICATE/)
  assert.deepEqual(disk.files.get('identity.json')?.mode, 0o600)
  assert.equal((await identityOn(await open(disk, key))).nodeId, nodeId)
})

test('secrets of before are wrapped at the first start with a key', async () => {
  const disk = memoryDisk()
  const { nodeId } = await identityOn(await open(disk, undefined))
  await disk.writeDurable('pool.json', Buffer.from('{"secret":"visible"}'))
  const files = await open(disk, key)
  assert.equal(files.protection, 'keychain')
  for (const path of ['identity.json', 'pool.json']) {
    assert.doesNotMatch(textOf(disk, path), /PRIVATE|visible/)
    assert.equal(disk.files.get(path)?.durable, true)
  }
  assert.equal((await identityOn(files)).nodeId, nodeId)
  assert.equal((await files.read('pool.json')).toString(), '{"secret":"visible"}')
})

test('wrapped secrets start nothing without their key, nor with another, and stay as they are', async () => {
  const disk = memoryDisk()
  await identityOn(await open(disk, key))
  const before = textOf(disk, 'identity.json')
  await assert.rejects(open(disk, undefined), coded('secrets-wrapped'))
  await assert.rejects(open(disk, otherKey), coded('secrets-key'))
  assert.equal(textOf(disk, 'identity.json'), before)
})

test('one wrapped file does not pass for the other', async () => {
  const disk = memoryDisk()
  await identityOn(await open(disk, key))
  await disk.write('pool.json', disk.files.get('identity.json')?.data ?? Buffer.alloc(0))
  await assert.rejects(open(disk, key), coded('secrets-key'))
})

test('who unwraps them has them open, also at the next start with a key, until they are wrapped again', async () => {
  const disk = memoryDisk()
  const files = await open(disk, key)
  const { nodeId } = await identityOn(files)
  await files.protect('file')
  assert.match(textOf(disk, 'identity.json'), /PRIVATE KEY/)
  assert.equal((await identityOn(await open(disk, undefined))).nodeId, nodeId)
  const again = await open(disk, key)
  assert.equal(again.protection, 'file')
  await again.writeDurable('pool.json', Buffer.from('{"secret":"visible"}'))
  assert.match(textOf(disk, 'pool.json'), /visible/)
  await again.protect('keychain')
  assert.doesNotMatch(textOf(disk, 'identity.json') + textOf(disk, 'pool.json'), /PRIVATE|visible/)
  await assert.rejects(open(disk, undefined), coded('secrets-wrapped'))
})

test('nothing is wrapped without a key', async () => {
  const files = await open(memoryDisk(), undefined)
  await assert.rejects(files.protect('keychain'), coded('no-keychain'))
  assert.equal(files.hasKey, false)
})

test('all other files pass as they are', async () => {
  const disk = memoryDisk()
  const files = await open(disk, key)
  await files.writeDurable('ports.json', Buffer.from('{}'))
  assert.equal(textOf(disk, 'ports.json'), '{}')
})
