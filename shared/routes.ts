/**
 * The table of the API's operations, from which the OpenAPI document is made; a test holds the gateway against it.
 * One line per method and path: what goes in, what comes out under which status.
 */
import { z } from 'zod'
import { bytesSchema, pageQuerySchema, pathSchema, problemSchema, idSchema } from './basics.ts'
import { batchAnswerSchema } from './batch.ts'
import {
  copyRequestSchema,
  entryPageSchema,
  entryPatchSchema,
  entrySchema,
  folderQuerySchema,
  replicaPageSchema,
  searchQuerySchema,
  settleRequestSchema,
  trashPageSchema,
  versionPageSchema,
} from './entries.ts'
import type { ErrorCode } from './errors.ts'
import {
  discoveredPageSchema,
  doctorSchema,
  healthSchema,
  inviteSchema,
  nodePageSchema,
  nodePatchSchema,
  nodeSchema,
  pairingRequestSchema,
  pairingSchema,
  poolCreateSchema,
  poolJoinSchema,
  poolSchema,
  settingsPatchSchema,
  settingsSchema,
  whatIfQuerySchema,
  whatIfSchema,
} from './pool.ts'
import {
  activityPageSchema,
  importAnswerSchema,
  importRequestSchema,
  loginLinkSchema,
  loginSchema,
  transferPageSchema,
  transferSchema,
} from './transfers.ts'

/** What a body is when it is not JSON. */
export type RawBody = 'bytes' | 'text' | 'events' | 'html' | 'nothing'

export interface Route {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'
  /** In OpenAPI's form; `{path}` at the end holds slashes. */
  readonly path: string
  readonly summary: string
  readonly query?: z.ZodObject
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: z.ZodType | RawBody
  /** By status. */
  readonly answers: Readonly<Record<number, z.ZodType | RawBody>>
  /** Codes beside those that any operation may answer. */
  readonly errors?: readonly ErrorCode[]
  /** No token needed. */
  readonly open?: true
}

export const putFileQuerySchema = z.object({
  /** Absolute path of a file of the node's computer: the node reads it itself and the body is empty. With a token only. */
  from: z.string().min(1).max(4096).optional(),
  wait: z.literal('all').optional(),
  waitMs: z.coerce.number().int().min(0).max(3_600_000).optional(),
})
export const fileQuerySchema = z.object({ version: idSchema.optional() })
export const entryAtQuerySchema = z.object({ path: pathSchema })

const storeErrors = ['wrong-kind', 'precondition-failed', 'disk-full', 'quota-full', 'source-unreadable'] as const
const pathErrors = ['bad-path', 'no-pool'] as const
const idErrors = ['bad-id', 'no-pool', 'not-found'] as const
const preconditions = {
  'If-Match': 'only if the current version is one of these',
  'If-None-Match': '`*`: only if nothing is there',
}
const confirm = { Confirm: 'what `confirm-needed` gave' }
const fileHeaders = {
  Range: 'one range of bytes; several are answered with the whole',
  'If-Range': 'an ETag or a date',
  'If-None-Match': 'ETags',
  'If-Modified-Since': 'a date',
  'If-Match': 'ETags',
}

