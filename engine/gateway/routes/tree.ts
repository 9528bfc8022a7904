/**
 * Folders by path, entries by id, versions, trash and search: everything of the tree that is not bytes.
 */
import type { FastifyInstance } from 'fastify'
import {
  copyRequestSchema,
  entryAtQuerySchema,
  entryPatchSchema,
  folderQuerySchema,
  pageQuerySchema,
  parseJsonPath,
  searchQuerySchema,
  settleRequestSchema,
} from '../../../shared/index.ts'
import type { Service } from '../service.ts'
import { check, confirmOf, headerOf, idOf, pathOf } from './query.ts'

export const foldersPrefix = '/v1/folders/'

export function treeRoutes(app: FastifyInstance, service: Service): void {
  app.get(`${foldersPrefix}*`, (request) =>
    service.listFolder(pathOf(request, foldersPrefix), check(folderQuerySchema, request.query)),
  )
  app.put(`${foldersPrefix}*`, async (request, reply) => {
    const { entry, created } = await service.putFolder(pathOf(request, foldersPrefix))
    reply.code(created ? 201 : 200)
    return entry
  })
  app.delete(`${foldersPrefix}*`, async (request, reply) => {
    await service.deleteFolder(pathOf(request, foldersPrefix), confirmOf(headerOf(request, 'confirm')))
    return reply.code(204).send()
  })

  app.get('/v1/entries', (request) => service.entryAt(parseJsonPath(check(entryAtQuerySchema, request.query).path)))
  app.get('/v1/entries/:id', (request) => service.entry(idOf(request)))
  app.patch('/v1/entries/:id', (request) => {
    const patch = check(entryPatchSchema, request.body)
    return service.patchEntry(idOf(request), patch)
  })
  app.post('/v1/entries/:id/copy', async (request, reply) => {
    const { path } = check(copyRequestSchema, request.body)
    const entry = await service.copyEntry(idOf(request), parseJsonPath(path))
    reply.code(201)
    return entry
  })
  app.get('/v1/entries/:id/versions', (request) =>
    service.versions(idOf(request), check(pageQuerySchema, request.query)),
  )
  app.post('/v1/entries/:id/versions/:version/restore', (request) =>
    service.restoreVersion(idOf(request), idOf(request, 'version')),
  )
  app.get('/v1/entries/:id/replicas', (request) =>
    service.replicas(idOf(request), check(pageQuerySchema, request.query)),
  )
  if (service.folderContents !== undefined) {
    app.get('/v1/entries/:id/contents', (request) => service.folderContents?.(idOf(request)))
  }
  if (service.settle !== undefined) {
    app.post('/v1/entries/:id/settle', (request) => {
      const decision = check(settleRequestSchema, request.body)
      return service.settle?.(idOf(request), decision)
    })
  }

  app.get('/v1/trash', (request) => service.trash(check(pageQuerySchema, request.query)))
  app.post('/v1/trash/:id/restore', (request) => service.restoreFromTrash(idOf(request)))
  if (service.emptyTrash !== undefined) {
    app.delete('/v1/trash', async (request, reply) => {
      await service.emptyTrash?.(null, confirmOf(headerOf(request, 'confirm')))
      return reply.code(204).send()
    })
    app.delete('/v1/trash/:id', async (request, reply) => {
      await service.emptyTrash?.(idOf(request), confirmOf(headerOf(request, 'confirm')))
      return reply.code(204).send()
    })
  }

  app.get('/v1/search', (request) => service.search(check(searchQuerySchema, request.query)))
}
