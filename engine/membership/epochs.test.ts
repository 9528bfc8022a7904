import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { NodeId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import { SeededRandom } from '../sim/index.ts'
import { drawEpoch, isSecretOf, openEpoch, safeEpochs, shouldRotate } from './epochs.ts'
import { type EpochRow, type MemberRow, type RowHash, type Statement, signGenesis, signRow } from './memberRow.ts'
import { judgeMembers } from './memberSet.ts'
import { testIdentity } from './testMember.ts'

const people = await Promise.all(['a', 'b', 'c', 'd'].map(testIdentity))
const [a, b, c] = people as [(typeof people)[0], (typeof people)[0], (typeof people)[0]]
const identityOf = new Map(people.map((each) => [each.nodeId, each]))

/** One pool as everyone sees it who is never parted: rows, and which node was given which secrets. */
class Model {
  readonly random: SeededRandom
  readonly rows: MemberRow[]
  readonly known = new Map<NodeId, Set<RowHash>>()
  nowMs = 1_000

  constructor(seed: number) {
    this.random = new SeededRandom(seed)
    this.rows = [signGenesis(a, this.nowMs, this.random.bytes(16))]
    this.rotate(a.nodeId)
  }

  get set() {
    return judgeMembers(this.rows)
  }

  sign(signer: NodeId, statement: Statement): MemberRow {
    const { byNode, genesis } = this.set
    const authority = byNode.get(signer)!.admission as RowHash
    this.nowMs += 1_000
    const row = signRow(identityOf.get(signer)!, { genesis: genesis!, authority }, this.nowMs, statement)
    this.rows.push(row)
    return row
  }

  rotate(signer: NodeId): EpochRow {
    const { statement, secret } = drawEpoch(this.set, this.random)
    const row = this.sign(signer, statement)
    assert(row.kind === 'epoch' && isSecretOf(row, secret))
    for (const { nodeId } of row.recipients) {
      assert.deepEqual(openEpoch(row, identityOf.get(nodeId)!), secret)
      this.learn(nodeId, [row.hash])
    }
    return row
  }

  /** Pairing: the joiner is given every secret that the inviter knows. */
  pair(inviter: NodeId, joiner: NodeId): void {
    const lifts = this.set.removals.filter((row) => row.target === joiner).map((row) => row.hash)
    this.sign(inviter, { kind: 'admit', certificate: identityOf.get(joiner)!.certificate, role: 'full', lifts })
    this.learn(joiner, this.known.get(inviter)!)
  }

  remove(signer: NodeId, target: NodeId): void {
    const stands = this.set.signedBy(target).map((row) => row.hash)
    this.sign(signer, { kind: 'remove', target, stands })
  }

  learn(node: NodeId, hashes: Iterable<RowHash>): void {
    this.known.set(node, new Set([...(this.known.get(node) ?? []), ...hashes]))
  }

  /** Whoever's turn it is makes an epoch. */
  settle(): void {
    const { members } = this.set
    const live = new Set(members.map((member) => member.nodeId))
    const turns = members.filter((member) => shouldRotate(this.set, member.nodeId, live))
    assert(turns.length <= 1)
    if (turns[0] !== undefined) this.rotate(turns[0].nodeId)
  }
}

test('nobody but the full members of now ever knew the current epoch', () => {
  const steps = fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { minLength: 1, maxLength: 25 })
  let rotations = 0
  fc.assert(
    fc.property(steps, fc.nat(1000), (actions, seed) => {
      const model = new Model(seed)
      for (const [by, to] of actions) {
        const [signer, subject] = [people[by]!.nodeId, people[to]!.nodeId]
        const { byNode } = model.set
        if (!byNode.has(signer)) continue
        if (!byNode.has(subject)) model.pair(signer, subject)
        else if (byNode.size > 1) model.remove(signer, subject)
        model.settle()
        const [current] = safeEpochs(model.set)
        assert(current !== undefined, 'there is a current epoch')
        for (const { nodeId } of people) {
          assert.equal(model.known.get(nodeId)?.has(current.hash) ?? false, model.set.byNode.has(nodeId))
        }
      }
      rotations += model.rows.filter((row) => row.kind === 'epoch').length - 1
    }),
    { numRuns: 60 },
  )
  assert(rotations > 5)
})

test('the newest safe epoch is current, and of two made at once everyone takes the same', () => {
  const model = new Model(1)
  model.pair(a.nodeId, b.nodeId)
  const before = model.set
  const [first] = safeEpochs(before)
  const made = [a, b].map((signer) => model.rotate(signer.nodeId))
  const [current] = safeEpochs(model.set)
  assert(current !== undefined && made.includes(current))
  assert.equal(safeEpochs(judgeMembers([...model.rows].reverse()))[0]?.hash, current.hash)
  assert.equal(safeEpochs(model.set).at(-1)?.hash, first?.hash)
  assert(current.number > first!.number)
})

test('the first live full member makes the epoch, and nobody while there is one', () => {
  const model = new Model(2)
  for (const joiner of [b, c]) model.pair(a.nodeId, joiner.nodeId)
  const turn = (live: NodeId[]) =>
    people.filter((each) => shouldRotate(model.set, each.nodeId, new Set(live))).map((each) => each.nodeId)
  assert.deepEqual(turn([a.nodeId, b.nodeId, c.nodeId]), [])
  model.remove(b.nodeId, a.nodeId)
  assert.deepEqual(turn([b.nodeId, c.nodeId]), [b.nodeId])
  // A node always counts itself live: c, which sees b, waits for it; without b it is its turn.
  assert(shouldRotate(model.set, c.nodeId, new Set()))
  assert(!shouldRotate(model.set, c.nodeId, new Set([b.nodeId])))
  assert(!shouldRotate(model.set, a.nodeId, new Set()))
})

test('a storage node gets no secret, and its removal changes no epoch', () => {
  const model = new Model(3)
  model.sign(a.nodeId, { kind: 'admit', certificate: b.certificate, role: 'storage', lifts: [] })
  const epoch = model.rotate(a.nodeId)
  assert.deepEqual(
    epoch.recipients.map((recipient) => recipient.nodeId),
    [a.nodeId],
  )
  assert.equal(openEpoch(epoch, b), undefined)
  model.remove(a.nodeId, b.nodeId)
  assert.equal(safeEpochs(model.set)[0]?.hash, epoch.hash)
})

test('an epoch that is sealed wrongly is known as such', () => {
  const model = new Model(4)
  const { statement, secret } = drawEpoch(model.set, model.random)
  assert(statement.kind === 'epoch')
  const other = drawEpoch(model.set, model.random)
  assert(other.statement.kind === 'epoch')
  const swapped = model.sign(a.nodeId, { ...statement, recipients: other.statement.recipients })
  assert(swapped.kind === 'epoch')
  assert.equal(openEpoch(swapped, a), undefined)
  assert(isSecretOf(swapped, secret) && !isSecretOf(swapped, other.secret) && !isSecretOf(swapped, Buffer.alloc(3)))
  const torn = model.sign(a.nodeId, { ...statement, recipients: [{ nodeId: a.nodeId, sealed: Buffer.alloc(90) }] })
  assert(torn.kind === 'epoch')
  assert.equal(openEpoch(torn, a), undefined)
})

test('the number of an epoch stays within its limit', () => {
  const model = new Model(5)
  const { statement } = drawEpoch(model.set, model.random)
  model.sign(a.nodeId, { ...statement, number: limits.epochNumberMax } as Statement)
  assert.equal(model.rotate(a.nodeId).number, limits.epochNumberMax)
})
