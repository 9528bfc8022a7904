import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { blake3Hex } from '../base/hash.ts'
import type { EpochId, NodeId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import type { AdmitRow, EpochRow, MemberRow, RemoveRow, RowHash } from './memberRow.ts'
import { judgeMembers } from './memberSet.ts'
import type { Role } from './types.ts'

// Rows without signatures: this test is about what a set of verified rows means.
const node = (name: string) => blake3Hex(Buffer.from(name)).slice(0, 32) as NodeId
const hashOf = (...parts: unknown[]) => blake3Hex(Buffer.from(JSON.stringify(parts))) as RowHash
const blank = { body: Buffer.alloc(0), signature: Buffer.alloc(0) }

function genesis(founder: string, atMs = 0): AdmitRow {
  const hash = hashOf('genesis', founder, atMs)
  const nobody = { genesis: null, authority: null, lifts: [], role: 'full' as const, certificate: Buffer.alloc(0) }
  return { ...blank, ...nobody, kind: 'admit', hash, signer: node(founder), subject: node(founder), atMs }
}

interface AdmitOptions {
  readonly role?: Role
  readonly lifts?: readonly RowHash[]
}

function admit(
  under: AdmitRow,
  subject: string,
  atMs: number,
  { role = 'full', lifts = [] }: AdmitOptions = {},
): AdmitRow {
  const hash = hashOf('admit', under.hash, subject, atMs, role, lifts)
  const where = { genesis: under.genesis ?? under.hash, authority: under.hash, signer: under.subject }
  const certificate = Buffer.alloc(0)
  return { ...blank, ...where, kind: 'admit', hash, atMs, subject: node(subject), role, lifts, certificate }
}

function remove(under: AdmitRow, target: string, stands: readonly MemberRow[] = [], salt = 0): RemoveRow {
  const listed = stands.map((row) => row.hash)
  const hash = hashOf('remove', under.hash, target, listed, salt)
  const where = { genesis: under.genesis ?? under.hash, authority: under.hash, signer: under.subject }
  return { ...blank, ...where, kind: 'remove', hash, atMs: 0, target: node(target), stands: listed }
}

function epoch(under: AdmitRow, salt: number): EpochRow {
  const hash = hashOf('epoch', under.hash, salt)
  const where = { genesis: under.genesis ?? under.hash, authority: under.hash, signer: under.subject }
  const empty = { recipients: [], recovery: null, number: 1, removals: '', commitment: '' }
  return { ...blank, ...where, ...empty, kind: 'epoch', hash, atMs: 0, epoch: hash.slice(0, 32) as EpochId }
}

const names = new Map('ABCDEFXYZ'.split('').map((name) => [node(name), name]))
const membersOf = (rows: readonly MemberRow[]) =>
  judgeMembers(rows)
    .members.map((member) => names.get(member.nodeId) ?? '?')
    .join('')

const f = genesis('F')
const a = admit(f, 'A', 10)
const b = admit(f, 'B', 20)
const c = admit(f, 'C', 30)

test('the founder and whom it admits are members, in the order of admission', () => {
  assert.equal(membersOf([]), '')
  assert.equal(membersOf([f]), 'F')
  assert.equal(membersOf([c, a, f, b]), 'FABC')
})

test('rows that lead to no genesis count for nothing', () => {
  const x = admit(c, 'X', 40)
  assert.equal(membersOf([f, a, x, remove(x, 'A')]), 'FA')
  assert.equal(judgeMembers([f, x]).isVoid(x.hash), true)
})

test('a removal ends the membership and voids what it does not list', () => {
  const kept = admit(b, 'X', 40)
  const dropped = admit(b, 'Y', 50)
  const below = admit(dropped, 'Z', 60)
  const rows = [f, a, b, kept, dropped, below]
  assert.equal(membersOf(rows), 'FABXYZ')
  const removal = remove(a, 'B', [kept])
  assert.equal(membersOf([...rows, removal]), 'FAX')
  const set = judgeMembers([...rows, removal])
  assert(set.isVoid(dropped.hash) && set.isVoid(below.hash) && !set.isVoid(kept.hash) && !set.isVoid(removal.hash))
  assert.deepEqual([...set.former].sort(), [node('B'), node('Y'), node('Z')].sort())
})

test('of two that remove each other the one admitted first stays', () => {
  const byA = remove(a, 'B')
  const byB = remove(b, 'A')
  assert.equal(membersOf([f, a, b, byA, byB]), 'FA')
  assert.equal(membersOf([f, b, a, byB, byA]), 'FA')
  // Even if the later one claims to have been admitted at the very beginning, by someone admitted after the other.
  const early = admit(b, 'X', 0)
  assert.equal(membersOf([f, a, b, early, remove(early, 'A'), remove(a, 'X')]), 'FAB')
})

test('what a removed node signs afterwards changes nothing', () => {
  const removal = remove(a, 'B', [])
  const before = [f, a, b, c, removal]
  assert.equal(membersOf(before), 'FAC')
  assert.equal(membersOf([...before, remove(b, 'C'), admit(b, 'X', 0), epoch(b, 1)]), 'FAC')
})

test('a removed senior cannot bring back whom another had removed', () => {
  // A, the senior, is removed by C; B had removed X. A's late removal of B must not undo B's.
  const x = admit(f, 'X', 40)
  const rows = [f, a, b, c, x, remove(b, 'X'), remove(c, 'A')]
  assert.equal(membersOf(rows), 'FBC')
  assert.equal(membersOf([...rows, remove(a, 'B')]), 'FBC')
})

test('of two removals of one node each may void', () => {
  const kept = admit(b, 'X', 40)
  assert.equal(membersOf([f, a, b, c, kept, remove(a, 'B', [kept]), remove(c, 'B', [kept], 1)]), 'FACX')
  assert.equal(membersOf([f, a, b, c, kept, remove(a, 'B', [kept]), remove(c, 'B', [])]), 'FAC')
})

test('an admission that names the removal lifts it; one that does not, does not', () => {
  const removal = remove(a, 'B')
  const again = admit(f, 'B', 50, { lifts: [removal.hash] })
  assert.equal(membersOf([f, a, b, removal, admit(f, 'B', 50)]), 'FA')
  assert.equal(membersOf([f, a, b, removal, again]), 'FAB')
  const unseen = remove(c, 'B')
  assert.equal(membersOf([f, a, b, c, removal, unseen, again]), 'FAC')
  // What it signs under the new admission counts; what it signed under the old one stays void.
  const x = admit(again, 'X', 60)
  const y = admit(b, 'Y', 70)
  assert.equal(membersOf([f, a, b, removal, again, x, y]), 'FABX')
  assert.equal(membersOf([f, a, b, removal, again, x, remove(a, 'B', [x], 2)]), 'FAX')
})

test('a node that leaves takes nobody along', () => {
  const x = admit(b, 'X', 40)
  assert.equal(membersOf([f, a, b, x, remove(b, 'B', [x])]), 'FAX')
  assert.equal(membersOf([f, a, remove(f, 'F', [a])]), 'A')
})

test('a removal that would void its own admission never counts', () => {
  assert.equal(membersOf([f, a, remove(a, 'F', [])]), 'FA')
  assert.equal(membersOf([f, a, remove(a, 'F', [a])]), 'A')
})

test('in a circle of three the first admitted decides, and what strikes its row is void', () => {
  // A strikes B, B strikes C, C strikes A.
  assert.equal(membersOf([f, a, b, c, remove(a, 'B'), remove(b, 'C'), remove(c, 'A')]), 'FAC')
})

test('a circle behind another circle waits for it', () => {
  const [x, y] = [admit(f, 'X', 5), admit(f, 'Y', 6)]
  // A and B strike each other; B also rests behind nothing else. X and Y strike each other, and A strikes X's.
  const rows = [f, a, b, x, y, remove(a, 'B'), remove(b, 'A'), remove(x, 'Y'), remove(y, 'X'), remove(a, 'X', [], 1)]
  // X was admitted first of all, but A, who wins its own circle, removes it, so Y's removal of X is not struck.
  assert.equal(membersOf(rows), 'FYA')
})

test('never more members than limits.membersPerPool; the next ones take the places of those that go', () => {
  const rows: MemberRow[] = [f]
  for (let index = 1; index <= limits.membersPerPool; index += 1) rows.push(admit(f, `n${index}`, index))
  const set = judgeMembers(rows)
  assert.equal(set.members.length, 63)
  assert(!set.byNode.has(node('n63')) && !set.former.has(node('n63')))
  assert(judgeMembers([...rows, remove(f, 'n5')]).byNode.has(node('n63')))
})

test('the digest names removals of nodes that had the secrets, and no others', () => {
  const storage = admit(f, 'X', 40, { role: 'storage' })
  const digest = (rows: readonly MemberRow[]) => judgeMembers(rows).removalsDigest
  const rows = [f, a, b, storage]
  assert.equal(digest([...rows, remove(a, 'X')]), digest(rows))
  assert.equal(digest([...rows, remove(a, 'Z')]), digest(rows))
  assert.notEqual(digest([...rows, remove(a, 'B')]), digest(rows))
  const removal = remove(a, 'B')
  assert.equal(digest([...rows, removal, admit(f, 'B', 50, { lifts: [removal.hash] })]), digest([...rows, removal]))
})

// ---------------------------------------------------------------- against the naive definition

/** The header's three sentences taken literally, with every question asked of the whole set each time. */
function naiveMembers(rows: readonly MemberRow[]): string[] {
  const byHash = new Map(rows.map((row) => [row.hash, row]))
  const chain = (row: MemberRow): MemberRow[] => {
    const above = row.authority === null ? undefined : byHash.get(row.authority)
    return above === undefined ? [row] : [row, ...chain(above)]
  }
  const founded = rows.filter((row) => chain(row).at(-1)?.authority === null)
  const strikesRow = (removal: RemoveRow, row: MemberRow) => {
    const authority = row.authority === null ? undefined : byHash.get(row.authority)
    if (authority?.kind !== 'admit' || row === removal || row.signer !== removal.target) return false
    return !removal.stands.includes(row.hash) && !authority.lifts.includes(removal.hash)
  }
  const strikes = (removal: RemoveRow, row: MemberRow) => chain(row).some((each) => strikesRow(removal, each))
  const key = (row: MemberRow): [number, number, string] => {
    const admissions = chain(row)
    return [Math.max(...admissions.map((each) => each.atMs)), admissions.length, row.hash]
  }
  const compare = (left: MemberRow, right: MemberRow) => {
    const [leftKey, rightKey] = [key(left), key(right)]
    for (const at of [0, 1, 2] as const) if (leftKey[at] !== rightKey[at]) return leftKey[at] < rightKey[at] ? -1 : 1
    return 0
  }
  const bySigner = (left: RemoveRow, right: RemoveRow) => {
    const admissionOf = (row: RemoveRow) => byHash.get(row.authority) as MemberRow
    return compare(admissionOf(left), admissionOf(right)) || compare(left, right)
  }

  let open = founded.filter((row) => row.kind === 'remove').filter((row) => !strikes(row, row))
  const counting: RemoveRow[] = []
  const settle = (removal: RemoveRow) => {
    counting.push(removal)
    open = open.filter((each) => each !== removal && !strikes(removal, each) && !strikes(each, removal))
  }
  while (open.length > 0) {
    const free = open.find((removal) => !open.some((each) => strikes(each, removal)))
    if (free !== undefined) {
      settle(free)
      continue
    }
    const leads = new Map(open.map((from) => [from, new Set(open.filter((to) => strikes(from, to)))]))
    for (const via of open) {
      for (const from of open)
        if (leads.get(from)?.has(via)) for (const to of leads.get(via) ?? []) leads.get(from)?.add(to)
    }
    const inFront = open.filter((removal) =>
      open.every((each) => !leads.get(each)?.has(removal) || leads.get(removal)?.has(each)),
    )
    settle(inFront.sort(bySigner)[0] as RemoveRow)
  }
  const stands = (row: MemberRow) => !counting.some((removal) => strikes(removal, row))
  return founded
    .filter((row) => row.kind === 'admit')
    .filter((row) => stands(row))
    .filter((row) => counting.every((removal) => removal.target !== row.subject || row.lifts.includes(removal.hash)))
    .sort(compare)
    .map((row) => names.get(row.subject) ?? '?')
    .filter((name, index, all) => all.indexOf(name) === index)
}

/** Draws from a stream of numbers, so that fast-check can shrink a whole history. */
function history(draws: readonly number[]): MemberRow[] {
  let at = 0
  const draw = (below: number) => (draws[at++ % draws.length] as number) % below
  const some = <T>(of: readonly T[]) => of.filter(() => draw(2) === 0)
  const rows: MemberRow[] = [genesis('F')]
  const letters = [...names.values()]
  while (at < draws.length) {
    const admissions = rows.filter((row) => row.kind === 'admit')
    const under = admissions[draw(admissions.length)] as AdmitRow
    const name = letters[draw(letters.length)] as string
    const signedBySome = (subject: string) =>
      rows.filter((row) => row.signer === node(subject) && row.authority !== null)
    if (draw(2) === 0) {
      const removals = rows.filter((row) => row.kind === 'remove' && row.target === node(name)).map((row) => row.hash)
      if (under.subject !== node(name)) rows.push(admit(under, name, draw(8) * 10, { lifts: some(removals) }))
    } else {
      rows.push(remove(under, name, some(signedBySome(name)), draw(3)))
    }
  }
  return [...new Map(rows.map((row) => [row.hash, row])).values()]
}
const histories = fc.array(fc.nat(10_000), { minLength: 10, maxLength: 160 }).map(history)

test('the same members as the naive definition', () => {
  let contested = 0
  fc.assert(
    fc.property(histories, (rows) => {
      const set = judgeMembers(rows)
      if (set.removals.length < rows.filter((row) => row.kind === 'remove').length) contested += 1
      assert.equal(membersOf(rows), naiveMembers(rows).join(''))
    }),
    { numRuns: 1500 },
  )
  assert(contested > 200, `only ${contested} histories had removals that do not count`)
})

test('the order of the rows does not matter', () => {
  const shuffled = histories.chain((rows) =>
    fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length })),
  )
  fc.assert(
    fc.property(shuffled, ([rows, others]) => {
      const [left, right] = [judgeMembers(rows), judgeMembers(others)]
      assert.deepEqual(left.members, right.members)
      assert.deepEqual(left.removals, right.removals)
      assert.equal(left.removalsDigest, right.removalsDigest)
    }),
    { numRuns: 500 },
  )
})

