/**
 * The one place where text becomes a path and back. A raw path is split at `/` first and each segment is decoded once,
 * so an encoded slash can never make a folder and `%252e` stays the name `%2e`. What any system could read as "up",
 * "here" or an end of string is refused, wherever paths come from.
 */

export const NAME_MAX_BYTES = 255
export const PATH_MAX_BYTES = 16 * 1024

/** Why a path was refused, in words for people. The gateway answers it as `bad-path`. */
export class BadPath extends Error {
  readonly code = 'bad-path'
}

/** Bytes of a text in UTF-8. */
export function utf8Bytes(text: string): number {
  let bytes = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit < 0x80) bytes += 1
    else if (unit < 0x800) bytes += 2
    else if (unit >= 0xd800 && unit < 0xdc00) {
      bytes += 4
      at++
    } else bytes += 3
  }
  return bytes
}

/** What is wrong with a name, or null. */
export function nameProblem(name: string): string | null {
  if (name === '') return 'a name is empty'
  if (name === '.' || name === '..') return `"${name}" is not a name`
  if (!name.isWellFormed()) return 'a name is not Unicode text'
  if (name.includes('/')) return 'a name holds a slash'
  if (name.includes('\0')) return 'a name holds a NUL'
  if (name.length * 3 > NAME_MAX_BYTES && utf8Bytes(name) > NAME_MAX_BYTES)
    return `a name is over ${NAME_MAX_BYTES} bytes`
  return null
}

function checked(names: string[]): string[] {
  let bytes = 0
  for (const name of names) {
    const problem = nameProblem(name)
    if (problem !== null) throw new BadPath(problem)
    bytes += utf8Bytes(name) + 1
  }
  if (bytes > PATH_MAX_BYTES) throw new BadPath(`the path is over ${PATH_MAX_BYTES} bytes`)
  return names
}

/** The names of a raw (percent-encoded) path without leading slash; '' is the root. Throws BadPath. */
export function parsePath(raw: string): string[] {
  return raw === '' ? [] : checked(raw.split('/').map(decodeSegment))
}

function decodeSegment(segment: string): string {
  if (/[^\0-\x7f]/.test(segment)) throw new BadPath('a name is not percent-encoded')
  try {
    return decodeURIComponent(segment)
  } catch (error) {
    throw new BadPath('a name is not percent-encoded UTF-8', { cause: error })
  }
}

/** The names of a path in JSON: a leading `/`, nothing encoded; `/` is the root. Throws BadPath. */
export function parseJsonPath(path: string): string[] {
  if (!path.startsWith('/')) throw new BadPath('a path starts with /')
  return path === '/' ? [] : checked(path.slice(1).split('/'))
}

/** The JSON form of names: `/a/b`; `/` for the root. */
export function joinPath(names: readonly string[]): string {
  return `/${names.join('/')}`
}

/** The raw (percent-encoded) form of names, without leading slash. */
export function encodePath(names: readonly string[]): string {
  return names.map(encodeURIComponent).join('/')
}
