/** Simulation: whole pools in one process, under one seed and virtual time. For tests only. */
export type { CrashKind, DiskOperation, SimDisk } from './disk.ts'
export { SeededRandom } from './random.ts'
export { withSeeds } from './seeds.ts'
export type { SimNetwork } from './transport.ts'
export type { NetworkSettings } from './wire.ts'
export { createSimWorld, type SimPortsOptions, type SimWorld, type SimWorldOptions, simPorts } from './world.ts'
