/**
 * The one entrance of the API: an HTTP or HTTPS server with its limits, and the guard before everything else, so that
 * nothing can be routed around it. Closing waits for answers under way, for a bounded time, and for nothing else: idle
 * connections and those that browsers open ahead without asking anything are cut at once.
 */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { EngineError } from '../base/error.ts'
import type { Clock } from '../ports.ts'
import { limits } from '../limits.ts'
import { dropRest } from './bodies.ts'
import type { Guard } from './guard.ts'
import { problemMediaType, problemOf, rawResponse } from './problems.ts'

export interface Certificate {
  readonly certificatePem: string
  readonly privateKeyPem: string
}

export interface EntranceOptions {
  readonly guard: Guard
  readonly clock: Clock
  readonly tls: Certificate | undefined
  /** True for URLs whose body is taken as bytes, whatever its Content-Type says. */
  takesBytes(url: string): boolean
}

const IDLE_SWEEP_MS = 50

const settings = {
  maxHeaderSize: limits.apiHeadersMaxBytes,
  headersTimeout: limits.apiHeadersTimeoutMs,
  // Uploads may take hours; the stall watch cuts those that stand still.
  requestTimeout: 0,
  keepAliveTimeout: limits.apiKeepAliveMs,
  connectionsCheckingInterval: limits.apiHeadersTimeoutMs / 3,
  // The guard answers a missing Host, with a problem document.
  requireHostHeader: false,
  noDelay: true,
}

export class Entrance {
  readonly #options: EntranceOptions
  /** Connections that have not asked anything yet; Node does not count them as idle. */
  readonly #silent = new Set<Socket>()
  /** Connections that said no HTTP and were told so. */
  readonly #refused = new WeakSet<Socket>()
  #server: Server | undefined

  constructor(options: EntranceOptions) {
    this.#options = options
  }

  /** The server in front of `handler`. */
  serverFor(handler: RequestListener): Server {
    const { tls } = this.#options
    const admit = (expectsContinue: boolean) => (request: IncomingMessage, response: ServerResponse) => {
      if (!this.#admit(request, response)) return
      if (expectsContinue) response.writeContinue()
      handler(request, response)
    }
    const server = (
      tls === undefined
        ? createServer(settings, admit(false))
        : createTlsServer({ ...settings, cert: tls.certificatePem, key: tls.privateKeyPem }, admit(false))
    ) as Server
    server.maxConnections = limits.apiConnections
    server.on('checkContinue', admit(true))
    server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
      this.#silent.add(socket)
      socket.once('close', () => this.#silent.delete(socket))
    })
    this.#server = server
    return server
  }

  /**
   * Answers what was no request. What still comes is dropped for limits.apiLingerMs, since closing at once would take the
   * answer from a client that is still sending.
   */
  refuse(socket: Socket, error: EngineError): void {
    if (this.#refused.has(socket)) return
    this.#refused.add(socket)
    if (!socket.writable) return void socket.destroy()
    socket.end(rawResponse(error))
    const cut = this.#options.clock.timer(limits.apiLingerMs, () => socket.destroy())
    socket.once('close', () => cut[Symbol.dispose]())
  }

  /** Runs `close`, which waits until all connections have ended, and helps them to. */
  async closing(close: () => Promise<void>): Promise<void> {
    const { clock } = this.#options
    const cut = clock.timer(limits.apiLingerMs, () => this.#server?.closeAllConnections())
    const sweep = () => {
      this.#server?.closeIdleConnections()
      for (const socket of this.#silent) socket.destroy()
      timer = clock.timer(IDLE_SWEEP_MS, sweep)
    }
    let timer = clock.timer(0, sweep)
    try {
      await close()
    } finally {
      cut[Symbol.dispose]()
      timer[Symbol.dispose]()
    }
  }

  #admit(request: IncomingMessage, response: ServerResponse): boolean {
    this.#silent.delete(request.socket)
    response.setHeader('x-content-type-options', 'nosniff')
    response.setHeader('referrer-policy', 'no-referrer')
    response.setHeader('cross-origin-resource-policy', 'same-origin')
    response.setHeader('cache-control', 'no-store')
    const refusal = this.#options.guard.refusal(request)
    if (refusal !== null) {
      refuse(response, refusal)
      dropRest(request, this.#options.clock)
      return false
    }
    // A malformed type would be refused by the router before anybody could ignore it.
    if (this.#options.takesBytes(request.url ?? '')) delete request.headers['content-type']
    return true
  }
}

function refuse(response: ServerResponse, error: EngineError): void {
  const problem = problemOf(error)
  const body = JSON.stringify(problem)
  response.setHeader('content-type', problemMediaType)
  response.setHeader('content-length', Buffer.byteLength(body))
  if (problem.status === 401) response.setHeader('www-authenticate', 'Bearer')
  response.writeHead(problem.status).end(body)
}
