import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeCbor, encodeCbor } from '../base/cbor.ts'
import { isEngineError } from '../base/error.ts'
import { limits } from '../limits.ts'
import { SeededRandom } from '../sim/index.ts'
import { drawEpoch } from './epochs.ts'
import {
  type AdmitRow,
  decodeRow,
  encodeRow,
  type MemberRow,
  poolIdOf,
  type RowHash,
  type Statement,
  signGenesis,
  signRow,
  verifyRow,
} from './memberRow.ts'
import { judgeMembers } from './memberSet.ts'
import { testIdentity } from './testMember.ts'

const [founder, second, third] = await Promise.all(['f', 's', 't'].map(testIdentity))
assert(founder !== undefined && second !== undefined && third !== undefined)
const nowMs = Date.UTC(2026, 0, 1)
const salt = Buffer.alloc(16, 5)
const genesis = signGenesis(founder, nowMs, salt)
const under = (admission: AdmitRow) => ({ genesis: genesis.hash, authority: admission.hash })
const admitOf = (certificate: Uint8Array, role: AdmitRow['role'] = 'full', lifts: RowHash[] = []): Statement => ({
  kind: 'admit',
  certificate,
  role,
  lifts,
})
const asAdmit = (row: MemberRow): AdmitRow => {
  assert(row.kind === 'admit')
  return row
}
const admitted = asAdmit(signRow(founder, under(genesis), nowMs, admitOf(second.certificate)))
const removal = signRow(founder, under(genesis), nowMs, {
  kind: 'remove',
  target: second.nodeId,
  stands: [admitted.hash],
})
const epoch = signRow(founder, under(genesis), 0, drawEpoch(judgeMembers([genesis]), new SeededRandom(1)).statement)
const all = [genesis, admitted, removal, epoch]

const isBad = (work: () => unknown, why?: RegExp) =>
  assert.throws(work, (error) => {
    assert(isEngineError(error, 'bad-row'), String(error))
    if (why !== undefined) assert.match(error.message, why)
    return true
  })
/** A row whose body is changed as `change` says and signed again by the founder. */
function forged(row: MemberRow, change: (fields: Record<string, unknown>) => Record<string, unknown>): Buffer {
  const body = encodeCbor(change(decodeCbor(row.body) as Record<string, unknown>))
  return encodeCbor([body, founder!.sign(body)])
}

test('rows come back from their bytes as they were', () => {
  for (const row of all) assert.deepEqual(decodeRow(encodeRow(row)), row)
  assert.equal(genesis.subject, founder.nodeId)
  assert.equal(poolIdOf(genesis.hash), genesis.hash.slice(0, 32))
  verifyRow(genesis, null)
  for (const row of [admitted, removal, epoch]) verifyRow(row, genesis)
})

test('founding twice makes two pools', () => {
  assert.notEqual(signGenesis(founder, nowMs, Buffer.alloc(16, 6)).hash, genesis.hash)
})

test('another signature on the same body is the same row', () => {
  const key = { key: founder.privateKeyPem, dsaEncoding: 'ieee-p1363' } as const
  const freshly = { ...founder, sign: (bytes: Uint8Array) => sign('sha256', bytes, key) }
  const again = signRow(freshly, under(genesis), nowMs, admitOf(second.certificate))
  verifyRow(again, genesis)
  assert.notDeepEqual(again.signature, admitted.signature)
  assert.equal(again.hash, admitted.hash)
})

test('no bit of a row can change', () => {
  for (const row of all) {
    const bytes = encodeRow(row)
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
        const flipped = Buffer.from(bytes)
        flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7))
        isBad(() => verifyRow(decodeRow(flipped), row === genesis ? null : genesis))
      }),
      { numRuns: 300 },
    )
  }
})