test('void rows influence nothing, and no removal that counts strikes another', () => {
  fc.assert(
    fc.property(histories, (rows) => {
      const set = judgeMembers(rows)
      const counting = new Set(set.removals.map((row) => row.hash))
      const valid = rows.filter((row) => (row.kind === 'remove' ? counting.has(row.hash) : !set.isVoid(row.hash)))
      for (const removal of set.removals) assert(!set.isVoid(removal.hash))
      assert.deepEqual(judgeMembers(valid).members, set.members)
      assert.deepEqual(judgeMembers(valid).removals, set.removals)
    }),
    { numRuns: 1000 },
  )
})

test('who outranks the thief and everyone it could use removes it for good', () => {
  // A removes B listing nothing. Whatever B and those that rest on it sign, A and F stay and B stays out.
  const fromB = fc.array(fc.nat(10_000), { minLength: 5, maxLength: 80 }).map((draws) => {
    let at = 0
    const draw = (below: number) => (draws[at++ % draws.length] as number) % below
    const puppets: AdmitRow[] = [b]
    const rows: MemberRow[] = []
    while (at < draws.length) {
      const under = puppets[draw(puppets.length)] as AdmitRow
      const target = [...names.values(), 'F'][draw(names.size + 1)] as string
      if (draw(2) === 0) {
        const made = admit(under, target, draw(30))
        if (made.subject !== under.subject) {
          puppets.push(made)
          rows.push(made)
        }
      } else rows.push(remove(under, target, draw(2) === 0 ? [] : [a, b], draw(5)))
    }
    return rows
  })
  fc.assert(
    fc.property(fromB, (rows) => {
      assert.equal(membersOf([f, a, b, remove(a, 'B', []), ...rows]), 'FA')
    }),
    { numRuns: 1000 },
  )
})

test('full sets that hostile members have woven are judged in time', () => {
  // Helpers of two thieves remove each other in pairs.
  const pairs: MemberRow[] = [f, a, b]
  const helpers: AdmitRow[] = []
  for (let index = 0; index < 2000; index += 1) helpers.push(admit(index % 2 === 0 ? a : b, `h${index}`, 50 + index))
  for (const [index, helper] of helpers.entries()) pairs.push(helper, remove(helper, `h${index ^ 1}`))
  // A long chain of admissions, each contested by a twin: deciding one frees the next.
  const chain: MemberRow[] = [f]
  let last = f
  for (let index = 0; index < 1000; index += 1) {
    const [next, twin] = [admit(last, `x${index}`, index), admit(last, `y${index}`, index + 0.5)]
    chain.push(next, twin, remove(twin, `x${index}`), remove(next, `y${index}`))
    last = next
  }
  for (const rows of [pairs, chain]) {
    const startMs = performance.now()
    assert.equal(judgeMembers(rows).members.length, limits.membersPerPool)
    const tookMs = performance.now() - startMs
    assert(tookMs < 5_000, `${tookMs} ms`)
  }
})
