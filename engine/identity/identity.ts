/**
 * A node's own identity: kept in identity.json (mode 0600, PEM texts, versioned), made at the first start. A file that
 * cannot be read is an error and never replaced: a new key would be a new node, and the old one's replicas would be
 * nobody's. The start number is drawn anew at each start and kept nowhere.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify, X509Certificate } from 'node:crypto'
import { z } from 'zod'
import { EngineError, isEngineError, messageOf } from '../base/error.ts'
import { nodeIdOfCertificate, readCertificate } from '../platform/index.ts'
import type { Ports } from '../ports.ts'
import { damaged } from './damaged.ts'
import { drawPrivateKey } from './key.ts'
import { signRepeatably } from './repeatable.ts'
import { openSealed } from './seal.ts'
import type { Identity } from './types.ts'

export const IDENTITY_FILE = 'identity.json'
const FORMAT = 1

const stored = z.object({ format: z.literal(FORMAT), certificate: z.string(), privateKey: z.string() })
type Stored = z.infer<typeof stored>

export interface IdentityOptions {
  /** Signatures that depend on nothing but key and bytes: see repeatable.ts. Simulations only. */
  readonly repeatable?: boolean
}

type Signer = (privateKey: KeyObject, bytes: Uint8Array) => Buffer

const signFreshly: Signer = (privateKey, bytes) => sign('sha256', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' })

/**
 * The identity kept in the data folder, or a new one, durable before it is answered. Throws `damaged-file`, `newer-file`.
 * `machineHash` is platform's machineHash().
 */
export async function loadIdentity(
  ports: Pick<Ports, 'disk' | 'random'>,
  machineHash: string,
  options: IdentityOptions = {},
): Promise<Identity> {
  const signer = options.repeatable ? signRepeatably : signFreshly
  const kept = (await readKept(ports)) ?? (await makeAndKeep(ports, signer))
  const startNumber = ports.random.bytes(4).readUInt32BE()
  try {
    return identityOf(kept, signer, startNumber, machineHash)
  } catch (error) {
    throw damaged(IDENTITY_FILE, messageOf(error), error)
  }
}

async function readKept({ disk }: Pick<Ports, 'disk'>): Promise<Stored | undefined> {
  let bytes: Buffer
  try {
    bytes = await disk.read(IDENTITY_FILE)
  } catch (error) {
    if (isEngineError(error, 'no-file')) return undefined
    throw error
  }
  return readVersioned(IDENTITY_FILE, bytes, FORMAT, stored)
}

/** Parses a JSON file that names its format. Throws `damaged-file`, `newer-file`. */
export function readVersioned<T>(path: string, bytes: Buffer, format: number, shape: z.ZodType<T>): T {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    throw damaged(path, messageOf(error), error)
  }
  const version = z.object({ format: z.int().positive() }).safeParse(value)
  if (version.success && version.data.format > format) {
    throw new EngineError('newer-file', `${path} has format ${version.data.format}, this program knows ${format}`, {
      hint: 'Start the newer release of Hadahoop that wrote this data folder.',
    })
  }
  const parsed = shape.safeParse(value)
  // The issues name fields only; the values are secrets.
  if (!parsed.success) throw damaged(path, parsed.error.issues.map((issue) => issue.path.join('.')).join(', '))
  return parsed.data
}

async function makeAndKeep({ disk, random }: Pick<Ports, 'disk' | 'random'>, signer: Signer): Promise<Stored> {
  const privateKey = drawPrivateKey(random)
  // The X.509 structures take 40 ms to load, and only a first start needs them.
  const { makeCertificate } = await import('./certificate.ts')
  const certificate = makeCertificate(privateKey, (bytes) => signer(privateKey, bytes), random)
  const made: Stored = {
    format: FORMAT,
    certificate: new X509Certificate(certificate).toString(),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
  await disk.writeDurable(IDENTITY_FILE, Buffer.from(`${JSON.stringify(made, null, 2)}\n`), { mode: 0o600 })
  return made
}

function identityOf(kept: Stored, signer: Signer, startNumber: number, machineHash: string): Identity {
  const privateKey = createPrivateKey(kept.privateKey)
  const certificate = new X509Certificate(kept.certificate).raw
  if (!samePublicKey(privateKey, readCertificate(certificate).publicKey)) throw new Error('key and certificate differ')
  return {
    nodeId: nodeIdOfCertificate(certificate),
    certificate,
    certificatePem: kept.certificate,
    privateKeyPem: kept.privateKey,
    startNumber,
    machineHash,
    sign: (bytes) => signer(privateKey, bytes),
    unseal: (sealed) => openSealed(sealed, privateKey),
  }
}

function samePublicKey(privateKey: KeyObject, publicKey: KeyObject): boolean {
  return createPublicKey(privateKey).equals(publicKey)
}

/** True if `signature` (as Identity.sign makes it) over `bytes` is by the key of the certificate. Throws `bad-certificate`. */
export function verifySignature(certificate: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
  const { publicKey } = readCertificate(certificate)
  return verify('sha256', bytes, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)
}
