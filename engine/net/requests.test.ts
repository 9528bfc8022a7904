import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { deferred } from '../base/async.ts'
import { EngineError } from '../base/error.ts'
import { limits, MiB } from '../limits.ts'
import { createSimWorld, withSeeds } from '../sim/index.ts'
import { defineMessage } from './index.ts'
import { bulk, echo, patterns, pool, sumOf, type TestNode } from './testPool.ts'

const two = async (seed = 1) => {
  const world = createSimWorld({ seed })
  const [a, b] = (await pool(world, ['a', 'b'])) as [TestNode, TestNode]
  return { world, a, b, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() }
}

test('a request gets its answer', async () => {
  await using pair = await two()
  const { world, a, b } = pair
  const answer = await world.wait(a.peer(b).request(echo, { text: 'hello' }))
  assert.deepEqual([answer.body, answer.payload], [{ text: 'hello' }, undefined])
})

test('a thousand requests at once get their own answers', async () => {
  await using pair = await two()
  const { world, a, b } = pair
  const texts = Array.from({ length: 1000 }, (_, index) => `${index}`)
  const answers = await world.wait(Promise.all(texts.map((text) => a.peer(b).request(echo, { text }))))
  assert.deepEqual(
    answers.map((answer) => answer.body.text),
    texts,
  )
})

test('an error of the handler keeps its code, words, hint and facts', async () => {
  await using pair = await two()
  const { world, a, b } = pair
  const fails = defineMessage('test.fails', 'control', z.object({}), z.object({}))
  b.network.handle(fails, async () => {
    throw new EngineError('quota-full', 'no room', { hint: 'Make some.', retryable: true, facts: { freeBytes: 7 } })
  })
  await assert.rejects(world.wait(a.peer(b).request(fails, {})), (error: EngineError) => {
    assert(error instanceof EngineError)
    const { code, message, hint, retryable, facts } = error
    assert.deepEqual(
      { code, message, hint, retryable, facts },
      { code: 'quota-full', message: 'no room', hint: 'Make some.', retryable: true, facts: { freeBytes: 7 } },
    )
    return true
  })
})

test('a defect of the handler tells the peer nothing and is told here', async () => {
  await using world = createSimWorld({ seed: 1 })
  const faults: unknown[] = []
  const [a, b] = (await pool(world, ['a', 'b'], { fault: (error) => faults.push(error) })) as [TestNode, TestNode]
  const breaks = defineMessage('test.breaks', 'control', z.object({}), z.object({}))
  b.network.handle(breaks, async () => {
    throw new TypeError('secret detail')
  })
  await assert.rejects(world.wait(a.peer(b).request(breaks, {})), { code: 'internal', message: /unexpectedly/ })
  assert.match(String(faults[0]), /secret detail/)
})

test('unknown requests, wrong lanes and malformed bodies are refused; too many malformed ones end the connection', async () => {
  await using pair = await two()
  const { world, a, b } = pair
  const unknown = defineMessage('test.unknown', 'control', z.object({}), z.object({}))
  await assert.rejects(world.wait(a.peer(b).request(unknown, {})), { code: 'unknown-message' })
  const wrongLane = defineMessage('test.echo', 'data', z.object({}), z.object({}))
  await assert.rejects(world.wait(a.peer(b).request(wrongLane, { text: '' } as never)), { code: 'bad-message' })
  const loose = defineMessage('test.echo', 'control', z.any(), z.any())
  for (let count = 1; count < limits.malformedMessagesMax; count += 1) {
    await assert.rejects(world.wait(a.peer(b).request(loose, { text: count })), { code: 'bad-message' })
  }
  assert.equal((await world.wait(a.peer(b).request(loose, { text: 'x' }))).body.text, 'x')
  await assert.rejects(world.wait(a.peer(b).request(loose, { text: 1 })), { code: /bad-message|peer-gone/ })
  await world.run(10)
  assert(
    a.log.some((line) => line.includes('too many malformed')),
    `${a.log}`,
  )
})

test('a malformed answer fails the request', async () => {
  await using pair = await two()
  const { world, a, b } = pair
  const strict = defineMessage('test.lies', 'control', z.object({}), z.object({ count: z.number() }))
  b.network.handle(
    defineMessage('test.lies', 'control', z.object({}), z.any()),
    async (): Promise<unknown> => ({ count: 'many' }),
  )
  await assert.rejects(world.wait(a.peer(b).request(strict, {})), { code: 'bad-message' })
})

