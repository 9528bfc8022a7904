/**
 * What people and the engine say (Change) to and from what rows hold: key, clear header and plain body, both CBOR maps.
 * Guarantees that whatever is read from a row has passed the same checks as what is written here, whoever sealed it: a
 * member's mistake is refused as `bad-row` and never reaches the views. Unknown fields are ignored (a newer release may
 * add some), unknown kinds and registers are no changes at all: their rows are kept and relayed without being understood.
 */
import assert from 'node:assert/strict'
import { z } from 'zod'
import { bytesOf, hexOf } from '../base/bytes.ts'
import { decodeCbor, encodeCbor } from '../base/cbor.ts'
import { EngineError, isEngineError } from '../base/error.ts'
import type { EntryId, NodeId, PoolId, SegmentId, VersionId } from '../base/ids.ts'
import { KiB, limits } from '../limits.ts'
import { keyText } from './row.ts'
import type { Change, NodeProfile, PoolSettings, Row, RowKey, Version, VersionBody, VersionHeader } from './types.ts'

/** A row's parts before it is sealed. */
export interface PlainRow {
  readonly key: RowKey
  readonly header: Buffer
  readonly plain: Buffer
}

/** What a row says; `change` is null for kinds and registers that this release does not know, and for `gone`. */
export interface Said {
  readonly change: Change | null
  readonly header: VersionHeader | null
}

const nothing = Buffer.alloc(0)

/** True for what may be a file's or folder's name: UTF-8 of 1 to 255 bytes, no `/`, no NUL, neither `.` nor `..`. */
export function isName(name: string): boolean {
  if (name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0')) return false
  return name.isWellFormed() && Buffer.byteLength(name) <= limits.nameMaxBytes
}

// ---------------------------------------------------------------- shapes

const bytes = (count: number) => z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length === count)
const id = <Id extends string>() => bytes(16).transform((value) => hexOf(value) as Id)
const segmentId = bytes(32).transform((value) => hexOf(value) as SegmentId)
const text = (maxBytes: number) => z.string().refine((value) => Buffer.byteLength(value) <= maxBytes)
const count = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER)
const timeMs = z.number().int().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER)
const copies = z.number().int().min(1).max(5)

const segments = z.array(segmentId).max(limits.segmentsPerVersion).default([])
const parents = z.array(id<VersionId>()).max(limits.parentsPerVersion).default([])
const place = z.object({ parent: id<EntryId>(), name: z.string().refine(isName) })
const content = z.object({ size: count, modified: timeMs, created: timeMs, author: id<NodeId>() })

const birthHeader = z.object({ version: id<VersionId>(), segments, parents })
const birthBody = z.object({ ...place.shape, ...content.shape })
const versionHeader = z.object({ entry: id<EntryId>(), segments, parents })
const trashBody = z.object({ trashed: z.boolean(), version: id<VersionId>().nullable(), by: id<NodeId>(), at: timeMs })
const policyBody = z.object({
  copies: copies.nullable(),
  pinned: z.array(id<NodeId>()).max(limits.membersPerPool),
})
const propertiesBody = z.object({
  properties: z.record(z.string(), z.string()).refine((all) => {
    let sizeBytes = 0
    for (const [name, value] of Object.entries(all)) sizeBytes += Buffer.byteLength(name) + Buffer.byteLength(value)
    return sizeBytes <= limits.propertiesMaxBytes
  }),
})
const profileBody = z.object({
  name: text(limits.nodeNameMaxBytes),
  site: text(limits.nodeNameMaxBytes),
  class: z.enum(['always-on', 'desktop', 'laptop']),
  quota: count,
  machine: id<string>(),
  addresses: z.array(text(KiB)).max(limits.addressesPerNode),
  drain: z.boolean(),
  awayUntil: timeMs.nullable(),
  missed: z.literal(true).optional(),
  replacedBy: id<NodeId>().optional(),
})
const presenceBody = z.object({ at: timeMs })
const minuteOfDay = z.int().min(0).max(1439)
const settingsBody = z.object({
  name: text(limits.poolNameMaxBytes),
  copies,
  grace: z.object({ 'always-on': count, desktop: count, laptop: count }),
  trashDays: count,
  versionDays: count,
  versionCount: count,
  up: count,
  down: count,
  thawed: timeMs.optional(),
  limitHours: z.tuple([minuteOfDay, minuteOfDay]).optional(),
})

