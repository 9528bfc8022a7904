/** The ports on real machines. */
export { systemClock } from './clock.ts'
export { createDisk, type FolderDisk } from './disk.ts'
export { nodeIdOfCertificate, readCertificate } from './certificate.ts'
export { lockFolder } from './lock.ts'
export { readMigrations } from './migrations.ts'
export { systemRandom } from './random.ts'
export { type Migration, migrate, openSqlite } from './sqlite.ts'
