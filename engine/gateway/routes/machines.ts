/**
 * The pool and its machines: creating, inviting, joining, pairing; nodes, health, settings, doctor.
 */
import type { FastifyInstance } from 'fastify'
import {
  conditionsSchema,
  nodePatchSchema,
  nodeReplaceSchema,
  pageQuerySchema,
  pairingRequestSchema,
  poolCreateSchema,
  poolJoinSchema,
  problemSchema,
  repairRequestSchema,
  secretsChangeSchema,
  settingsPatchSchema,
  whatIfQuerySchema,
} from '../../../shared/index.ts'
import { EngineError } from '../../base/error.ts'
import { problemMediaType, problemOf } from '../problems.ts'
import type { Service } from '../service.ts'
import { check, confirmOf, headerOf, idOf } from './query.ts'

export function machineRoutes(app: FastifyInstance, service: Service): void {
  poolRoutes(app, service)
  nodeRoutes(app, service)
  workRoutes(app, service)
}

function poolRoutes(app: FastifyInstance, service: Service): void {
  app.get('/v1/pool', async (_request, reply) => {
    const pool = await service.pool()
    if (pool !== null) return pool
    // The same code as elsewhere, but here the pool itself is what was asked for.
    const problem = { ...problemOf(new EngineError('no-pool', 'This node is in no pool.')), status: 404 }
    return reply.code(404).type(problemMediaType).send(problemSchema.parse(problem))
  })
  app.post('/v1/pool', async (request, reply) => {
    const pool = await service.createPool(check(poolCreateSchema, request.body))
    reply.code(201)
    return pool
  })
  app.post('/v1/pool/invites', async (_request, reply) => {
    const invite = await service.invite()
    reply.code(201)
    return invite
  })
  app.post('/v1/pool/join', (request) => service.joinPool(check(poolJoinSchema, request.body)))
  app.post('/v1/pool/leave', async (request, reply) => {
    await service.leavePool(confirmOf(headerOf(request, 'confirm')))
    return reply.code(204).send()
  })
  app.get('/v1/discovered', (request) => service.discovered(check(pageQuerySchema, request.query)))
  if (service.startPairing !== undefined) {
    app.post('/v1/pairings', async (request, reply) => {
      const pairing = await service.startPairing?.(check(pairingRequestSchema, request.body).nodeId)
      reply.code(201)
      return pairing
    })
    app.post('/v1/pairings/:id/confirm', (request) => service.confirmPairing?.(idOf(request)))
    app.post('/v1/pairings/:id/reject', (request) => service.rejectPairing?.(idOf(request)))
  }
}

function nodeRoutes(app: FastifyInstance, service: Service): void {
  app.get('/v1/nodes', (request) => service.nodes(check(pageQuerySchema, request.query)))
  app.patch('/v1/nodes/:id', (request) => {
    const patch = check(nodePatchSchema, request.body)
    return service.patchNode(idOf(request, 'id', 'no-such-node'), patch)
  })
  app.delete('/v1/nodes/:id', async (request, reply) => {
    await service.removeNode(idOf(request, 'id', 'no-such-node'))
    return reply.code(202).send()
  })
  if (service.replaceNode !== undefined) {
    app.post('/v1/nodes/:id/replace', async (request, reply) => {
      const { by } = check(nodeReplaceSchema, request.body)
      await service.replaceNode?.(idOf(request, 'id', 'no-such-node'), by)
      return reply.code(202).send()
    })
  }
  app.get('/v1/health', () => service.health())
  if (service.whatIf !== undefined) {
    app.get('/v1/health/what-if', (request) => service.whatIf?.(check(whatIfQuerySchema, request.query).lost))
  }
  if (service.resumeRepair !== undefined) {
    app.post('/v1/repair', async (request, reply) => {
      check(repairRequestSchema, request.body)
      await service.resumeRepair?.()
      return reply.code(204).send()
    })
  }
  if (service.setConditions !== undefined) {
    app.put('/v1/conditions', async (request, reply) => {
      await service.setConditions?.(check(conditionsSchema, request.body))
      return reply.code(204).send()
    })
  }
  if (service.log !== undefined) app.get('/v1/log', (request) => service.log?.(check(pageQuerySchema, request.query)))
  if (service.secrets !== undefined) app.get('/v1/secrets', () => service.secrets?.())
  if (service.protectSecrets !== undefined) {
    app.put('/v1/secrets', (request) => service.protectSecrets?.(check(secretsChangeSchema, request.body)))
  }
  app.get('/v1/doctor', async () => ({ checks: await service.doctor() }))
}

function workRoutes(app: FastifyInstance, service: Service): void {
  if (service.settings !== undefined) app.get('/v1/settings', () => service.settings?.())
  if (service.patchSettings !== undefined) {
    app.patch('/v1/settings', (request) => service.patchSettings?.(check(settingsPatchSchema, request.body)))
  }
  if (service.activity !== undefined) {
    app.get('/v1/activity', (request) => service.activity?.(check(pageQuerySchema, request.query)))
  }
  if (service.scrub !== undefined) {
    app.post('/v1/scrub', async (_request, reply) => {
      await service.scrub?.()
      return reply.code(202).send()
    })
  }
  if (service.metrics !== undefined) {
    app.get('/metrics', async (_request, reply) => {
      reply.type('text/plain; version=0.0.4; charset=utf-8')
      return service.metrics?.()
    })
  }
}
