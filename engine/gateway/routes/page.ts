/**
 * What serves the browser and the curious: the page and its assets, login and logout, the event stream, OpenAPI.
 */
import type { FastifyInstance } from 'fastify'
import { assetPolicy, loginSchema, openApiDocument, pagePolicy, pageWith } from '../../../shared/index.ts'
import { EngineError } from '../../base/error.ts'
import type { Random } from '../../ports.ts'
import type { Assets } from '../assets.ts'
import type { EventHub } from '../events.ts'
import type { Sessions } from '../sessions.ts'
import { check, headerOf } from './query.ts'

export interface PageRoutesOptions {
  readonly assets: Assets
  readonly events: EventHub
  readonly sessions: Sessions
  readonly random: Random
  /** Of the software, for the OpenAPI document. */
  readonly version: string
  /** A fresh address with a login code. */
  login(): { url: string; expiresAtMs: number }
}

const nonceBytes = 16

export function pageRoutes(app: FastifyInstance, options: PageRoutesOptions): void {
  const { assets, events, sessions, random } = options
  for (const [path, asset] of assets) {
    if (path === '/') continue
    app.get(path, (request, reply) => {
      reply.headers({
        etag: asset.etag,
        'cache-control': asset.isFixed ? 'public, max-age=31536000, immutable' : 'no-cache',
        'content-security-policy': assetPolicy,
        vary: 'accept-encoding',
      })
      if (headerOf(request, 'if-none-match') === asset.etag) return reply.code(304).send()
      reply.type(asset.mediaType)
      const takesGzip = /\bgzip\b/.test(headerOf(request, 'accept-encoding') ?? '')
      if (asset.gzip === undefined || !takesGzip) return reply.send(asset.bytes)
      return reply.header('content-encoding', 'gzip').send(asset.gzip)
    })
  }
  app.get('/', (_request, reply) => {
    const page = assets.get('/')
    if (page === undefined) throw new EngineError('not-found', 'This node has no window.')
    const nonce = random.bytes(nonceBytes).toString('base64url')
    reply.headers({ 'cache-control': 'no-store', 'content-security-policy': pagePolicy(nonce) })
    return reply.type(page.mediaType).send(pageWith(Buffer.from(page.bytes).toString('utf8'), nonce))
  })

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
