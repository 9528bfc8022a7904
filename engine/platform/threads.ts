/**
 * Worker threads with a bounded heap. A thread that fails in any way just ends: what it did is lost, the process lives on,
 * and its owner hears why. Nothing is shared but the memory that messages name.
 */
import { Worker } from 'node:worker_threads'
import { messageOf } from '../base/error.ts'
import { MiB } from '../limits.ts'

export interface RunningThread {
  /** Structured clone, in order; what is in `transfer` changes hands. Nothing happens once the thread has ended. */
  send(message: unknown, transfer?: readonly ArrayBuffer[]): void
  /** One listener; to be set before anything else can happen, right after the start. */
  onMessage(listener: (message: unknown) => void): void
  /** One listener; called once with the reason, whatever it is; also after `stop`. */
  onEnd(listener: (reason: string) => void): void
  /** Ends it in the middle of whatever it does; resolves when it has ended. */
  stop(): Promise<void>
}

/** Starts a thread on a module (a .ts file, too). Its JavaScript heap may grow to `heapBytes`, a quarter of it for the young. */
export function spawnThread(module: URL, { heapBytes }: { readonly heapBytes: number }): RunningThread {
  const heapMb = Math.max(4, Math.ceil(heapBytes / MiB))
  const worker = new Worker(module, {
    // The process may have been started on a text (-e), which threads refuse.
    execArgv: [],
    resourceLimits: {
      maxOldGenerationSizeMb: heapMb,
      maxYoungGenerationSizeMb: Math.max(1, Math.floor(heapMb / 4)),
      stackSizeMb: 4,
    },
  })
  let reason = 'it was stopped'
  let ended = false
  let tell: ((reason: string) => void) | undefined
  worker.on('error', (error) => {
    reason = messageOf(error)
  })
  worker.on('messageerror', (error) => {
    reason = `a message could not be read: ${error.message}`
    void worker.terminate()
  })
  worker.on('exit', () => {
    ended = true
    tell?.(reason)
  })
  return {
    send: (message, transfer = []) => worker.postMessage(message, transfer),
    onMessage: (listener) => void worker.on('message', listener),
    onEnd(listener) {
      tell = listener
      if (ended) queueMicrotask(() => listener(reason))
    },
    async stop() {
      await worker.terminate()
    },
  }
}
