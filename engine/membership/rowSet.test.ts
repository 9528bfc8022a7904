import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isEngineError } from '../base/error.ts'
import { limits } from '../limits.ts'
import { createSimWorld, simPorts } from '../sim/index.ts'
import { batchesOf } from './batches.ts'
import {
  type AdmitRow,
  decodeRow,
  encodeRow,
  type MemberRow,
  type RowHash,
  signGenesis,
  signRow,
  type Statement,
} from './memberRow.ts'
import { judgeMembers } from './memberSet.ts'
import { RowSet } from './rowSet.ts'
import { MemberStore } from './store.ts'
import { testIdentity } from './testMember.ts'

const people = await Promise.all(['a', 'b', 'c', 'd', 'e'].map(testIdentity))
const [a, b] = people as [(typeof people)[0], (typeof people)[0]]
const genesis = signGenesis(a, 0, Buffer.alloc(16))
const signedBy = (who: typeof a, under: AdmitRow, atMs: number, statement: Statement) =>
  signRow(who, { genesis: genesis.hash, authority: under.hash }, atMs, statement)
const admit = (certificate: Buffer, lifts: RowHash[] = []): Statement => ({
  kind: 'admit',
  certificate,
  role: 'full',
  lifts,
})

/** Signed rows as parted nodes might make them: each signer knows only some of what was there before. */
function history(draws: readonly number[]): MemberRow[] {
  let at = 0
  const draw = (below: number) => (draws[at++ % draws.length] as number) % below
  const rows: MemberRow[] = [genesis]
  // A row said again is the same one, and nobody lists a row twice.
  const say = (row: MemberRow) => {
    if (!rows.some((each) => each.hash === row.hash)) rows.push(row)
  }
  while (at < draws.length) {
    const admissions = rows.filter((row) => row.kind === 'admit')
    const under = admissions[draw(admissions.length)]!
    const signer = people.find((each) => each.nodeId === under.subject)!
    const other = people[draw(people.length)]!
    const known = rows.filter(() => draw(3) > 0)
    const atMs = draw(20)
    if (draw(2) === 0 && other !== signer) {
      const lifts = known.filter((row) => row.kind === 'remove' && row.target === other.nodeId).map((row) => row.hash)
      say(signedBy(signer, under, atMs, admit(other.certificate, lifts)))
    } else {
      const stands = known.filter((row) => row.authority !== null && row.signer === other.nodeId).map((row) => row.hash)
      say(signedBy(signer, under, atMs, { kind: 'remove', target: other.nodeId, stands }))
    }
  }
  return rows
}

test('in whatever order and portions rows come, sets that exchanged everything agree, also after a restart', async () => {
  await using world = createSimWorld({ seed: 1 })
  const { disk } = simPorts(world, 'a')
  const opened = [1, 2, 3].map((index) => new MemberStore(disk.openDatabase(`${index}.db`)))
  fc.assert(
    fc.property(
      fc.array(fc.nat(10_000), { minLength: 20, maxLength: 100 }),
      fc.infiniteStream(fc.nat(1_000)),
      (draws, chance) => {
        const next = (below: number) => (chance.next().value as number) % below
        const rows = history(draws)
        const sets = opened.map((store) => {
          store.transact(() => {
            store.forget()
            store.addRows([genesis])
          })
          return { store, set: new RowSet([genesis]) }
        })
        // Everyone first gets a random part in random order, then they exchange in random pairs as peers do.
        for (const { store, set } of sets) {
          const part = rows.filter(() => next(3) > 0)
          for (let index = part.length - 1; index > 0; index -= 1) {
            const swap = next(index + 1)
            ;[part[index], part[swap]] = [part[swap]!, part[index]!]
          }
          while (part.length > 0) set.merge(part.splice(0, 1 + next(5)), store)
        }
        sets[0]!.set.merge([...rows].reverse(), sets[0]!.store)
        for (const [from, to] of [
          [0, 1],
          [1, 2],
          [2, 0],
          [0, 1],
        ] as const) {
          const known = new Set(sets[to]!.set.hashes())
          const missing = sets[from]!.set.encoded((row) => !known.has(row.hash))
          sets[to]!.set.merge(missing.map(decodeRow), sets[to]!.store)
        }
        const expected = judgeMembers(rows)
        for (const { store, set } of sets) {
          assert.deepEqual(set.judged.members, expected.members)
          assert.equal(set.judged.removalsDigest, expected.removalsDigest)
          // What comes back from the disk is the same, each row after what it rests on.
          const read = store.rows()
          assert.deepEqual(
            read.map((row) => row.hash),
            set.hashes(),
          )
          for (const [index, row] of read.entries()) {
            assert(row.authority === null || read.slice(0, index).some((each) => each.hash === row.authority))
          }
          assert.deepEqual(new RowSet(read).judged.members, expected.members)
        }
      },
    ),
    { numRuns: 25 },
  )
})

