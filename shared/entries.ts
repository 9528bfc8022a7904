/**
 * Files and folders as the API shows them: entries, their versions and replicas, the trash, search.
 */
import { z } from 'zod'
import {
  bytesSchema,
  copiesSchema,
  countSchema,
  givenTimeSchema,
  idSchema,
  pageOf,
  pageQuery,
  pathSchema,
  reasonSchema,
  timeSchema,
  wholeNumberIn,
} from './basics.ts'

export const entryKindSchema = z.enum(['file', 'folder'])
export type EntryKind = z.output<typeof entryKindSchema>

/** From best to worst. */
export const fileStates = ['protected', 'copying', 'degraded', 'at-risk', 'unreachable', 'lost'] as const
export const fileStateSchema = z.enum(fileStates)
export type FileState = z.output<typeof fileStateSchema>

/** Files by state; `total` is the sum of the others. */
export const fileCountsSchema = z.object({
  total: countSchema,
  protected: countSchema,
  copying: countSchema,
  degraded: countSchema,
  atRisk: countSchema,
  unreachable: countSchema,
  lost: countSchema,
})
export type FileCounts = z.output<typeof fileCountsSchema>

export const entrySchema = z
  .object({
    id: idSchema,
    path: pathSchema,
    name: z.string(),
    kind: entryKindSchema,
    /** Null for folders. */
    size: bytesSchema.nullable(),
    modified: timeSchema,
    /** The current version; null for folders. */
    version: idSchema.nullable(),
    copies: z.object({
      wanted: countSchema,
      /** The fewest replicas of any chunk on members not removed nor past their grace. */
      durable: countSchema,
      /** The same on members online or suspect. */
      reachable: countSchema,
    }),
    /** Of a folder: the worst inside. */
    state: fileStateSchema,
    reasons: z.array(reasonSchema),
    /** Two versions were written apart and wait for a decision. */
    conflict: z.boolean().optional(),
    /** A neighbour's name differs only in upper and lower case. */
    caseTwin: z.boolean().optional(),
    /** Of a file: nodes that hold any of it, those with all of it first. */
    nodes: z.array(idSchema).max(8).optional(),
    /** Nodes that the entry's own policy pins it to. */
    pinnedTo: z.array(idSchema).optional(),
  })
  .meta({ id: 'Entry' })
export type Entry = z.output<typeof entrySchema>
export const entryPageSchema = pageOf(entrySchema)

export const folderQuerySchema = z.object({
  ...pageQuery,
  sort: z.enum(['name', 'size', 'modified']).default('name'),
  order: z.enum(['asc', 'desc']).default('asc'),
})
export type FolderQuery = z.output<typeof folderQuerySchema>

export const entryPatchSchema = z
  .strictObject({
    path: pathSchema.optional(),
    /** Null: as the folder above. */
    copies: copiesSchema.nullable().optional(),
    pinnedTo: z.array(idSchema).max(63).optional(),
  })
  .meta({ id: 'EntryPatch' })
export type EntryPatch = z.output<typeof entryPatchSchema>

export const copyRequestSchema = z.strictObject({ path: pathSchema }).meta({ id: 'CopyRequest' })
export type CopyRequest = z.output<typeof copyRequestSchema>

export const versionSchema = z
  .object({
    id: idSchema,
    size: bytesSchema,
    modified: timeSchema,
    /** When it was written into the pool. */
    created: timeSchema,
    /** The node that wrote it. */
    author: idSchema,
    current: z.boolean(),
    parents: z.array(idSchema),
  })
  .meta({ id: 'Version' })
export type Version = z.output<typeof versionSchema>
export const versionPageSchema = pageOf(versionSchema)

export const settleRequestSchema = z
  .strictObject({ keep: z.union([idSchema, z.literal('both')]) })
  .meta({ id: 'SettleRequest' })
export type SettleRequest = z.output<typeof settleRequestSchema>

export const replicaHolderSchema = z
  .object({
    nodeId: idSchema,
    name: z.string(),
    state: z.string(),
    /** Chunks of the current version that it holds. */
    chunks: countSchema,
    /** Chunks of the current version. */
    total: countSchema,
    bytes: bytesSchema,
  })
  .meta({ id: 'ReplicaHolder' })
export type ReplicaHolder = z.output<typeof replicaHolderSchema>
export const replicaPageSchema = pageOf(replicaHolderSchema)

/** What is in a folder and in those below: how much, how safe, and on which machines. */
export const folderContentsSchema = z
  .object({
    files: fileCountsSchema,
    folders: countSchema,
    bytes: bytesSchema,
    /** Machines that have any part of any of them, those with most files first. */
    nodes: z.array(z.object({ nodeId: idSchema, name: z.string(), files: countSchema })),
  })
  .meta({ id: 'FolderContents' })
export type FolderContents = z.output<typeof folderContentsSchema>

export const trashItemSchema = z
  .object({
    id: idSchema,
    /** Where it was. */
    path: z.string(),
    name: z.string(),
    kind: entryKindSchema,
    size: bytesSchema.nullable(),
    modified: timeSchema,
    version: idSchema.nullable(),
    deletedAt: timeSchema,
    /** The node it was deleted on. */
    deletedBy: idSchema,
    /** When it may go for good; null while nothing goes. */
    expiresAt: timeSchema.nullable(),
  })
  .meta({ id: 'TrashItem' })
export type TrashItem = z.output<typeof trashItemSchema>
export const trashPageSchema = pageOf(trashItemSchema)

export const contentTypes = ['image', 'video', 'audio', 'document', 'archive', 'other'] as const
export const contentTypeSchema = z.enum(contentTypes)
export type ContentType = z.output<typeof contentTypeSchema>

export const searchQuerySchema = z.object({
  ...pageQuery,
  /** Any substring of the name; empty finds all. */
  q: z.string().max(1024).default(''),
  kind: entryKindSchema.optional(),
  type: contentTypeSchema.optional(),
  minSize: wholeNumberIn(0, Number.MAX_SAFE_INTEGER).optional(),
  maxSize: wholeNumberIn(0, Number.MAX_SAFE_INTEGER).optional(),
  after: givenTimeSchema.optional(),
  before: givenTimeSchema.optional(),
  folder: pathSchema.optional(),
  /** On any of these nodes: ids with commas between them. */
  node: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(idSchema).min(1).max(63))
    .optional(),
  state: fileStateSchema.optional(),
})
export type SearchQuery = z.output<typeof searchQuerySchema>

/** What an `entry` event says of an entry that is no longer visible. */
export const goneEntrySchema = z.object({ id: idSchema, gone: z.literal(true) }).meta({ id: 'GoneEntry' })
export type GoneEntry = z.output<typeof goneEntrySchema>
