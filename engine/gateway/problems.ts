/**
 * Errors as RFC 9457 problem documents. Whatever goes wrong on the way of a request (our own coded errors, refused
 * paths, failed validation, Fastify's and Node's own errors) leaves the node in this one form with a stable `code`.
 */
import { STATUS_CODES } from 'node:http'
import { BadPath, errorKind, type Problem } from '../../shared/index.ts'
import { EngineError, isEngineError, messageOf } from '../base/error.ts'

export const problemMediaType = 'application/problem+json'

/** Fastify's codes that are the client's doing, as ours. */
const fastifyCodes: Readonly<Record<string, string>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'bad-media-type',
}

const hints: Readonly<Record<string, string>> = {
  unauthorized:
    'Send "Authorization: Bearer TOKEN" with the token of api.json, or open the address that `hadahoop open` prints.',
  'foreign-host': 'Use the address that `hadahoop start` prints.',
  'no-pool': 'Create a pool or join one.',
  'bad-media-type': 'Send JSON with "Content-Type: application/json".',
}

/** The problem document of whatever was thrown. */
export function problemOf(error: unknown): Problem {
  const coded = codedOf(error)
  const { status, title } = errorKind(coded.code)
  const hint = coded.hint ?? hints[coded.code]
  return {
    type: `urn:hadahoop:error:${coded.code}`,
    title,
    status,
    code: coded.code,
    detail: coded.message,
    ...(hint === undefined ? {} : { hint }),
    ...coded.facts,
  }
}

/** True if the error is not one that anybody foresaw, so that it belongs in the log. */
export function isUnforeseen(error: unknown): boolean {
  return codedOf(error).code === 'internal'
}

function codedOf(error: unknown): EngineError {
  if (isEngineError(error)) return error
  if (error instanceof BadPath) return new EngineError(error.code, `${error.message}.`)
  const { code, statusCode } = (typeof error === 'object' && error !== null ? error : {}) as {
    code?: unknown
    statusCode?: unknown
  }
  if (typeof code === 'string' && code.startsWith('FST_')) {
    const known = fastifyCodes[code]
    if (known !== undefined) return new EngineError(known, messageOf(error))
    if (typeof statusCode === 'number' && statusCode < 500)
      return new EngineError('bad-request', messageOf(error).slice(0, 300))
  }
  return new EngineError('internal', 'The node met an error that it did not expect.', {
    hint: 'Look at the node’s log; it names the cause.',
    cause: error,
  })
}

/** A whole HTTP/1.1 response, for sockets that never became a request. */
export function rawResponse(error: EngineError): string {
  const problem = problemOf(error)
  const body = JSON.stringify(problem)
  return (
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n` +
    `Content-Type: ${problemMediaType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`
  )
}
