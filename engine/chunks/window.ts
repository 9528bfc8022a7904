/** How much of a content is read before it is cut: a window of the arena, shaped by the offset at which it begins. */
import { limits } from '../limits.ts'
import { type Arena, type Slot, slotBytes } from './arena.ts'
import { cutRule } from './cutRule.ts'
import { pieceSlotBytes } from './jobs.ts'

/** Most cuts lie before the target and an eighth: what is read beyond a cut is copied to the next window. */
const FIRST_GOAL = 9 / 8

interface WindowShape {
  /** Enough that at least one piece can be told. */
  readonly capacityBytes: number
  /** So much is read before the first attempt. */
  readonly goalBytes: number
  /** Capacity and what its pieces need to move apart. */
  readonly roomBytes: number
}

export class Window {
  readonly slot: Slot
  readonly offset: number
  readonly capacityBytes: number
  goalBytes: number
  filledBytes = 0
  scannedBytes = 0

  constructor(slot: Slot, offset: number, shape: WindowShape) {
    this.slot = slot
    this.offset = offset
    this.capacityBytes = shape.capacityBytes
    this.goalBytes = shape.goalBytes
  }
}

/** A window for what begins at `offset`, at once or not at all. */
export function tryWindow(arena: Arena, offset: number): Window | undefined {
  const shape = windowShape(offset)
  const slot = arena.tryTake(shape.roomBytes)
  return slot && new Window(slot, offset, shape)
}

/** The same, waiting for room; rejects with the signal's reason. */
export async function takeWindow(arena: Arena, offset: number, signal: AbortSignal): Promise<Window> {
  const shape = windowShape(offset)
  return new Window(await arena.take(shape.roomBytes, signal), offset, shape)
}

function windowShape(offset: number): WindowShape {
  const { targetBytes, minBytes, maxBytes } = cutRule(offset)
  const small = maxBytes <= limits.sealWindowBytes
  const capacityBytes = small ? limits.sealWindowBytes : maxBytes
  const piecesAtMost = Math.ceil(capacityBytes / minBytes) + 1
  const apart = pieceSlotBytes(0) + slotBytes(1)
  return {
    capacityBytes,
    goalBytes: small ? capacityBytes : targetBytes * FIRST_GOAL,
    roomBytes: capacityBytes + piecesAtMost * apart,
  }
}
