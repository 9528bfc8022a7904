/** Operations on work that takes a while: imports of files of this computer. */
import { pageQuerySchema } from './basics.ts'
import { linkedFolderPageSchema, linkedFolderSchema, linkPatchSchema, linkRequestSchema } from './linkedFolders.ts'
import type { Route } from './route.ts'
import { importAnswerSchema, importRequestSchema, transferPageSchema, transferSchema } from './transfers.ts'

const steerErrors = ['not-found', 'conflict', 'no-pool'] as const

export const transferRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/imports',
    summary:
      'Store files and folders of the node’s computer in the background, each under its own name in the folder. With a token only',
    body: importRequestSchema,
    answers: { 202: importAnswerSchema },
    errors: ['no-pool', 'bad-path', 'not-found', 'source-unreadable', 'too-many'],
  },
  {
    method: 'GET',
    path: '/v1/transfers',
    summary: 'Imports under way and ended, newest first, and what lies on this machine alone',
    query: pageQuerySchema,
    answers: { 200: transferPageSchema },
    errors: ['bad-cursor'],
  },
  {
    method: 'DELETE',
    path: '/v1/transfers',
    summary: 'Forget all that have ended; the files stay',
    answers: { 204: 'nothing' },
    errors: ['no-pool'],
  },
  {
    method: 'GET',
    path: '/v1/transfers/{id}',
    summary: 'An import',
    answers: { 200: transferSchema },
    errors: ['not-found', 'no-pool'],
  },
  {
    method: 'DELETE',
    path: '/v1/transfers/{id}',
    summary: 'Forget an import that has ended; the files stay',
    answers: { 204: 'nothing' },
    errors: steerErrors,
  },
  {
    method: 'POST',
    path: '/v1/transfers/{id}/pause',
    summary: 'Pause, over restarts too',
    answers: { 200: transferSchema },
    errors: steerErrors,
  },
  {
    method: 'POST',
    path: '/v1/transfers/{id}/resume',
    summary: 'Go on',
    answers: { 200: transferSchema },
    errors: steerErrors,
  },
  {
    method: 'POST',
    path: '/v1/transfers/{id}/cancel',
    summary: 'Cancel; what is stored stays',
    answers: { 200: transferSchema },
    errors: steerErrors,
  },
  {
    method: 'POST',
    path: '/v1/transfers/{id}/retry',
    summary: 'Try again what failed or was cancelled',
    answers: { 200: transferSchema },
    errors: steerErrors,
  },
  {
    method: 'GET',
    path: '/v1/linked-folders',
    summary: 'Folders of the node’s computer whose changes go into the pool, newest first',
    query: pageQuerySchema,
    answers: { 200: linkedFolderPageSchema },
    errors: ['bad-cursor'],
  },
  {
    method: 'POST',
    path: '/v1/linked-folders',
    summary: 'Link a folder of the node’s computer, one way. With a token only',
    body: linkRequestSchema,
    answers: { 201: linkedFolderSchema },
    errors: ['no-pool', 'bad-path', 'not-found', 'wrong-kind', 'exists', 'source-unreadable', 'too-many'],
  },
  {
    method: 'PATCH',
    path: '/v1/linked-folders/{id}',
    summary: 'Pause, go on, or change what is done about deletes and what is left alone',
    body: linkPatchSchema,
    answers: { 200: linkedFolderSchema },
    errors: ['not-found', 'no-pool'],
  },
  {
    method: 'DELETE',
    path: '/v1/linked-folders/{id}',
    summary: 'Follow it no more; nothing is deleted',
    answers: { 204: 'nothing' },
    errors: ['not-found', 'no-pool'],
  },
]
