/**
 * What serves the browser and the curious: the page and its assets, login and logout, the event stream, OpenAPI.
 */
import type { FastifyInstance } from 'fastify'
import { loginSchema, openApiDocument } from '../../../shared/index.ts'
import { EngineError } from '../../base/error.ts'
import { type Assets, pagePolicy } from '../assets.ts'
import type { EventHub } from '../events.ts'
import type { Sessions } from '../sessions.ts'
import { check, headerOf } from './query.ts'

export interface PageRoutesOptions {
  readonly assets: Assets
  readonly events: EventHub
  readonly sessions: Sessions
  /** Of the software, for the OpenAPI document. */
  readonly version: string
  /** A fresh address with a login code. */
  login(): { url: string; expiresAtMs: number }
}

export function pageRoutes(app: FastifyInstance, options: PageRoutesOptions): void {
  const { assets, events, sessions } = options
  for (const [path, asset] of assets) {
    app.get(path, (request, reply) => {
      reply.headers({ etag: asset.etag, 'cache-control': 'no-cache', 'content-security-policy': pagePolicy })
      if (headerOf(request, 'if-none-match') === asset.etag) return reply.code(304).send()
      return reply.type(asset.mediaType).send(asset.bytes)
    })
  }

  app.post('/v1/session', (request, reply) => {
    const cookie = sessions.login(check(loginSchema, request.body).code)
    if (cookie === undefined) {
      throw new EngineError('wrong-login-code', 'The login code is wrong, used or expired.', {
        hint: 'Run `hadahoop open` for a fresh address.',
      })
    }
    return reply.code(204).header('set-cookie', cookie).send()
  })
  app.delete('/v1/session', (request, reply) =>
    reply.code(204).header('set-cookie', sessions.logout(request.headers.cookie)).send(),
  )
  app.post('/v1/session/links', (_request, reply) => {
    const { url, expiresAtMs } = options.login()
    return reply.code(201).send({ url, expiresAt: new Date(expiresAtMs).toISOString() })
  })

  app.get('/v1/events', { exposeHeadRoute: false }, async (request, reply) => {
    if (events.isFull) throw new EngineError('too-many', 'Too many event streams are open.', { retryable: true })
    reply.hijack()
    reply.raw.writeHead(200, {
      'content-type': 'text/event-stream',
      connection: 'close',
      'x-accel-buffering': 'no',
    })
    reply.raw.flushHeaders()
    await events.serve(reply.raw, headerOf(request, 'last-event-id'))
  })

  let document: unknown
  app.get('/openapi.json', () => {
    document ??= openApiDocument(options.version)
    return document
  })
}
