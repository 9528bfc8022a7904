/** Who a node is, and the keys it holds. */
export { nodeIdOfCertificate } from '../platform/index.ts'
export { IDENTITY_FILE, type IdentityOptions, loadIdentity, readVersioned, verifySignature } from './identity.ts'
export { createKeyring, type EpochSecret, type GrowingKeyring, type KeyringOptions } from './keyring.ts'
export { forgetPoolSecrets, loadPoolSecrets, POOL_FILE, type PoolSecrets, savePoolSecrets } from './poolFile.ts'
export { SecretFiles, type SecretFilesOptions, type SecretsProtection } from './secretFiles.ts'
export { sealTo } from './seal.ts'
export type { EpochKeys, Identity, Keyring } from './types.ts'
