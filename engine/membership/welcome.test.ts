import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isEngineError } from '../base/error.ts'
import { SeededRandom } from '../sim/index.ts'
import { drawEpoch } from './epochs.ts'
import { encodeRow, type MemberRow, signGenesis, signRow, type Statement } from './memberRow.ts'
import { judgeMembers } from './memberSet.ts'
import type { Welcome } from './pairing.ts'
import { testIdentity } from './testMember.ts'
import { readWelcome } from './welcome.ts'

const [inviter, joiner, third] = await Promise.all(['a', 'b', 'c'].map(testIdentity))
assert(inviter !== undefined && joiner !== undefined && third !== undefined)
const genesis = signGenesis(inviter, 0, Buffer.alloc(16))
const sign = (statement: Statement): MemberRow =>
  signRow(inviter, { genesis: genesis.hash, authority: genesis.hash }, 1, statement)
const drawn = drawEpoch(judgeMembers([genesis]), new SeededRandom(1))
const epoch = sign(drawn.statement)
assert(epoch.kind === 'epoch')
const admits = (role: 'full' | 'storage') => sign({ kind: 'admit', certificate: joiner.certificate, role, lifts: [] })
const good: Welcome = {
  genesis: genesis.hash,
  poolName: 'Home',
  rows: [genesis, epoch, admits('full')].map(encodeRow),
  poolSecret: Buffer.alloc(32, 1),
  epochs: [{ id: epoch.epoch, secret: drawn.secret }],
}
const read = (welcome: Welcome, from = inviter) => readWelcome(welcome, joiner.nodeId, from.nodeId)

test('a welcome brings rows, pool secret and epoch secrets', () => {
  const { rows, secrets } = read(good)
  assert.equal(rows.genesis, genesis.hash)
  assert.deepEqual(secrets, { poolId: genesis.hash.slice(0, 32), poolSecret: good.poolSecret, epochs: good.epochs })
})

test('a welcome that does not fit together is refused', () => {
  const refused: Record<string, () => unknown> = {
    'not admitted': () => read({ ...good, rows: [genesis, epoch].map(encodeRow) }),
    'admitted to store only': () => read({ ...good, rows: [genesis, epoch, admits('storage')].map(encodeRow) }),
    'from somebody else': () => read(good, third),
    'without its first row': () => read({ ...good, rows: good.rows.slice(1) }),
    'another pool': () => read({ ...good, genesis: epoch.hash }),
    'two founders': () => read({ ...good, rows: [...good.rows, encodeRow(signGenesis(third, 0, Buffer.alloc(16)))] }),
    'no keys': () => read({ ...good, epochs: [] }),
    'wrong keys': () => read({ ...good, epochs: [{ id: epoch.epoch, secret: Buffer.alloc(32) }] }),
    'no rows': () => read({ ...good, rows: [] }),
    rubbish: () => read({ ...good, rows: [...good.rows, Buffer.alloc(10)] }),
  }
  for (const [name, attempt] of Object.entries(refused)) {
    assert.throws(attempt, (error) => isEngineError(error, 'bad-message') || isEngineError(error, 'bad-row'), name)
  }
})

test('a wrong key beside right ones is passed over', () => {
  const other = sign(drawEpoch(judgeMembers([genesis]), new SeededRandom(2)).statement)
  assert(other.kind === 'epoch')
  const both = [...good.epochs, { id: other.epoch, secret: Buffer.alloc(32) }]
  const { secrets } = read({ ...good, rows: [...good.rows, encodeRow(other)], epochs: both })
  assert.deepEqual(secrets.epochs, good.epochs)
})