test('an aborted request settles at once and aborts its handler', async () => {
  await using pair = await two()
  const { world, a, b } = pair
  const waits = defineMessage('test.waits', 'control', z.object({}), z.object({}))
  let aborted: unknown
  const begun = deferred<void>()
  b.network.handle(waits, (_, { signal }) => {
    begun.resolve()
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        aborted = signal.reason
        reject(signal.reason)
      })
    })
  })
  const stop = new AbortController()
  const asked = a.peer(b).request(waits, {}, { signal: stop.signal })
  asked.catch(() => {})
  await world.wait(begun.promise)
  stop.abort(new Error('enough'))
  await assert.rejects(asked, /enough/)
  await world.run(100)
  assert(aborted instanceof EngineError && aborted.code === 'cancelled')
  await assert.rejects(a.peer(b).request(waits, {}, { signal: stop.signal }), /enough/)
})

test('a request without an answer fails after its timeout, not before', async () => {
  await using pair = await two()
  const { world, a, b } = pair
  const never = defineMessage('test.never', 'control', z.object({}), z.object({}))
  b.network.handle(never, () => new Promise(() => {}))
  const beganMs = world.nowMs
  const long = world.wait(a.peer(b).request(never, {}))
  await assert.rejects(long, { code: 'timeout' })
  assert.equal(Math.round(world.nowMs - beganMs), limits.requestTimeoutMs)
  const shortMs = world.nowMs
  await assert.rejects(world.wait(a.peer(b).request(never, {}, { timeoutMs: 700 })), { code: 'timeout' })
  assert.equal(Math.round(world.nowMs - shortMs), 700)
})

test('a slow payload that moves does not time out', async () => {
  await using pair = await two()
  const { world, a, b } = pair
  world.network.settings.bytesPerMs = 2_000
  const beganMs = world.nowMs
  const payload = Buffer.alloc(12 * MiB, 3)
  const answer = await world.wait(a.peer(b).request(bulk, { answerBytes: 12 * MiB }, { payload, timeoutMs: 3_000 }))
  assert(world.nowMs - beganMs > 10_000)
  assert.equal(answer.payload?.length, 12 * MiB)
})

test('all waiting requests fail when the peer goes', async () => {
  await using pair = await two()
  const { world, a, b } = pair
  b.network.handle(defineMessage('test.never', 'control', z.object({}), z.object({})), () => new Promise(() => {}))
  const never = defineMessage('test.never', 'control', z.object({}), z.object({}))
  const asked = [
    a.peer(b).request(never, {}),
    a.peer(b).request(bulk, { answerBytes: 1 }, { payload: Buffer.alloc(9 * MiB) }),
  ]
  const outcomes = Promise.allSettled(asked)
  await world.run(2)
  world.crash('b', 'kill')
  for (const outcome of await world.wait(outcomes)) {
    assert.equal(outcome.status === 'rejected' && outcome.reason.code, 'peer-gone')
    assert.equal(outcome.status === 'rejected' && outcome.reason.retryable, true)
  }
})

test('too many requests at once are refused, and the peer is not overrun by one that counts wrongly', async () => {
  await using pair = await two()
  const { world, a, b } = pair
  const never = defineMessage('test.never', 'control', z.object({}), z.object({}))
  b.network.handle(never, () => new Promise(() => {}))
  const waiting: Promise<unknown>[] = []
  for (let count = 0; count < limits.requestsPerPeer; count += 1) {
    const asked = a.peer(b).request(never, {})
    asked.catch(() => {})
    waiting.push(asked)
  }
  await assert.rejects(a.peer(b).request(echo, { text: '' }), { code: 'too-busy', retryable: true })
  // Cancelled here, but the other end's handlers do not care and still run: there they count.
  const stop = new AbortController()
  await world.run(100)
  b.network.peers()
  await world.run(limits.requestTimeoutMs + 1_000)
  assert.equal(
    (await Promise.allSettled(waiting)).every((outcome) => outcome.status === 'rejected'),
    true,
  )
  await assert.rejects(world.wait(a.peer(b).request(echo, { text: '' }, { signal: stop.signal })), { code: 'too-busy' })
})

test('payloads of all sizes come and go unharmed', async () => {
  await using pair = await two()
  const { world, a, b } = pair
  const sizes = [
    0,
    1,
    1000,
    limits.frameBytes - 1,
    limits.frameBytes,
    limits.frameBytes + 1,
    5_000_001,
    limits.chunkMaxBytes,
  ]
  for (const size of sizes) {
    const payload = Buffer.alloc(size, world.random.between(0, 1))
    const answer = await world.wait(a.peer(b).request(bulk, { answerBytes: size }, { payload }))
    assert.equal(answer.body.sum, sumOf(payload), `${size} bytes`)
    assert.equal(answer.payload?.length, size)
    assert(answer.payload?.equals(patterns[payload[0] === 1 ? 1 : 0].subarray(0, size)))
  }
  await assert.rejects(
    a.peer(b).request(bulk, { answerBytes: 0 }, { payload: Buffer.alloc(limits.chunkMaxBytes + 1) }),
    {
      code: 'too-large',
    },
  )
  await assert.rejects(a.peer(b).request(echo, { text: '' }, { payload: Buffer.alloc(1) }), { code: 'too-large' })
  await assert.rejects(a.peer(b).request(echo, { text: 'x'.repeat(2 * MiB) }), { code: 'too-large' })
  await assert.rejects(
    a.peer(b).request(bulk, { answerBytes: 'x'.repeat(2 * MiB) } as never, { payload: Buffer.alloc(9) }),
    {
      code: 'too-large',
    },
  )
  assert.equal((await world.wait(a.peer(b).request(echo, { text: 'still here' }))).body.text, 'still here')
})

