/** What a line of the API's table of operations says, and the codes that many lines share. */
import type { z } from 'zod'
import type { ErrorCode } from './errors.ts'

/** What a body is when it is not JSON. */
export type RawBody = 'bytes' | 'text' | 'events' | 'html' | 'nothing'

export interface Route {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'
  /** In OpenAPI's form; `{path}` at the end holds slashes. */
  readonly path: string
  readonly summary: string
  readonly query?: z.ZodObject
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: z.ZodType | RawBody
  /** By status. */
  readonly answers: Readonly<Record<number, z.ZodType | RawBody>>
  /** Codes beside those that any operation may answer. */
  readonly errors?: readonly ErrorCode[]
  /** No token needed. */
  readonly open?: true
}

export const confirmHeader = { Confirm: 'what `confirm-needed` or `last-copies` gave' }
