/**
 * The node's HTTP API as the commands use it: plain node:http over connections that stay open, since a tree of small
 * files is thousands of requests. Problem documents become Failures with their code.
 */
import {
  Agent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as httpRequest,
} from 'node:http'
import { Agent as TlsAgent, request as tlsRequest } from 'node:https'
import type { Page, Problem } from '../shared/index.ts'
import { type Endpoint, startHint } from './dataFolder.ts'
import { Failure } from './failure.ts'

export type Headers = Readonly<Record<string, string | number>>

export interface Answer {
  readonly status: number
  /** The JSON of the body; {} where there is none. */
  readonly value: unknown
  readonly headers: IncomingHttpHeaders
}

/** Connections kept open at most; as many requests run at once. */
export const CONNECTIONS = 32

export class ApiClient implements Disposable {
  readonly #endpoint: Endpoint
  readonly #agent: Agent
  readonly #base: { readonly hostname: string; readonly port: string; readonly agent: Agent }
  readonly #request: typeof httpRequest
  readonly #authorization: string

  constructor(endpoint: Endpoint) {
    const { hostname, port, protocol } = new URL(endpoint.url)
    const secure = protocol === 'https:'
    const kept = { keepAlive: true, maxSockets: CONNECTIONS, maxFreeSockets: CONNECTIONS, scheduling: 'lifo' as const }
    this.#endpoint = endpoint
    // The certificate is the node's own and is pinned whole, so the name in it does not matter.
    this.#agent = secure
      ? new TlsAgent({
          ...kept,
          ...(endpoint.certificate === undefined ? {} : { ca: endpoint.certificate }),
          checkServerIdentity: () => undefined,
        })
      : new Agent(kept)
    this.#request = secure ? tlsRequest : httpRequest
    this.#base = { hostname: hostname.replace(/^\[|\]$/g, ''), port, agent: this.#agent }
    this.#authorization = `Bearer ${endpoint.token}`
  }

  [Symbol.dispose](): void {
    this.#agent.destroy()
  }

  /** One JSON request; the value of the answer. */
  async ask(method: string, path: string, body?: unknown, headers: Headers = {}): Promise<unknown> {
    if (body === undefined) return (await this.send(method, path, headers)).value
    const text = JSON.stringify(body)
    return (await this.send(method, path, { ...headers, 'content-type': 'application/json' }, Buffer.from(text))).value
  }

  get<T>(path: string): Promise<T> {
    return this.ask('GET', path) as Promise<T>
  }

  /** All items of a list, page by page. `query` without limit and cursor. */
  async *items<Item>(path: string, query: Readonly<Record<string, string>> = {}): AsyncGenerator<Item, void, void> {
    let cursor: string | null = null
    do {
      const search = new URLSearchParams({ ...query, limit: '1000', ...(cursor === null ? {} : { cursor }) })
      const page: Page<Item> = await this.get<Page<Item>>(`${path}?${search.toString()}`)
      yield* page.items
      cursor = page.next
    } while (cursor !== null)
  }

  /**
   * Sends a request whose body, if any, is one buffer or comes in parts; `sizeBytes` of parts if known. A kept connection
   * that the node closed at the same moment is no failure: what may be sent again is, once.
   */
  async send(
    method: string,
    path: string,
    headers: Headers = {},
    body?: Buffer | AsyncIterable<Uint8Array>,
    sizeBytes?: number,
  ): Promise<Answer> {
    const whole = body === undefined || Buffer.isBuffer(body)
    const length = Buffer.isBuffer(body) ? body.length : sizeBytes
    const sent = length === undefined ? headers : { ...headers, 'content-length': length }
    for (let attempt = 1; ; attempt++) {
      const request = this.#open(method, path, sent)
      const response = this.#answerTo(request)
      if (whole) request.end(body)
      else await this.#pour(body, request, response)
      try {
        return await readAnswer(await response)
      } catch (error) {
        const stale =
          whole && method !== 'POST' && attempt === 1 && request.reusedSocket && (error as Failure).code === 'node-gone'
        if (!stale) throw error
      }
    }
  }

  /** The answer with its body still to be read; failures are thrown. */
  async open(path: string, headers: Headers = {}): Promise<IncomingMessage> {
    const request = this.#open('GET', path, headers)
    request.end()
    const response = await this.#answerTo(request)
    if ((response.statusCode ?? 0) >= 400) await readAnswer(response)
    return response
  }

  #open(method: string, path: string, headers: Headers): ClientRequest {
    return this.#request({ ...this.#base, method, path, headers: { authorization: this.#authorization, ...headers } })
  }

  #answerTo(request: ClientRequest): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    request.on('response', resolve)
    request.on('error', (error) => reject(this.#connectionFailure(error)))
    return promise
  }

  /** Writes parts no faster than they go out; an early answer (a refusal) ends the writing. */
  async #pour(
    parts: AsyncIterable<Uint8Array>,
    request: ClientRequest,
    response: Promise<IncomingMessage>,
  ): Promise<void> {
    let answered = false
    const settled = response.then(
      () => {
        answered = true
      },
      () => {
        answered = true
      },
    )
    try {
      for await (const part of parts) {
        if (!request.write(part)) {
          const drained = Promise.withResolvers<void>()
          request.once('drain', drained.resolve)
          await Promise.race([drained.promise, settled])
          request.off('drain', drained.resolve)
        }
        if (answered) {
          // The rest is not wanted; the connection cannot be used again.
          void response.then(
            (message) => message.once('close', () => request.destroy()),
            () => {},
          )
          return
        }
      }
    } catch (error) {
      request.destroy()
      await settled
      throw error
    }
    request.end()
  }

  #connectionFailure(error: Error & { code?: string }): Failure {
    if (error.code === 'ECONNREFUSED') {
      return new Failure('not-running', `No node answers at ${this.#endpoint.url}.`, { hint: startHint, cause: error })
    }
    return new Failure('node-gone', `The connection to the node broke: ${error.message}.`, {
      hint: 'Is the node still running? Repeat the command to go on.',
      cause: error,
    })
  }
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const status = response.statusCode ?? 0
  const text = await readText(response)
  if (status < 400) return { status, value: text === '' ? {} : JSON.parse(text), headers: response.headers }
  throw problemFailure(status, text)
}

/** By events, which for many small answers cost a third of an iterator. */
function readText(response: IncomingMessage): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const parts: Buffer[] = []
  response.on('data', (part: Buffer) => parts.push(part))
  response.on('end', () => resolve(Buffer.concat(parts).toString()))
  response.on('error', (cause) =>
    reject(new Failure('node-gone', 'The node broke off its answer.', { hint: 'Repeat the command.', cause })),
  )
  return promise
}

/** A Failure that carries the problem's facts. */
export class ApiFailure extends Failure {
  readonly problem: Partial<Problem>

  constructor(status: number, problem: Partial<Problem>) {
    super(problem.code ?? 'unknown', problem.detail ?? problem.title ?? `The node answered ${status}.`, {
      hint: problem.hint,
    })
    this.problem = problem
  }
}

function problemFailure(status: number, text: string): ApiFailure {
  try {
    return new ApiFailure(status, JSON.parse(text) as Partial<Problem>)
  } catch {
    return new ApiFailure(status, {})
  }
}
