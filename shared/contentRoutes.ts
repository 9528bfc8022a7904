/** Operations on files, folders, entries, the trash, and search. */
import { z } from 'zod'
import { idSchema, pageQuerySchema, pathSchema, wholeNumberIn } from './basics.ts'
import { batchAnswerSchema } from './batch.ts'
import {
  copyRequestSchema,
  entryPageSchema,
  entryPatchSchema,
  entrySchema,
  folderContentsSchema,
  folderQuerySchema,
  replicaPageSchema,
  searchQuerySchema,
  settleRequestSchema,
  trashPageSchema,
  versionPageSchema,
} from './entries.ts'
import { confirmHeader as confirm, type Route } from './route.ts'

export const putFileQuerySchema = z.object({
  /** Absolute path of a file of the node's computer: the node reads it itself and the body is empty. With a token only. */
  from: z.string().min(1).max(4096).optional(),
  wait: z.literal('all').optional(),
  waitMs: wholeNumberIn(0, 3_600_000).optional(),
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
const fileHeaders = {
  Range: 'one range of bytes; several are answered with the whole',
  'If-Range': 'an ETag or a date',
  'If-None-Match': 'ETags',
  'If-Modified-Since': 'a date',
  'If-Match': 'ETags',
}

export const contentRoutes: readonly Route[] = [
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
    errors: [...idErrors, 'no-conflict'],
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
    path: '/v1/entries/{id}/contents',
    summary: 'How much is in a folder, how safe it is, and where',
    answers: { 200: folderContentsSchema },
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
]
