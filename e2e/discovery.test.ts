/**
 * Two computers on one network, each a network namespace of its own: they find each other by mDNS alone, pair by a code without
 * an address, and share a file.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { TestNode, temporaryFolder, until } from './support/nodes.ts'

const left = 'hadahoop-left'
const right = 'hadahoop-right'

function ip(...args: string[]): boolean {
  return spawnSync('ip', args, { stdio: 'ignore' }).status === 0
}

/** Two namespaces with a cable between them; false where that cannot be had. */
function makeNetwork(): boolean {
  removeNetwork()
  if (!ip('netns', 'add', left) || !ip('netns', 'add', right)) return false
  if (!ip('link', 'add', 'hadl0', 'netns', left, 'type', 'veth', 'peer', 'name', 'hadr0', 'netns', right)) return false
  for (const [namespace, device, address] of [
    [left, 'hadl0', '10.88.7.1/24'],
    [right, 'hadr0', '10.88.7.2/24'],
  ] as const) {
    ip('-n', namespace, 'link', 'set', 'lo', 'up')
    ip('-n', namespace, 'addr', 'add', address, 'dev', device)
    ip('-n', namespace, 'link', 'set', device, 'up')
    ip('-n', namespace, 'route', 'add', '224.0.0.0/4', 'dev', device)
  }
  return true
}

function removeNetwork(): void {
  for (const namespace of [left, right]) ip('netns', 'del', namespace)
}

test('two computers find each other by mDNS alone, pair by a code without an address, and share a file', async (t) => {
  if (process.getuid?.() !== 0 || !makeNetwork()) {
    t.skip('network namespaces need root and iproute2')
    return
  }
  t.after(removeNetwork)
  const first = await TestNode.start('left', { namespace: left, discovery: true })
  t.after(async () => await first[Symbol.asyncDispose]())
  const second = await TestNode.start('right', { namespace: right, discovery: true })
  t.after(async () => await second[Symbol.asyncDispose]())

  const created = await first.command('pool', 'create', 'Home', '--json')
  assert.equal(created.code, 0, created.stderr)
  const invite = await first.command('pool', 'invite', '--json')
  const { code } = JSON.parse(invite.stdout) as { code: string }
  const joined = await second.command('pool', 'join', code, '--json')
  assert.equal(joined.code, 0, joined.stderr)

  const file = join(temporaryFolder(), 'note.txt')
  writeFileSync(file, 'across the cable')
  const put = await first.command('put', file, '/note.txt', '--json')
  assert.equal(put.code, 0, put.stderr)
  await until('the other computer reads it', async () => {
    const cat = await second.command('cat', '/note.txt')
    return cat.stdout === 'across the cable' || cat.stderr
  })
})
