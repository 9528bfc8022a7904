import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EngineError, isEngineError } from '../base/error.ts'
import { decodeCbor, encodeCbor } from '../base/cbor.ts'
import { limits } from '../limits.ts'
import type { Wire } from '../ports.ts'
import { createSimWorld, SeededRandom, type SimWorld, simPorts } from '../sim/index.ts'
import { drawInviteCode } from './inviteCode.ts'
import { joinAtOneOf } from './joining.ts'
import { TestMember, testIdentity, testPool } from './testMember.ts'

const fails = (code: string) => (error: unknown) => {
  assert(isEngineError(error), String(error))
  assert.equal(error.code, code, error.message)
  assert(error.hint !== undefined && error.hint.length > 0, 'a person is told what to do')
  return true
}

async function founderAnd(world: SimWorld, ...names: string[]): Promise<TestMember[]> {
  const founder = await (await TestMember.start(world, 'a')).create()
  const others: TestMember[] = []
  for (const name of names) others.push(await TestMember.start(world, name))
  return [founder, ...others]
}

/** A node without membership: what it hears and says is the test's. */
async function stranger(world: SimWorld, name: string) {
  const identity = await testIdentity(name)
  return { identity, ports: simPorts(world, name, { identity }), address: `${world.host(name)}:7000` }
}

test('a wrong code lets nobody in, and says so', async () => {
  await using world = createSimWorld({ seed: 1 })
  const [a, b] = (await founderAnd(world, 'b')) as [TestMember, TestMember]
  const right = await a.code()
  const wrong = drawInviteCode(a.membership.keyring!.poolHint, new SeededRandom(99))
  await assert.rejects(b.join(wrong, a), fails('wrong-code'))
  assert.equal(b.membership.poolId, null)
  await assert.rejects(b.join('ABCD-EFGH', a), fails('bad-code'))
  await b.join(right, a)
  await assert.rejects(b.join(right, a), fails('already-in-pool'))
  await assert.rejects(b.join('ABCD-EFGH', a), fails('already-in-pool'), 'what it is in counts before what it was told')
})

test('what was typed as an address and is none is told as that', async () => {
  const dial = () => Promise.reject(new EngineError('bad-address', 'that is no address', { hint: 'host:port' }))
  await assert.rejects(joinAtOneOf(['nonsense'], dial), fails('bad-address'))
  await assert.rejects(
    joinAtOneOf(['heard', 'nonsense'], dial),
    fails('unreachable'),
    'of those heard, others matter more',
  )
})

test('a code works only at the node that gave it out', async () => {
  await using world = createSimWorld({ seed: 2 })
  const [a, b] = (await testPool(world, 'a', 'b')) as [TestMember, TestMember]
  const c = await TestMember.start(world, 'c')
  const code = await a.code()
  await assert.rejects(c.join(code, b), fails('wrong-code'))
  // Tried in turn: the wrong one first does no harm.
  await c.join(code, b, a)
  assert.equal(c.membership.poolId, a.membership.poolId)
})

test('a code works for ten minutes, also over a restart of the inviter', async () => {
  await using world = createSimWorld({ seed: 3 })
  const [founder, b, c] = (await founderAnd(world, 'b', 'c')) as [TestMember, TestMember, TestMember]
  const code = await founder.code()
  const other = await founder.code()
  const a = await founder.restart()
  await world.run(limits.inviteLifetimeMs - 30_000)
  await b.join(code, a)
  await world.run(31_000)
  await assert.rejects(c.join(other, a), fails('invite-expired'))
})

test('setting the clock back does not lengthen an invite', async () => {
  await using world = createSimWorld({ seed: 4 })
  const [a, b] = (await founderAnd(world, 'b')) as [TestMember, TestMember]
  const code = await a.code()
  await world.run(limits.inviteLifetimeMs - 60_000)
  world.skew('a', -300_000)
  await world.run(61_000)
  await assert.rejects(b.join(code, a), fails('invite-expired'))
})

test('a code lets one machine in', async () => {
  await using world = createSimWorld({ seed: 5 })
  const [a, b, c] = (await founderAnd(world, 'b', 'c')) as [TestMember, TestMember, TestMember]
  const code = await a.code()
  await b.join(code, a)
  await assert.rejects(c.join(code, a), fails('invite-used'))
  // Nor does it let the same machine in again after it was removed.
  await world.wait(a.membership.remove(b.nodeId))
  await world.until(() => b.membership.removal() !== null || a.network.peers().length === 0)
  await world.wait(b.membership.leave())
  await assert.rejects(b.join(code, a), fails('invite-used'))
})

