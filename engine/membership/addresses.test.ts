import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NodeId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import { createSimWorld, simPorts } from '../sim/index.ts'
import { AddressBook } from './addresses.ts'
import { MemberStore } from './store.ts'

const node = 'b'.repeat(32) as NodeId
const other = 'c'.repeat(32) as NodeId

async function book() {
  const world = createSimWorld({ seed: 1 })
  const { clock, disk } = simPorts(world, 'a')
  const store = new MemberStore(disk.openDatabase('members.db'))
  const members = new Set([node])
  const changes: NodeId[] = []
  const host = { isMember: (id: NodeId) => members.has(id), changed: (id: NodeId) => changes.push(id) }
  const open = () => new AddressBook(store, clock, host)
  return { world, members, changes, open, addresses: open() }
}

test('what worked comes first, then typed, seen and profile addresses', async () => {
  const { world, addresses, changes } = await book()
  await using _world = world
  addresses.replace(node, ['p:1', 'both:1'], 'profile')
  addresses.replace(node, ['s:1', 'both:1'], 'seen')
  addresses.typed(node, 't:1')
  assert.deepEqual(addresses.of(node), ['t:1', 'both:1', 's:1', 'p:1'])
  addresses.worked(node, 'p:1')
  await world.run(1_000)
  addresses.worked(node, 'new:1')
  assert.deepEqual(addresses.of(node), ['new:1', 'p:1', 't:1', 'both:1', 's:1'])
  const count = changes.length
  addresses.replace(node, ['s:1', 'both:1'], 'seen')
  addresses.worked(node, 'new:1')
  assert.equal(changes.length, count, 'nothing new is no change')
})

test('a source that names an address no longer takes it back, unless it worked, was typed or another names it', async () => {
  const { world, addresses } = await book()
  await using _world = world
  addresses.replace(node, ['x:1', 'y:1', 'z:1', 'w:1'], 'seen')
  addresses.replace(node, ['y:1'], 'profile')
  addresses.typed(node, 'z:1')
  addresses.worked(node, 'w:1')
  addresses.replace(node, [], 'seen')
  assert.deepEqual(addresses.of(node), ['w:1', 'z:1', 'y:1'])
})

test('what worked and what was typed is there after a restart, in that order', async () => {
  const { world, addresses, open } = await book()
  await using _world = world
  addresses.replace(node, ['seen:1'], 'seen')
  addresses.typed(node, 'typed:1')
  addresses.worked(node, 'first:1')
  await world.run(10)
  addresses.worked(node, 'last:1')
  assert.deepEqual(open().of(node), ['last:1', 'first:1', 'typed:1'])
})

test('sightings never push out what worked, and all is bounded', async () => {
  const { world, addresses, open } = await book()
  await using _world = world
  addresses.worked(node, 'good:1')
  for (let round = 0; round < 50; round += 1) {
    addresses.replace(
      node,
      Array.from({ length: 50 }, (_, index) => `flood${round}-${index}:1`),
      'seen',
    )
    addresses.typed(node, `typed${round}:1`)
    await world.run(1)
    addresses.worked(node, `roam${round}:1`)
  }
  assert.equal(addresses.of(node).length, limits.addressesPerNode)
  assert.equal(open().of(node).length, limits.addressesPerNode)
  assert.equal(addresses.of(node)[0], 'roam49:1')
})

test('text that is no host:port is passed over', async () => {
  const { world, addresses } = await book()
  await using _world = world
  const wrong = ['', 'host', ':1', 'host:0', 'host:65536', 'ho st:1', 'a:b:1', '[::1]', `${'x'.repeat(400)}:1`, 'h/x:1']
  addresses.replace(node, [...wrong, '[fe80::1%eth0]:7000', '10.0.0.1:7000', 'nas.local:1'], 'seen')
  assert.deepEqual(addresses.of(node), ['[fe80::1%eth0]:7000', '10.0.0.1:7000', 'nas.local:1'])
})

test('what is seen of strangers is a hint: kept in case they become members, bounded, and never on disk', async () => {
  const { world, addresses, members, open } = await book()
  await using _world = world
  addresses.worked(other, '10.0.0.1:7000')
  assert.deepEqual(addresses.of(other), [])
  addresses.replace(node, ['member:1'], 'seen')
  addresses.replace(other, ['10.0.0.2:7000'], 'seen')
  members.add(other)
  assert.deepEqual(addresses.of(other), ['10.0.0.2:7000'])
  assert.deepEqual(open().of(other), [])
  members.delete(other)
  for (let index = 0; index < 2 * (limits.sightingsMax + limits.membersPerPool); index += 1) {
    addresses.replace(index.toString(16).padStart(32, '0') as NodeId, ['flood:1'], 'seen')
  }
  assert.deepEqual(addresses.of(other), [])
  assert.deepEqual(addresses.of(node), ['member:1'])
})

test('of a member that is removed nothing is kept', async () => {
  const { world, addresses, members, open } = await book()
  await using _world = world
  addresses.worked(node, '10.0.0.1:7000')
  members.delete(node)
  addresses.prune()
  assert.deepEqual(addresses.of(node), [])
  assert.deepEqual(open().of(node), [])
})
