import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deferred } from '../base/async.ts'
import { KiB, limits, MiB } from '../limits.ts'
import type { Wire } from '../ports.ts'
import { systemClock } from './clock.ts'
import { systemRandom } from './random.ts'
import { ReadRing } from './readRing.ts'
import { testIdentities } from './testIdentities.ts'
import { createTransport } from './transport.ts'

const [one, two] = testIdentities.nodes

test('a wire that brings bulk reads into a ring, dialled or accepted, and nothing that came is overwritten', async () => {
  const accepted = deferred<Wire>()
  const listening = await createTransport(two, systemClock).listen({ host: '127.0.0.1' }, (wire) =>
    accepted.resolve(wire),
  )
  const address = `127.0.0.1:${listening.port}`
  const dialled = await createTransport(one, systemClock).dial(address, 'data', {})
  const other = await accepted.promise
  const closed = Promise.all([dialled, other].map((wire) => new Promise((resolve) => wire.onClose(resolve))))
  try {
    assert.equal(ReadRing.inUse, 0)
    await Promise.all([exchange(dialled, other), exchange(other, dialled)])
    assert.equal(ReadRing.inUse, 2)
  } finally {
    dialled.close('done')
    await closed
    await listening.close()
  }
  assert.equal(ReadRing.inUse, 0)
})

/** Large messages into given memory with small ones between, far more than a ring holds; all are kept and compared at the end. */
async function exchange(from: Wire, to: Wire): Promise<void> {
  const sizes = [1, 64 * KiB, 3, 70_000, 1 * MiB - 1, 16 * KiB, 200]
  const sent: Buffer[] = []
  for (let bytes = 0; bytes < 6 * limits.readRingBytes; bytes += sent.at(-1)?.length ?? 0)
    sent.push(systemRandom.bytes(sizes[sent.length % sizes.length] ?? 1))
  const got: Buffer[] = []
  const done = deferred<void>()
  to.onMessage((message) => {
    got.push(message)
    const next = sent[got.length]
    if (next !== undefined && next.length > 100_000) to.nextInto?.(Buffer.alloc(next.length))
    if (got.length === sent.length) done.resolve()
  })
  for (const message of sent) from.send(message)
  await done.promise
  assert.ok(got.every((message, index) => message.equals(sent[index] as Buffer)))
}
