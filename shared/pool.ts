/**
 * The pool and its machines as the API shows them: pool, invites, pairing, nodes, health, settings, doctor.
 */
import { z } from 'zod'
import { bytesSchema, copiesSchema, countSchema, idSchema, pageOf, reasonSchema, timeSchema } from './basics.ts'
import { fileStateSchema } from './entries.ts'

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
    /** True for the node that answers. */
    self: z.boolean(),
    drain: z.boolean(),
    awayUntil: timeSchema.nullable(),
    /** Its clock minus this node's, as of the last heartbeat. */
    clockOffsetMs: z.int().nullable().optional(),
    /** True when its catalog equals this node's, as of the last heartbeat. */
    upToDate: z.boolean().nullable().optional(),
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
    awayUntil: timeSchema.nullable().optional(),
  })
  .meta({ id: 'NodePatch' })
export type NodePatch = z.output<typeof nodePatchSchema>

export const healthSchema = z
  .object({
    /** The worst file state; `no-pool` while in none. */
    state: z.union([fileStateSchema, z.literal('no-pool')]),
    /** Of kept versions, trash included; `total` is the sum of the others. */
    chunks: z.object({
      total: countSchema,
      full: countSchema,
      degraded: countSchema,
      atRisk: countSchema,
      unreachable: countSchema,
      lost: countSchema,
    }),
    files: z.object({
      total: countSchema,
      protected: countSchema,
      copying: countSchema,
      degraded: countSchema,
      atRisk: countSchema,
      unreachable: countSchema,
      lost: countSchema,
    }),
    repair: z.looseObject({ queuedChunks: countSchema, queuedBytes: bytesSchema }),
    reasons: z.array(reasonSchema),
  })
  .meta({ id: 'Health' })
export type Health = z.output<typeof healthSchema>

export const whatIfQuerySchema = z.object({
  lost: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(idSchema).min(1).max(63)),
})
export type WhatIfQuery = z.output<typeof whatIfQuerySchema>
export const whatIfSchema = z
  .object({
    lost: z.array(idSchema),
    files: z.object({ total: countSchema, survive: countSchema, lost: countSchema }),
    bytesLost: bytesSchema,
    bytesToCopy: bytesSchema,
    /** Whether the machines left have room for the copies to make. */
    fits: z.boolean(),
  })
  .meta({ id: 'WhatIf' })
export type WhatIf = z.output<typeof whatIfSchema>

const graceSchema = z.object({ 'always-on': countSchema, desktop: countSchema, laptop: countSchema })
const settingsFields = {
  copies: copiesSchema,
  graceMs: graceSchema,
  trashDays: z.int().min(0).max(3650),
  versionDays: z.int().min(0).max(3650),
  versionCount: z.int().min(1).max(10_000),
  upBytesPerSec: rateSchema,
  downBytesPerSec: rateSchema,
}
export const settingsSchema = z.object(settingsFields).meta({ id: 'Settings' })
export type Settings = z.output<typeof settingsSchema>
export const settingsPatchSchema = z
  .strictObject({ ...settingsFields, graceMs: graceSchema.partial() })
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
