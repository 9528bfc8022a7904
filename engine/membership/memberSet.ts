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
  /** Everything the node signed that is not void, genesis aside. */
  signedBy(node: NodeId): readonly MemberRow[]
}

/** A row with what follows from its place in the set. */
interface Placed {
  readonly row: MemberRow
  /** The admission that it was signed under; null for the genesis row. */
  readonly authority: Placed | null
  /** Rows signed under this admission. */
  readonly below: Placed[]
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
  const struckBy = (removal: RemoveRow) => strikes(removal, signedBy.get(removal.target) ?? [])

  const counting = countingRemovals(placed, struckBy)
  for (const removal of counting) for (const each of withAllBelow(struckBy(removal.row as RemoveRow))) each.void = true
  return summarise(placed, counting, signedBy)
}

/** Puts every row under the admission it was signed with, genesis first; rows that lead to no genesis are left out. */
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
  if (genesis === undefined) return []
  const placed: Placed[] = [
    { row: genesis, authority: null, below: [], admittedMs: genesis.atMs, depth: 0, void: false },
  ]
  // The list grows while it is walked: breadth first.
  for (const authority of placed) {
    if (authority.row.kind !== 'admit') continue
    for (const row of byAuthority.get(authority.row.hash) ?? []) {
      const admittedMs = Math.max(row.atMs, authority.admittedMs)
      const child = { row, authority, below: [], admittedMs, depth: authority.depth + 1, void: false }
      authority.below.push(child)
      placed.push(child)
    }
  }
  return placed
}

/** Which of its target's rows a removal strikes. A node's removal of itself does not strike itself. */
function strikes(removal: RemoveRow, signedByTarget: readonly Placed[]): Placed[] {
  const stands = new Set(removal.stands)
  return signedByTarget.filter(
    ({ row, authority }) =>
      row.hash !== removal.hash &&
      !stands.has(row.hash) &&
      !(authority?.row.kind === 'admit' && authority.row.lifts.includes(removal.hash)),
  )
}

/** The rows and all that rests on them, each once. */
function withAllBelow(tops: readonly Placed[]): Set<Placed> {
  const found = new Set(tops)
  // The set grows while it is walked.
  for (const each of found) for (const below of each.below) found.add(below)
  return found
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

interface Contest {
  readonly removal: Placed
  readonly victims: number[]
  readonly strikers: number[]
  /** Strikers that may yet count. */
  open: number
  state: 'open' | 'counts' | 'void'
}

function countingRemovals(placed: readonly Placed[], struckBy: (removal: RemoveRow) => Placed[]): Placed[] {
  const contests: Contest[] = placed
    .filter((each) => each.row.kind === 'remove')
    .sort(compareBySigner)
    .map((removal) => ({ removal, victims: [], strikers: [], open: 0, state: 'open' }))
  const indexOf = new Map(contests.map((contest, index) => [contest.removal, index]))
  const selfStruck: Contest[] = []
  for (const [index, contest] of contests.entries()) {
    for (const each of withAllBelow(struckBy(contest.removal.row as RemoveRow))) {
      const victim = indexOf.get(each)
      if (victim === undefined) continue
      if (victim === index) selfStruck.push(contest)
      contest.victims.push(victim)
      const struck = contests[victim] as Contest
      struck.strikers.push(index)
      struck.open += 1
    }
  }

  const unopposed: Contest[] = []
  const drop = (contest: Contest) => {
    if (contest.state !== 'open') return
    contest.state = 'void'
    for (const victim of contest.victims) {
      const struck = contests[victim] as Contest
      struck.open -= 1
      if (struck.open === 0 && struck.state === 'open') unopposed.push(struck)
    }
  }
  const accept = (contest: Contest) => {
    contest.state = 'counts'
    for (const striker of contest.strikers) drop(contests[striker] as Contest)
    for (const victim of contest.victims) drop(contests[victim] as Contest)
  }
  // A removal that strikes what it rests on itself can never count.
  for (const contest of selfStruck) drop(contest)
  for (const contest of contests) if (contest.open === 0 && contest.state === 'open') unopposed.push(contest)
  for (;;) {
    for (let next = unopposed.pop(); next !== undefined; next = unopposed.pop()) {
      if (next.state === 'open') accept(next)
    }
    const senior = seniorOfACircle(contests)
    if (senior === undefined) break
    accept(senior)
  }
  return contests.filter((contest) => contest.state === 'counts').map((contest) => contest.removal)
}

/**
 * The most senior removal of a circle that nothing outside it strikes; undefined when nothing is open. Such circles do
 * not touch each other, so it does not matter which is settled first. Linear: the removal that a depth-first search along
 * strikes finishes last lies in one (Kosaraju), and all that leads to it is that circle.
 */
function seniorOfACircle(contests: readonly Contest[]): Contest | undefined {
  const seen = new Set<number>()
  let last: number | undefined
  for (const [start, contest] of contests.entries()) {
    if (contest.state !== 'open' || seen.has(start)) continue
    // Whatever is finished from a later start finishes later; so the last start's own finish is the last of all.
    last = start
    spread(contests, start, seen, (each) => each.victims)
  }
  if (last === undefined) return undefined
  const circle = new Set<number>()
  spread(contests, last, circle, (each) => each.strikers)
  // Contests are sorted by seniority.
  return contests[Math.min(...circle)]
}

/** Adds to `seen` all open contests that `start` leads to. */
function spread(
  contests: readonly Contest[],
  start: number,
  seen: Set<number>,
  next: (contest: Contest) => readonly number[],
): void {
  const waiting = [start]
  seen.add(start)
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    for (const index of next(contests[at] as Contest)) {
      if (seen.has(index) || contests[index]?.state !== 'open') continue
      seen.add(index)
      waiting.push(index)
    }
  }
}

function summarise(
  placed: readonly Placed[],
  counting: readonly Placed[],
  signedBy: ReadonlyMap<NodeId, readonly Placed[]>,
): MemberSet {
  const removals = counting
    .map((each) => each.row as RemoveRow)
    .sort((left, right) => (left.hash < right.hash ? -1 : 1))
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
