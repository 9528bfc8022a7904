/**
 * Many small files in one request: each a length (4 bytes, big-endian), a JSON head of that length and the file's bytes. For
 * whoever stores thousands of small files: one request each costs more than the files themselves.
 */
import { z } from 'zod'
import { countSchema, givenTimeSchema, idSchema, pathSchema, problemSchema } from './basics.ts'

// Node and browsers have both; this folder is checked without the types of either.
declare class TextEncoder {
  encode(text: string): Uint8Array
}
declare class TextDecoder {
  constructor(label: string, options: { fatal: boolean })
  decode(bytes: Uint8Array): string
}

/** What one batch may hold. */
export const BATCH_FILES = 512
export const BATCH_BYTES = 4 * 1024 * 1024
const headMaxBytes = 64 * 1024
const lengthBytes = 4

export const batchHeadSchema = z
  .strictObject({ path: pathSchema, size: countSchema.max(BATCH_BYTES), modified: givenTimeSchema.optional() })
  .meta({ id: 'BatchHead' })
export type BatchHead = z.output<typeof batchHeadSchema>

export const batchAnswerSchema = z
  .object({
    items: z.array(
      z.union([
        z.object({ path: z.string(), id: idSchema, version: idSchema, created: z.boolean(), durable: countSchema }),
        z.object({ path: z.string(), problem: problemSchema }),
      ]),
    ),
  })
  .meta({ id: 'BatchAnswer', description: 'one item per file, in order' })
export type BatchAnswer = z.output<typeof batchAnswerSchema>

export interface BatchFile {
  readonly head: BatchHead
  readonly bytes: Uint8Array
}

/** The body's parts, in order. */
export function encodeBatch(files: readonly BatchFile[]): Uint8Array[] {
  const encoder = new TextEncoder()
  return files.flatMap(({ head, bytes }) => {
    const text = encoder.encode(JSON.stringify(head))
    const length = new Uint8Array(lengthBytes)
    new DataView(length.buffer).setUint32(0, text.length)
    return [length, text, bytes]
  })
}

/** The files of a body; throws `SyntaxError` where it is none. Bytes are views of the body. */
export function decodeBatch(body: Uint8Array): BatchFile[] {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const files: BatchFile[] = []
  for (let at = 0; at < body.length; ) {
    if (files.length === BATCH_FILES) throw new SyntaxError(`more than ${BATCH_FILES} files`)
    if (at + lengthBytes > body.length) throw new SyntaxError('a head is cut')
    const headBytes = view.getUint32(at)
    const from = at + lengthBytes + headBytes
    if (headBytes > headMaxBytes || from > body.length) throw new SyntaxError('a head is cut or too long')
    const head = headOf(decoder.decode(body.subarray(at + lengthBytes, from)))
    if (from + head.size > body.length) throw new SyntaxError('a file is cut')
    files.push({ head, bytes: body.subarray(from, from + head.size) })
    at = from + head.size
  }
  return files
}

function headOf(text: string): BatchHead {
  const { data, error } = batchHeadSchema.safeParse(JSON.parse(text))
  if (data !== undefined) return data
  const issue = error?.issues[0]
  throw new SyntaxError([...(issue?.path ?? []), issue?.message].join(': '))
}
