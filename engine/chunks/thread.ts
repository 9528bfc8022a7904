/**
 * The contract with whoever starts worker threads (engine/platform), as small as the pool needs it. Messages are
 * structured clones in order; shared memory stays shared, and what is named in `transfer` changes hands.
 */
export interface Thread {
  send(message: unknown, transfer?: readonly ArrayBuffer[]): void
  /** One listener. */
  onMessage(listener: (message: unknown) => void): void
  /** One listener; called once when the thread has ended for whatever reason, also when it was stopped. */
  onEnd(listener: (reason: string) => void): void
  /** Ends the thread in the middle of whatever it does; resolves when it has ended. */
  stop(): Promise<void>
}

/** Starts a thread that runs `module`; its heap may not grow beyond `heapBytes` (buffers lie outside). */
export type SpawnThread = (module: URL, options: { readonly heapBytes: number }) => Thread