test('small messages overtake bulk and payloads share the wire', async () => {
  await using pair = await two()
  const { world, a, b } = pair
  world.network.settings.bytesPerMs = 10_000
  const small = defineMessage('test.small', 'data', z.object({}), z.object({}))
  b.network.handle(small, async () => ({}))
  const doneMs: number[] = []
  const beganMs = world.nowMs
  const asked = [12, 12, 1].map(async (size, index) => {
    await a.peer(b).request(bulk, { answerBytes: 0 }, { payload: Buffer.alloc(size * MiB) })
    doneMs[index] = world.nowMs - beganMs
  })
  await world.run(20)
  const smallMs = world.nowMs
  await world.wait(a.peer(b).request(small, {}))
  // The wire's own buffer and what is on the line come first: some 6 MiB, not 25.
  assert(world.nowMs - smallMs < 1_000, `${world.nowMs - smallMs} ms`)
  await world.wait(Promise.all(asked))
  assert((doneMs[2] ?? 0) < 0.4 * (doneMs[0] ?? 0), `${doneMs}`)
})

test('memory may be reused as soon as the request has settled, however it settled', () =>
  withSeeds(10, async (seed) => {
    await using pair = await two(seed)
    const { world, a, b } = pair
    world.network.settings.bytesPerMs = 3_000
    const seen: boolean[] = []
    const picky = defineMessage('test.picky', 'data', z.object({ good: z.boolean() }), z.object({}))
    b.network.handle(picky, async ({ good }, { payload }) => {
      if (!good) throw new EngineError('no', 'no')
      seen.push(payload?.equals(Buffer.alloc(payload.length, 5)) === true)
      return {}
    })
    const unknown = defineMessage('test.unknown', 'data', z.object({}), z.object({}))
    const asked = Array.from({ length: 10 }, async () => {
      const payload = Buffer.alloc(world.random.between(1, 3 * MiB), 5)
      const stop = new AbortController()
      const timer = a.ports.clock.timer(world.random.between(1, 3_000), () => stop.abort(new Error('enough')))
      const options = { payload, signal: stop.signal }
      const kind = world.random.between(0, 2)
      try {
        if (kind === 0) await a.peer(b).request(unknown, {}, options)
        else await a.peer(b).request(picky, { good: kind === 1 }, options)
      } catch (error) {
        assert(error instanceof Error)
      }
      timer[Symbol.dispose]()
      payload.fill(9)
    })
    await world.wait(Promise.all(asked))
    await world.run(10_000)
    assert(seen.every((whole) => whole))
    // Nothing leaked: all credit is back.
    const payload = Buffer.alloc(limits.chunkMaxBytes, 5)
    await world.wait(Promise.all([1, 2, 3].map(() => a.peer(b).request(picky, { good: true }, { payload }))))
    assert.equal(a.log.length, 1, `${a.log}`)
  }))

test('the memory of an answer may be reused once its handler is told so, and it is told', () =>
  withSeeds(10, async (seed) => {
    await using pair = await two(seed)
    const { world, a, b } = pair
    world.network.settings.bytesPerMs = 3_000
    let released = 0
    const giving = defineMessage('test.giving', 'data', z.object({ sizeBytes: z.number() }), z.object({}))
    b.network.handle(giving, async ({ sizeBytes }) => {
      const payload = Buffer.alloc(sizeBytes, 5)
      const release = () => {
        released++
        payload.fill(9)
      }
      return { body: {}, payload, release }
    })
    const answers = await world.wait(
      Promise.all(
        Array.from({ length: 10 }, () => a.peer(b).request(giving, { sizeBytes: world.random.between(1, 3 * MiB) })),
      ),
    )
    for (const { payload } of answers) assert(payload?.equals(Buffer.alloc(payload.length, 5)))
    await world.run(10_000)
    assert.equal(released, 10)
  }))

