/**
 * The pool and its machines as the API shows them: pool, invites, pairing, nodes, settings, doctor.
 */
import { z } from 'zod'
import { bytesSchema, copiesSchema, countSchema, givenTimeSchema, idSchema, pageOf, timeSchema } from './basics.ts'

const nameSchema = z
  .string()
  .trim()
  .min(1)
  .refine(
    (name) => name.isWellFormed() && encodeURIComponent(name).replace(/%../g, 'x').length <= 128,
    'at most 128 bytes',
  )
const rateSchema = countSchema.meta({ description: 'bytes per second; 0 is no limit' })

export const poolSchema = z
  .object({
    id: idSchema,
    name: z.string(),
    copies: copiesSchema,
    /** This node. */
    nodeId: idSchema,
    nodes: countSchema,
    nodesOnline: countSchema,
    files: countSchema,
    folders: countSchema,
    /** Of the current versions, each counted once. */
    bytes: bytesSchema,
    quotaBytes: bytesSchema,
    usedBytes: bytesSchema,
    freeBytes: bytesSchema,
    /** What still fits: bytes of content, each kept so many times on different computers as far as there are any. */
    room: z.object({ bytes: bytesSchema, copies: countSchema }),
  })
  .meta({ id: 'Pool' })
export type Pool = z.output<typeof poolSchema>

export const poolCreateSchema = z
  .strictObject({ name: nameSchema, copies: copiesSchema.optional() })
  .meta({ id: 'PoolCreate' })
export type PoolCreate = z.output<typeof poolCreateSchema>

export const inviteSchema = z
  .object({
    code: z.string(),
    expiresAt: timeSchema,
    address: z.string().meta({ description: 'host:port for --address' }),
  })
  .meta({ id: 'Invite' })
export type Invite = z.output<typeof inviteSchema>

export const poolJoinSchema = z
  .strictObject({ code: z.string().min(1).max(256), address: z.string().min(1).max(512).optional() })
  .meta({ id: 'PoolJoin' })
export type PoolJoin = z.output<typeof poolJoinSchema>

export const discoveredSchema = z
  .object({
    nodeId: idSchema,
    name: z.string(),
    addresses: z.array(z.string()),
    /** Whether it is in this node's pool, in another, or in none. */
    pool: z.enum(['same', 'other', 'none']),
    lastSeen: timeSchema,
  })
  .meta({ id: 'Discovered' })
export type Discovered = z.output<typeof discoveredSchema>
export const discoveredPageSchema = pageOf(discoveredSchema)

export const pairingRequestSchema = z.strictObject({ nodeId: idSchema }).meta({ id: 'PairingRequest' })
export type PairingRequest = z.output<typeof pairingRequestSchema>
export const pairingSchema = z
  .object({
    id: idSchema,
    digits: z.string().regex(/^\d{6}$/),
    state: z.enum(['waiting', 'confirmed', 'done', 'rejected', 'expired']),
  })
  .meta({ id: 'Pairing' })
export type Pairing = z.output<typeof pairingSchema>

export const roleSchema = z.enum(['full', 'storage', 'cloud'])
export const nodeStateSchema = z.enum(['online', 'suspect', 'offline', 'away', 'removed'])
export const deviceClassSchema = z.enum(['always-on', 'desktop', 'laptop'])
export type DeviceClass = z.output<typeof deviceClassSchema>

const sheddingSchema = z.object({
  reason: z.enum(['drain', 'quota', 'replace']),
  chunksLeft: countSchema,
  bytesLeft: bytesSchema,
  stuck: z.string().nullable(),
})

const ratesSchema = z.array(countSchema).max(60)
const trafficSchema = z.object({
  /** Length of one step, ms. */
  stepMs: countSchema,
  /** Bytes per second, the oldest step first. */
  sentBytesPerSec: ratesSchema,
  receivedBytesPerSec: ratesSchema,
})
export type NodeTraffic = z.output<typeof trafficSchema>

