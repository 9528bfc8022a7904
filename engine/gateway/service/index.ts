/**
 * The service behind the gateway: the engine's parts under the API's operations.
 */
import type { Service } from '../service.ts'
import { contentOperations } from './contents.ts'
import { machineOperations } from './machines.ts'
import type { NodeParts } from './parts.ts'

export type { NodeParts, PoolParts } from './parts.ts'

export function createService(parts: NodeParts): Service {
  return {
    ...contentOperations(parts),
    ...machineOperations(parts),
    subscribe: (listener) => parts.subscribe(listener),
  }
}