test('two joiners with one code at once: one comes in', async () => {
  await using world = createSimWorld({ seed: 6 })
  const [a, b, c] = (await founderAnd(world, 'b', 'c')) as [TestMember, TestMember, TestMember]
  const code = await a.code()
  const both = Promise.allSettled([b.membership.join(code, [a.address]), c.membership.join(code, [a.address])])
  const results = await world.wait(both)
  assert.deepEqual(results.map((result) => result.status).sort(), ['fulfilled', 'rejected'])
  const refused = results.find((result) => result.status === 'rejected')
  fails('invite-used')(refused?.reason)
  assert.equal(a.memberIds().length, 2)
})

test('where nobody answers the joiner hears what to check', async () => {
  await using world = createSimWorld({ seed: 7 })
  const [a, b] = (await founderAnd(world, 'b')) as [TestMember, TestMember]
  const code = await a.code()
  await assert.rejects(b.join(code), fails('unreachable'))
  await assert.rejects(world.wait(b.membership.join(code, ['10.9.9.9:1'])), fails('unreachable'))
  await assert.rejects(b.join(code, b), fails('wrong-code'))
})

test('a machine in the middle that swaps the certificates gets nothing and spends nothing', async () => {
  await using world = createSimWorld({ seed: 8 })
  const [a, b] = (await founderAnd(world, 'b')) as [TestMember, TestMember]
  const middle = await stranger(world, 'm')
  const said: unknown[] = []
  await middle.ports.transport.listen({ port: 7000 }, (near) => {
    const relay = (from: Wire, to: Wire) => {
      from.onMessage((message) => {
        said.push(decodeCbor(message))
        to.send(message)
      })
      from.onClose((reason) => to.close(reason))
    }
    middle.ports.transport.dial(a.address, 'pair', {}).then(
      (far) => {
        relay(near, far)
        relay(far, near)
      },
      (error: unknown) => assert.fail(String(error)),
    )
  })
  const code = await a.code()
  await assert.rejects(world.wait(b.membership.join(code, [middle.address])), fails('wrong-code'))
  assert.deepEqual(
    said.map((each) => (each as { is: string }).is),
    ['hello', 'challenge', 'proof', 'refuse'],
  )
  assert.equal(a.memberIds().length, 1)
  // The invite is still good for whoever reaches the inviter itself.
  await b.join(code, a)
})

test('an impostor that lets every joiner in is found out: it cannot prove the code', async () => {
  await using world = createSimWorld({ seed: 9 })
  const [a, b] = (await founderAnd(world, 'b')) as [TestMember, TestMember]
  const impostor = await stranger(world, 'm')
  await impostor.ports.transport.listen({ port: 7000 }, (wire) => {
    wire.onMessage((message) => {
      const { is, mac } = decodeCbor(message) as { is: string; mac?: Uint8Array }
      if (is === 'hello') wire.send(encodeCbor({ is: 'challenge', nonce: Buffer.alloc(32) }))
      // The joiner's own proof sent back is no proof of the inviter.
      if (is === 'proof') wire.send(encodeCbor({ is: 'proof', mac }))
    })
  })
  const code = await a.code()
  await assert.rejects(world.wait(b.membership.join(code, [impostor.address])), fails('wrong-code'))
  assert.equal(b.membership.poolId, null)
})

test('an invite dies of ten wrong proofs; other invites do not', async () => {
  await using world = createSimWorld({ seed: 10 })
  const [a, b, c] = (await founderAnd(world, 'b', 'c')) as [TestMember, TestMember, TestMember]
  const attacker = await stranger(world, 'm')
  const code = await a.code()
  const other = await a.code()
  // Whoever was in the middle once knows the tag.
  let hello: Buffer | undefined
  await attacker.ports.transport.listen({ port: 7000 }, (wire) => {
    wire.onMessage((message) => {
      hello = message
      wire.close('heard enough')
    })
  })
  await assert.rejects(world.wait(b.membership.join(code, [attacker.address])), fails('unreachable'))
  for (let count = 0; count < limits.pairingProofsPerInvite; count += 1) {
    const wire = await world.wait(attacker.ports.transport.dial(a.address, 'pair', {}))
    let closed = false
    wire.onClose(() => {
      closed = true
    })
    wire.onMessage((message) => {
      const { is } = decodeCbor(message) as { is: string }
      if (is === 'challenge') wire.send(encodeCbor({ is: 'proof', mac: Buffer.alloc(32, count) }))
    })
    wire.send(hello!)
    await world.until(() => closed)
  }
  await assert.rejects(b.join(code, a), fails('invite-expired'))
  await c.join(other, a)
})

