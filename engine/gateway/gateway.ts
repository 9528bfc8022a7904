/**
 * The HTTP server of a node: one entrance that guards every request, Fastify behind it for routing and bodies. Paths of
 * files and folders are taken from the raw request line, since a router that decodes them would decode twice or too
 * early; the router sees only their prefix. With a certificate it serves HTTPS.
 */
import type { AddressInfo } from 'node:net'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { isScreen } from '../../shared/index.ts'
import { EngineError, isEngineError, messageOf } from '../base/error.ts'
import type { Clock, Random } from '../ports.ts'
import { limits } from '../limits.ts'
import type { Assets } from './assets.ts'
import { dropRest } from './bodies.ts'
import { type Certificate, Entrance } from './entrance.ts'
import { EventHub } from './events.ts'
import { Guard } from './guard.ts'
import { isUnforeseen, problemMediaType, problemOf } from './problems.ts'
import { batchesPath, filesPrefix, fileRoutes } from './routes/files.ts'
import { machineRoutes } from './routes/machines.ts'
import { pageRoutes } from './routes/page.ts'
import { transferRoutes } from './routes/transfers.ts'
import { foldersPrefix, treeRoutes } from './routes/tree.ts'
import type { Service } from './service.ts'
import { Sessions } from './sessions.ts'
import { StallWatch } from './stallWatch.ts'

export interface GatewayOptions {
  readonly service: Service
  readonly clock: Clock
  readonly random: Random
  /** Address to listen on; 127.0.0.1 if missing. Any other wants `tls`. */
  readonly host?: string
  /** 0 or missing: a free one. */
  readonly port?: number
  /** Further names by which the node may be addressed (its host name, its addresses). */
  readonly hostNames?: readonly string[]
  readonly token: string
  readonly nodeId: string
  /** Of the software. */
  readonly version: string
  readonly assets: Assets
  readonly tls?: Certificate
  /** Told of errors that nobody foresaw. */
  readonly log?: (text: string) => void
}

export interface Gateway {
  /** Listens. Throws `port-taken`. */
  start(): Promise<void>
  /** Ends streams, lets running requests finish for limits.apiLingerMs, closes. */
  stop(): Promise<void>
  /** `http://127.0.0.1:PORT`, once started. */
  readonly url: string
  readonly port: number
  /** `URL/#login=CODE`, good once within limits.loginCodeLifetimeMs. */
  loginUrl(): string
}

