/** How a node's own secrets are kept on its computer. */
import { z } from 'zod'

const protectionSchema = z.enum(['keychain', 'file'])

export const secretsSchema = z
  .object({
    /** keychain: wrapped with a key that the system's keychain keeps; file: in files that their owner can read. */
    protection: protectionSchema,
    /** The desktop app has given this node a key from the keychain. */
    keychain: z.boolean(),
  })
  .meta({ id: 'Secrets', description: 'how this node keeps its key and the pool’s secrets' })
export type Secrets = z.output<typeof secretsSchema>

export const secretsChangeSchema = z.strictObject({ protection: protectionSchema }).meta({ id: 'SecretsChange' })
export type SecretsChange = z.output<typeof secretsChangeSchema>
