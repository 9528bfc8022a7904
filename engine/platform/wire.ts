/**
 * The Wire port over one WebSocket on TLS. Keeps order and message borders, holds reading back until someone listens, and
 * closes on whatever a peer of ours would not send: text, too long a message, a broken frame. The memory of a message is
 * free once `drained` resolved: of all messages at most the last is then under way, and TLS has encrypted a copy of it.
 */
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { EngineError } from '../base/error.ts'
import { limits } from '../limits.ts'
import type { RemoteIdentity, Wire, WirePurpose } from '../ports.ts'
import { ReadRing } from './readRing.ts'

/** RFC 6455, 7.4.1, and what each means here. */
const CLOSE_NORMAL = 1000
const CLOSE_UNSUPPORTED = 1003
const reasonByCode: Readonly<Record<number, string>> = {
  1002: 'the other end found our frames malformed',
  1003: 'the other end takes no text',
  1005: 'closed by the other end',
  1006: 'connection lost',
  1009: 'the other end found a message too long',
}
/** A close frame has room for 125 bytes, two of them the code. */
const REASON_MAX_BYTES = 123

/** The part of ws's receiver that gathers messages. */
interface Receiver {
  _buffers: Buffer[]
  consume(sizeBytes: number): Buffer
}

export class SocketWire implements Wire {
  readonly remote: RemoteIdentity
  readonly purpose: WirePurpose
  readonly dialled: boolean
  readonly #socket: WebSocket
  #sent = 0
  #written = 0
  #waiting: { resolve: () => void; reject: (reason: unknown) => void }[] = []
  #early: Buffer[] = []
  #onMessage: ((message: Buffer) => void) | undefined
  #onClose: ((reason: string) => void) | undefined
  #closed: string | undefined
  /** Where the next message should lie. */
  #target: Buffer | undefined
  #ring: ReadRing | undefined
  /** Messages can be placed, so a ring is worth having. */
  #places = false
  readonly #countWritten = () => {
    this.#written += 1
    if (this.#sent - this.#written <= 1) for (const { resolve } of this.#waiting.splice(0)) resolve()
  }

  /** Takes over an open WebSocket. */
  constructor(socket: WebSocket, remote: RemoteIdentity, purpose: WirePurpose, dialled: boolean) {
    this.#socket = socket
    this.remote = remote
    this.purpose = purpose
    this.dialled = dialled
    socket.pause()
    this.#placeMessages(socket)
    socket.on('message', (data: Buffer, isBinary) => {
      this.#target = undefined
      if (!isBinary) this.#fail(CLOSE_UNSUPPORTED, 'the other end sent text')
      else if (this.#closed !== undefined) return
      else if (this.#onMessage) this.#onMessage(data)
      else this.#early.push(data)
    })
    socket.on('error', (error) => this.#finish(`broken connection: ${error.message}`))
    socket.on('close', (code, reason) =>
      this.#finish(reason.toString() || (reasonByCode[code] ?? `closed with code ${code}`)),
    )
  }

  send(message: Uint8Array): void {
    assert(message.length <= limits.wireMessageMaxBytes, 'a message fits the limit that the other end enforces')
    if (this.#closed !== undefined) return
    this.#sent += 1
    this.#socket.send(message, { binary: true }, this.#countWritten)
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount
  }

  drained(): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(closedError(this.#closed))
    if (this.#sent - this.#written <= 1) return Promise.resolve()
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  onMessage(listener: (message: Buffer) => void): void {
    assert(this.#onMessage === undefined, 'one listener')
    this.#onMessage = listener
    for (const message of this.#early.splice(0)) listener(message)
    this.#socket.resume()
  }

  nextInto(target: Buffer): void {
    this.#target = target
    const socket = (this.#socket as unknown as { _socket?: Socket })._socket
    if (this.#places && this.#closed === undefined && socket !== undefined) this.#ring ??= ReadRing.attach(socket)
  }

  onClose(listener: (reason: string) => void): void {
    assert(this.#onClose === undefined, 'one listener')
    this.#onClose = listener
    this.#announceClose()
  }

  close(reason: string): void {
    this.#fail(CLOSE_NORMAL, reason)
  }

  /**
   * ws gathers what TLS read into a new buffer per message; this gathers it where nextInto() says, and copies what lies in the ring,
   * which will be written to again. The methods are ws's own (8.23) and not of its interface: should a release lack them,
   * messages come as always, and a test says so.
   */
  #placeMessages(socket: WebSocket): void {
    const { _receiver: receiver } = socket as unknown as { _receiver?: Partial<Receiver> }
    const consume = receiver?.consume?.bind(receiver)
    if (receiver === undefined || consume === undefined || !Array.isArray(receiver._buffers)) return
    this.#places = true
    receiver.consume = (sizeBytes) => {
      const target = this.#target
      const parts = receiver._buffers
      if (target === undefined || parts === undefined || target.length !== sizeBytes)
        return this.#ring === undefined ? consume(sizeBytes) : Buffer.from(consume(sizeBytes))
      this.#target = undefined
      let at = 0
      while (at < sizeBytes) {
        // Each part is taken out by ws itself, which keeps its own count.
        const part = consume(Math.min(parts[0]?.length ?? 0, sizeBytes - at))
        target.set(part, at)
        at += part.length
      }
      return target
    }
  }

  /** Sends what is buffered, then the reason, and goes; the socket is destroyed after limits.wireCloseMs at the latest. */
  #fail(code: number, reason: string): void {
    if (this.#closed !== undefined) return
    this.#socket.close(code, cutText(reason, REASON_MAX_BYTES))
    this.#finish(reason)
    // The other end's close frame must be read, whoever listens.
    this.#socket.resume()
  }

  #finish(reason: string): void {
    if (this.#closed !== undefined) return
    this.#closed = reason
    this.#ring?.release()
    this.#early = []
    for (const { reject } of this.#waiting.splice(0)) reject(closedError(reason))
    this.#announceClose()
  }

  /** Never inside the call that closed, so that owners need not expect their own listener there. */
  #announceClose(): void {
    const [listener, reason] = [this.#onClose, this.#closed]
    if (listener !== undefined && reason !== undefined) queueMicrotask(() => listener(reason))
  }
}

function closedError(reason: string): EngineError {
  return new EngineError('wire-closed', `the connection is closed: ${reason}`, { retryable: true })
}

/** At most so many bytes of a text, whole characters only. */
function cutText(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= maxBytes) return text
  let end = maxBytes
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return bytes.toString('utf8', 0, end)
}
