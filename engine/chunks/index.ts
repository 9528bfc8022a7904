/** Cutting, sealing and opening contents, and the replicas on this node's disk. */
export { createInlineCompute } from './inlineCompute.ts'
export { type ChunkStoreOptions, type OpenChunkStore, openChunkStore } from './store.ts'
export type { SpawnThread, Thread } from './thread.ts'
export {
  createThreadedCompute,
  type FileCompute,
  type ThreadedCompute,
  type ThreadedComputeOptions,
} from './threadedCompute.ts'
export type { ChunkStore, ChunkStoreEvents, Lease } from './types.ts'
