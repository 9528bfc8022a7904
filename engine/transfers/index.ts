/** Work that takes a while: imports of files of this computer. */
export { type ImportView, Transfers } from './transfers.ts'
