/** The service's operations on how this node keeps its secrets. */
import type { Secrets } from '../../../shared/index.ts'
import type { SecretFiles } from '../../identity/index.ts'
import type { Service } from '../service.ts'

type SecretsOperations = Pick<Service, 'secrets' | 'protectSecrets'>

export function secretsOperations(files: SecretFiles): Required<SecretsOperations> {
  const now = (): Secrets => ({ protection: files.protection, keychain: files.hasKey })
  return {
    async secrets() {
      return now()
    },
    async protectSecrets({ protection }) {
      await files.protect(protection)
      return now()
    },
  }
}