test('pairing attempts are limited per minute', async () => {
  await using world = createSimWorld({ seed: 11 })
  const [a, b] = (await founderAnd(world, 'b')) as [TestMember, TestMember]
  const code = await a.code()
  const wrong = drawInviteCode(a.membership.keyring!.poolHint, new SeededRandom(99))
  for (let count = 0; count < limits.pairingAttemptsPerMinute; count += 1) {
    await assert.rejects(b.join(wrong, a), fails('wrong-code'))
  }
  await assert.rejects(b.join(code, a), fails('busy'))
  await world.run(60_000)
  await b.join(code, a)
})

test('rubbish, silence and floods on a pairing wire end it and nothing else', async () => {
  await using world = createSimWorld({ seed: 12 })
  const [a, b] = (await founderAnd(world, 'b')) as [TestMember, TestMember]
  const attacker = await stranger(world, 'm')
  const ended: string[] = []
  const rubbish: Buffer[][] = [
    [],
    [Buffer.alloc(0)],
    [Buffer.from('ff', 'hex')],
    [encodeCbor({ is: 'proof', mac: Buffer.alloc(32) })],
    [encodeCbor({ is: 'hello', v: 1, tag: Buffer.alloc(3), nonce: Buffer.alloc(32) })],
    [encodeCbor({ is: 'hello', v: 1, tag: Buffer.alloc(16), nonce: Buffer.alloc(32) })],
    Array.from({ length: 20 }, () => Buffer.alloc(limits.wireMessageMaxBytes)),
  ]
  for (const messages of rubbish) {
    const wire = await world.wait(attacker.ports.transport.dial(a.address, 'pair', {}))
    wire.onClose((reason) => ended.push(reason))
    for (const message of messages) wire.send(message)
  }
  await world.until(() => ended.length === rubbish.length, 'the end of all wires', limits.pairingTimeoutMs + 5_000)
  const newer = await world.wait(attacker.ports.transport.dial(a.address, 'pair', {}))
  let answer: unknown
  newer.onMessage((message) => {
    answer = decodeCbor(message)
  })
  newer.send(encodeCbor({ is: 'hello', v: 2, tag: Buffer.alloc(16), nonce: Buffer.alloc(32) }))
  await world.until(() => answer !== undefined)
  assert.deepEqual(answer, { is: 'refuse', code: 'wrong-protocol' })
  assert.deepEqual(a.faults, [])
  await b.join(await a.code(), a)
})

test('a wire that breaks at any message costs nothing: the same code works again for the same machine', async () => {
  for (let messages = 1; messages <= 7; messages += 1) {
    await using world = createSimWorld({ seed: 100 + messages })
    const [a, b, c] = (await founderAnd(world, 'b', 'c')) as [TestMember, TestMember, TestMember]
    const code = await a.code()
    // The wire from b breaks when its n-th message, counted both ways, has arrived.
    let count = 0
    const dial = b.ports.transport.dial.bind(b.ports.transport)
    b.ports.transport.dial = async (...options) => {
      const wire = await dial(...options)
      if (options[1] !== 'pair') return wire
      const step = () => {
        count += 1
        if (count === messages) world.network.sever('a', 'b')
      }
      const [send, onMessage] = [wire.send.bind(wire), wire.onMessage.bind(wire)]
      wire.send = (message) => {
        send(message)
        step()
      }
      wire.onMessage = (listener) =>
        onMessage((message) => {
          listener(message)
          step()
        })
      return wire
    }
    await world.wait(b.membership.join(code, [a.address]).catch((error: unknown) => fails('unreachable')(error)))
    const spent = a.memberIds().length === 2
    if (b.membership.poolId === null) await b.join(code, a)
    assert.equal(b.membership.poolId, a.membership.poolId)
    assert.deepEqual(b.memberIds(), [a.nodeId, b.nodeId])
    assert.deepEqual(a.memberIds(), [a.nodeId, b.nodeId], 'one admission, however often it was asked for')
    if (spent) await assert.rejects(c.join(code, a), fails('invite-used'))
  }
})

