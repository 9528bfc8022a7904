import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeCbor } from '../base/cbor.ts'
import { isEngineError } from '../base/error.ts'
import { limits } from '../limits.ts'
import { SeededRandom, createSimWorld, simPorts } from '../sim/index.ts'
import { decodeAdmission, encodeAdmission } from './admission.ts'
import { drawEpoch } from './epochs.ts'
import { type AdmitRow, type MemberRow, type RowHash, signGenesis, signRow, type Statement } from './memberRow.ts'
import { judgeMembers } from './memberSet.ts'
import { OwnPool } from './ownPool.ts'
import { RowSet } from './rowSet.ts'
import { testIdentity } from './testMember.ts'

const [a, b, c] = await Promise.all(['a', 'b', 'c'].map(testIdentity))
assert(a !== undefined && b !== undefined && c !== undefined)
const genesis = signGenesis(a, 0, Buffer.alloc(16))
const sign = (who: typeof a, under: AdmitRow, statement: Statement) =>
  signRow(who, { genesis: genesis.hash, authority: under.hash }, 1, statement)
const admit = (who: typeof a, under: AdmitRow, whom: typeof a): AdmitRow => {
  const row = sign(who, under, { kind: 'admit', certificate: whom.certificate, role: 'full', lifts: [] })
  assert(row.kind === 'admit')
  return row
}
const second = admit(a, genesis, b)
const third = admit(b, second, c)
const removal = sign(a, genesis, { kind: 'remove', target: b.nodeId, stands: [third.hash] })
/** Many large rows of the founder's; their signatures are not the point here. */
const epochRow = sign(a, genesis, drawEpoch(judgeMembers([genesis]), new SeededRandom(1)).statement)
const filler = (count: number, bodyBytes = 9_000): MemberRow[] =>
  Array.from({ length: count }, (_, index) => ({
    ...epochRow,
    hash: index.toString(16).padStart(64, '0') as RowHash,
    body: Buffer.alloc(bodyBytes, index),
  }))

test('an admission comes back as it was', () => {
  const set = new RowSet([genesis, second, third, removal])
  const read = decodeAdmission(encodeAdmission(set, third.hash))
  assert.deepEqual(read, { genesis: genesis.hash, rows: [genesis, second, third, removal] })
  assert.deepEqual(decodeAdmission(encodeAdmission(null, null)), { genesis: null, rows: [] })
})

test('however many rows there are, it fits, and brings its own admission and the removals first', () => {
  const before = filler(100)
  const set = new RowSet([genesis, ...before.slice(0, 50), second, third, ...before.slice(50), removal])
  const bytes = encodeAdmission(set, third.hash)
  assert(bytes.length <= limits.controlMessageMaxBytes / 2, `${bytes.length}`)
  assert(bytes.length > limits.admissionMaxBytes - 20_000, 'the rest of the room is used')
  for (const row of [genesis, second, third, removal]) assert(bytes.includes(row.body))
  // With so many admissions that they do not all fit, a node's own still leads.
  const crowd = filler(2_000, 300).map((row) => ({ ...second, hash: row.hash, body: row.body }))
  const crowded = encodeAdmission(new RowSet([genesis, second, third, ...crowd]), third.hash)
  assert(crowded.length <= limits.controlMessageMaxBytes / 2)
  for (const row of [genesis, second, third]) assert(crowded.includes(row.body))
})

test('what is no admission is refused', () => {
  const wrong: unknown[] = [
    null,
    {},
    { v: 2, genesis: null, rows: [] },
    { v: 1, genesis: Buffer.alloc(31), rows: [] },
    { v: 1, genesis: null, rows: [Buffer.alloc(5)] },
    { v: 1, genesis: null, rows: 'none' },
  ]
  for (const value of wrong)
    assert.throws(
      () => decodeAdmission(encodeCbor(value)),
      (error) => isEngineError(error),
    )
  assert.throws(
    () => decodeAdmission(Buffer.alloc(limits.controlMessageMaxBytes)),
    (error) => isEngineError(error, 'bad-message'),
  )
})

test('a removal of a node that has signed more than one row can list never voids itself', async () => {
  await using world = createSimWorld({ seed: 1 })
  const ports = simPorts(world, 'b')
  const poolId = genesis.hash.slice(0, 32)
  // What b rests on was signed by c, whom the founder admitted and removed since: the founder's row for c must stand.
  const middle = admit(a, genesis, c)
  const own = admit(c, middle, b)
  const gone = sign(a, genesis, { kind: 'remove', target: c.nodeId, stands: [own.hash] })
  const rows = new RowSet([genesis, middle, own, gone, ...filler(2 * limits.hashesPerMemberRow)])
  const secrets = { poolId, poolSecret: Buffer.alloc(32), epochs: [] } as unknown as ConstructorParameters<
    typeof OwnPool
  >[2]
  const pool = new OwnPool({ ...ports, identity: b }, rows, secrets)
  const row = pool.signRemoval(a.nodeId)
  assert(row.kind === 'remove')
  assert.equal(row.stands.length, limits.hashesPerMemberRow)
  assert(row.stands.includes(middle.hash))
  assert(!rows.judgedWith([row]).byNode.has(a.nodeId))
})
