/** The gateway: a node's HTTP API and its page. */
export { type Asset, type Assets, loadAssets } from './assets.ts'
export { Logbook } from './logbook.ts'
export { createGateway, type Gateway, type GatewayOptions } from './gateway.ts'
export type { Notice, OpenFile, PutOptions, Service, SmallFile, SmallFileStored } from './service.ts'
export { secretsOperations } from './service/secrets.ts'
export { createService, type NodeParts, type PoolParts } from './service/index.ts'
