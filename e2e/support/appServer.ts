/**
 * The desktop app's own handler behind a plain server, so that a browser can stand in for Electron: the window asks here what it asks
 * `app://hadahoop` in the app. Only the scheme is missing.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createAppProtocol } from '../../electron/appProtocol.ts'
import { EngineClient } from '../../electron/engineClient.ts'
import { loadWindowFiles } from '../../electron/windowFiles.ts'

const root = resolve(import.meta.dirname, '../..')

export interface AppServer {
  readonly url: string
  /** Headers of all that was asked and answered. */
  readonly seen: readonly string[]
  close(): void
}

/** `endpoint` is asked anew at each request, so that a node may restart. */
export async function serveApp(
  endpoint: () => { readonly url: string; readonly token: string } | undefined,
): Promise<AppServer> {
  let client: EngineClient | undefined
  const upstream = (): EngineClient | undefined => {
    const now = endpoint()
    if (now !== undefined && client?.endpoint.token === now.token) return client
    client?.[Symbol.dispose]()
    client = now === undefined ? undefined : new EngineClient(now)
    return client
  }
  const seen: string[] = []
  const handle = createAppProtocol({
    files: await loadWindowFiles({ window: join(root, 'dist', 'window'), drop: join(root, 'electron', 'drop') }),
    upstream,
    missed: () => undefined,
  })
  const server = createServer((incoming, outgoing) => {
    const headers = new Headers()
    for (const [name, value] of Object.entries(incoming.headers)) headers.set(name, String(value))
    // In the app a page's origin is the app's; here it is this server's.
    if (headers.get('origin') === url) headers.set('origin', 'app://hadahoop')
    const leaving = new AbortController()
    outgoing.on('close', () => leaving.abort())
    const hasBody = incoming.method !== 'GET' && incoming.method !== 'HEAD'
    const request = new Request(`app://hadahoop${incoming.url}`, {
      method: incoming.method ?? 'GET',
      headers,
      signal: leaving.signal,
      ...(hasBody ? { body: Readable.toWeb(incoming) as ReadableStream, duplex: 'half' } : {}),
    })
    const answered = async (): Promise<void> => {
      const answer = await handle(request)
      seen.push(JSON.stringify([incoming.url, incoming.headers, ...answer.headers]))
      outgoing.writeHead(answer.status, Object.fromEntries(answer.headers))
      if (answer.body === null) outgoing.end()
      else await pipeline(Readable.fromWeb(answer.body as never), outgoing)
    }
    // A page that left, or an engine that broke off: the browser sees a cut answer.
    answered().catch(() => outgoing.destroy())
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    seen,
    close() {
      server.closeAllConnections()
      server.close()
      client?.[Symbol.dispose]()
    },
  }
}
