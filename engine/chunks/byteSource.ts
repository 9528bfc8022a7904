/**
 * Where a content's bytes come from, as one operation: fill this memory. So a local file is read straight into the arena,
 * while blocks that arrive as an iterable are copied there once.
 */

/** Puts the next bytes into `target`, at least one; answers how many, 0 at the end (however often asked). `target` may be shared memory. */
export type Fill = (target: Uint8Array) => Promise<number>

export interface ByteSource {
  readonly fill: Fill
  /** Tells the source that nothing more will be asked. */
  close(): void
}

/** Fills until `target` is full or the source has ended; answers the bytes filled. */
export async function fillUp(source: ByteSource, target: Uint8Array): Promise<number> {
  let filled = 0
  while (filled < target.length) {
    const count = await source.fill(filled === 0 ? target : target.subarray(filled))
    if (count === 0) break
    filled += count
  }
  return filled
}

/** The blocks of an iterable, in sequence. Waiting for a block ends at once when the signal is aborted. */
export function iterableSource(blocks: AsyncIterable<Uint8Array>, signal: AbortSignal): ByteSource {
  const iterator = blocks[Symbol.asyncIterator]()
  let block: Uint8Array = new Uint8Array(0)
  let used = 0
  let ended = false
  let fail: (reason: unknown) => void = () => {}
  const giveUp = () => fail(signal.reason)
  signal.addEventListener('abort', giveUp, { once: true })
  const next = () =>
    new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
      fail = reject
      iterator.next().then(resolve, reject)
    })
  return {
    async fill(target) {
      while (used === block.length && !ended) {
        signal.throwIfAborted()
        const { done, value } = await next()
        if (done === true) ended = true
        else {
          block = value
          used = 0
        }
      }
      const count = Math.min(target.length, block.length - used)
      target.set(block.subarray(used, used + count))
      used += count
      return count
    },
    close() {
      signal.removeEventListener('abort', giveUp)
      if (ended) return
      // A source that hangs in `next` answers `return` never; nobody waits for it, and what it throws now concerns nobody.
      iterator.return?.().catch(() => undefined)
    },
  }
}

/** A reader such as a file's: must answer between 1 and `target.length` bytes, 0 at the end. */
export function readerSource(read: Fill, signal: AbortSignal): ByteSource {
  return {
    fill(target) {
      signal.throwIfAborted()
      return read(target)
    },
    close() {},
  }
}
