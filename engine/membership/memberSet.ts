/**
 * Who is a member, as a pure function of the set of member rows: equal sets give equal members, in whatever order the
 * rows came. A removal ends its target's admissions, except those that name it as lifted, and strikes every row that
 * the target signed under them unless it lists that row; whatever rests on a struck row is void too.
 *
 * Which removals count, where they strike each other: one that no other strikes counts; what a counting one strikes is
 * void; in a circle the one whose signer was admitted first counts, and its strikers are void. So void rows influence
 * nothing, a stolen machine cannot outrank those who outrank it, and there is exactly one answer.
 * Rejected: applying removals one after another and judging each once, since a row that is struck later has then
 * already had its effect (docs/decisions/0010-member-set.md).
 */
import assert from 'node:assert/strict'
import { bytesOf } from '../base/bytes.ts'
import { blake3Hex } from '../base/hash.ts'
import type { NodeId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import { settleContests } from './contests.ts'
import type { AdmitRow, EpochRow, MemberRow, RemoveRow, RowHash } from './memberRow.ts'
import type { Member } from './types.ts'

export interface MemberSet {
  /** Null for the empty set. */
  readonly genesis: RowHash | null
  /** The first admitted comes first; at most limits.membersPerPool: who was admitted beyond that waits for a place. */
  readonly members: readonly Member[]
  readonly byNode: ReadonlyMap<NodeId, Member>
  /** Nodes that some row admits, but none that stands. */
  readonly former: ReadonlySet<NodeId>
  /** The removals that count, sorted by hash. */
  readonly removals: readonly RemoveRow[]
  /** Names the counting removals of nodes that had the pool's secrets: BLAKE3 of their sorted hashes, hexadecimal. */
  readonly removalsDigest: string
  /** Epoch rows that are not void. */
  readonly epochs: readonly EpochRow[]
  /** True for rows that are struck, rest on a struck row, or rest on a row that is not in the set. */
  isVoid(hash: RowHash): boolean
  /** Everything the node signed that is not void, genesis aside; under each of its admissions in the order of the rows given. */
  signedBy(node: NodeId): readonly MemberRow[]
}

/** A row with what follows from its place in the set. */
interface Placed {
  readonly row: MemberRow
  /** The admission that it was signed under; null for the genesis row. */
  readonly authority: Placed | null
  /** Place in the order in which each row is followed by all that rests on it; `end` is where that ends. */
  readonly index: number
  end: number
  /** Of admissions: claimed time, but never before the signer's own. Nobody can backdate a row past its signer. */
  readonly admittedMs: number
  readonly depth: number
  void: boolean
}

/** Judges a set of rows with at most one genesis row. Signatures are taken as verified. */
export function judgeMembers(rows: Iterable<MemberRow>): MemberSet {
  const placed = place(rows)
  const signedBy = new Map<NodeId, Placed[]>()
  for (const each of placed) {
    if (each.authority === null) continue
    const list = signedBy.get(each.row.signer)
    if (list === undefined) signedBy.set(each.row.signer, [each])
    else list.push(each)
  }
  const removals = placed.filter((each) => each.row.kind === 'remove').sort(compareBySigner)
  const struck = removals.map(({ row }) => (row.kind === 'remove' ? strikes(row, signedBy.get(row.target) ?? []) : []))
  const counting = settleContests(struckRemovals(placed, removals, struck))
  for (const number of counting) {
    for (const [start, end] of struck[number] ?? []) for (const each of placed.slice(start, end)) each.void = true
  }
  return summarise(
    placed,
    counting.map((number) => (removals[number] as Placed).row as RemoveRow),
    signedBy,
  )
}

/**
 * Puts every row under the admission that it was signed with: genesis first, each row directly followed by all that rests on
 * it. Rows that lead to no genesis are left out.
 */
function place(rows: Iterable<MemberRow>): Placed[] {
  let genesis: AdmitRow | undefined
  const byAuthority = new Map<RowHash, MemberRow[]>()
  for (const row of rows) {
    if (row.kind === 'admit' && row.authority === null) {
      assert(genesis === undefined, 'a member set has one genesis row')
      genesis = row
    } else if (row.authority !== null) {
      const list = byAuthority.get(row.authority)
      if (list === undefined) byAuthority.set(row.authority, [row])
      else list.push(row)
    }
  }
  const placed: Placed[] = []
  const waiting: { row: MemberRow; authority: Placed | null }[] =
    genesis === undefined ? [] : [{ row: genesis, authority: null }]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { row, authority } = next
    const admittedMs = Math.max(row.atMs, authority?.admittedMs ?? 0)
    const depth = (authority?.depth ?? 0) + 1
    const each = { row, authority, index: placed.length, end: placed.length + 1, admittedMs, depth, void: false }
    placed.push(each)
    if (row.kind !== 'admit') continue
    for (const below of (byAuthority.get(row.hash) ?? []).toReversed()) waiting.push({ row: below, authority: each })
  }
  for (const each of placed.toReversed()) {
    if (each.authority !== null) each.authority.end = Math.max(each.authority.end, each.end)
  }
  return placed
}

