/**
 * Which chunks the versions name, how many copies of each are wanted, and who claims to hold them. Claims of chunks that nothing
 * names (yet) are remembered and count nowhere. Everything that writes must run inside the catalog's transaction.
 * What is wanted by policies that have just changed may lag behind: see wanted.ts.
 */
import { bytesOf, hexOf } from '../../base/bytes.ts'
import { EngineError } from '../../base/error.ts'
import type { ChunkId, EntryId, NodeId, VersionId } from '../../base/ids.ts'
import { limits } from '../../limits.ts'
import type { ChunkReference, Database, Statement } from '../../ports.ts'
import type { Follower } from '../derived.ts'
import type { ChunkFacts, ChunkIndex, HolderPattern } from '../types.ts'
import type { ChunkRow, ChunkTable } from './chunkTable.ts'
import { bucketOf, ClaimSums } from './claimSums.ts'
import { Holders } from './holders.ts'
import { bitsIn, copiesOf, type Pattern, type Patterns } from './patterns.ts'
import { chunksIn, type SegmentTable } from './segmentTable.ts'
import { slotsOfBucket } from './slots.ts'
import { idsIn, type VersionTable } from './versionTable.ts'

/** With more patterns than that, chunks are read in order of id, so many at once, and those of other patterns passed over. */
const mergedPatterns = 64
const passedOver = 4096
/** Numbers that a chunk may stand behind its slot and still be found in its bucket. */
const spill = 64

export interface ChunkViewDeps {
  readonly chunks: ChunkTable
  readonly patterns: Patterns
  readonly segments: SegmentTable
  readonly versions: VersionTable
  /** Copies wanted where no policy says so. */
  readonly defaultCopies: () => number
  readonly pinsOf: (entry: number) => readonly NodeId[]
}

export class ChunkViews implements ChunkIndex {
  readonly followers: readonly Follower[]
  readonly #deps: ChunkViewDeps
  readonly #holders: Holders
  readonly #sums: ClaimSums
  readonly #entriesOf: Statement
  readonly #anyPins: Statement

