/**
 * The service behind the gateway: the engine's parts under the API's operations.
 */
import type { Service } from '../service.ts'
import { contentOperations } from './contents.ts'
import { healthOperations } from './health.ts'
import { metricOperations } from './metrics.ts'
import { nodeOperations } from './nodes.ts'
import type { NodeParts } from './parts.ts'
import { poolOperations } from './pool.ts'
import { settingsOperations } from './settings.ts'
import { transferOperations } from './transfers.ts'

export type { NodeParts, PoolParts } from './parts.ts'

export function createService(parts: NodeParts): Service {
  const operations = {
    ...contentOperations(parts),
    ...poolOperations(parts),
    ...nodeOperations(parts),
    ...healthOperations(parts),
    ...settingsOperations(parts),
    ...transferOperations(parts),
  }
  return {
    ...operations,
    ...metricOperations(parts.self, operations),
    subscribe: (listener) => parts.subscribe(listener),
  }
}
