/**
 * What `app://hadahoop/…` answers: the window's files, and the API passed on to the engine. Nothing else is under this scheme, and
 * nobody but the app's own pages may ask: contents of the pool are shown in frames of their own, and must not reach the API.
 */
import type { Endpoint } from '../cli/dataFolder.ts'
import { forward } from './forward.ts'
import { isOwnUrl, ownOrigin } from './ownPages.ts'
import type { WindowFiles } from './windowFiles.ts'

/** Where the window's requests go; undefined while the engine is not there. */
export interface Upstream {
  readonly endpoint: Endpoint
  /** Of the browser session that the app has with the engine; `renew`: the last one was not known any more. */
  cookie(renew: boolean): Promise<string>
}

export interface AppProtocolParts {
  readonly files: WindowFiles
  readonly upstream: () => Upstream | undefined
  /** Told that the engine did not answer. */
  readonly missed: () => void
}

const problemType = 'application/problem+json'
const apiPath = /^\/(?:v1\/|openapi\.json$)/

export function createAppProtocol({
  files,
  upstream,
  missed,
}: AppProtocolParts): (request: Request) => Promise<Response> {
  return async (request) => {
    const foreign = foreignnessOf(request)
    if (foreign !== undefined) return problem(403, 'foreign-origin', foreign)
    const { pathname } = new URL(request.url)
    if (!apiPath.test(pathname)) {
      if (request.method !== 'GET' && request.method !== 'HEAD')
        return problem(405, 'method-not-allowed', 'Here only GET and HEAD are possible.')
      return files.answer(pathname) ?? problem(404, 'not-found', `There is no ${pathname.slice(0, 200)}.`)
    }
    const engine = upstream()
    if (engine === undefined) return problem(503, 'engine-away', 'The engine is not running at this moment.')
    try {
      const answer = await forward(request, engine.endpoint, await engine.cookie(false))
      if (answer.status !== 401) return answer
      await answer.body?.cancel()
      // The engine forgot the session. What has no body can simply be asked again.
      const cookie = await engine.cookie(true)
      if (request.method === 'GET' || request.method === 'HEAD') return await forward(request, engine.endpoint, cookie)
      return problem(503, 'engine-away', 'The engine was restarted; try again.')
    } catch (error) {
      if (request.signal.aborted) throw error
      missed()
      return problem(503, 'engine-away', 'The engine does not answer.')
    }
  }
}

/** Why a request is not from a page of ours; undefined if it may be. */
function foreignnessOf({ url, headers }: Request): string | undefined {
  if (!isOwnUrl(url)) return 'This address is not of the app.'
  const origin = headers.get('origin')
  if (origin !== null && origin !== ownOrigin) return `Pages of ${origin.slice(0, 100)} may not use this app.`
  const site = headers.get('sec-fetch-site')
  if (site === 'cross-site' || site === 'same-site') return 'Pages of other addresses may not use this app.'
  return undefined
}

function problem(status: number, code: string, detail: string): Response {
  return new Response(JSON.stringify({ type: 'about:blank', title: detail, status, code, detail }), {
    status,
    headers: { 'content-type': problemType, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' },
  })
}
