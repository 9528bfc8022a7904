/**
 * Foreign text into checked values: queries, bodies, headers and ids of requests. What does not fit is `bad-request`
 * with the place named; an id that is none names nothing and so is not found.
 */
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { givenTimeSchema, idSchema, parsePath } from '../../../shared/index.ts'
import { EngineError } from '../../base/error.ts'

/** Throws `bad-request`, or the code that a failed check names (`bad-path`). */
export function check<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0] as z.core.$ZodIssue
  const where = issue.path.length === 0 ? '' : `${issue.path.join('.')}: `
  const code = issue.code === 'custom' ? issue.params?.['code'] : undefined
  throw new EngineError(typeof code === 'string' ? code : 'bad-request', `${where}${issue.message}.`)
}

/** The names of the raw path after `prefix`, decoded once per segment; [] is the root. Throws BadPath. */
export function pathOf(request: FastifyRequest, prefix: string): string[] {
  const url = request.originalUrl
  const end = url.indexOf('?')
  return parsePath(url.slice(prefix.length, end < 0 ? undefined : end))
}

/** An id in the path; throws `code` if it cannot be one. */
export function idOf(request: FastifyRequest, name = 'id', code = 'not-found'): string {
  const text = (request.params as Record<string, string>)[name] ?? ''
  if (idSchema.safeParse(text).success) return text
  throw new EngineError(code, `Nothing has the id ${JSON.stringify(text.slice(0, 80))}.`)
}

/** A header that occurs at most once. */
export function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

const modifiedHeader = z.object({ 'X-Modified': givenTimeSchema })

/** The `X-Modified` header as ms since 1970. */
export function modifiedOf(request: FastifyRequest): number | undefined {
  const text = headerOf(request, 'x-modified')
  return text === undefined ? undefined : Date.parse(check(modifiedHeader, { 'X-Modified': text })['X-Modified'])
}

/** The token of a `Confirm` header as an option. */
export function confirmOf(header: string | undefined): { confirm?: string } {
  return header === undefined ? {} : { confirm: header }
}

/** What reads files of this computer is for holders of the token only, not for a browser's session. Throws `unauthorized`. */
export function requireToken(request: FastifyRequest): void {
  if (request.headers.authorization !== undefined) return
  throw new EngineError('unauthorized', 'Local files are read for holders of the token only.')
}
