/**
 * Cuts pieces in shared memory with the loop in WebAssembly (cutLoop.as). One cutter per thread, all over one memory whose
 * first page belongs to the gear table; nothing is copied for cutting.
 */
import assert from 'node:assert/strict'
import { cutLoopBytes } from './cutLoopBytes.ts'
import { type CutRule, cutPiece, type PieceSoFar } from './cutRule.ts'
import { gearTable } from './gear.ts'

/** Memory that threads share and WebAssembly can address. Structured clone hands over the same memory. */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer
}

/** As much of the runtime's WebAssembly as is used here; the compiler's own types of it come with the DOM only. */
interface WebAssemblyApi {
  readonly Memory: new (options: { initial: number; maximum: number; shared: true }) => SharedMemory
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (
    module: object,
    imports: { env: { memory: SharedMemory } },
  ) => { readonly exports: Record<string, unknown> }
}
const wasm = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly

/** Bytes at the beginning of the memory that are the gear table's. */
export const CUTTER_RESERVED_BYTES = 4096

const WASM_PAGE_BYTES = 65_536

/** The length of the piece that begins at address `start` of the memory, or 0 if more bytes are needed to tell. */
export type Cutter = (start: number, rule: CutRule, piece: PieceSoFar) => number

/** Shared memory of at least so many bytes with the gear table in place. The system gives it as it is touched. */
export function cutterMemory(sizeBytes: number): SharedMemory {
  const pages = Math.ceil(sizeBytes / WASM_PAGE_BYTES)
  const memory = new wasm.Memory({ initial: pages, maximum: pages, shared: true })
  new BigUint64Array(memory.buffer).set(gearTable())
  return memory
}

let compiled: object | undefined

export function createCutter(memory: SharedMemory): Cutter {
  compiled ??= new wasm.Module(Buffer.from(cutLoopBytes, 'base64'))
  const { findCut } = new wasm.Instance(compiled, { env: { memory } }).exports
  assert(typeof findCut === 'function')
  return (start, rule, piece) =>
    cutPiece(rule, piece, (first, last, bits) => {
      const found: number = findCut(start + first, start + last, bits)
      return found === 0 ? 0 : found - start
    })
}