test('anything but a row, byte for byte, is refused', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => isBad(() => decodeRow(bytes))))
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: false }), (value) => {
      let bytes: Buffer
      try {
        bytes = encodeCbor([encodeCbor(value), Buffer.alloc(64)])
      } catch {
        return fc.pre(false)
      }
      return isBad(() => decodeRow(bytes))
    }),
  )
  const bytes = encodeRow(admitted)
  isBad(() => decodeRow(Buffer.concat([bytes, Buffer.alloc(1)])))
  isBad(() => decodeRow(bytes.subarray(0, -1)))
  isBad(() => decodeRow(Buffer.alloc(limits.memberRowMaxBytes + 1)), /too many/)
  isBad(
    () => decodeRow(forged(admitted, (fields) => Object.fromEntries(Object.entries(fields).reverse()))),
    /deterministic/,
  )
  isBad(() => decodeRow(forged(admitted, (fields) => ({ ...fields, at: Number(fields['at']) }))), /deterministic/)
  isBad(() => decodeRow(forged(admitted, (fields) => ({ ...fields, more: 1 }))))
  isBad(() => decodeRow(forged(admitted, (fields) => ({ ...fields, role: undefined }))))
  isBad(() => decodeRow(forged(admitted, (fields) => ({ ...fields, v: 2 }))))
  isBad(() => decodeRow(forged(admitted, (fields) => ({ ...fields, type: 'hadahoop-release' }))))
  isBad(() => decodeRow(forged(admitted, (fields) => ({ ...fields, at: -1 }))))
  isBad(() => decodeRow(forged(admitted, (fields) => ({ ...fields, certificate: Buffer.alloc(300) }))), /certificate/)
  isBad(() => decodeRow(forged(removal, (fields) => ({ ...fields, stands: [Buffer.alloc(32), Buffer.alloc(32)] }))))
  isBad(() => decodeRow(forged(removal, (fields) => ({ ...fields, target: Buffer.alloc(15) }))))
  isBad(() => decodeRow(forged(epoch, (fields) => ({ ...fields, number: 1.5 }))))
  isBad(() => decodeRow(forged(epoch, (fields) => ({ ...fields, recipients: [] }))))
})

test('a row counts only by who signs it, under what, and for which pool', () => {
  const storage = asAdmit(signRow(founder, under(genesis), nowMs, admitOf(third.certificate, 'storage')))
  const bySecond = signRow(second, under(admitted), nowMs, admitOf(third.certificate))
  verifyRow(bySecond, admitted)
  isBad(() => verifyRow(bySecond, genesis), /unknown admission/)
  isBad(() => verifyRow(bySecond, null), /unknown admission/)
  isBad(() => verifyRow(signRow(second, under(genesis), nowMs, admitOf(third.certificate)), genesis), /another node/)
  const otherPool = signRow(founder, { ...under(genesis), genesis: admitted.hash }, nowMs, admitOf(third.certificate))
  isBad(() => verifyRow(otherPool, genesis), /another pool/)
  isBad(() => verifyRow(signRow(third, under(storage), nowMs, admitOf(second.certificate)), storage), /full members/)
  isBad(() => verifyRow(signRow(founder, under(genesis), nowMs, admitOf(founder.certificate)), genesis), /itself/)
  isBad(() => verifyRow({ ...admitted, signature: removal.signature }, genesis), /signature/)
  isBad(() => verifyRow({ ...genesis, signature: removal.signature }, null), /signature/)
  // A node that only stores may still leave.
  verifyRow(signRow(third, under(storage), nowMs, { kind: 'remove', target: third.nodeId, stands: [] }), storage)
})

test('the largest rows that there may be fit, and larger ones are not made', () => {
  const hashes = Array.from({ length: limits.hashesPerMemberRow + 1 }, (_, index) =>
    index.toString(16).padStart(64, '0'),
  ) as RowHash[]
  const listing = (count: number): Statement => ({
    kind: 'remove',
    target: second.nodeId,
    stands: hashes.slice(0, count),
  })
  decodeRow(encodeRow(signRow(founder, under(genesis), nowMs, listing(limits.hashesPerMemberRow))))
  isBad(() => signRow(founder, under(genesis), nowMs, listing(limits.hashesPerMemberRow + 1)))
  const recipients = Array.from({ length: limits.membersPerPool }, (_, index) => ({
    nodeId: hashes[index]!.slice(32) as AdmitRow['subject'],
    sealed: Buffer.alloc(limits.sealedSecretMaxBytes),
  }))
  const recovery = Buffer.alloc(limits.sealedSecretMaxBytes)
  const largest = { ...drawEpoch(judgeMembers([genesis]), new SeededRandom(1)).statement, recipients, recovery }
  decodeRow(encodeRow(signRow(founder, under(genesis), nowMs, largest)))
})

test('rows of the first release are still read', () => {
  const frozen = JSON.parse(readFileSync(new URL('./fixtures/rows.json', import.meta.url), 'utf8')) as {
    rows: { kind: string; hash: string; bytes: string }[]
    members: string[]
  }
  const rows = frozen.rows.map(({ bytes }) => decodeRow(Buffer.from(bytes, 'hex')))
  for (const [index, row] of rows.entries()) {
    const authority = rows.find((each) => each.hash === row.authority)
    verifyRow(row, authority === undefined ? null : asAdmit(authority))
    assert.equal(row.hash, frozen.rows[index]!.hash)
    assert.equal(row.kind, frozen.rows[index]!.kind)
    assert.equal(encodeRow(row).toString('hex'), frozen.rows[index]!.bytes)
  }
  assert.deepEqual(
    judgeMembers(rows).members.map((member) => member.nodeId),
    frozen.members,
  )
})
