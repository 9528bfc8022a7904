import assert from 'node:assert/strict'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { isEngineError } from '../base/error.ts'
import { systemRandom } from '../platform/index.ts'
import type { Random } from '../ports.ts'
import { loadIdentity, nodeIdOfCertificate, sealTo, verifySignature } from './index.ts'
import { drawPrivateKey } from './key.ts'
import { memoryDisk } from './testMemoryDisk.ts'
import { signRepeatably } from './repeatable.ts'

const coded = (code: string) => (error: unknown) => isEngineError(error, code)
const machineHash = 'ab'.repeat(16)
const load = (disk = memoryDisk(), random = systemRandom) => loadIdentity({ disk, random }, machineHash)

test('an identity is made once, kept durably for its owner alone, and drawn a number at each start', async () => {
  const disk = memoryDisk()
  const first = await load(disk)
  const second = await load(disk)
  assert.equal(disk.files.get('identity.json')?.mode, 0o600)
  assert.equal(disk.files.get('identity.json')?.durable, true)
  assert.equal(second.nodeId, first.nodeId)
  assert.deepEqual(second.certificate, first.certificate)
  assert.notEqual(second.startNumber, first.startNumber)
  assert(first.startNumber >= 0 && first.startNumber < 2 ** 32)
  assert.equal(first.machineHash, machineHash)
  assert.match(first.nodeId, /^[0-9a-f]{32}$/)
  assert.equal(nodeIdOfCertificate(first.certificate), first.nodeId)
})

test('the certificate is signed by its own key, endless, and says nothing of the machine', async () => {
  const identity = await load()
  const certificate = new X509Certificate(identity.certificate)
  for (let count = 0; count < 30; count++) {
    // Each has its own integers in the signature, some shorter, some with a set first bit.
    const other = new X509Certificate((await load()).certificate)
    assert(other.verify(other.publicKey))
  }
  assert.equal(certificate.subject, 'CN=hadahoop')
  assert.equal(certificate.issuer, 'CN=hadahoop')
  assert.equal(certificate.validToDate.getUTCFullYear(), 9999)
})

test('the same seed gives the same node', async () => {
  let draws = 0
  const random: Random = { bytes: (count) => Buffer.alloc(count, ++draws), fraction: () => 0.5 }
  const first = await load(memoryDisk(), random)
  draws = 0
  assert.equal((await load(memoryDisk(), random)).nodeId, first.nodeId)
})

test('repeatable signatures are those of RFC 6979, A.2.5', () => {
  const scalar = Buffer.from('C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721', 'hex')
  const privateKey = drawPrivateKey({ bytes: () => scalar, fraction: () => 0 })
  const vectors = {
    sample:
      'EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716' +
      'F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8',
    test:
      'F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367' +
      '019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083',
  }
  for (const [message, signature] of Object.entries(vectors)) {
    assert.equal(signRepeatably(privateKey, Buffer.from(message)).toString('hex').toUpperCase(), signature)
  }
})

test('a simulated node is the same to the last byte under one seed, and anyone can verify it', async () => {
  const again = () => {
    let draws = 0
    const random: Random = { bytes: (count) => Buffer.alloc(count, ++draws), fraction: () => 0.5 }
    return loadIdentity({ disk: memoryDisk(), random }, machineHash, { repeatable: true })
  }
  const [first, second] = [await again(), await again()]
  assert.deepEqual(second.certificate, first.certificate)
  const { publicKey } = new X509Certificate(first.certificate)
  assert(new X509Certificate(first.certificate).verify(publicKey))
  for (let number = 0; number < 20; number++) {
    const bytes = Buffer.of(number)
    assert.deepEqual(second.sign(bytes), first.sign(bytes))
    assert(verifySignature(first.certificate, bytes, first.sign(bytes)))
  }
})

test('a scalar outside the curve is drawn again', () => {
  const draws = [Buffer.alloc(32), Buffer.alloc(32, 0xff), Buffer.alloc(32, 1)]
  const random: Random = { bytes: () => draws.shift() ?? assert.fail(), fraction: () => 0 }
  assert.equal(drawPrivateKey(random).asymmetricKeyType, 'ec')
  assert.equal(draws.length, 0)
})

