/**
 * Compression of a piece where it lies: zstd level 1 in frames of 1 MiB of content, each compressed or plain by itself. A
 * cheap look decides first, since most bytes that people keep are compressed already, and trying costs as much as all the
 * rest of sealing. Frames keep memory small and bound what a hostile chunk can expand to; against one frame for the whole
 * piece they lose one percent. A dictionary per pool was rejected: it would have to be there before any file can be read.
 *
 * Packed piece: per frame 4 bytes, little-endian (bit 31: plain; bits 0 to 30: length), then so many bytes.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { EngineError } from '../base/error.ts'
import { freeNow } from '../base/memory.ts'
import { KiB, MiB } from '../limits.ts'

/** Part of the format: each frame but the last holds this much of the piece. */
const FRAME_BYTES = 1 * MiB
const HEADER_BYTES = 4
const PLAIN = 0x8000_0000

const LEVEL = 1
/** Compressed is kept if it saves one part in so many. */
const LEAST_SAVING = 16
/** Shorter pieces stay as they are. */
const SHORTEST_BYTES = 128

const SAMPLE_STRETCHES = 4
const SAMPLE_STRETCH_BYTES = 512
/**
 * How often two bytes drawn from a sample are equal. Random bytes: 1/256; base64: 1/64; text: 1/16. Below this the bytes
 * count as random, unless a trial shows that they repeat themselves.
 */
const LEAST_COINCIDENCE = 1.25 / 256
/** From this size on, trying a part of the piece costs little beside sealing it. */
const TRIAL_FROM_BYTES = 512 * KiB
const TRIAL_BYTES = 16 * KiB

/**
 * Packs the piece that fills the first `pieceBytes` of `room`, in place. Answers where each frame ends, or null: not worth
 * it, and nothing was changed.
 */
export function packInPlace(room: Buffer, pieceBytes: number): number[] | null {
  const piece = room.subarray(0, pieceBytes)
  if (pieceBytes < SHORTEST_BYTES || !(bytesCoincide(piece) || trialSaves(piece))) return null
  const ends: number[] = []
  let packedBytes = 0
  for (let at = 0; at < pieceBytes; at += FRAME_BYTES) {
    const content = piece.subarray(at, at + FRAME_BYTES)
    const compressed = at === 0 || bytesCoincide(content) ? compress(content) : undefined
    const saving = compressed !== undefined && saves(content.length, compressed.length)
    // The first frame decides for the piece. What it saves is room enough for the headers of all the others.
    if (at === 0 && !saving) return null
    if (saving) {
      room.writeUInt32LE(compressed.length, packedBytes)
      room.set(compressed, packedBytes + HEADER_BYTES)
      packedBytes += HEADER_BYTES + compressed.length
    } else {
      room.copyWithin(packedBytes + HEADER_BYTES, at, at + content.length)
      room.writeUInt32LE(PLAIN + content.length, packedBytes)
      packedBytes += HEADER_BYTES + content.length
    }
    if (compressed !== undefined) freeNow(compressed)
    ends.push(packedBytes)
  }
  return ends
}

/**
 * Unpacks one frame, given with its header. `contentBytes` is what it must hold, at most 1 MiB; the answer may be a view
 * of `frame`. Throws `damaged`.
 */
export function unpackFrame(frame: Buffer, contentBytes: number): Buffer {
  const header = frame.readUInt32LE(0)
  const body = frame.subarray(HEADER_BYTES)
  const content = header >= PLAIN ? body : decompress(body, contentBytes)
  if (content.length !== contentBytes) throw damaged('a frame holds less than it should')
  return content
}

/** Unpacks a piece of `pieceBytes`. Throws `damaged`; never makes more than `pieceBytes`, whatever the frames say. */
export function unpack(packed: Buffer, pieceBytes: number): Buffer {
  const piece = Buffer.allocUnsafeSlow(pieceBytes)
  let from = 0
  for (let at = 0; at < pieceBytes; at += FRAME_BYTES) {
    if (packed.length < from + HEADER_BYTES) throw damaged('it ends before its last frame')
    const header = packed.readUInt32LE(from)
    const end = from + HEADER_BYTES + (header >= PLAIN ? header - PLAIN : header)
    if (end > packed.length) throw damaged('a frame is cut off')
    piece.set(unpackFrame(packed.subarray(from, end), Math.min(FRAME_BYTES, pieceBytes - at)), at)
    from = end
  }
  if (from !== packed.length) throw damaged('bytes follow its last frame')
  return piece
}

/** How much of a piece of `pieceBytes` its frame number `index` holds. */
export function frameContentBytes(pieceBytes: number, index: number): number {
  return Math.min(FRAME_BYTES, pieceBytes - index * FRAME_BYTES)
}

function saves(plainBytes: number, compressedBytes: number): boolean {
  return compressedBytes + HEADER_BYTES <= plainBytes - plainBytes / LEAST_SAVING
}

function compress(content: Buffer): Buffer {
  return zstdCompressSync(content, {
    params: { [constants.ZSTD_c_compressionLevel]: LEVEL },
    pledgedSrcSize: content.length,
    // Room for the worst case, so that the answer comes in one part.
    chunkSize: content.length + (content.length >> 7) + 512,
  })
}

function decompress(frame: Buffer, contentBytes: number): Buffer {
  try {
    return zstdDecompressSync(frame, { chunkSize: Math.max(contentBytes, 64), maxOutputLength: contentBytes })
  } catch (error) {
    throw damaged('zstd cannot read it', error)
  }
}

function trialSaves(piece: Buffer): boolean {
  if (piece.length < TRIAL_FROM_BYTES) return false
  const middle = (piece.length - TRIAL_BYTES) >>> 1
  return saves(TRIAL_BYTES, compress(piece.subarray(middle, middle + TRIAL_BYTES)).length)
}

const counts = new Uint16Array(256)

/** Whether bytes drawn from a sample of `content` are equal more often than random ones would be. */
function bytesCoincide(content: Buffer): boolean {
  counts.fill(0)
  let sampled = 0
  const stretchBytes = Math.min(SAMPLE_STRETCH_BYTES, Math.ceil(content.length / SAMPLE_STRETCHES))
  for (let stretch = 0; stretch < SAMPLE_STRETCHES; stretch++) {
    const from = Math.floor(((content.length - stretchBytes) * stretch) / (SAMPLE_STRETCHES - 1))
    for (let at = from; at < from + stretchBytes; at++) {
      const value = content[at] as number
      counts[value] = (counts[value] as number) + 1
    }
    sampled += stretchBytes
  }
  let equalPairs = 0
  for (const count of counts) equalPairs += count * (count - 1)
  return equalPairs >= LEAST_COINCIDENCE * sampled * (sampled - 1)
}

function damaged(what: string, cause?: unknown): EngineError {
  return new EngineError('damaged', `a packed chunk is damaged: ${what}`, { cause })
}
