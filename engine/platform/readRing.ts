/**
 * Memory into which a socket reads, round and round. Node gives each read of a TLS socket a buffer of its own, 16 KiB at most; at 200 MB/s
 * that garbage, which lies outside of V8's heap, sets off a full collection every 30 MiB, and a receiver spent a fifth of its
 * time on them. Node can read into a given buffer (`onread` of net.Socket), but offers it to sockets that dial only, so this
 * uses what lies behind that option. Where a release of Node lacks it, reading goes on as always, and a test says so.
 */
import type { Socket } from 'node:net'
import { KiB, limits } from '../limits.ts'

/** No read is longer. */
const READ_BYTES = 64 * KiB

interface ReadsInto {
  useUserBuffer(buffer: Uint8Array): void
}

let ringsInUse = 0

export class ReadRing {
  readonly #memory = Buffer.allocUnsafeSlow(limits.readRingBytes)
  #at = 0
  #released = false

  private constructor() {
    ringsInUse++
  }

  /** Rings of this process that sockets read into. */
  static get inUse(): number {
    return ringsInUse
  }

  /**
   * From now on the socket reads into a ring, and emits 'data' with parts of it: each stays as it is until limits.readRingBytes less
   * 128 KiB more have come, so whoever keeps bytes for longer copies them. Undefined where that is not to be had now: this Node lacks
   * it, the socket holds data back, or enough others have a ring.
   */
  static attach(socket: Socket): ReadRing | undefined {
    const handle = (socket as unknown as { _handle?: Partial<ReadsInto> | null })._handle
    const hooks = hooksOf(socket)
    const ready = ringsInUse < limits.readRings && socket.readableLength === 0 && socket.readableFlowing === true
    if (!ready || hooks === undefined || typeof handle?.useUserBuffer !== 'function') return undefined
    const ring = new ReadRing()
    const fields = socket as unknown as Record<symbol, unknown>
    fields[hooks.buffer] = ring.#place()
    fields[hooks.callback] = (readBytes: number, buffer: Buffer) => {
      ring.#at += readBytes
      socket.emit('data', buffer.subarray(0, readBytes))
      return true
    }
    fields[hooks.next] = () => ring.#place()
    handle.useUserBuffer(ring.#place())
    return ring
  }

  /** Call when the socket is closed. */
  release(): void {
    if (!this.#released) ringsInUse--
    this.#released = true
  }

  /** Where the next read goes. */
  #place(): Buffer {
    if (this.#at + READ_BYTES > this.#memory.length) this.#at = 0
    return this.#memory.subarray(this.#at, this.#at + READ_BYTES)
  }
}

/** The fields in which a socket keeps what its option `onread` names. */
function hooksOf(socket: Socket): { buffer: symbol; callback: symbol; next: symbol } | undefined {
  const named = (name: string) => Object.getOwnPropertySymbols(socket).find((symbol) => symbol.description === name)
  const [buffer, callback, next] = [named('kBuffer'), named('kBufferCb'), named('kBufferGen')]
  if (buffer === undefined || callback === undefined || next === undefined) return undefined
  return { buffer, callback, next }
}
