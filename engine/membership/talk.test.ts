import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { encodeCbor } from '../base/cbor.ts'
import { isEngineError } from '../base/error.ts'
import { limits } from '../limits.ts'
import type { Wire } from '../ports.ts'
import { createSimWorld, simPorts } from '../sim/index.ts'
import { Talk } from './talk.ts'

const number = z.object({ number: z.number() })
const fails = (code: string) => (error: unknown) => isEngineError(error, code)

async function conversation() {
  const world = createSimWorld({ seed: 1 })
  const [a, b] = [simPorts(world, 'a'), simPorts(world, 'b')]
  let far: Wire | undefined
  const listening = await b.transport.listen({}, (wire) => {
    far = wire
  })
  const near = await world.wait(a.transport.dial(listening.addresses()[0] as string, 'pair', {}))
  await world.until(() => far !== undefined)
  return { world, talk: new Talk(near, a.clock, 10_000), far: far as Wire }
}

test('what was said before the wire closed is heard, then its end', async () => {
  const { world, talk, far } = await conversation()
  await using _world = world
  far.send(encodeCbor({ number: 1 }))
  far.send(encodeCbor({ number: 2 }))
  far.close('enough')
  await world.run(100)
  assert.deepEqual(await talk.next(number), { number: 1 })
  assert.deepEqual(await talk.next(number), { number: 2 })
  await assert.rejects(talk.next(number), fails('unreachable'))
  await assert.rejects(talk.drained(), fails('unreachable'))
  talk.say({ number: 3 })
})

test('it ends after its time, for whoever waits and whoever comes later', async () => {
  const { world, talk, far } = await conversation()
  await using _world = world
  let closed = ''
  far.onClose((reason) => {
    closed = reason
  })
  await assert.rejects(world.wait(talk.next(number)), fails('unreachable'))
  assert.equal(Math.round(world.nowMs / 1000), 10)
  await assert.rejects(talk.next(number), fails('unreachable'))
  await world.until(() => closed !== '')
})

test('what makes no sense is refused', async () => {
  const { world, talk, far } = await conversation()
  await using _world = world
  far.send(encodeCbor({ number: 'one' }))
  far.send(Buffer.from('ff', 'hex'))
  await assert.rejects(world.wait(talk.next(number)), fails('bad-message'))
  await assert.rejects(world.wait(talk.next(number)), fails('bad-cbor'))
})

test('whoever says more than is listened to is cut off', async () => {
  const { world, talk, far } = await conversation()
  await using _world = world
  let closed = false
  far.onClose(() => {
    closed = true
  })
  for (let count = 0; count < 6; count += 1) far.send(Buffer.alloc(limits.wireMessageMaxBytes))
  await world.until(() => closed, 'the end', 5_000)
  talk[Symbol.dispose]()
})