export function createGateway(options: GatewayOptions): Gateway {
  const { clock, random, service } = options
  const scheme = options.tls === undefined ? 'http' : 'https'
  const host = options.host ?? '127.0.0.1'
  const sessions = new Sessions({ clock, random, nodeId: options.nodeId, secure: scheme === 'https' })
  const watch = new StallWatch(clock, limits.apiStallMs)
  const events = new EventHub({ service, clock, watch, run: random.bytes(6).toString('hex') })
  const guard = new Guard({
    scheme,
    host,
    hostNames: options.hostNames ?? [],
    token: options.token,
    sessions,
    isOpen: (method, pathname) =>
      method === 'GET' || method === 'HEAD'
        ? options.assets.has(pathname) || isScreen(pathname)
        : method === 'POST' && pathname === '/v1/session',
  })
  const login = () => {
    const { code, expiresAtMs } = sessions.newCode()
    return { url: `${gateway.url}/#login=${code}`, expiresAtMs }
  }

  const entrance = new Entrance({
    guard,
    clock,
    tls: options.tls,
    takesBytes: (url) => url.startsWith(filesPrefix) || url.startsWith(batchesPath),
  })
  const app = Fastify({
    logger: false,
    bodyLimit: limits.apiBodyMaxBytes,
    rewriteUrl: (request) => routedUrl(request.url ?? '/'),
    serverFactory: (handler) => entrance.serverFor(handler),
    frameworkErrors: answerError,
    clientErrorHandler: (error, socket) => entrance.refuse(socket, parserError(error.code)),
  })
  app.setErrorHandler(answerError)
  const isKnown = knownPaths(app)
  app.setNotFoundHandler((request, reply) => {
    const methods = isKnown(request.url)
    if (methods.length === 0)
      throw new EngineError('not-found', `There is no ${request.method} ${request.url.slice(0, 200)}.`)
    reply.header('allow', methods.join(', '))
    throw new EngineError('method-not-allowed', `Here only ${methods.join(', ')} is possible.`)
  })
  app.removeContentTypeParser(['text/plain', 'application/json'])
  const utf8 = new TextDecoder('utf-8', { fatal: true })
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    if (body.length === 0) return done(null, undefined)
    try {
      done(null, JSON.parse(utf8.decode(body as Buffer)))
    } catch (error) {
      done(new EngineError('bad-request', `The body is not JSON: ${messageOf(error)}.`, { cause: error }))
    }
  })
  treeRoutes(app, service)
  machineRoutes(app, service)
  transferRoutes(app, service)
  pageRoutes(app, { assets: options.assets, events, sessions, random, version: options.version, login })
  app.register(async (files) => fileRoutes(files, { service, clock, watch }))

  function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const problem = problemOf(error)
    if (isUnforeseen(error)) options.log?.(`${request.method} ${request.url}: ${stackOf(error)}`)
    // Fastify closes the connection under a body that is still coming, and the client never sees why.
    reply.removeHeader('connection')
    dropRest(request.raw, clock)
    reply.code(problem.status).header('content-type', problemMediaType).send(JSON.stringify(problem))
  }

  const gateway = {
    get port(): number {
      return guard.port
    },
    get url(): string {
      const shown = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
      return `${scheme}://${shown.includes(':') ? `[${shown}]` : shown}:${guard.port}`
    },
    loginUrl: () => login().url,
    async start(): Promise<void> {
      try {
        await app.listen({ host, port: options.port ?? 0 })
      } catch (error) {
        if ((error as { code?: string }).code !== 'EADDRINUSE') throw error
        throw new EngineError('port-taken', `Port ${options.port} of ${host} is taken.`, {
          hint: 'Name another with --api-port, or stop what uses it.',
          cause: error,
        })
      }
      guard.port = (app.server.address() as AddressInfo).port
      events.start()
    },
    async stop(): Promise<void> {
      events.stop()
      await entrance.closing(() => app.close())
      watch.stop()
    },
  }
  return gateway
}

/** What the router sees of a URL: of paths into the tree only the prefix, since it would decode them; of screens the page. */
function routedUrl(url: string): string {
  if (isScreen(url.split('?', 1)[0] ?? '')) return '/'
  for (const prefix of [filesPrefix, foldersPrefix]) {
    if (!url.startsWith(prefix)) continue
    const query = url.indexOf('?')
    return query < 0 ? prefix : prefix + url.slice(query)
  }
  return url
}

/** Which methods a path has, so that a wrong one is told from an unknown path. */
function knownPaths(app: FastifyInstance): (url: string) => string[] {
  const known: { pattern: RegExp; methods: Set<string> }[] = []
  const byUrl = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    let methods = byUrl.get(url)
    if (methods === undefined) {
      methods = new Set()
      byUrl.set(url, methods)
      known.push({ pattern: new RegExp(`^${url.replace(/:\w+/g, '[^/]+').replace('*', '.*')}(?:\\?|$)`), methods })
    }
    for (const one of [method].flat()) methods.add(one)
  })
  return (url) => known.flatMap(({ pattern, methods }) => (pattern.test(url) ? [...methods] : [])).sort()
}

function parserError(code: string | undefined): EngineError {
  if (code === 'HPE_HEADER_OVERFLOW') return new EngineError('headers-too-large', 'The headers are too large.')
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new EngineError('timeout', 'The request took too long to arrive.')
  if (code === 'HPE_INVALID_URL')
    return new EngineError('bad-path', 'The address holds bytes that are to be percent-encoded.')
  return new EngineError('bad-request', 'This is not HTTP/1.1.')
}

function stackOf(error: unknown): string {
  const cause = isEngineError(error) ? (error.cause ?? error) : error
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
}
