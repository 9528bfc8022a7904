/** Contents for tests: the same bytes for the same seed on every machine, at gigabytes per second. */
import { createCipheriv } from 'node:crypto'

const zeros = Buffer.alloc(1024 * 1024)

/** `count` bytes that look random. */
export function randomLike(count: number, seed: number): Buffer {
  const key = Buffer.alloc(32)
  key.writeUInt32LE(seed)
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
  const bytes = Buffer.allocUnsafe(count)
  for (let at = 0; at < count; at += zeros.length) {
    cipher.update(zeros.subarray(0, Math.min(zeros.length, count - at))).copy(bytes, at)
  }
  return bytes
}

const words = [
  'chunk ',
  'piece ',
  'replica ',
  'of ',
  'the ',
  'pool ',
  'is ',
  'sealed ',
  'and ',
  'kept\n',
  'on ',
  'nodes ',
]

/** `count` bytes that compress. */
export function textLike(count: number, seed: number): Buffer {
  const chosen = randomLike(Math.ceil(count / 3) + 1, seed)
  const parts: string[] = []
  for (let length = 0, index = 0; length < count; index++) {
    const word = words[(chosen[index] as number) % words.length] as string
    parts.push(word)
    length += word.length
  }
  return Buffer.from(parts.join('')).subarray(0, count)
}

/** The bytes in blocks of about `blockBytes`, each in its own turn. */
export async function* inBlocks(bytes: Uint8Array, blockBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += blockBytes) {
    await Promise.resolve()
    yield bytes.subarray(at, at + blockBytes)
  }
}
