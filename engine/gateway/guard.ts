/**
 * Who may ask: the checks before any request is routed. The Host header must name this node (a page under a foreign
 * name that was rebound to our address is refused), a browser's request must come from our own page, and whoever asks
 * must have the token or a session. In this order, so that a foreign page learns nothing about tokens.
 */
import { timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { EngineError } from '../base/error.ts'
import type { Sessions } from './sessions.ts'

export interface GuardOptions {
  readonly scheme: 'http' | 'https'
  /** The address listened on; a wildcard (`0.0.0.0`, `::`) lets any literal address pass, since only names can be rebound. */
  readonly host: string
  /** Further names by which the node may be addressed. */
  readonly hostNames: readonly string[]
  readonly token: string
  readonly sessions: Sessions
  /** True for what needs no token: the page, its assets, the login. */
  isOpen(method: string, pathname: string): boolean
}

interface Asked {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly headers: IncomingHttpHeaders
}

const literalAddress = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/

export class Guard {
  readonly #options: GuardOptions
  readonly #hosts: ReadonlySet<string>
  readonly #anyLiteral: boolean
  readonly #bearer: Buffer
  /** Known once the server listens. */
  port = 0

  constructor(options: GuardOptions) {
    this.#options = options
    this.#anyLiteral = options.host === '0.0.0.0' || options.host === '::'
    const bracketed = options.host.includes(':') ? `[${options.host}]` : options.host
    this.#hosts = new Set(
      ['127.0.0.1', 'localhost', '[::1]', bracketed, ...options.hostNames].map((name) => name.toLowerCase()),
    )
    this.#bearer = Buffer.from(options.token)
  }

  /** The reason for refusal, or null to let the request in. */
  refusal(asked: Asked): EngineError | null {
    const { headers } = asked
    if (headers.host === undefined) return new EngineError('bad-request', 'The request has no Host header.')
    if (!this.#isOwn(headers.host)) {
      return new EngineError('foreign-host', `This node is not ${JSON.stringify(headers.host.slice(0, 100))}.`)
    }
    if (headers.origin !== undefined && !this.#isOwnOrigin(headers.origin)) {
      return new EngineError('foreign-origin', `Pages of ${headers.origin.slice(0, 100)} may not use this node.`)
    }
    const site = headers['sec-fetch-site']
    if ((site === 'cross-site' || site === 'same-site') && !isNavigation(asked)) {
      return new EngineError('foreign-origin', 'Pages of other addresses may not use this node.')
    }
    const query = asked.url?.indexOf('?') ?? -1
    const pathname = query < 0 ? (asked.url ?? '') : (asked.url as string).slice(0, query)
    // Whoever names a token must have the right one, also beside a session: routes may ask for the token alone.
    const { authorization } = headers
    const isKnown =
      authorization === undefined ? this.#options.sessions.has(headers.cookie) : this.#hasToken(authorization)
    if (isKnown) return null
    if (this.#options.isOpen(asked.method ?? '', pathname)) return null
    return new EngineError('unauthorized', 'This needs the node’s token or a browser session.')
  }

  #isOwn(hostHeader: string): boolean {
    const text = hostHeader.toLowerCase()
    const colon = text.lastIndexOf(':')
    const hasPort = colon > text.lastIndexOf(']')
    const host = hasPort ? text.slice(0, colon) : text
    const defaultPort = this.#options.scheme === 'https' ? 443 : 80
    const port = hasPort ? text.slice(colon + 1) : String(defaultPort)
    if (port !== String(this.port)) return false
    return this.#hosts.has(host) || (this.#anyLiteral && literalAddress.test(host))
  }

  #isOwnOrigin(origin: string): boolean {
    const prefix = `${this.#options.scheme}://`
    return origin.startsWith(prefix) && this.#isOwn(origin.slice(prefix.length))
  }

  #hasToken(authorization: string | undefined): boolean {
    if (authorization === undefined || !/^bearer /i.test(authorization)) return false
    const given = Buffer.from(authorization.slice('bearer '.length).trim())
    return given.length === this.#bearer.length && timingSafeEqual(given, this.#bearer)
  }
}

/** A person followed a link: the page opens in a window of its own, where the foreign page cannot read or steer it. */
function isNavigation({ method, headers }: Asked): boolean {
  return method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
}
