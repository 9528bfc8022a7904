/**
 * One request of the window, passed on to the engine: body and answer stream through, ranges and statuses as they are. The window's
 * own cookies, origin and whatever it may claim about itself stay behind; the engine sees a browser session, which the app has
 * opened with the token. So the window may exactly what a browser may (not, say, have the engine read any file of this computer),
 * and the token never leaves the main process.
 */
import { type IncomingMessage, type OutgoingHttpHeaders, request as httpRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Endpoint } from '../cli/dataFolder.ts'

/** What concerns one connection only, what the app itself says to the engine, and compression, which the scheme would not undo. */
const leftOut =
  /^(?:host|origin|referer|cookie|authorization|connection|keep-alive|te|accept-encoding|trailer|transfer-encoding|upgrade|expect|proxy-.*|sec-.*|content-length)$/i
const notPassedBack = /^(?:connection|keep-alive|transfer-encoding|trailer|upgrade|set-cookie|proxy-.*)$/i
const bodiless: ReadonlySet<number> = new Set([204, 205, 304])

/** Throws what the connection threw where the engine does not answer. */
export async function forward(request: Request, endpoint: Endpoint, cookie: string): Promise<Response> {
  const { pathname, search } = new URL(request.url)
  const upstream = new URL(endpoint.url)
  const secure = upstream.protocol === 'https:'
  const sized = request.headers.get('content-length')
  const headers: OutgoingHttpHeaders = { host: upstream.host, cookie }
  for (const [name, value] of request.headers) if (!leftOut.test(name)) headers[name] = value
  if (sized !== null) headers['content-length'] = sized
  else if (request.body === null && request.method !== 'GET' && request.method !== 'HEAD') headers['content-length'] = 0

  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const outgoing = (secure ? tlsRequest : httpRequest)({
    hostname: upstream.hostname.replace(/^\[|\]$/g, ''),
    port: upstream.port,
    method: request.method,
    path: pathname + search,
    headers,
    // Event streams last; each request has a connection of its own, which ends with it.
    agent: false,
    // The certificate is the node's own and is pinned whole, so the name in it does not matter.
    ...(secure ? { ca: endpoint.certificate, checkServerIdentity: () => undefined } : {}),
  })
  outgoing.on('response', resolve)
  outgoing.on('error', reject)
  request.signal.addEventListener('abort', () => outgoing.destroy(), { once: true })
  if (request.body === null) outgoing.end()
  // The engine may answer before it has read all; then the answer counts, not that the body was cut.
  else pipeline(Readable.fromWeb(request.body), outgoing).catch(reject)
  return answerOf(await promise, request.method)
}

function answerOf(incoming: IncomingMessage, method: string): Response {
  const headers = new Headers()
  for (let at = 0; at < incoming.rawHeaders.length; at += 2) {
    const [name = '', value = ''] = incoming.rawHeaders.slice(at, at + 2)
    if (!notPassedBack.test(name)) headers.append(name, value)
  }
  const status = incoming.statusCode ?? 502
  if (bodiless.has(status) || method === 'HEAD') {
    incoming.resume()
    return new Response(null, { status, headers })
  }
  // Cut in the middle: whoever reads must see an error, not an end.
  const body = Readable.toWeb(incoming) as unknown as ReadableStream<Uint8Array>
  return new Response(body, { status, headers })
}