// ---------------------------------------------------------------- writing

/** Key, header and body for a change; `poolId` is the id of the settings row. Asserts that a version fits its entry. */
export function encodeChange(change: Change, poolId: PoolId): PlainRow {
  switch (change.what) {
    case 'birth': {
      const { entry, parent, name, version } = change
      assert(version === null || version.entry === entry, 'a birth brings a version of its own entry')
      const where = { parent: bytesOf(parent), name }
      const key = entryKey(entry, 'birth')
      if (version === null) return { key, header: nothing, plain: encodeCbor(where) }
      const header = encodeCbor({ version: bytesOf(version.version), ...listsOf(version) })
      return { key, header, plain: encodeCbor({ ...where, ...contentOf(version) }) }
    }
    case 'version': {
      const { version } = change
      const header = encodeCbor({ entry: bytesOf(version.entry), ...listsOf(version) })
      const key = { kind: 'version', id: version.version, register: '' } as const
      return { key, header, plain: encodeCbor(contentOf(version)) }
    }
    case 'location': {
      const { entry, parent, name } = change
      return body(entryKey(entry, 'location'), { parent: bytesOf(parent), name })
    }
    case 'trash': {
      const { entry, trashed, version, by, atMs } = change
      const killed = version === null ? null : bytesOf(version)
      return body(entryKey(entry, 'trash'), { trashed, version: killed, by: bytesOf(by), at: atMs })
    }
    case 'policy': {
      const pinned = change.pinnedTo.map(bytesOf)
      return body(entryKey(change.entry, 'policy'), { copies: change.copies, pinned })
    }
    case 'properties':
      return body(entryKey(change.entry, 'properties'), { properties: change.properties })
    case 'profile':
      return body({ kind: 'node', id: change.node, register: 'profile' }, plainProfile(change.profile))
    case 'presence':
      return body({ kind: 'node', id: change.node, register: 'presence' }, { at: change.atMs })
    case 'settings':
      return body({ kind: 'pool', id: poolId, register: 'settings' }, plainSettings(change.settings))
  }
}

function body(key: RowKey, plain: object): PlainRow {
  return { key, header: nothing, plain: encodeCbor(plain) }
}

function entryKey(entry: EntryId, register: string): RowKey {
  return { kind: 'entry', id: entry, register }
}

/** Empty lists are left out: most versions have no parents. */
function listsOf({ segments, parents }: VersionHeader): object {
  return {
    ...(segments.length > 0 && { segments: segments.map(bytesOf) }),
    ...(parents.length > 0 && { parents: parents.map(bytesOf) }),
  }
}

function contentOf({ sizeBytes, modifiedMs, createdMs, author }: VersionBody): object {
  return { size: sizeBytes, modified: modifiedMs, created: createdMs, author: bytesOf(author) }
}

function plainProfile(profile: NodeProfile): object {
  const { name, site, deviceClass, quotaBytes, machineHash, addresses, drain, awayUntilMs } = profile
  return {
    name,
    site,
    class: deviceClass,
    quota: quotaBytes,
    machine: bytesOf(machineHash),
    addresses,
    drain,
    awayUntil: awayUntilMs,
    ...(profile.missed === undefined ? {} : { missed: true }),
    ...(profile.replacedBy === undefined ? {} : { replacedBy: bytesOf(profile.replacedBy) }),
  }
}

function plainSettings(settings: PoolSettings): object {
  const { name, copies, graceMs, trashDays, versionDays, versionCount, upBytesPerSec, downBytesPerSec } = settings
  const hours = settings.limitHours
  return {
    ...(settings.thawedMs === undefined ? {} : { thawed: settings.thawedMs }),
    ...(hours === undefined ? {} : { limitHours: [hours.fromMinute, hours.toMinute] }),
    name,
    copies,
    grace: graceMs,
    trashDays,
    versionDays,
    versionCount,
    up: upBytesPerSec,
    down: downBytesPerSec,
  }
}

// ---------------------------------------------------------------- reading

const segmentsOnly = z.object({ segments })

/** The segments that a row names in its clear header: no key is needed. Empty for rows without a version. */
export function namedSegments(row: Row): readonly SegmentId[] {
  const carriesVersion = row.kind === 'version' || (row.kind === 'entry' && row.register === 'birth')
  if (row.header.length === 0 || !carriesVersion) return []
  const named = segmentsOnly.safeParse(decodeCbor(row.header))
  return named.success ? named.data.segments : []
}

