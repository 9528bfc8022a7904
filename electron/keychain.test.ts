import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { secretsKey } from './keychain.ts'
import { fakeKeychain } from './testElectron.ts'

let dataDir = ''
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'hadahoop-keychain-'))
})
afterEach(() => rmSync(dataDir, { recursive: true }))

const ask = (keychain = fakeKeychain('gnome_libsecret'), platform: NodeJS.Platform = 'linux') =>
  secretsKey({ safeStorage: keychain, platform, dataDir })

test('a real keychain keeps the key: the same at each start, on the disk only encrypted and for its owner', async () => {
  const key = await ask()
  assert.equal(key?.length, 32)
  assert.deepEqual(await ask(), key)
  const file = join(dataDir, 'keychain.json')
  assert.doesNotMatch(readFileSync(file, 'utf8'), new RegExp(key.toString('base64url')))
  if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o600)
})

test('a constant in Chromium’s source is no keychain', async () => {
  assert.equal(await ask(fakeKeychain('basic_text')), undefined)
  assert.equal(await ask(fakeKeychain('unknown')), undefined)
  assert.equal(await ask({ ...fakeKeychain('kwallet6'), isAsyncEncryptionAvailable: async () => false }), undefined)
  assert.equal((await ask(fakeKeychain('unknown'), 'darwin'))?.length, 32, 'only Linux has back ends')
})

test('a key that was made and is not given back is said, never replaced', async () => {
  await ask()
  const before = readFileSync(join(dataDir, 'keychain.json'), 'utf8')
  await assert.rejects(ask(fakeKeychain('gnome_libsecret', 'another account')), { code: 'secrets-key' })
  await assert.rejects(ask(fakeKeychain('basic_text')), { code: 'secrets-key' })
  assert.equal(readFileSync(join(dataDir, 'keychain.json'), 'utf8'), before)
  writeFileSync(join(dataDir, 'keychain.json'), '{ damaged')
  await assert.rejects(ask(), { code: 'secrets-key' })
})

test('a key that the keychain wants encrypted anew is', async () => {
  const key = await ask()
  let encrypted = 0
  const old = fakeKeychain('gnome_libsecret')
  const rotated = {
    ...old,
    decryptStringAsync: async (bytes: Buffer) => ({ ...(await old.decryptStringAsync(bytes)), shouldReEncrypt: true }),
    encryptStringAsync: async (text: string) => {
      encrypted++
      return await old.encryptStringAsync(text)
    },
  }
  assert.deepEqual(await ask(rotated), key)
  assert.equal(encrypted, 1)
})
