/**
 * Bytes in and out under back-pressure: a request's body as parts that come only when asked for, and parts written to a
 * response no faster than the client takes them. A cut upload throws, so that its consumer can never take it for whole;
 * a download that cannot be finished cuts the connection, so that the client can never take it for whole either.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { EngineError } from '../base/error.ts'
import type { Clock } from '../ports.ts'
import { limits } from '../limits.ts'
import type { StallWatch } from './stallWatch.ts'

/** A signal that fires when the client goes away before it has the whole answer. */
export function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) gone.abort(new EngineError('upload-cut', 'The client went away.'))
  })
  return gone.signal
}

/** The body of a request, once. Throws `upload-cut` when the client breaks off, `timeout` when it stalls. */
export async function* bodyOf(request: IncomingMessage, watch: StallWatch): AsyncGenerator<Uint8Array, void, void> {
  const parts = request.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]()
  let timedOut = false
  using stall = watch.watch(() => {
    timedOut = true
    request.destroy()
  })
  try {
    for (;;) {
      stall.waiting()
      const next = await parts.next()
      stall.moved()
      if (next.done === true) break
      yield next.value as Buffer
    }
  } catch (error) {
    throw cutError(timedOut, error)
  } finally {
    await parts.return?.()
  }
  if (!request.complete) throw cutError(timedOut)
}

function cutError(timedOut: boolean, cause?: unknown): EngineError {
  return timedOut
    ? new EngineError('timeout', 'The upload stood still for too long.', { cause })
    : new EngineError('upload-cut', 'The upload ended before all bytes had come.', { cause })
}

/**
 * Reads and drops what is left of a body that was refused, so that the client comes to see the answer; after
 * limits.apiLingerMs the connection is cut.
 */
export function dropRest(request: IncomingMessage, clock: Clock): void {
  if (request.complete || request.destroyed) return
  request.resume()
  const timer = clock.timer(limits.apiLingerMs, () => {
    if (!request.complete) request.destroy()
  })
  request.once('close', () => timer[Symbol.dispose]())
}

export interface PartsToSend {
  readonly parts: AsyncIterable<Uint8Array>
  /** Of all parts together. */
  readonly sizeBytes: number
  /** Called for each part that the socket needs no more. */
  readonly release: ((part: Uint8Array) => void) | undefined
}

/**
 * Sends the parts of a content; `head` writes status and headers, and is called after the first part has come, so
 * that errors before it can still be answered. Resolves when all is handed to the socket or the client is gone.
 */
export async function sendParts(
  response: ServerResponse,
  { parts, sizeBytes, release }: PartsToSend,
  head: () => void,
  watch: StallWatch,
): Promise<void> {
  const written = (part: Uint8Array) => (error?: Error | null) => {
    if (error === undefined || error === null) release?.(part)
  }
  using stall = watch.watch(() => response.destroy())
  let sentBytes = 0
  let pending: Uint8Array | undefined
  try {
    for await (const part of parts) {
      if (pending === undefined) head()
      else if (!response.write(pending, written(pending))) {
        stall.waiting()
        await drained(response)
        stall.moved()
      }
      if (response.destroyed) return
      pending = part
      sentBytes += part.byteLength
      if (sentBytes > sizeBytes) break
    }
    if (sentBytes !== sizeBytes)
      throw new EngineError('damaged', `The content gave ${sentBytes} bytes of ${sizeBytes}.`)
  } catch (error) {
    if (!response.headersSent) throw error
    response.destroy()
    return
  }
  if (pending === undefined) {
    head()
    response.end()
  } else response.end(pending, written(pending))
}

/** Resolves when the response takes more, or is gone. */
export function drained(response: ServerResponse): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const settle = () => {
    response.off('drain', settle)
    response.off('close', settle)
    resolve()
  }
  if (response.destroyed) resolve()
  else response.on('drain', settle).on('close', settle)
  return promise
}
