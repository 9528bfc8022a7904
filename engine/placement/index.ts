export { type FileState, fileState, fileStates, type ReplicaCounts, worse } from './fileState.ts'
export { type Place, place, type Wish, writerKeeps } from './place.ts'
export { rendezvousOrder } from './rendezvous.ts'
export { fits, type Need, roomFor, type Space } from './room.ts'
