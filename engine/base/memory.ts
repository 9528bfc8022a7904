/**
 * Gives back the memory of large temporary buffers at once. Encryption and zstd answer with a new buffer per call; left to
 * the garbage collector these cost page faults and cache misses: twice the time of encryption itself, and memory without
 * a bound that we set.
 */
const SMALLEST_BYTES = 16 * 1024

/** Frees what lies under `buffer`, which nobody may use any more. Does nothing for small, shared or pooled memory. */
export function freeNow(buffer: Uint8Array): void {
  const memory = buffer.buffer
  if (!(memory instanceof ArrayBuffer) || memory.byteLength < SMALLEST_BYTES) return
  // Node's pool of small buffers is shared by many and refuses to be freed.
  if (memory.byteLength !== Buffer.poolSize) memory.transfer(0)
}
