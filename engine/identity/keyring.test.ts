import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isEngineError } from '../base/error.ts'
import type { EpochId, PoolId } from '../base/ids.ts'
import { createKeyring, forgetPoolSecrets, loadPoolSecrets, type PoolSecrets, savePoolSecrets } from './index.ts'
import { memoryDisk } from './testMemoryDisk.ts'

const coded = (code: string) => (error: unknown) => isEngineError(error, code)
const epoch = (digit: string) => digit.repeat(32) as EpochId
const secrets: PoolSecrets = {
  poolId: 'c'.repeat(32) as PoolId,
  poolSecret: Buffer.alloc(32, 1),
  epochs: [
    { id: epoch('1'), secret: Buffer.alloc(32, 2) },
    { id: epoch('2'), secret: Buffer.alloc(32, 3) },
  ],
}

test('no two keys of a pool are equal, and all hang on the pool', () => {
  const keyring = createKeyring({ ...secrets, current: () => epoch('2') })
  const other = createKeyring({ ...secrets, poolId: 'd'.repeat(32) as PoolId, current: () => epoch('2') })
  const keys = [keyring, other].flatMap((ring) => [
    ring.dedupKey,
    ...ring.epochs().flatMap((id) => Object.values(ring.get(id) ?? {}).filter((key) => Buffer.isBuffer(key))),
  ])
  assert.equal(keys.length, 2 * (1 + 2 * 4))
  assert.equal(new Set(keys.map((key) => key.toString('hex'))).size, keys.length)
  assert(keys.every((key) => key.length === 32))
  assert.match(keyring.poolHint, /^[0-9a-f]{16}$/)
  assert.notEqual(keyring.poolHint, other.poolHint)
})

test('epochs come in later; what never rotates stays', () => {
  let current = epoch('1')
  const keyring = createKeyring({ ...secrets, current: () => current })
  const [dedupKey, old] = [keyring.dedupKey, keyring.current()]
  keyring.add({ id: epoch('3'), secret: Buffer.alloc(32, 4) })
  current = epoch('3')
  assert.equal(keyring.current().id, epoch('3'))
  assert.deepEqual(keyring.epochs(), [epoch('1'), epoch('2'), epoch('3')])
  assert.equal(keyring.get(epoch('1')), old)
  assert.equal(keyring.dedupKey, dedupKey)
  assert.equal(keyring.get(epoch('4')), undefined)
  current = epoch('4')
  assert.throws(() => keyring.current(), assert.AssertionError)
})

test('pool secrets are kept durably for the owner alone, replaced whole, and forgotten', async () => {
  const disk = memoryDisk()
  assert.equal(await loadPoolSecrets(disk), undefined)
  await savePoolSecrets(disk, { ...secrets, epochs: secrets.epochs.slice(0, 1) })
  await savePoolSecrets(disk, secrets)
  assert.deepEqual(await loadPoolSecrets(disk), secrets)
  assert.equal(disk.files.get('pool.json')?.mode, 0o600)
  assert.equal(disk.files.get('pool.json')?.durable, true)
  await forgetPoolSecrets(disk)
  await forgetPoolSecrets(disk)
  assert.equal(await loadPoolSecrets(disk), undefined)
})

test('a damaged pool file is an error that shows no secret', async () => {
  const disk = memoryDisk()
  await savePoolSecrets(disk, secrets)
  const good = disk.files.get('pool.json')!.data.toString()
  for (const text of ['', 'null', good.slice(0, -20), good.replace('"c', '"x'), good.replace('0101', '01')]) {
    await disk.writeDurable('pool.json', Buffer.from(text))
    await assert.rejects(
      loadPoolSecrets(disk),
      (error) => isEngineError(error, 'damaged-file') && !/0101/.test(error.message),
    )
  }
  await disk.writeDurable('pool.json', Buffer.from(good.replace('"format": 1', '"format": 7')))
  await assert.rejects(loadPoolSecrets(disk), coded('newer-file'))
})