export const nodeSchema = z
  .object({
    id: idSchema,
    name: z.string(),
    site: z.string(),
    role: roleSchema,
    state: nodeStateSchema,
    deviceClass: deviceClassSchema,
    /** Null if this node never saw it. */
    lastSeen: timeSchema.nullable(),
    addresses: z.array(z.string()),
    quotaBytes: bytesSchema,
    usedBytes: bytesSchema,
    freeBytes: bytesSchema,
    /** Free on the disk itself, beside what is used already; of the node that answers only. */
    freeDiskBytes: bytesSchema.optional(),
    /** True for the node that answers. */
    self: z.boolean(),
    drain: z.boolean(),
    awayUntil: timeSchema.nullable(),
    /** True if nobody waits for it to come back: what it holds is copied now. */
    missed: z.boolean(),
    /** Its clock minus this node's, as of the last heartbeat. */
    clockOffsetMs: z.int().nullable().optional(),
    /** True when its catalog equals this node's, as of the last heartbeat. */
    upToDate: z.boolean().nullable().optional(),
    /** Chunks that it claims to hold. */
    chunks: countSchema,
    /** What would be lost with it: no other machine has it. */
    onlyHere: z.object({ files: countSchema, bytes: bytesSchema }),
    /** Other machines of the pool that run on the same computer. */
    sameComputerAs: z.array(idSchema),
    /** What it still has to give away, while it does; `stuck` says why it does not go on. */
    shedding: sheddingSchema.nullable(),
    /** Of one that is away: when its copies are made anew on others. */
    waitEnds: timeSchema.nullable(),
    /** The machine that takes its place. */
    replacedBy: idSchema.nullable(),
    /**
     * What the node that answers sent to it and received from it in the last minutes; of itself: with all together. Null where they were
     * not connected.
     */
    traffic: trafficSchema.nullable().optional(),
  })
  .meta({ id: 'Node' })
export type Node = z.output<typeof nodeSchema>
export const nodePageSchema = pageOf(nodeSchema)

export const nodePatchSchema = z
  .strictObject({
    name: nameSchema.optional(),
    site: z.string().trim().max(128).optional(),
    quotaBytes: bytesSchema.optional(),
    deviceClass: deviceClassSchema.optional(),
    drain: z.boolean().optional(),
    awayUntil: givenTimeSchema.nullable().optional(),
    missed: z.boolean().optional().meta({
      description: 'true: its copies are made anew now, without waiting for it; of a machine that is away only',
    }),
  })
  .meta({ id: 'NodePatch' })
export type NodePatch = z.output<typeof nodePatchSchema>

export const nodeReplaceSchema = z
  .strictObject({ by: idSchema.meta({ description: 'the machine that takes its place' }) })
  .meta({ id: 'NodeReplace' })
export type NodeReplace = z.output<typeof nodeReplaceSchema>

const graceMsSchema = z
  .int()
  .min(0)
  .max(30 * 86_400_000)
  .meta({ description: 'ms, at most 30 days' })
const graceSchema = z.strictObject({ 'always-on': graceMsSchema, desktop: graceMsSchema, laptop: graceMsSchema })
const timeOfDaySchema = z
  .string()
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/)
  .meta({ description: 'HH:MM' })
/** The limits of rates hold between these times of each machine's own day, over midnight if `from` is the later one. */
const limitHoursSchema = z
  .strictObject({ from: timeOfDaySchema, to: timeOfDaySchema })
  .refine(({ from, to }) => from !== to, 'from and to are equal')
  .nullable()
  .meta({ description: 'null: always' })
const settingsFields = {
  copies: copiesSchema,
  graceMs: graceSchema,
  trashDays: z.int().min(0).max(3650),
  versionDays: z.int().min(0).max(3650),
  versionCount: z.int().min(1).max(10_000),
  upBytesPerSec: rateSchema,
  downBytesPerSec: rateSchema,
}
export const settingsSchema = z
  .object({ ...settingsFields, limitHours: limitHoursSchema.optional() })
  .meta({ id: 'Settings' })
export type Settings = z.output<typeof settingsSchema>
export const settingsPatchSchema = z
  .strictObject({ ...settingsFields, limitHours: limitHoursSchema, graceMs: graceSchema.partial() })
  .partial()
  .meta({ id: 'SettingsPatch' })
export type SettingsPatch = z.output<typeof settingsPatchSchema>

export const doctorCheckSchema = z
  .object({
    code: z.string(),
    result: z.enum(['ok', 'warning', 'problem']),
    text: z.string(),
    hint: z.string().optional(),
  })
  .meta({ id: 'DoctorCheck' })
export type DoctorCheck = z.output<typeof doctorCheckSchema>
export const doctorSchema = z.object({ checks: z.array(doctorCheckSchema) }).meta({ id: 'Doctor' })
export type Doctor = z.output<typeof doctorSchema>
