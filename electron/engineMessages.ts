/**
 * What main process and engine process say to each other. The key to wrapped secrets goes this way and no other: command lines and
 * environments can be read by other programs of the account.
 */
import { z } from 'zod'
import type { NodeChoices } from './arguments.ts'

export interface StartMessage {
  readonly type: 'start'
  readonly dataDir: string
  readonly node: NodeChoices
  /** Opens and wraps the node's secrets: 32 bytes, base64url. Missing: they lie open, readable by their owner. */
  readonly secretsKey?: string
}
export type ToEngine = StartMessage | { readonly type: 'stop' }

export const fromEngineSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), url: z.string(), token: z.string() }),
  z.object({ type: z.literal('failed'), code: z.string(), message: z.string(), hint: z.string().optional() }),
  z.object({ type: z.literal('log'), line: z.string() }),
])
export type FromEngine = z.output<typeof fromEngineSchema>