test('a batch with a wrongly signed row is refused as a whole, and nothing of it is kept', async () => {
  await using world = createSimWorld({ seed: 1 })
  const store = new MemberStore(simPorts(world, 'a').disk.openDatabase('members.db'))
  const set = new RowSet([genesis])
  const good = signedBy(a, genesis, 1, admit(b.certificate))
  const bad = { ...signedBy(a, genesis, 2, admit(people[2]!.certificate)), signature: good.signature }
  assert.throws(
    () => set.merge([good, bad], store),
    (error) => isEngineError(error, 'bad-row'),
  )
  assert.deepEqual(set.hashes(), [genesis.hash])
  assert.deepEqual(store.rows(), [])
  const otherGenesis = signGenesis(b, 0, Buffer.alloc(16))
  assert.throws(
    () =>
      set.merge(
        [
          signRow(b, { genesis: genesis.hash, authority: good.hash }, 1, admit(people[2]!.certificate)),
          good,
          signRow(b, { genesis: otherGenesis.hash, authority: good.hash }, 1, admit(people[2]!.certificate)),
        ],
        store,
      ),
    (error) => isEngineError(error, 'bad-row'),
  )
})

test('rows that rest on nothing known are passed over until what they rest on comes', async () => {
  await using world = createSimWorld({ seed: 1 })
  const store = new MemberStore(simPorts(world, 'a').disk.openDatabase('members.db'))
  const set = new RowSet([genesis])
  const parent = signedBy(a, genesis, 1, admit(b.certificate))
  assert(parent.kind === 'admit')
  const child = signedBy(b, parent, 2, admit(people[2]!.certificate))
  assert.deepEqual(set.merge([child], store), [])
  assert.deepEqual(set.merge([child, parent], store), [parent, child])
  assert.deepEqual(set.merge([child, parent], store), [])
  assert.deepEqual(set.chain(child.hash), [child.hash, parent.hash, genesis.hash])
})

test('a second founder cannot slip in', async () => {
  await using world = createSimWorld({ seed: 1 })
  const store = new MemberStore(simPorts(world, 'a').disk.openDatabase('members.db'))
  const set = new RowSet([genesis])
  const other = signGenesis(b, 0, Buffer.alloc(16))
  assert.throws(
    () => set.merge([other], store),
    (error) => isEngineError(error, 'bad-row'),
  )
})

test('a full set still takes removals', async () => {
  await using world = createSimWorld({ seed: 1 })
  const store = new MemberStore(simPorts(world, 'a').disk.openDatabase('members.db'))
  const admission = signedBy(a, genesis, 1, admit(b.certificate))
  assert(admission.kind === 'admit')
  // A thief fills the set with rows of its own; their signatures are not the point here.
  const junk = signedBy(b, admission, 2, { kind: 'remove', target: people[3]!.nodeId, stands: [] })
  const filler: MemberRow[] = Array.from(
    { length: limits.memberRowsPerPool - limits.memberRowsForRemovals - 2 },
    (_, index) => ({
      ...junk,
      hash: index.toString(16).padStart(64, '0') as RowHash,
    }),
  )
  const set = new RowSet([genesis, admission, ...filler])
  assert.deepEqual(set.merge([signedBy(a, genesis, 3, admit(people[2]!.certificate))], store), [])
  const removal = signedBy(a, genesis, 4, { kind: 'remove', target: b.nodeId, stands: [] })
  assert.deepEqual(set.merge([removal], store), [removal])
  assert(!set.judged.byNode.has(b.nodeId))
})

test('rows go into messages within the limit, none is lost', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(limits.memberRowMaxBytes), { maxLength: 300 }), (sizes) => {
      const rows = sizes.map((size) => Buffer.alloc(size))
      const batches = batchesOf(rows)
      assert.deepEqual(batches.flat(), rows)
      for (const batch of batches) {
        assert(batch.length > 0 && batch.reduce((sum, row) => sum + row.length, 0) <= limits.batchMaxBytes)
      }
    }),
    { numRuns: 30 },
  )
})

test('a row that the disk has changed is noticed', async () => {
  await using world = createSimWorld({ seed: 1 })
  const database = simPorts(world, 'a').disk.openDatabase('members.db')
  const store = new MemberStore(database)
  store.addRows([genesis])
  assert.deepEqual(store.rows(), [genesis])
  for (const changed of [encodeRow(signGenesis(a, 5, Buffer.alloc(16))), Buffer.alloc(20)]) {
    database.prepare('UPDATE member_rows SET bytes = ?').run(changed)
    assert.throws(
      () => store.rows(),
      (error) => isEngineError(error, 'damaged-database'),
    )
  }
})
