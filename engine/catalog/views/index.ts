/** Everything derived from rows, segments and claims: the tree of files and folders, and the index of chunks. */
export { RECOVERED_ENTRY } from './entryTable.ts'
export { Views } from './views.ts'
