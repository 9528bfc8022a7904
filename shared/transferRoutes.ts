/** Operations on work that takes a while: imports of files of this computer. */
import { pageQuerySchema } from './basics.ts'
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
]
