/**
 * The API's contract, shared by engine, command line and UI: schemas and the types from them, path rules, error codes,
 * formatters, the OpenAPI document. Pure: no Node, no DOM.
 */
export * from './basics.ts'
export * from './batch.ts'
export * from './contentRoutes.ts'
export type * from './desktop.ts'
export * from './entries.ts'
export * from './errors.ts'
export * from './format.ts'
export * from './health.ts'
export * from './linkedFolders.ts'
export * from './mediaTypes.ts'
export * from './openapi.ts'
export * from './paths.ts'
export * from './pool.ts'
export * from './routes.ts'
export * from './secrets.ts'
export * from './transfers.ts'
export * from './version.ts'
export * from './windowPage.ts'
