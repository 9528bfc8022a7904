/**
 * Ranges and conditions of RFC 9110 for one representation: a pure decision from headers to what is answered. The ETag
 * is the quoted version id and always strong. Several ranges are answered with the whole, which the RFC allows.
 */
import type { IncomingHttpHeaders } from 'node:http'

export interface Representation {
  readonly etag: string
  readonly modifiedMs: number
  readonly sizeBytes: number
}

/** What to send: the bytes from `from` up to, not including, `to`. */
export type Selection =
  | { readonly status: 200 | 206; readonly from: number; readonly to: number }
  | { readonly status: 304 | 412 | 416 }

/** The quoted ETag of a version. */
export function etagOf(version: string): string {
  return `"${version}"`
}

/** The Last-Modified form of a time: whole seconds. */
export function httpDate(timeMs: number): string {
  return new Date(timeMs).toUTCString()
}

/** The versions that an If-Match header names; weak tags never match and are left out. */
export function versionsOfIfMatch(header: string): '*' | string[] {
  if (header.trim() === '*') return '*'
  return header
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '' && !tag.startsWith('W/'))
    .map((tag) => tag.replace(/^"(.*)"$/, '$1'))
}

/** Evaluates conditions in the order of RFC 9110, 13.2.2, then the range. */
export function select(method: 'GET' | 'HEAD', headers: IncomingHttpHeaders, what: Representation): Selection {
  const modified = Math.floor(what.modifiedMs / 1000) * 1000
  const whole = { status: 200, from: 0, to: what.sizeBytes } as const
  if (headers['if-match'] !== undefined) {
    const versions = versionsOfIfMatch(headers['if-match'])
    if (versions !== '*' && !versions.some((version) => etagOf(version) === what.etag)) return { status: 412 }
  } else if (headers['if-unmodified-since'] !== undefined) {
    if (modified > Date.parse(headers['if-unmodified-since'])) return { status: 412 }
  }
  if (headers['if-none-match'] !== undefined) {
    const tags = headers['if-none-match'].split(',').map((tag) => tag.trim().replace(/^W\//, ''))
    if (tags.includes('*') || tags.includes(what.etag)) return { status: 304 }
  } else if (headers['if-modified-since'] !== undefined) {
    if (modified <= Date.parse(headers['if-modified-since'])) return { status: 304 }
  }
  if (method === 'HEAD' || headers.range === undefined) return whole
  const condition = headers['if-range']
  if (typeof condition === 'string' && condition !== what.etag && condition !== httpDate(modified)) return whole
  return rangeOf(headers.range, what.sizeBytes) ?? whole
}

/** The selection of a Range header; undefined where the header is to be ignored. */
export function rangeOf(header: string, sizeBytes: number): Selection | undefined {
  const match = /^bytes\s*=\s*(\d*)\s*-\s*(\d*)$/i.exec(header.trim())
  if (match === null) return undefined
  const [, first = '', last = ''] = match
  if (first === '') {
    if (last === '') return undefined
    const suffix = Math.min(Number(last), sizeBytes)
    return suffix === 0 ? { status: 416 } : { status: 206, from: sizeBytes - suffix, to: sizeBytes }
  }
  const from = Number(first)
  if (last !== '' && Number(last) < from) return undefined
  if (from >= sizeBytes) return { status: 416 }
  return { status: 206, from, to: last === '' ? sizeBytes : Math.min(Number(last) + 1, sizeBytes) }
}