test('answers that are cancelled on their way give their credit back', async () => {
  await using pair = await two()
  const { world, a, b } = pair
  world.network.settings.bytesPerMs = 10_000
  for (let round = 0; round < 6; round += 1) {
    const stop = new AbortController()
    const asked = a.peer(b).request(bulk, { answerBytes: limits.chunkMaxBytes }, { signal: stop.signal })
    asked.catch(() => {})
    // Long enough for some frames of the answer, not for all.
    await world.run(600)
    stop.abort(new Error('enough'))
    await assert.rejects(asked, /enough/)
  }
  await world.run(3_000)
  const answer = await world.wait(a.peer(b).request(bulk, { answerBytes: limits.chunkMaxBytes }), 3_000)
  assert.equal(answer.payload?.length, limits.chunkMaxBytes)
})

test('payloads that are refused on their way give their credit back', async () => {
  await using pair = await two()
  const { world, a, b } = pair
  world.network.settings.bytesPerMs = 10_000
  const unknown = defineMessage('test.unknown', 'data', z.object({}), z.object({}))
  for (let round = 0; round < 6; round += 1) {
    const beganMs = world.nowMs
    const asked = a.peer(b).request(unknown, {}, { payload: patterns[0] })
    await assert.rejects(world.wait(asked), { code: 'unknown-message' })
    assert(world.nowMs - beganMs < 600, 'the rest was not sent')
  }
  const whole = a.peer(b).request(bulk, { answerBytes: 0 }, { payload: patterns[0], timeoutMs: 3_000 })
  assert.equal((await world.wait(whole)).body.sum, sumOf(patterns[0]))
})

test('requests that are cancelled while they run do not count once their handlers are done', async () => {
  await using pair = await two()
  const { world, a, b } = pair
  const waits = defineMessage('test.waits', 'control', z.object({}), z.object({}))
  b.network.handle(waits, (_, { signal }) => {
    return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  })
  for (let round = 0; round < 3; round += 1) {
    const stop = new AbortController()
    const asked = Array.from({ length: 500 }, () => a.peer(b).request(waits, {}, { signal: stop.signal }))
    const outcomes = Promise.allSettled(asked)
    await world.run(10)
    stop.abort(new Error('enough'))
    await outcomes
    await world.run(10)
  }
  assert.equal((await world.wait(a.peer(b).request(echo, { text: 'x' }))).body.text, 'x')
})

const relay = defineMessage(
  'test.relay',
  'data',
  z.object({ answerBytes: z.number() }),
  z.object({ fetchedBytes: z.number() }),
)

test('two nodes that ask and answer in bulk at once, cancelling at random, never stand still', () =>
  withSeeds(2, async (seed) => {
    await using pair = await two(seed)
    const { world, a, b } = pair
    const { random } = world
    world.network.settings.bytesPerMs = random.pick([2_000, 100_000, 1_000_000])
    world.network.settings.latencyMs = random.pick([0.1, 2, 40])
    // As a repair order does: the handler fetches from the asker while it holds the asker's credit.
    for (const node of [a, b]) {
      node.network.handle(relay, async ({ answerBytes }, { peer, payload }) => {
        const fetched = await peer.request(bulk, { answerBytes }, { timeoutMs: 600_000 })
        return { fetchedBytes: (fetched.payload?.length ?? 0) + (payload?.length ?? 0) }
      })
    }
    let settled = 0
    const burst = (from: TestNode, to: TestNode) =>
      Array.from({ length: 15 }, async () => {
        const sizeOf = () => random.pick([0, 1, random.between(0, 100_000), limits.chunkMaxBytes])
        const payload = random.chance(0.8) ? patterns[1].subarray(0, sizeOf()) : undefined
        const stop = new AbortController()
        if (random.chance(0.3)) from.ports.clock.timer(random.fraction() * 2_000, () => stop.abort(new Error('enough')))
        const answerBytes = sizeOf()
        try {
          const options = payload === undefined ? {} : { payload }
          if (random.chance(0.4)) {
            const { body } = await from.peer(to).request(relay, { answerBytes }, { ...options, timeoutMs: 600_000 })
            assert.equal(body.fetchedBytes, answerBytes + (payload?.length ?? 0))
            return
          }
          const answer = await from
            .peer(to)
            .request(bulk, { answerBytes }, { ...options, signal: stop.signal, timeoutMs: 600_000 })
          assert.equal(answer.payload?.length, answerBytes)
        } catch (error) {
          assert.match(String(error), /enough/)
        } finally {
          settled += 1
        }
      })
    await world.wait(Promise.all([...burst(a, b), ...burst(b, a)]))
    assert.equal(settled, 30)
    // And once more, since credit that leaked away would show now.
    await world.wait(Promise.all([...burst(a, b), ...burst(b, a)]))
    assert.deepEqual([a.log.length, b.log.length], [1, 1], `${a.log} ${b.log}`)
  }))
