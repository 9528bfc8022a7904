import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deferred } from '../base/async.ts'
import { EngineError } from '../base/error.ts'
import type { NodeId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import type { Message, Peer, PeerNetwork } from '../net/index.ts'
import { createSimWorld, simPorts } from '../sim/index.ts'
import { Exchange, type ExchangeHost } from './exchange.ts'
import { decodeRow, type MemberRow, signGenesis, signRow } from './memberRow.ts'
import { RowSet } from './rowSet.ts'
import { testIdentity } from './testMember.ts'

const [a, b] = await Promise.all(['a', 'b'].map(testIdentity))
assert(a !== undefined && b !== undefined)
const genesis = signGenesis(a, 0, Buffer.alloc(16))
const later = [1, 2, 3].map((atMs) =>
  signRow(a, { genesis: genesis.hash, authority: genesis.hash }, atMs, {
    kind: 'remove',
    target: b.nodeId,
    stands: [],
  }),
)

/** An exchange with one peer, whose answers the test gives. */
function exchangeWith(answer: (name: string, body: unknown) => Promise<unknown>) {
  const world = createSimWorld({ seed: 1 })
  const { clock } = simPorts(world, 'a')
  const network = { handle: () => {} } as unknown as PeerNetwork
  const set = new RowSet([genesis])
  const merged: MemberRow[] = []
  const faults: unknown[] = []
  const host: ExchangeHost = {
    rows: () => set,
    merge: async (rows) => void merged.push(...rows),
    unknownEpochs: () => [],
    sealSecrets: () => [],
    unseal: () => Buffer.alloc(0),
    learn: async () => {},
    fault: (error) => faults.push(error),
  }
  const asked: string[] = []
  const peer = {
    nodeId: b!.nodeId,
    request: async (message: Message<unknown, unknown>, body: unknown) => {
      asked.push(message.name)
      return { body: await answer(message.name, body), payload: undefined }
    },
  } as unknown as Peer
  return { world, exchange: new Exchange(host, clock, network), peer, asked, merged, faults }
}

const nothingNew = { rows: [], more: false, wanted: Buffer.alloc(0) }

test('rows are compared before anything else, and later ones go one message at a time in their order', async () => {
  const pushed: MemberRow[][] = []
  const gate = deferred<void>()
  const { world, exchange, peer, asked, faults } = exchangeWith(async (name, body) => {
    if (name === 'members.sync') return nothingNew
    pushed.push((body as { rows: Uint8Array[] }).rows.map(decodeRow))
    await gate.promise
    return {}
  })
  await using _world = world
  exchange.connected(peer)
  assert.equal(await world.wait(exchange.synced(b.nodeId)), true)
  const first = exchange.push(later.slice(0, 1))
  await world.run(10)
  const rest = [exchange.push(later.slice(1, 2)), exchange.push(later.slice(2))]
  await world.run(10)
  assert.deepEqual(asked, ['members.sync', 'members.push'], 'the next waits for the answer to the first')
  gate.resolve()
  for (const { arrivals } of [first, ...rest]) assert.deepEqual(await world.wait(Promise.all(arrivals)), [true])
  assert.deepEqual(pushed, [[later[0]], [later[1], later[2]]])
  assert.deepEqual(exchange.push(later, b.nodeId).arrivals, [], 'not back to where they came from')
  assert.deepEqual(faults, [])
})

test('what failed is made good by comparing again', async () => {
  let failures = 2
  const { world, exchange, peer, asked } = exchangeWith(async (name) => {
    if (name === 'members.push' && failures > 0) {
      failures -= 1
      throw new EngineError('timeout', 'no answer')
    }
    return name === 'members.sync' ? nothingNew : {}
  })
  await using _world = world
  exchange.connected(peer)
  const { arrivals } = exchange.push(later)
  assert.deepEqual(await world.wait(Promise.all(arrivals)), [true])
  assert.deepEqual(asked, [
    'members.sync',
    'members.push',
    'members.sync',
    'members.push',
    'members.sync',
    'members.push',
  ])
  assert(world.nowMs >= 2 * limits.memberSyncRetryMs)
})

test('a peer that has gone is asked nothing more, and whoever waits for it hears so', async () => {
  const { world, exchange, peer, asked } = exchangeWith(async () => {
    throw new EngineError('peer-gone', 'gone')
  })
  await using _world = world
  exchange.connected(peer)
  const synced = exchange.synced(b.nodeId)
  const { arrivals } = exchange.push(later)
  const flushed = exchange.flushed(b.nodeId)
  await world.run(1)
  exchange.disconnected(b.nodeId)
  assert.deepEqual(await world.wait(Promise.all([synced, flushed, ...arrivals])), [false, false, false])
  const count = asked.length
  await world.idle()
  await world.run(10 * limits.memberSyncRetryMs)
  assert.equal(asked.length, count)
  assert.equal(await exchange.synced('f'.repeat(32) as NodeId), false)
})

test('a peer that always has more rows, none of which have a place here, is not asked for ever', async () => {
  const { world, exchange, peer, asked } = exchangeWith(async () => ({ ...nothingNew, more: true }))
  await using _world = world
  exchange.connected(peer)
  assert.equal(await world.wait(exchange.synced(b.nodeId)), true)
  assert.deepEqual(asked, ['members.sync'])
})
