import assert from 'node:assert/strict'
import { test } from 'node:test'
import { blake3Hex } from '../base/hash.ts'
import type { NodeId, SegmentId } from '../base/ids.ts'
import { LeaseEnds } from './leaseEnds.ts'

const node = (name: string) => blake3Hex(Buffer.from(name)).slice(0, 32) as NodeId
const [self, writer, removed] = ['self', 'writer', 'removed'].map(node) as [NodeId, NodeId, NodeId]

function world() {
  const facts = { leases: [] as { writer: NodeId; writerStart: number }[], missing: 0, connectedStart: 0 }
  const ends = new LeaseEnds({
    self,
    startNumber: 5,
    catalog: { missingSegments: () => Array.from({ length: facts.missing }, () => 'missing' as SegmentId) },
    store: {
      leaseWriters: () => facts.leases,
      catchUp: async () => {},
      async endLeasesOfWriter(who, keepStart) {
        facts.leases = facts.leases.filter((each) => each.writer !== who || each.writerStart === keepStart)
      },
    },
    isMember: (each) => each !== removed,
    startOf: (each) => (each === writer && facts.connectedStart > 0 ? facts.connectedStart : undefined),
  })
  const walked = (theirStart: number) => ends.walked({ node: writer, ourStart: 5, theirStart, begunMs: 1, endedMs: 2 })
  return { facts, ends, walked }
}

test('leases of a writer that restarted end after a walk with its new start, and not before', async () => {
  const { facts, ends, walked } = world()
  facts.leases = [
    { writer, writerStart: 1 },
    { writer, writerStart: 2 },
  ]
  facts.connectedStart = 2
  await ends.check()
  assert.equal(facts.leases.length, 2)
  walked(2)
  facts.missing = 1
  await ends.check()
  assert.equal(facts.leases.length, 2, 'a version whose segment is missing protects nothing yet')
  facts.missing = 0
  await ends.check()
  assert.deepEqual(facts.leases, [{ writer, writerStart: 2 }])
})

test('a walk with a start that is over by now ends nothing of the next one', async () => {
  const { facts, ends, walked } = world()
  walked(2)
  facts.connectedStart = 3
  facts.leases = [{ writer, writerStart: 3 }]
  await ends.check()
  assert.equal(facts.leases.length, 1)
})

test('leases of a removed writer and of this node’s own earlier starts end', async () => {
  const { facts, ends } = world()
  facts.leases = [
    { writer: removed, writerStart: 1 },
    { writer: self, writerStart: 4 },
    { writer: self, writerStart: 5 },
  ]
  await ends.check()
  assert.deepEqual(facts.leases, [{ writer: self, writerStart: 5 }])
})
