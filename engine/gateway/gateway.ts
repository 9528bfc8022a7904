/**
 * The HTTP server of a node: one entrance that guards every request, Fastify behind it for routing and bodies. Paths of
 * files and folders are taken from the raw request line, since a router that decodes them would decode twice or too
 * early; the router sees only their prefix. With a certificate it serves HTTPS.
 */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { EngineError, isEngineError, messageOf } from '../base/error.ts'
import type { Clock, Random } from '../ports.ts'
import { limits } from '../limits.ts'
import type { Assets } from './assets.ts'
import { dropRest } from './bodies.ts'
import { EventHub } from './events.ts'
import { Guard } from './guard.ts'
import { isUnforeseen, problemMediaType, problemOf, rawResponse } from './problems.ts'
import { filesPrefix, fileRoutes } from './routes/files.ts'
import { machineRoutes } from './routes/machines.ts'
import { pageRoutes } from './routes/page.ts'
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
  readonly tls?: { readonly certificatePem: string; readonly privateKeyPem: string }
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
        ? options.assets.has(pathname)
        : method === 'POST' && pathname === '/v1/session',
  })
  const login = () => {
    const { code, expiresAtMs } = sessions.newCode()
    return { url: `${gateway.url}/#login=${code}`, expiresAtMs }
  }

  const app = Fastify({
    logger: false,
    bodyLimit: limits.apiBodyMaxBytes,
    rewriteUrl: (request) => routedUrl(request.url ?? '/'),
    serverFactory: (handler) => serverOf(handler, guard, options),
    frameworkErrors: answerError,
    clientErrorHandler(error, socket) {
      if (socket.writable) socket.write(rawResponse(parserError(error.code)))
      socket.destroy(error)
    },
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
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    const text = body as string
    if (text === '') return done(null, undefined)
    try {
      done(null, JSON.parse(text))
    } catch (error) {
      done(new EngineError('bad-request', `The body is not JSON: ${messageOf(error)}.`, { cause: error }))
    }
  })
  treeRoutes(app, service)
  machineRoutes(app, service)
  pageRoutes(app, { assets: options.assets, events, sessions, version: options.version, login })
  app.register(async (files) => fileRoutes(files, { service, clock, watch }))

  function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const problem = problemOf(error)
    if (isUnforeseen(error)) options.log?.(`${request.method} ${request.url}: ${stackOf(error)}`)
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
      const cut = clock.timer(limits.apiLingerMs, () => app.server.closeAllConnections())
      await app.close()
      cut[Symbol.dispose]()
      watch.stop()
    },
  }
  return gateway
}

/** The server with its limits; the guard stands before the router, so nothing can be routed around it. */
function serverOf(handler: RequestListener, guard: Guard, { tls, clock }: GatewayOptions): Server {
  const settings = {
    maxHeaderSize: limits.apiHeadersMaxBytes,
    headersTimeout: limits.apiHeadersTimeoutMs,
    // Uploads may take hours; the stall watch cuts those that stand still.
    requestTimeout: 0,
    keepAliveTimeout: limits.apiKeepAliveMs,
    connectionsCheckingInterval: limits.apiHeadersTimeoutMs / 3,
    requireHostHeader: false,
    noDelay: true,
    // Fewer, larger reads: a quarter more throughput for big uploads.
    highWaterMark: 256 * 1024,
  }
  const entrance = (request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void => {
    response.setHeader('x-content-type-options', 'nosniff')
    response.setHeader('referrer-policy', 'no-referrer')
    response.setHeader('cross-origin-resource-policy', 'same-origin')
    response.setHeader('cache-control', 'no-store')
    const refusal = guard.refusal(request)
    if (refusal !== null) return refuse(request, response, refusal, clock)
    // What a file's bytes claim to be is not asked, so a malformed claim must not matter.
    if (request.url?.startsWith(filesPrefix)) delete request.headers['content-type']
    if (expectsContinue) response.writeContinue()
    handler(request, response)
  }
  const listener = (request: IncomingMessage, response: ServerResponse) => entrance(request, response, false)
  const server =
    tls === undefined
      ? createServer(settings, listener)
      : createTlsServer(
          { ...settings, cert: tls.certificatePem, key: tls.privateKeyPem, minVersion: 'TLSv1.2' },
          listener,
        )
  server.maxConnections = limits.apiConnections
  server.on('checkContinue', (request, response) => entrance(request, response, true))
  return server as Server
}

function refuse(request: IncomingMessage, response: ServerResponse, error: EngineError, clock: Clock): void {
  const problem = problemOf(error)
  const headers: Record<string, string> = { 'content-type': problemMediaType }
  if (problem.status === 401) headers['www-authenticate'] = 'Bearer'
  const body = JSON.stringify(problem)
  response.writeHead(problem.status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body)
  dropRest(request, clock)
}

/** What the router sees of a URL: of paths into the tree only the prefix, since it would decode them. */
function routedUrl(url: string): string {
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
  return new EngineError('bad-request', 'This is not HTTP/1.1.')
}

function stackOf(error: unknown): string {
  const cause = isEngineError(error) ? (error.cause ?? error) : error
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
}
