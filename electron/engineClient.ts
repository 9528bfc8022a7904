/**
 * What the app itself asks the engine: with the token, over the same API as everybody. Also the browser session under which the
 * window's requests are passed on: opened by a login code, as `hadahoop open` does it.
 */
import type { IncomingMessage } from 'node:http'
import { ApiClient } from '../cli/apiClient.ts'
import { type Endpoint, readEndpoint } from '../cli/dataFolder.ts'
import type { LoginLink } from '../shared/transfers.ts'
import { ShellFailure } from './words.ts'

const probeMaxMs = 3000

/** The node that runs on a folder, if one answers there. */
export async function findRunning(dataDir: string): Promise<Endpoint | undefined> {
  try {
    const endpoint = await readEndpoint(dataDir)
    using client = new ApiClient(endpoint)
    const { promise, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => reject(new ShellFailure('timeout', 'no answer')), probeMaxMs)
    try {
      await Promise.race([client.get('/v1/health'), promise])
    } finally {
      clearTimeout(timer)
    }
    return endpoint
  } catch {
    return undefined // nobody there, or a file that a crash left behind
  }
}

/** One engine, as long as it lives at this address. */
export class EngineClient implements Disposable {
  readonly endpoint: Endpoint
  readonly #api: ApiClient
  #cookie: Promise<string> | undefined

  constructor(endpoint: Endpoint) {
    this.endpoint = endpoint
    this.#api = new ApiClient(endpoint)
  }

  /** One JSON request. Throws Failure with the API's code. */
  ask(method: string, path: string, body?: unknown): Promise<unknown> {
    return this.#api.ask(method, path, body)
  }

  /** The bytes of an answer, still to be read. */
  open(path: string): Promise<IncomingMessage> {
    return this.#api.open(path)
  }

  /** The window's session as a Cookie header; made at the first call, anew if the last one is not known any more. */
  cookie(renew: boolean): Promise<string> {
    if (renew) this.#cookie = undefined
    this.#cookie ??= this.#login().catch((error: unknown) => {
      this.#cookie = undefined
      throw error
    })
    return this.#cookie
  }

  async #login(): Promise<string> {
    const { url } = (await this.ask('POST', '/v1/session/links')) as LoginLink
    const [, code = ''] = /#login=(.+)$/.exec(url) ?? []
    const body = Buffer.from(JSON.stringify({ code: decodeURIComponent(code) }))
    const { headers } = await this.#api.send('POST', '/v1/session', { 'content-type': 'application/json' }, body)
    const [cookie] = headers['set-cookie']?.[0]?.split(';') ?? []
    if (cookie === undefined) throw new ShellFailure('no-session', 'The engine opened no session.')
    return cookie
  }

  [Symbol.dispose](): void {
    this.#api[Symbol.dispose]()
  }
}