  constructor(database: Database, deps: ChunkViewDeps) {
    this.#deps = deps
    this.#holders = new Holders(database)
    this.#sums = new ClaimSums(
      () => this.#holders.allBits(),
      (call) => this.#eachClaimed(call),
    )
    this.followers = [this.#holders.bits, this.#sums]
    this.#entriesOf = database.prepare(
      `SELECT DISTINCT entry.number, entry.id FROM json_each(?) AS naming
       JOIN segment_entry ON segment_entry.segment = naming.value
       JOIN entry ON entry.number = segment_entry.entry ORDER BY entry.id`,
    )
    this.#anyPins = database.prepare('SELECT 1 FROM policy WHERE length(pins) > 0 LIMIT 1').pluck()
  }

  // -------------------------------------------------------------- facts

  /** Undefined if nothing names or claims the chunk; `wanted` is 0 if nothing names it. */
  facts(chunk: ChunkId): ChunkFacts | undefined {
    const row = this.#deps.chunks.find(bytesOf(chunk))
    if (row === undefined) return undefined
    const [facts] = this.#factsOf([row])
    return facts === undefined || (facts.wanted === 0 && facts.holders.length === 0) ? undefined : facts
  }

  isNamed(chunk: ChunkId): boolean {
    const pattern = this.#deps.chunks.patternOf(bytesOf(chunk))
    return pattern !== undefined && this.#deps.patterns.get(pattern).wanted !== 0
  }

  #factsOf(rows: readonly ChunkRow[]): ChunkFacts[] {
    const hasPins = this.hasPins()
    const ofPattern = new Map<number, Pick<ChunkFacts, 'holders' | 'wanted'>>()
    return rows.map((row) => {
      let told = ofPattern.get(row.pattern)
      if (told === undefined) {
        const pattern = this.#deps.patterns.get(row.pattern)
        told = { holders: this.#holders.nodesIn(pattern.holders), wanted: this.#copiesOf(pattern) }
        ofPattern.set(row.pattern, told)
      }
      const pinnedTo = hasPins ? this.#pinsOf(row) : []
      return { chunkId: hexOf(row.id) as ChunkId, sizeBytes: row.size, ...told, pinnedTo }
    })
  }

  #copiesOf(pattern: Pattern): number {
    return copiesOf(pattern.wanted, this.#deps.defaultCopies())
  }

  hasPins(): boolean {
    return this.#anyPins.get<number>() !== undefined
  }

  #pinsOf(row: ChunkRow): NodeId[] {
    return [...new Set(this.#entriesNaming(row).flatMap(({ number }) => this.#deps.pinsOf(number)))].sort()
  }

  #entriesNaming(row: ChunkRow): { number: number; id: Buffer }[] {
    return this.#entriesOf.all<{ number: number; id: Buffer }>(JSON.stringify(this.#deps.chunks.segmentsOf(row.number)))
  }

  filesOf(chunk: ChunkId): EntryId[] {
    const row = this.#deps.chunks.find(bytesOf(chunk))
    if (row === undefined) return []
    return this.#entriesNaming(row).map(({ id }) => hexOf(id) as EntryId)
  }

  /** Of all patterns of named chunks, by their number, those that have no chunk any more included. */
  holdersByPattern(): Map<number, readonly NodeId[]> {
    const named = [...this.#deps.patterns.all()].filter(({ wanted }) => wanted !== 0)
    return new Map(named.map(({ number, holders }) => [number, this.#holders.nodesIn(holders)]))
  }

  holdersOf(pattern: number): NodeId[] {
    return this.#holders.nodesIn(this.#deps.patterns.get(pattern).holders)
  }

  patterns(): HolderPattern[] {
    const sums = new Map<string, { holders: bigint; wanted: number; chunks: number; bytes: number }>()
    for (const pattern of this.#deps.patterns.all()) {
      if (pattern.wanted === 0 || pattern.chunks === 0) continue
      const wanted = this.#copiesOf(pattern)
      const key = `${pattern.holders} ${wanted}`
      const sum = sums.get(key) ?? { holders: pattern.holders, wanted, chunks: 0, bytes: 0 }
      sum.chunks += pattern.chunks
      sum.bytes += pattern.bytes
      sums.set(key, sum)
    }
    return [...sums.values()].map((sum) => ({ ...sum, holders: this.#holders.nodesIn(sum.holders) }))
  }

  ofGroup(group: Pick<HolderPattern, 'holders' | 'wanted'>, after: ChunkId | null, limit: number): ChunkFacts[] {
    const holders = this.#holders.maskOf(group.holders)
    const isIn = (pattern: Pattern) =>
      pattern.holders === holders && pattern.wanted !== 0 && this.#copiesOf(pattern) === group.wanted
    return this.#listOf(this.#patternsWhere(isIn), after, limit)
  }

  heldBy(holder: NodeId, after: ChunkId | null, limit: number): ChunkFacts[] {
    const mask = this.#holders.maskOf([holder])
    const patterns = this.#patternsWhere(({ holders, wanted }) => wanted !== 0 && (holders & mask) !== 0n)
    if (patterns.length <= mergedPatterns) return this.#listOf(patterns, after, limit)
    const wanted = new Set(patterns.map((pattern) => pattern.number))
    const rows: ChunkRow[] = []
    for (let behind = this.#deps.chunks.numberOf(after); rows.length < limit; ) {
      const next = this.#deps.chunks.after(behind, passedOver)
      rows.push(...next.filter((row) => wanted.has(row.pattern)))
      const last = next.at(-1)
      if (last === undefined) break
      behind = last.number
    }
    return this.#factsOf(rows.slice(0, limit))
  }

  *chunksWhere(test: (pattern: Pick<HolderPattern, 'holders' | 'wanted'>) => boolean): IterableIterator<ChunkId> {
    const patterns = this.#patternsWhere(
      (pattern) =>
        pattern.wanted !== 0 &&
        test({ holders: this.#holders.nodesIn(pattern.holders), wanted: this.#copiesOf(pattern) }),
    )
    for (const pattern of patterns) {
      for (let behind = this.#deps.chunks.numberOf(null); ; ) {
        const rows = this.#deps.chunks.ofPatterns([pattern], behind, passedOver)
        for (const row of rows) yield hexOf(row.id) as ChunkId
        const last = rows.at(-1)
        if (last === undefined || rows.length < passedOver) break
        behind = last.number
      }
    }
  }

  #patternsWhere(test: (pattern: Pattern) => boolean): Pattern[] {
    return [...this.#deps.patterns.all()].filter((pattern) => pattern.chunks > 0 && test(pattern))
  }

  #listOf(patterns: readonly Pattern[], after: ChunkId | null, limit: number): ChunkFacts[] {
    if (patterns.length === 0) return []
    return this.#factsOf(this.#deps.chunks.ofPatterns(patterns, this.#deps.chunks.numberOf(after), limit))
  }

  // -------------------------------------------------------------- versions

  /** Throws `unknown-version`, `segment-missing`. */
  *chunksOfVersion(version: VersionId): IterableIterator<ChunkId> {
    const row = this.#deps.versions.byId(version)
    if (row === undefined) throw new EngineError('unknown-version', `no version has the id ${version}`)
    for (const id of idsIn(row.segments, 32)) {
      const bytes = this.#deps.segments.bytesOfPacked(id)
      if (bytes === undefined) {
        throw new EngineError('segment-missing', `the segment ${hexOf(id)} of version ${version} is not here yet`, {
          retryable: true,
        })
      }
      for (const chunk of chunksIn(bytes)) yield hexOf(chunk) as ChunkId
    }
  }

  fewestHolders(version: VersionId, counted: ReadonlySet<NodeId>): number {
    return this.fewestHoldersAmong(version, [counted])?.[0] ?? 0
  }

  fewestHoldersAmong(version: VersionId, groups: readonly ReadonlySet<NodeId>[]): number[] | undefined {
    const row = this.#deps.versions.byId(version)
    if (row === undefined) return undefined
    const masks = groups.map((group) => this.#holders.maskOf(group))
    const seen = new Set<number>()
    const fewest = groups.map(() => Number.POSITIVE_INFINITY)
    for (const id of idsIn(row.segments, 32)) {
      const bytes = this.#deps.segments.bytesOfPacked(id)
      const chunks = bytes === undefined ? [] : chunksIn(bytes)
      if (chunks.length === 0) return undefined
      for (const chunk of chunks) {
        const pattern = this.#deps.chunks.patternOf(chunk)
        if (pattern === undefined) return groups.map(() => 0)
        if (seen.has(pattern)) continue
        seen.add(pattern)
        const { holders } = this.#deps.patterns.get(pattern)
        for (const [index, mask] of masks.entries()) {
          fewest[index] = Math.min(fewest[index] as number, bitsIn(holders & mask).length)
        }
      }
    }
    return fewest
  }

  referenceOfPiece(pieceHash: Buffer): ChunkReference | undefined {
    return this.#deps.segments.referenceOfPiece(pieceHash)
  }

  // -------------------------------------------------------------- claims

  /** Throws `too-many-members`. */
  claim(holder: NodeId, add: readonly ChunkId[], remove: readonly ChunkId[]): void {
    const known = this.#holders.bitOf(holder)
    if (known === undefined && add.length === 0) return
    const bit = known ?? this.#holders.ensure(holder)
    const mask = 1n << BigInt(bit)
    for (const chunk of add) {
      const id = bytesOf(chunk)
      if (this.#deps.chunks.claim(id, mask)) this.#sums.changed(bit, id, 1)
    }
    for (const chunk of remove) {
      const id = bytesOf(chunk)
      if (this.#deps.chunks.unclaim(id, mask)) this.#sums.changed(bit, id, -1)
    }
    this.#deps.patterns.flush()
  }

  disclaim(holder: NodeId): void {
    const bit = this.#holders.bitOf(holder)
    if (bit === undefined) return
    this.#deps.patterns.flush()
    this.#deps.patterns.clearBit(bit)
    this.#holders.release(bit)
    this.#sums.forget(bit)
  }

  claimSums(holder: NodeId): BigUint64Array {
    const bit = this.#holders.bitOf(holder)
    return bit === undefined ? new BigUint64Array(limits.fingerprintBuckets) : this.#sums.get(bit)
  }

  claimsInBucket(holder: NodeId, bucket: number): ChunkId[] {
    const mask = this.#holders.maskOf([holder])
    const { first, last } = slotsOfBucket(bucket)
    return this.#deps.chunks
      .between(first, last + spill)
      .filter((row) => bucketOf(row.id) === bucket && (this.#deps.patterns.get(row.pattern).holders & mask) !== 0n)
      .map((row) => hexOf(row.id) as ChunkId)
  }

  #eachClaimed(call: (lanes: Buffer, bits: readonly number[]) => void): void {
    const bits = new Map([...this.#deps.patterns.all()].map(({ number, holders }) => [number, bitsIn(holders)]))
    for (let behind: number | undefined = -1; behind !== undefined; ) {
      const groups = this.#deps.chunks.lanesAfter(behind, passedOver)
      for (const { lanes, pattern } of groups) call(Buffer.from(lanes, 'hex'), bits.get(pattern) ?? [])
      behind = groups.length === 0 ? undefined : Math.max(...groups.map(({ last }) => last))
    }
  }
}