test('a signature holds for its bytes and its key only', async () => {
  const [one, two] = [await load(), await load()]
  const bytes = Buffer.from('admit')
  const signature = one.sign(bytes)
  assert.equal(signature.length, 64)
  assert(verifySignature(one.certificate, bytes, signature))
  assert(!verifySignature(two.certificate, bytes, signature))
  assert(!verifySignature(one.certificate, Buffer.from('admix'), signature))
  assert(!verifySignature(one.certificate, bytes, signature.subarray(1)))
  assert(!verifySignature(one.certificate, bytes, Buffer.alloc(64)))
  assert(!verifySignature(one.certificate, bytes, Buffer.alloc(0)))
})

test('what is sealed to a certificate opens for its holder alone, unchanged', async () => {
  const [one, two] = [await load(), await load()]
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const sealed = sealTo(one.certificate, bytes, systemRandom)
      assert.equal(sealed.length, bytes.length + 82)
      assert.deepEqual(one.unseal(sealed), Buffer.from(bytes))
      assert.throws(() => two.unseal(sealed), coded('damaged'))
    }),
    { numRuns: 20 },
  )
  const sealed = sealTo(one.certificate, Buffer.from('epoch secret'), systemRandom)
  for (let at = 0; at < sealed.length; at++) {
    const changed = Buffer.from(sealed)
    changed[at] = (changed[at] ?? 0) ^ 1
    assert.throws(() => one.unseal(changed), coded('damaged'), `byte ${at}`)
    assert.throws(() => one.unseal(sealed.subarray(0, at)), coded('damaged'), `length ${at}`)
  }
  assert.throws(() => one.unseal(Buffer.concat([sealed, Buffer.of(0)])), coded('damaged'))
})

test('foreign certificates: other keys, garbage and giants are refused', async () => {
  assert.throws(() => nodeIdOfCertificate(Buffer.from('no certificate')), coded('bad-certificate'))
  assert.throws(() => nodeIdOfCertificate(Buffer.alloc(0)), coded('bad-certificate'))
  assert.throws(() => nodeIdOfCertificate(Buffer.alloc(100_000)), coded('bad-certificate'))
  assert.throws(() => nodeIdOfCertificate(Buffer.from(ED25519_CERTIFICATE, 'base64')), coded('bad-certificate'))
})

test('a damaged identity file is an error and stays as it is', async () => {
  const disk = memoryDisk()
  await load(disk)
  const good = disk.files.get('identity.json')!.data.toString()
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' })
  const bad = {
    'damaged-file': [
      '',
      good.slice(0, 100),
      '{}',
      '[]',
      good.replace('BEGIN CERTIFICATE', 'BEGIN NOTHING'),
      JSON.stringify({ ...JSON.parse(good), privateKey: other }),
    ],
    'newer-file': [good.replace('"format": 1', '"format": 2')],
  }
  for (const [code, texts] of Object.entries(bad)) {
    for (const text of texts) {
      await disk.writeDurable('identity.json', Buffer.from(text))
      await assert.rejects(load(disk), coded(code), text)
      assert.equal(disk.files.get('identity.json')?.data.toString(), text)
    }
  }
})

/** openssl req -x509 -newkey ed25519 -nodes -subj /CN=hadahoop -days 36500 */
const ED25519_CERTIFICATE =
  'MIIBPDCB76ADAgECAhRW/imUb5rWnAOUkUmQn3I+lDtF2jAFBgMrZXAwEzERMA8GA1UEAwwIaGFkYWhvb3AwIBcNMjYxMTIyMjAwNTAyWhgPMjEyNjEwMjkyMDA1MDJaMBMxETAPBgNVBAMMCGhhZGFob29wMCowBQYDK2VwAyEAxPBQzOd7E5zfoauLn9TlnNY0Zb/G5ZtHyUXsllz5ryWjUzBRMB0GA1UdDgQWBBT6RfTG68Ym2U37f4NSSIIrka4ZWzAfBgNVHSMEGDAWgBT6RfTG68Ym2U37f4NSSIIrka4ZWzAPBgNVHRMBAf8EBTADAQH/MAUGAytlcANBANdvJEwESy8phEBuSzIJaz9nF+zNM8cGT7UI8F5Mtme/eMrLdHniNVEKG0ztFZE/kKg58CO4dDyGPVOEl+0p2As='
