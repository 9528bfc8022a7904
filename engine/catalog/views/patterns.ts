/**
 * Patterns: one row for all chunks with equal holders and equal wanted copies, with their number and bytes. A pool has few of
 * them however many chunks it has, so they are kept in memory, and what is asked about all chunks (the pool's health, what
 * is short, forgetting a member) is answered from patterns alone. Two patterns may be equal, after a member's bit was cleared.
 */
import type { Database, Statement } from '../../ports.ts'
import { AS_DEFAULT } from './entryTable.ts'
import { Kept } from './kept.ts'

export interface Pattern {
  readonly number: number
  /** Bit n: the holder with bit n claims them. */
  readonly holders: bigint
  /** 0: no version names them; else see `canonicalWanted`. */
  readonly wanted: number
  readonly holderCount: number
  chunks: number
  bytes: number
}

interface Loaded {
  readonly byNumber: Map<number, Pattern>
  readonly byKey: Map<bigint, Pattern>
  readonly changed: Set<Pattern>
  next: number
}

/** Of several numbers only the highest matters; whether the default is among them matters as well, since it may change. */
function canonicalWanted(bits: number): number {
  const numbers = bits & ~AS_DEFAULT
  return (bits & AS_DEFAULT) | (numbers === 0 ? 0 : 1 << (31 - Math.clz32(numbers)))
}

/** Copies that bits of `wanted` ask for. */
export function copiesOf(wanted: number, defaultCopies: number): number {
  const highest = 31 - Math.clz32(wanted & ~AS_DEFAULT)
  return Math.max(highest, (wanted & AS_DEFAULT) === 0 ? 0 : defaultCopies)
}

export function bitsIn(holders: bigint): number[] {
  const bits: number[] = []
  for (let bit = 0, rest = holders; rest !== 0n; bit++, rest >>= 1n) if ((rest & 1n) === 1n) bits.push(bit)
  return bits
}

function keyOf(holders: bigint, wanted: number): bigint {
  return (holders << 6n) | BigInt(wanted)
}

export class Patterns {
  readonly loaded: Kept<Loaded>
  readonly #insert: Statement
  readonly #update: Statement
  readonly #setHolders: Statement
  readonly #unname: Statement

  constructor(database: Database) {
    const all = database.prepare('SELECT number, holders, wanted, chunks, bytes FROM chunk_pattern').bigints()
    this.#insert = database.prepare(
      'INSERT INTO chunk_pattern (number, holders, wanted, chunks, bytes) VALUES (?, ?, ?, 0, 0)',
    )
    this.#update = database.prepare('UPDATE chunk_pattern SET chunks = ?, bytes = ? WHERE number = ?')
    this.#setHolders = database.prepare('UPDATE chunk_pattern SET holders = ? WHERE number = ?')
    this.#unname = database.prepare('UPDATE chunk_pattern SET wanted = 0')
    this.loaded = new Kept(() => load(all.all<Record<keyof Pattern, bigint>>()))
  }

  get(number: number): Pattern {
    return this.loaded.get().byNumber.get(number) as Pattern
  }

  all(): Iterable<Pattern> {
    return this.loaded.get().byNumber.values()
  }

  /** The pattern with these holders and bits of `wanted`. */
  find(holders: bigint, wantedBits: number): Pattern {
    const loaded = this.loaded.get()
    const wanted = canonicalWanted(wantedBits)
    const key = keyOf(holders, wanted)
    const known = loaded.byKey.get(key)
    if (known !== undefined) return known
    const number = loaded.next++
    const pattern = { number, holders, wanted, holderCount: bitsIn(holders).length, chunks: 0, bytes: 0 }
    this.#insert.run(number, holders, wanted)
    loaded.byNumber.set(number, pattern)
    loaded.byKey.set(key, pattern)
    this.loaded.changed()
    return pattern
  }

  /** A chunk of this size left a pattern, entered one, or both. Written by `flush`. */
  move(from: Pattern | undefined, to: Pattern | undefined, sizeBytes: number): void {
    const { changed } = this.loaded.get()
    if (from !== undefined) {
      from.chunks--
      from.bytes -= sizeBytes
      changed.add(from)
    }
    if (to !== undefined) {
      to.chunks++
      to.bytes += sizeBytes
      changed.add(to)
    }
    this.loaded.changed()
  }

  /** Writes the sums; at the end of everything that moves chunks, within its transaction. */
  flush(): void {
    const changed = this.loaded.peek()?.changed
    if (changed === undefined || changed.size === 0) return
    for (const { chunks, bytes, number } of changed) this.#update.run(chunks, bytes, number)
    changed.clear()
  }

  /** Nobody with this bit claims anything any more. */
  clearBit(bit: number): void {
    const mask = 1n << BigInt(bit)
    for (const { holders, number } of this.all()) {
      if ((holders & mask) !== 0n) this.#setHolders.run(holders & ~mask, number)
    }
    this.loaded.drop()
  }

  /** No version names any chunk any more. */
  unnameAll(): void {
    this.flush()
    this.#unname.run()
    this.loaded.drop()
  }
}

function load(rows: Record<'number' | 'holders' | 'wanted' | 'chunks' | 'bytes', bigint>[]): Loaded {
  const loaded: Loaded = { byNumber: new Map(), byKey: new Map(), changed: new Set(), next: 1 }
  for (const row of rows) {
    const pattern = {
      number: Number(row.number),
      holders: row.holders,
      wanted: Number(row.wanted),
      holderCount: bitsIn(row.holders).length,
      chunks: Number(row.chunks),
      bytes: Number(row.bytes),
    }
    loaded.byNumber.set(pattern.number, pattern)
    loaded.byKey.set(keyOf(pattern.holders, pattern.wanted), pattern)
    loaded.next = Math.max(loaded.next, pattern.number + 1)
  }
  return loaded
}
