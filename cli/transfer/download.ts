/**
 * The bytes of a remote file, whole or a range, through broken connections: what is missing is asked for again, of the
 * same version, a few times.
 */
import type { IncomingMessage } from 'node:http'
import type { ApiClient, Headers } from '../apiClient.ts'
import { Failure } from '../failure.ts'
import { fileUrl } from '../remotePath.ts'

export interface DownloadOptions {
  /** A Range header. */
  readonly range?: string | undefined
  /** Not the current version but this one. */
  readonly version?: string | undefined
}

const ATTEMPTS = 3

/** Parts in order. Throws Failure `node-gone` when the rest cannot be had, and the API's codes. */
export async function* download(
  client: ApiClient,
  names: readonly string[],
  { range, version }: DownloadOptions = {},
): AsyncGenerator<Buffer, void, void> {
  const url = fileUrl(names) + (version === undefined ? '' : `?version=${version}`)
  let response = await client.open(url, range === undefined ? {} : { range })
  const whole = extentOf(response)
  let next = whole.from
  for (let attempt = 1; ; attempt++) {
    try {
      for await (const part of response) {
        next += (part as Buffer).length
        yield part as Buffer
      }
    } catch (error) {
      if (attempt === ATTEMPTS) throw brokenOff(error)
    }
    if (next === whole.end) return
    if (attempt === ATTEMPTS) throw brokenOff()
    const headers: Headers = { range: `bytes=${next}-${whole.end - 1}`, 'if-match': response.headers.etag ?? '*' }
    response = await client.open(url, headers)
    if (response.statusCode !== 206) throw brokenOff()
  }
}

/** Which bytes a response carries: from, and up to, not including, end. */
function extentOf(response: IncomingMessage): { from: number; end: number } {
  const length = Number(response.headers['content-length'])
  const match = /^bytes (\d+)-/.exec(response.headers['content-range'] ?? '')
  const from = response.statusCode === 206 && match !== null ? Number(match[1]) : 0
  return { from, end: from + length }
}

function brokenOff(cause?: unknown): Failure {
  return new Failure('node-gone', 'The file broke off in the middle.', {
    hint: 'Its machines may be away; `hadahoop health` tells. Repeat the command to go on.',
    cause,
  })
}