test('the inviter may die at any write: no secret has left it unless the invite is spent', async () => {
  let spentAndGiven = 0
  for (let writes = 1; writes <= 4; writes += 1) {
    for (const seed of [1, 2, 3]) {
      await using world = createSimWorld({ seed: seed * 1000 + writes })
      const [a, b, c] = (await founderAnd(world, 'b', 'c')) as [TestMember, TestMember, TestMember]
      const code = await a.code()
      world.disk('a').crashAfter(writes)
      const joining = b.membership.join(code, [a.address]).catch((error: unknown) => fails('unreachable')(error))
      await world.wait(joining)
      if (world.running('a')) world.crash('a')
      const back = await TestMember.start(world, 'a')
      const given = b.membership.poolId !== null
      if (given) {
        spentAndGiven += 1
        assert.equal(back.memberIds().length, 2, 'who was given the secrets is a member')
        await assert.rejects(c.join(code, back), fails('invite-used'))
      } else {
        // Whether it was spent or not: the same machine comes in with the same code.
        await b.join(code, back)
        assert.equal(back.memberIds().length, 2)
      }
    }
  }
  assert(spentAndGiven > 0)
})

test('the joiner may die at any write: it is in no pool or wholly in one, and the code still works for it', async () => {
  const outcomes = new Set<boolean>()
  for (let writes = 1; writes <= 4; writes += 1) {
    for (const kind of ['before', 'after'] as const) {
      await using world = createSimWorld({ seed: 2000 + writes })
      const [a, b] = (await founderAnd(world, 'b')) as [TestMember, TestMember]
      const code = await a.code()
      world.disk('b').crashAfter(writes)
      const joining = b.membership.join(code, [a.address])
      joining.catch(() => {})
      await world.run(kind === 'before' ? 20 : 2_000)
      if (world.running('b')) world.crash('b')
      const back = await TestMember.start(world, 'b')
      outcomes.add(back.membership.poolId !== null)
      if (back.membership.poolId === null) {
        assert.equal(back.membership.keyring, null)
        await back.join(code, a)
      }
      assert.equal(back.membership.poolId, a.membership.poolId)
      assert.deepEqual(back.membership.keyring!.current(), a.membership.keyring!.current())
      await world.until(() => back.isConnected(a))
    }
  }
  assert.equal(outcomes.size, 2)
})

test('a pool takes 63 machines and tells the next that it is full', async () => {
  await using world = createSimWorld({ seed: 14 })
  const a = await (await TestMember.start(world, 'a')).create()
  for (let count = 2; count <= limits.membersPerPool; count += 1) {
    const node = await TestMember.start(world, `n${count}`)
    await world.run(2_000)
    await node.join(await a.code(), a)
    world.crash(`n${count}`)
  }
  assert.equal(a.memberIds().length, 63)
  const late = await TestMember.start(world, 'late')
  await world.run(60_000)
  const code = await a.code()
  await assert.rejects(late.join(code, a), fails('pool-full'))
  await world.wait(a.membership.remove(a.memberIds()[5]!))
  // The refusal has not spent the code.
  await late.join(code, a)
  assert.equal(late.memberIds().length, 63)
  assert.equal(late.membership.keyring!.current().id, a.membership.keyring!.current().id)
})

test('sixteen invites may be open', async () => {
  await using world = createSimWorld({ seed: 15 })
  const [a, b] = (await founderAnd(world, 'b')) as [TestMember, TestMember]
  const codes: string[] = []
  for (let count = 0; count < limits.invitesOpen; count += 1) codes.push(await a.code())
  await assert.rejects(a.code(), fails('too-many-invites'))
  await b.join(codes[3]!, a)
  await a.code()
  await assert.rejects(a.code(), fails('too-many-invites'))
  await world.run(limits.inviteLifetimeMs)
  await a.code()
})

test('a machine of one pool cannot join another, and one without a pool invites nobody', async () => {
  await using world = createSimWorld({ seed: 16 })
  const [a, b, c] = (await founderAnd(world, 'b', 'c')) as [TestMember, TestMember, TestMember]
  await b.create()
  await assert.rejects(b.join(await a.code(), a), fails('already-in-pool'))
  await assert.rejects(c.code(), (error) => isEngineError(error, 'no-pool'))
})

test('a machine that was removed joins another pool only after it has left the old one; its code waits for it', async () => {
  await using world = createSimWorld({ seed: 17 })
  const [a, b] = (await testPool(world, 'a', 'b')) as [TestMember, TestMember]
  const c = await (await TestMember.start(world, 'c')).create()
  await world.wait(a.membership.remove(b.nodeId))
  await world.until(() => b.membership.removal() !== null)
  const code = await c.code()
  await assert.rejects(b.join(code, c), fails('already-in-pool'))
  assert.equal(b.membership.poolId, a.membership.poolId)
  await world.wait(b.membership.leave())
  await b.join(code, c)
  assert.equal(b.membership.poolId, c.membership.poolId)
  assert.deepEqual(b.memberIds(), [c.nodeId, b.nodeId])
})
