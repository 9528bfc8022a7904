/**
 * Cursors: where a page ended, as opaque text. They hold keys of the last item, not counts, so that they stay good while
 * entries come and go. A cursor comes back from outside and is checked like everything from there.
 */
import { EngineError } from '../../base/error.ts'

/** `parts`: what the list needs to go on; texts and integers. */
export function encodeCursor(list: string, parts: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify([list, ...parts])).toString('base64url')
}

/** The parts of a cursor of this list; whoever asked checks each. Throws `bad-cursor`. */
export function decodeCursor(list: string, cursor: string): unknown[] {
  const [name, ...parts] = parse(cursor)
  if (name !== list) throw badCursor()
  return parts
}

export function badCursor(): EngineError {
  return new EngineError('bad-cursor', 'the cursor is none of this list', { hint: 'Start again at the first page.' })
}

/** The bytes of an id or stamp in a cursor; throws `bad-cursor`. */
export function bytesInCursor(part: unknown, count: number): Buffer {
  if (typeof part !== 'string' || !/^[0-9a-f]*$/.test(part) || part.length !== 2 * count) throw badCursor()
  return Buffer.from(part, 'hex')
}

/** An integer in a cursor; throws `bad-cursor`. */
export function integerInCursor(part: unknown): number {
  if (typeof part !== 'number' || !Number.isSafeInteger(part)) throw badCursor()
  return part
}

function parse(cursor: string): unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    return Array.isArray(parts) ? parts : []
  } catch {
    return [] // not made here, which the missing name tells
  }
}
