/**
 * What a node is and which keys it holds. A node is one ECDSA P-256 key pair with a self-signed certificate; its id is
 * the hash of the public key, so pinning the id pins the key. The keyring holds what the pool's members share.
 */
import type { EpochId, NodeId, PoolId } from '../base/ids.ts'

export interface Identity {
  readonly nodeId: NodeId
  /** Self-signed X.509, DER. */
  readonly certificate: Buffer
  readonly certificatePem: string
  readonly privateKeyPem: string
  /** Drawn at each start; part of every stamp, so that a restored disk image never reuses one. 32 bits. */
  readonly startNumber: number
  /** Hash of the computer's own id (same for two accounts on one computer): 32 hexadecimal digits. */
  readonly machineHash: string
  /** ECDSA P-256 over SHA-256, IEEE P1363: 64 bytes. */
  sign(bytes: Uint8Array): Buffer
  /** Opens what `sealTo` sealed to this node's certificate; throws `damaged`. */
  unseal(sealed: Uint8Array): Buffer
}

/** The keys of one epoch, each by HKDF-SHA-256 from the epoch's secret with its own label; 32 bytes each. */
export interface EpochKeys {
  readonly id: EpochId
  /** Keyed hash of header and body -> salt. */
  readonly rowSaltKey: Buffer
  /** Keyed hash of the salt -> body key. */
  readonly rowBodyKey: Buffer
  /** Keyed hash of the bytes to seal -> chunk key. */
  readonly chunkSealKey: Buffer
  /** Seals the secret part of segments. */
  readonly segmentKey: Buffer
}

/** All the pool's secrets that this node knows, and the keys from them. Read by catalog, chunks and discovery. */
export interface Keyring {
  readonly poolId: PoolId
  /** Keys for whatever is written now. */
  current(): EpochKeys
  /** Keys of any known epoch. */
  get(epoch: EpochId): EpochKeys | undefined
  epochs(): EpochId[]
  /** Keyed hash of a piece -> piece hash; from the pool secret, never rotated. */
  readonly dedupKey: Buffer
  /** What mDNS shows of the pool: 16 hexadecimal digits. */
  readonly poolHint: string
}