/** What an opened row says. Throws `bad-row` when header or body break a rule. */
export function decodeChange(row: Row, plain: Uint8Array): Said {
  try {
    return said(row, plain)
  } catch (error) {
    if (error instanceof z.ZodError || isEngineError(error, 'bad-cbor')) {
      throw new EngineError('bad-row', `the row ${keyText(row)} breaks a rule`, { cause: error })
    }
    throw error
  }
}

function said(row: Row, plain: Uint8Array): Said {
  switch (row.kind) {
    case 'entry':
      return row.register === 'birth' ? birth(row, plain) : { change: entryChange(row, plain), header: null }
    case 'version':
      return row.register === '' ? version(row, plain) : unknown
    case 'node':
      return { change: nodeChange(row, plain), header: null }
    case 'pool':
      return row.register === 'settings' ? { change: settings(plain), header: null } : unknown
    default:
      // `gone` says all with its key; other kinds are a newer release's.
      return unknown
  }
}

const unknown: Said = { change: null, header: null }

function birth(row: Row, plain: Uint8Array): Said {
  const entry = row.id as EntryId
  if (row.header.length === 0) {
    const { parent, name } = place.parse(decodeCbor(plain))
    return { change: { what: 'birth', entry, parent, name, version: null }, header: null }
  }
  const header = { entry, ...birthHeader.parse(decodeCbor(row.header)) }
  const { parent, name, ...rest } = birthBody.parse(decodeCbor(plain))
  return { change: { what: 'birth', entry, parent, name, version: versionOf(header, rest) }, header }
}

function version(row: Row, plain: Uint8Array): Said {
  const header = { version: row.id as VersionId, ...versionHeader.parse(decodeCbor(row.header)) }
  return { change: { what: 'version', version: versionOf(header, content.parse(decodeCbor(plain))) }, header }
}

function versionOf(header: VersionHeader, from: z.output<typeof content>): Version {
  const { version, entry, segments, parents } = header
  const { size, modified, created, author } = from
  return { version, entry, segments, parents, sizeBytes: size, modifiedMs: modified, createdMs: created, author }
}

function entryChange(row: Row, plain: Uint8Array): Change | null {
  const entry = row.id as EntryId
  switch (row.register) {
    case 'location':
      return { what: 'location', entry, ...place.parse(decodeCbor(plain)) }
    case 'trash': {
      const { trashed, version, by, at } = trashBody.parse(decodeCbor(plain))
      return { what: 'trash', entry, trashed, version, by, atMs: at }
    }
    case 'policy': {
      const { copies, pinned } = policyBody.parse(decodeCbor(plain))
      return { what: 'policy', entry, copies, pinnedTo: pinned }
    }
    case 'properties':
      return { what: 'properties', entry, ...propertiesBody.parse(decodeCbor(plain)) }
    default:
      return null
  }
}

function nodeChange(row: Row, plain: Uint8Array): Change | null {
  const node = row.id as NodeId
  if (row.register === 'presence') return { what: 'presence', node, atMs: presenceBody.parse(decodeCbor(plain)).at }
  if (row.register !== 'profile') return null
  const { name, site, quota, machine, addresses, drain, awayUntil, missed, replacedBy, ...rest } = profileBody.parse(
    decodeCbor(plain),
  )
  return {
    what: 'profile',
    node,
    profile: {
      name,
      site,
      deviceClass: rest.class,
      quotaBytes: quota,
      machineHash: machine,
      addresses,
      drain,
      awayUntilMs: awayUntil,
      ...(missed === undefined ? {} : { missed }),
      ...(replacedBy === undefined ? {} : { replacedBy }),
    },
  }
}

function settings(plain: Uint8Array): Change {
  const said = settingsBody.parse(decodeCbor(plain))
  const { name, copies, grace, trashDays, versionDays, versionCount, up, down, thawed, limitHours } = said
  return {
    what: 'settings',
    settings: {
      name,
      copies,
      graceMs: grace,
      trashDays,
      versionDays,
      versionCount,
      upBytesPerSec: up,
      downBytesPerSec: down,
      ...(thawed === undefined ? {} : { thawedMs: thawed }),
      ...(limitHours === undefined ? {} : { limitHours: { fromMinute: limitHours[0], toMinute: limitHours[1] } }),
    },
  }
}
