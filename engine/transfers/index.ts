/** Work that takes a while: imports of files of this computer, and its linked folders. */
export { type ImportView, Transfers } from './transfers.ts'
export type { LinkView } from './linkedFolders.ts'