export const routes: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/session',
    summary: 'Exchange a login code for a session cookie',
    body: loginSchema,
    answers: { 204: 'nothing' },
    errors: ['wrong-login-code'],
    open: true,
  },
  { method: 'DELETE', path: '/v1/session', summary: 'End the session', answers: { 204: 'nothing' } },
  {
    method: 'POST',
    path: '/v1/session/links',
    summary: 'A fresh address to open in a browser, for one use',
    answers: { 201: loginLinkSchema },
  },

  {
    method: 'GET',
    path: '/v1/pool',
    summary: 'The pool this node is in',
    answers: { 200: poolSchema, 404: problemSchema },
  },
  {
    method: 'POST',
    path: '/v1/pool',
    summary: 'Create a pool',
    body: poolCreateSchema,
    answers: { 201: poolSchema },
    errors: ['already-in-pool'],
  },
  {
    method: 'POST',
    path: '/v1/pool/invites',
    summary: 'A code with which one machine may join',
    answers: { 201: inviteSchema },
    errors: ['no-pool', 'too-many-invites'],
  },
  {
    method: 'POST',
    path: '/v1/pool/join',
    summary: 'Join a pool by code',
    body: poolJoinSchema,
    answers: { 200: poolSchema },
    errors: ['already-in-pool', 'bad-code', 'wrong-code', 'invite-used', 'invite-expired', 'unreachable'],
  },
  {
    method: 'POST',
    path: '/v1/pool/leave',
    summary: 'Leave the pool',
    answers: { 204: 'nothing' },
    errors: ['no-pool'],
  },
  {
    method: 'GET',
    path: '/v1/discovered',
    summary: 'Machines seen on the network',
    query: pageQuerySchema,
    answers: { 200: discoveredPageSchema },
  },
  {
    method: 'POST',
    path: '/v1/pairings',
    summary: 'Start pairing by digits',
    body: pairingRequestSchema,
    answers: { 201: pairingSchema },
    errors: ['no-such-node'],
  },
  {
    method: 'POST',
    path: '/v1/pairings/{id}/confirm',
    summary: 'The digits are equal',
    answers: { 200: pairingSchema },
    errors: ['not-found'],
  },
  {
    method: 'POST',
    path: '/v1/pairings/{id}/reject',
    summary: 'The digits differ',
    answers: { 200: pairingSchema },
    errors: ['not-found'],
  },

  {
    method: 'POST',
    path: '/v1/batches',
    summary:
      'Stores many small files at once: for each a length (4 bytes, big-endian), a JSON head {path, size, modified?}, the bytes',
    body: 'bytes',
    answers: { 200: batchAnswerSchema },
    errors: ['no-pool', 'bad-request', 'too-large'],
  },
  {
    method: 'PUT',
    path: '/v1/files/{path}',
    summary: 'Store a file; answered once acknowledged',
    query: putFileQuerySchema,
    headers: { ...preconditions, 'X-Modified': 'the content’s modification time, RFC 3339' },
    body: 'bytes',
    answers: { 200: entrySchema, 201: entrySchema },
    errors: [...pathErrors, ...storeErrors],
  },
  {
    method: 'GET',
    path: '/v1/files/{path}',
    summary: 'The bytes',
    query: fileQuerySchema,
    headers: fileHeaders,
    answers: { 200: 'bytes', 206: 'bytes', 304: 'nothing' },
    errors: [...pathErrors, 'not-found', 'wrong-kind', 'precondition-failed', 'bad-range', 'unreachable', 'lost'],
  },
  {
    method: 'HEAD',
    path: '/v1/files/{path}',
    summary: 'Size, ETag and times of a file',
    query: fileQuerySchema,
    headers: fileHeaders,
    answers: { 200: 'nothing', 304: 'nothing' },
    errors: [...pathErrors, 'not-found', 'wrong-kind', 'precondition-failed'],
  },
  {
    method: 'DELETE',
    path: '/v1/files/{path}',
    summary: 'A file to the trash',
    headers: { ...confirm, 'If-Match': preconditions['If-Match'] },
    answers: { 204: 'nothing' },
    errors: [...pathErrors, 'not-found', 'wrong-kind', 'precondition-failed', 'confirm-needed'],
  },
  {
    method: 'GET',
    path: '/v1/folders/{path}',
    summary: 'What is in a folder; an empty path is the root',
    query: folderQuerySchema,
    answers: { 200: entryPageSchema },
    errors: [...pathErrors, 'not-found', 'wrong-kind', 'bad-cursor'],
  },
  {
    method: 'PUT',
    path: '/v1/folders/{path}',
    summary: 'Make a folder and those above it',
    answers: { 200: entrySchema, 201: entrySchema },
    errors: [...pathErrors, 'exists', 'wrong-kind'],
  },
  {
    method: 'DELETE',
    path: '/v1/folders/{path}',
    summary: 'A folder and all inside to the trash',
    headers: confirm,
    answers: { 204: 'nothing' },
    errors: [...pathErrors, 'not-found', 'wrong-kind', 'confirm-needed'],
  },

  {
    method: 'GET',
    path: '/v1/entries',
    summary: 'The entry at a path',
    query: entryAtQuerySchema,
    answers: { 200: entrySchema },
    errors: [...pathErrors, 'not-found'],
  },
  { method: 'GET', path: '/v1/entries/{id}', summary: 'An entry', answers: { 200: entrySchema }, errors: idErrors },
  {
    method: 'PATCH',
    path: '/v1/entries/{id}',
    summary: 'Rename, move, set copies or pins',
    body: entryPatchSchema,
    answers: { 200: entrySchema },
    errors: [...idErrors, 'exists', 'cycle', 'wrong-kind'],
  },
  {
    method: 'POST',
    path: '/v1/entries/{id}/copy',
    summary: 'Copy without moving bytes',
    body: copyRequestSchema,
    answers: { 201: entrySchema },
    errors: [...idErrors, 'exists', 'cycle', 'wrong-kind'],
  },
  {
    method: 'GET',
    path: '/v1/entries/{id}/versions',
    summary: 'Kept versions, newest first',
    query: pageQuerySchema,
    answers: { 200: versionPageSchema },
    errors: [...idErrors, 'wrong-kind'],
  },
  {
    method: 'POST',
    path: '/v1/entries/{id}/versions/{version}/restore',
    summary: 'Make an earlier version current again',
    answers: { 200: entrySchema },
    errors: idErrors,
  },
  {
    method: 'POST',
    path: '/v1/entries/{id}/settle',
    summary: 'Decide between versions written apart',
    body: settleRequestSchema,
    answers: { 200: entrySchema },
    errors: [...idErrors, 'conflict'],
  },
  {
    method: 'GET',
    path: '/v1/entries/{id}/replicas',
    summary: 'Which machine holds how much',
    query: pageQuerySchema,
    answers: { 200: replicaPageSchema },
    errors: [...idErrors, 'wrong-kind'],
  },

  {
    method: 'GET',
    path: '/v1/trash',
    summary: 'What was deleted',
    query: pageQuerySchema,
    answers: { 200: trashPageSchema },
    errors: ['no-pool', 'bad-cursor'],
  },
  {
    method: 'POST',
    path: '/v1/trash/{id}/restore',
    summary: 'Back to where it was',
    answers: { 200: entrySchema },
    errors: [...idErrors, 'exists'],
  },
  {
    method: 'DELETE',
    path: '/v1/trash',
    summary: 'Empty the trash',
    headers: confirm,
    answers: { 204: 'nothing' },
    errors: ['no-pool', 'confirm-needed'],
  },
  {
    method: 'DELETE',
    path: '/v1/trash/{id}',
    summary: 'Delete one thing for good',
    headers: confirm,
    answers: { 204: 'nothing' },
    errors: [...idErrors, 'confirm-needed'],
  },

  {
    method: 'GET',
    path: '/v1/search',
    summary: 'Find by name and more',
    query: searchQuerySchema,
    answers: { 200: entryPageSchema },
    errors: ['no-pool', 'bad-cursor', 'bad-path'],
  },

  {
    method: 'GET',
    path: '/v1/nodes',
    summary: 'The machines of the pool, this one included',
    query: pageQuerySchema,
    answers: { 200: nodePageSchema },
  },
  {
    method: 'PATCH',
    path: '/v1/nodes/{id}',
    summary: 'Name, place, space, draining',
    body: nodePatchSchema,
    answers: { 200: nodeSchema },
    errors: ['bad-id', 'no-pool', 'no-such-node'],
  },
  {
    method: 'DELETE',
    path: '/v1/nodes/{id}',
    summary: 'Remove a machine from the pool',
    answers: { 202: 'nothing' },
    errors: ['bad-id', 'no-pool', 'no-such-node', 'self'],
  },
  {
    method: 'GET',
    path: '/v1/health',
    summary: 'Is everything safe, and what to do if not',
    answers: { 200: healthSchema },
  },
  {
    method: 'GET',
    path: '/v1/health/what-if',
    summary: 'What would be lost with these machines',
    query: whatIfQuerySchema,
    answers: { 200: whatIfSchema },
    errors: ['no-pool', 'no-such-node'],
  },
  { method: 'GET', path: '/v1/doctor', summary: 'Why machines do not see each other', answers: { 200: doctorSchema } },

  {
    method: 'POST',
    path: '/v1/imports',
    summary: 'Store files of this computer in the background',
    body: importRequestSchema,
    answers: { 202: importAnswerSchema },
    errors: ['no-pool', 'not-found'],
  },
  {
    method: 'GET',
    path: '/v1/transfers',
    summary: 'Work under way and done',
    query: pageQuerySchema,
    answers: { 200: transferPageSchema },
  },
  {
    method: 'POST',
    path: '/v1/transfers/{id}/pause',
    summary: 'Pause',
    answers: { 200: transferSchema },
    errors: ['not-found', 'conflict'],
  },
  {
    method: 'POST',
    path: '/v1/transfers/{id}/resume',
    summary: 'Go on',
    answers: { 200: transferSchema },
    errors: ['not-found', 'conflict'],
  },
  {
    method: 'POST',
    path: '/v1/transfers/{id}/cancel',
    summary: 'Cancel',
    answers: { 200: transferSchema },
    errors: ['not-found', 'conflict'],
  },
  {
    method: 'POST',
    path: '/v1/transfers/{id}/retry',
    summary: 'Try again what failed',
    answers: { 200: transferSchema },
    errors: ['not-found', 'conflict'],
  },
  {
    method: 'GET',
    path: '/v1/settings',
    summary: 'The pool’s settings',
    answers: { 200: settingsSchema },
    errors: ['no-pool'],
  },
  {
    method: 'PATCH',
    path: '/v1/settings',
    summary: 'Change settings',
    body: settingsPatchSchema,
    answers: { 200: settingsSchema },
    errors: ['no-pool'],
  },
  {
    method: 'GET',
    path: '/v1/activity',
    summary: 'What happened, newest first',
    query: pageQuerySchema,
    answers: { 200: activityPageSchema },
  },
  {
    method: 'POST',
    path: '/v1/scrub',
    summary: 'Re-read and verify all replicas here',
    answers: { 202: 'nothing' },
    errors: ['no-pool'],
  },
  {
    method: 'GET',
    path: '/v1/events',
    summary: 'Server-sent events: entry, transfer, node, health, activity, reset',
    headers: { 'Last-Event-ID': 'resume after this event' },
    answers: { 200: 'events' },
  },

  { method: 'GET', path: '/metrics', summary: 'Prometheus text', answers: { 200: 'text' } },
  {
    method: 'GET',
    path: '/openapi.json',
    summary: 'This document',
    answers: { 200: z.record(z.string(), z.unknown()) },
  },
  { method: 'GET', path: '/', summary: 'The user interface', answers: { 200: 'html' }, open: true },
]

/** Facts that `confirm-needed` carries beside the usual fields of a problem. */
export const confirmFactsSchema = z.object({ confirm: z.string(), entries: z.int(), bytes: bytesSchema })
export type ConfirmFacts = z.output<typeof confirmFactsSchema>
