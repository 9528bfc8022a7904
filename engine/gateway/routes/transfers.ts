/**
 * Imports and what becomes of them, and linked folders. Only holders of the token start one or link a folder: the node then reads any file that its user may, and a
 * browser's session must not be able to bring the computer's own files into the pool, whatever script got hold of it.
 * Watching and steering what runs is free to both.
 */
import type { FastifyInstance } from 'fastify'
import { importRequestSchema, linkPatchSchema, linkRequestSchema, pageQuerySchema } from '../../../shared/index.ts'
import type { Service } from '../service.ts'
import { check, idOf, requireToken } from './query.ts'

const actions = ['pause', 'resume', 'cancel', 'retry'] as const

export function transferRoutes(app: FastifyInstance, service: Service): void {
  if (service.startImport !== undefined) {
    app.post('/v1/imports', async (request, reply) => {
      requireToken(request)
      const answer = await service.startImport?.(check(importRequestSchema, request.body))
      reply.code(202)
      return answer
    })
  }
  if (service.transfers !== undefined) {
    app.get('/v1/transfers', (request) => service.transfers?.(check(pageQuerySchema, request.query)))
  }
  if (service.transfer !== undefined) app.get('/v1/transfers/:id', (request) => service.transfer?.(idOf(request)))
  if (service.forgetTransfers !== undefined) {
    app.delete('/v1/transfers', async (_request, reply) => {
      await service.forgetTransfers?.(null)
      return reply.code(204).send()
    })
    app.delete('/v1/transfers/:id', async (request, reply) => {
      await service.forgetTransfers?.(idOf(request))
      return reply.code(204).send()
    })
  }
  linkedFolderRoutes(app, service)
  if (service.steerTransfer !== undefined) {
    for (const action of actions) {
      app.post(`/v1/transfers/:id/${action}`, (request) => service.steerTransfer?.(idOf(request), action))
    }
  }
}

function linkedFolderRoutes(app: FastifyInstance, service: Service): void {
  if (service.linkedFolders !== undefined) {
    app.get('/v1/linked-folders', (request) => service.linkedFolders?.(check(pageQuerySchema, request.query)))
  }
  if (service.linkFolder !== undefined) {
    app.post('/v1/linked-folders', async (request, reply) => {
      requireToken(request)
      const linked = await service.linkFolder?.(check(linkRequestSchema, request.body))
      reply.code(201)
      return linked
    })
  }
  if (service.changeLinkedFolder !== undefined) {
    app.patch('/v1/linked-folders/:id', (request) =>
      service.changeLinkedFolder?.(idOf(request), check(linkPatchSchema, request.body)),
    )
  }
  if (service.unlinkFolder !== undefined) {
    app.delete('/v1/linked-folders/:id', async (request, reply) => {
      await service.unlinkFolder?.(idOf(request))
      return reply.code(204).send()
    })
  }
}
