import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { deferred } from '../base/async.ts'
import { EngineError } from '../base/error.ts'
import { loadIdentity } from '../identity/index.ts'
import { limits } from '../limits.ts'
import { createDisk, createTransport, systemClock, systemRandom } from '../platform/index.ts'
import { createPeerNetwork } from './index.ts'
import { bulk, echo, openGate, patterns, sumOf } from './testPool.ts'
import type { Gatekeeper, Peer } from './types.ts'

/** A network on real sockets that ends with its scope. */
async function realNode(gatekeeper: Gatekeeper = openGate) {
  const folder = mkdtempSync(join(tmpdir(), 'hadahoop-net-'))
  const identity = await loadIdentity({ disk: createDisk(folder), random: systemRandom }, '0'.repeat(32))
  const ports = { clock: systemClock, random: systemRandom, transport: createTransport(identity, systemClock) }
  const network = createPeerNetwork({ ports, identity, gatekeeper, listen: { host: '127.0.0.1' } })
  const connected = deferred<Peer>()
  const disconnected = deferred<string>()
  network.on({
    connected: (peer) => connected.resolve(peer),
    disconnected: (_, reason) => disconnected.resolve(reason),
  })
  network.handle(echo, async (body) => body)
  network.handle(bulk, async (body, { payload, release }) => {
    const sum = sumOf(payload ?? Buffer.alloc(0))
    release()
    return { body: { sum }, payload: patterns[1].subarray(0, body.answerBytes) }
  })
  await network.start()
  return {
    nodeId: identity.nodeId,
    network,
    address: `127.0.0.1:${network.port}`,
    connected: connected.promise,
    disconnected: disconnected.promise,
    async [Symbol.asyncDispose]() {
      await network.stop()
      rmSync(folder, { recursive: true })
    },
  }
}

test('over real sockets: both dial at once, requests and payloads go both ways at once, stopping is noticed', async () => {
  await using left = await realNode()
  await using right = await realNode()
  left.network.want(right.nodeId, [right.address])
  right.network.want(left.nodeId, [left.address])
  const [there, back] = await Promise.all([left.connected, right.connected])
  const sizes = [0, 1, limits.frameBytes, limits.frameBytes + 1, 3_000_000, limits.chunkMaxBytes]
  const expected = sizes.map((size) => sumOf(patterns[1].subarray(0, size)))
  await Promise.all(
    [there, back].map(async (peer) => {
      for (let round = 0; round < 3; round += 1) {
        const asked = sizes.map(async (size) => {
          const answer = await peer.request(bulk, { answerBytes: size }, { payload: patterns[1].subarray(0, size) })
          assert(answer.payload?.equals(patterns[1].subarray(0, size)))
          answer.release()
          return answer.body.sum
        })
        const small = Array.from({ length: 200 }, (_, index) => peer.request(echo, { text: `${index}` }))
        assert.deepEqual(await Promise.all(asked), expected)
        assert.deepEqual(
          (await Promise.all(small)).map(({ body }) => Number(body.text)),
          [...small.keys()],
        )
      }
    }),
  )
  assert.deepEqual([left.network.peers().length, right.network.peers().length], [1, 1])
  await left.network.stop()
  assert.equal(await right.disconnected, 'stopped')
})

test('over real sockets: a refusal arrives before the wire closes', async () => {
  const judged = deferred<void>()
  await using left = await realNode()
  await using right = await realNode({
    ...openGate,
    judge: async () => {
      judged.resolve()
      throw new EngineError('other-pool', 'this machine is in another pool', { hint: 'Leave that one first.' })
    },
  })
  left.network.want(right.nodeId, [right.address])
  await judged.promise
  while (left.network.lastProblem(right.nodeId) === undefined) await systemClock.soon()
  const problem = left.network.lastProblem(right.nodeId)
  assert.deepEqual([problem?.code, problem?.hint, problem?.refusedBy], ['other-pool', 'Leave that one first.', 'peer'])
})
