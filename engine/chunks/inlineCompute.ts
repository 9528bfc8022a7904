/**
 * The Compute port on the calling thread: for simulations, which know no threads, and for tests of the threaded one. It cuts
 * and seals to the same bytes.
 */
import { limits } from '../limits.ts'
import type { ChunkReference, SealedPiece, SealOptions } from '../ports.ts'
import { type ByteSource, type Fill, fillUp, iterableSource, readerSource } from './byteSource.ts'
import { CUTTER_RESERVED_BYTES, type Cutter, createCutter, cutterMemory } from './cutter.ts'
import { type CutRule, cutRule } from './cutRule.ts'
import { openChunk, SEAL_OVERHEAD_BYTES } from './seal.ts'
import { sealHere } from './smallContents.ts'
import type { FileCompute } from './threadedCompute.ts'

export function createInlineCompute(): FileCompute {
  const never = new AbortController().signal
  return {
    seal: (source, options) => sealAll(iterableSource(source, options.signal ?? never), options),
    sealFrom: (read: Fill, options: SealOptions) => sealAll(readerSource(read, options.signal ?? never), options),
    open: async (sealed: Uint8Array, reference: ChunkReference, { own = false } = {}) =>
      openChunk(sealed, reference, { own }),
    stop: async () => {},
  }
}

async function* sealAll(source: ByteSource, options: SealOptions): AsyncGenerator<SealedPiece, void, undefined> {
  try {
    options.signal?.throwIfAborted()
    let offset = 0
    let carried = Buffer.alloc(0)
    for (let ended = false; !ended || carried.length > 0; ) {
      const rule = cutRule(offset)
      const window = Buffer.allocUnsafe(rule.maxBytes)
      carried.copy(window)
      const filledBytes: number = carried.length + (ended ? 0 : await fillUp(source, window.subarray(carried.length)))
      ended ||= filledBytes < window.length
      if (filledBytes === 0) return
      const pieceBytes = cutHere(window.subarray(0, filledBytes), rule, ended)
      const room = Buffer.allocUnsafe(pieceBytes + SEAL_OVERHEAD_BYTES)
      window.copy(room, 0, 0, pieceBytes)
      carried = window.subarray(pieceBytes, filledBytes)
      offset += pieceBytes
      yield sealHere(room, pieceBytes, options)
      options.signal?.throwIfAborted()
    }
  } finally {
    source.close()
  }
}

/** One memory for all: it is used between two awaits only. */
let scratch: { readonly bytes: Uint8Array; readonly cutter: Cutter } | undefined

function cutHere(window: Buffer, rule: CutRule, ended: boolean): number {
  if (scratch === undefined) {
    const memory = cutterMemory(CUTTER_RESERVED_BYTES + limits.pieceMaxBytes)
    scratch = { bytes: new Uint8Array(memory.buffer), cutter: createCutter(memory) }
  }
  const available = window.subarray(0, rule.maxBytes)
  scratch.bytes.set(available, CUTTER_RESERVED_BYTES)
  return scratch.cutter(CUTTER_RESERVED_BYTES, rule, { availableBytes: available.length, scannedBytes: 0, ended })
}
