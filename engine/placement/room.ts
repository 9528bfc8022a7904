/**
 * How much still fits, counted the way placement places: each copy on another computer as long as there are enough, on another
 * machine else. Pure. Adding up free bytes and dividing by the copies was rejected: one large disk beside two small ones
 * would promise room that its copies never find.
 */
import type { NodeId } from '../base/ids.ts'
import { greatestFlow } from './flow.ts'

/** A member that may get copies. */
export interface Space {
  readonly nodeId: NodeId
  /** Two members with one hash stand on one computer. */
  readonly machineHash: string
  readonly freeBytes: number
}

/** Chunks with equal holders that want more copies. */
export interface Need {
  readonly bytes: number
  /** Copies to make of each. */
  readonly copies: number
  /** Members that hold them and go on holding them. */
  readonly holders: readonly NodeId[]
}

/**
 * Bytes that fit if each is kept `copies` times. Where there are fewer machines than copies, as many copies as there are machines
 * are counted, and told.
 */
export function roomFor(spaces: readonly Space[], copies: number): { bytes: number; copies: number } {
  const ofComputers = sums(spaces)
  const free = ofComputers.length >= copies ? ofComputers : spaces.map((each) => each.freeBytes)
  const kept = Math.min(copies, free.length)
  if (kept === 0) return { bytes: 0, copies: 0 }
  // The k largest take one copy each of everything, the others share the rest: the tightest of these bounds holds.
  const ascending = [...free].sort((a, b) => a - b)
  let bytes = Number.POSITIVE_INFINITY
  for (let largest = 0; largest < kept; largest++) {
    const rest = ascending.slice(0, ascending.length - largest).reduce((sum, each) => sum + each, 0)
    bytes = Math.min(bytes, Math.floor(rest / (kept - largest)))
  }
  return { bytes, copies: kept }
}

function sums(spaces: readonly Space[]): number[] {
  const byComputer = new Map<string, number>()
  for (const { machineHash, freeBytes } of spaces) {
    byComputer.set(machineHash, (byComputer.get(machineHash) ?? 0) + freeBytes)
  }
  return [...byComputer.values()]
}

/** True if all these copies find a place: as a flow of bytes from what needs copies through computers into free space. */
export function fits(needs: readonly Need[], spaces: readonly Space[], computerOf: (node: NodeId) => string): boolean {
  const computers = [...new Set(spaces.map((each) => each.machineHash))]
  const wanting = merged(needs)
  const edges: { from: number; to: number; capacity: number }[] = []
  const source = 0
  const sink = 1
  const needAt = (index: number) => 2 + index
  const computerAt = (index: number) => 2 + wanting.length + index
  const spaceAt = (index: number) => 2 + wanting.length + computers.length + index
  let total = 0
  for (const [index, { bytes, copies, holders }] of wanting.entries()) {
    total += bytes * copies
    edges.push({ from: source, to: needAt(index), capacity: bytes * copies })
    const taken = new Set(holders.map(computerOf))
    const others = computers.filter((each) => !taken.has(each))
    const enough = others.length >= copies
    const targets = enough
      ? others.map((each) => computerAt(computers.indexOf(each)))
      : [...spaces.keys()].filter((at) => !holders.includes((spaces[at] as Space).nodeId)).map(spaceAt)
    for (const to of targets) edges.push({ from: needAt(index), to, capacity: bytes })
  }
  for (const [index, { machineHash, freeBytes }] of spaces.entries()) {
    edges.push({ from: computerAt(computers.indexOf(machineHash)), to: spaceAt(index), capacity: freeBytes })
    edges.push({ from: spaceAt(index), to: sink, capacity: freeBytes })
  }
  return greatestFlow(2 + wanting.length + computers.length + spaces.length, edges, source, sink) >= total
}

/** Needs that differ in bytes only, as one. */
function merged(needs: readonly Need[]): Need[] {
  const byKind = new Map<string, Need>()
  for (const need of needs) {
    if (need.copies === 0 || need.bytes === 0) continue
    const kind = `${need.copies} ${[...need.holders].sort().join()}`
    byKind.set(kind, { ...need, bytes: need.bytes + (byKind.get(kind)?.bytes ?? 0) })
  }
  return [...byKind.values()]
}
