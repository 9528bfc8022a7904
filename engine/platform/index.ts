/** The ports on real machines. */
export { migrate, openSqlite, type Migration } from './sqlite.ts'
