/**
 * Reads and cuts SQLite's write-ahead log the way a power cut does (file format: https://www.sqlite.org/fileformat2.html#walformat).
 * Frames are valid while their salts match the header's; the frame of a commit holds the database's size after it.
 */
import { closeSync, existsSync, openSync, readSync, statSync, truncateSync, writeSync } from 'node:fs'
import type { SeededRandom } from './random.ts'

const headerBytes = 32
const frameHeaderBytes = 24

export interface WalState {
  /** Changes whenever SQLite starts the log anew. */
  readonly salts: string
  readonly frameBytes: number
  /** Frames that belong to this log, committed or not. */
  readonly frames: number
  /** Frames up to and with the last commit. */
  readonly committedFrames: number
}

/** What lies in the log at `path`; undefined if there is none yet. */
export function readWal(path: string): WalState | undefined {
  if (!existsSync(path) || statSync(path).size < headerBytes) return undefined
  const file = openSync(path, 'r')
  try {
    const header = Buffer.alloc(headerBytes)
    readSync(file, header, 0, headerBytes, 0)
    const frameBytes = frameHeaderBytes + header.readUInt32BE(8)
    const salts = header.toString('hex', 16, 24)
    const frame = Buffer.alloc(frameHeaderBytes)
    let frames = 0
    let committedFrames = 0
    const whole = Math.floor((statSync(path).size - headerBytes) / frameBytes)
    while (frames < whole) {
      readSync(file, frame, 0, frameHeaderBytes, headerBytes + frames * frameBytes)
      if (frame.toString('hex', 8, 16) !== salts) break
      frames += 1
      if (frame.readUInt32BE(4) !== 0) committedFrames = frames
    }
    return { salts, frameBytes, frames, committedFrames }
  } finally {
    closeSync(file)
  }
}

/**
 * Cuts the log somewhere at or after `syncedFrames`, possibly inside a frame, possibly leaving garbage instead of the
 * frame that was being written.
 */
export function cutWal(path: string, state: WalState, syncedFrames: number, random: SeededRandom): void {
  const kept = random.between(Math.min(syncedFrames, state.frames), state.frames)
  if (kept === state.frames) return
  const end = headerBytes + kept * state.frameBytes
  const style = random.pick(['clean', 'short', 'garbage'] as const)
  if (style === 'clean') {
    truncateSync(path, end)
    return
  }
  const tornBytes = random.between(1, state.frameBytes - 1)
  if (style === 'short') {
    truncateSync(path, end + tornBytes)
    return
  }
  truncateSync(path, end + state.frameBytes)
  const file = openSync(path, 'r+')
  try {
    writeSync(file, random.bytes(state.frameBytes - tornBytes), 0, undefined, end + tornBytes)
  } finally {
    closeSync(file)
  }
}
