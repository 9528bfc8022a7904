// AssemblyScript (https://www.assemblyscript.org), compiled by buildCutLoop.ts to cutLoopBytes.ts; tsc does not see it.
// The hot loop of cutting: FindCut of cutRule.ts over memory that all threads share. gear.ts has the reference.
// The hash is a chain of dependent steps, two cycles per byte; two stretches hashed side by side hide half of that.
// Unrolling, one branch for several bytes and three or four stretches were measured and gain nothing more.

// The gear table, 256 numbers of 64 bits, lies at the beginning of the memory.
const GEAR: usize = 0
const WINDOW: usize = 64
const STRETCH: usize = 4096

// @ts-ignore: decorator
@inline
function step(hash: u64, at: usize): u64 {
  return (hash << 1) + load<u64>(GEAR + ((<usize>load<u8>(at)) << 3))
}

function warm(end: usize): u64 {
  let hash: u64 = 0
  for (let at = end - WINDOW; at < end; at++) hash = step(hash, at)
  return hash
}

/** The least address from `first` to `last` inclusive before which the 64 bytes hash to less than 2^(64 - bits); 0 if none. */
export function findCut(first: usize, last: usize, bits: u32): usize {
  const threshold: u64 = (<u64>1) << (64 - bits)
  let hash = warm(first)
  if (hash < threshold) return first
  let at = first
  while (at + 2 * STRETCH <= last) {
    let second = warm(at + STRETCH)
    const end = at + STRETCH
    let found: usize = 0
    for (; at < end; at++) {
      hash = step(hash, at)
      second = step(second, at + STRETCH)
      if (hash < threshold) return at + 1
      if (second < threshold) {
        // The first stretch goes before; what it has left is looked at alone.
        found = at + STRETCH + 1
        at++
        break
      }
    }
    if (found) {
      for (; at < end; at++) {
        hash = step(hash, at)
        if (hash < threshold) return at + 1
      }
      return found
    }
    hash = second
    at += STRETCH
  }
  for (; at < last; at++) {
    hash = step(hash, at)
    if (hash < threshold) return at + 1
  }
  return 0
}