/** Rows from a place up to, not including, another. */
type Span = readonly [start: number, end: number]

/**
 * What a removal strikes: rows of its target and all that rests on them, in spans that do not overlap. A node's removal of
 * itself does not strike itself.
 */
function strikes(removal: RemoveRow, signedByTarget: readonly Placed[]): Span[] {
  const stands = new Set(removal.stands)
  const spans: Span[] = []
  let covered = 0
  // They are in the order of their places: what lies within a span that is taken already begins before its end.
  for (const { row, authority, index, end } of signedByTarget) {
    const lifted = authority?.row.kind === 'admit' && authority.row.lifts.includes(removal.hash)
    if (index < covered || row.hash === removal.hash || stands.has(row.hash) || lifted) continue
    spans.push([index, end])
    covered = end
  }
  return spans
}

/** For each removal, the numbers of the removals that it strikes. */
function struckRemovals(
  placed: readonly Placed[],
  removals: readonly Placed[],
  struck: readonly Span[][],
): Int32Array[] {
  const numberOf = new Map(removals.map((removal, number) => [removal, number]))
  const byPlace = placed.filter((each) => numberOf.has(each))
  const numbers = Int32Array.from(byPlace, (each) => numberOf.get(each) ?? 0)
  /** How many removals come before each place. */
  const before = new Int32Array(placed.length + 1)
  for (const { index } of byPlace) before[index + 1] = 1
  for (let index = 1; index < before.length; index += 1) before[index] = (before[index] ?? 0) + (before[index - 1] ?? 0)
  return struck.map((spans) => {
    const parts = spans.map(([start, end]) => numbers.subarray(before[start], before[end]))
    const victims = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0))
    let filled = 0
    for (const part of parts) {
      victims.set(part, filled)
      filled += part.length
    }
    return victims
  })
}

/** Earlier admitted first. A total order: hashes settle what times and depths leave open. */
function compareSeniority(left: Placed, right: Placed): number {
  return (
    left.admittedMs - right.admittedMs ||
    left.depth - right.depth ||
    (left.row.hash < right.row.hash ? -1 : left.row.hash > right.row.hash ? 1 : 0)
  )
}

/** Signers' admissions decide; a signer's own rows go by hash. */
function compareBySigner(left: Placed, right: Placed): number {
  assert(left.authority !== null && right.authority !== null)
  return compareSeniority(left.authority, right.authority) || compareSeniority(left, right)
}

function summarise(
  placed: readonly Placed[],
  counting: readonly RemoveRow[],
  signedBy: ReadonlyMap<NodeId, readonly Placed[]>,
): MemberSet {
  const removals = [...counting].sort((left, right) => (left.hash < right.hash ? -1 : 1))
  const removalsOf = Map.groupBy(removals, (removal) => removal.target)
  const admissions = placed.filter((each) => each.row.kind === 'admit').sort(compareSeniority)

  const byNode = new Map<NodeId, Member>()
  const admitted = new Set<NodeId>()
  const standing = new Set<NodeId>()
  const knewSecrets = new Set<NodeId>()
  for (const { row, void: isVoid } of admissions) {
    assert(row.kind === 'admit')
    admitted.add(row.subject)
    if (isVoid) continue
    if (row.role === 'full') knewSecrets.add(row.subject)
    const ended = (removalsOf.get(row.subject) ?? []).some((removal) => !row.lifts.includes(removal.hash))
    if (ended) continue
    standing.add(row.subject)
    if (byNode.has(row.subject) || byNode.size === limits.membersPerPool) continue
    byNode.set(row.subject, {
      nodeId: row.subject,
      role: row.role,
      certificate: row.certificate,
      admission: row.hash,
      admittedAtMs: row.atMs,
    })
  }
  const standingRows = new Set(placed.filter((each) => !each.void).map((each) => each.row.hash))
  const ofSecretHolders = removals.filter((removal) => knewSecrets.has(removal.target))
  return {
    genesis: placed[0]?.row.hash ?? null,
    members: [...byNode.values()],
    byNode,
    former: new Set([...admitted].filter((node) => !standing.has(node))),
    removals,
    removalsDigest: blake3Hex(...ofSecretHolders.map((removal) => bytesOf(removal.hash))),
    epochs: placed.flatMap((each) => (each.row.kind === 'epoch' && !each.void ? [each.row] : [])),
    isVoid: (hash) => !standingRows.has(hash),
    signedBy: (node) => (signedBy.get(node) ?? []).filter((each) => !each.void).map((each) => each.row),
  }
}
