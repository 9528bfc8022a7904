/**
 * The main job on real processes: what goes in through one machine is read back through another when the first is gone.
 */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { after, test } from 'node:test'
import type { Page, Pool, ReplicaHolder } from '../shared/index.ts'
import { allOnline, endAll, startPool, type TestNode, temporaryFolder, until } from './support/nodes.ts'

const MiB = 1024 * 1024
const pools: TestNode[][] = []
after(async () => {
  for (const nodes of pools) await endAll(nodes)
})

async function pool(...args: Parameters<typeof startPool>): Promise<TestNode[]> {
  const nodes = await startPool(...args)
  pools.push(nodes)
  return nodes
}

function hashesBelow(folder: string): Map<string, string> {
  const hashes = new Map<string, string>()
  for (const name of readdirSync(folder, { recursive: true }) as string[]) {
    const path = join(folder, name)
    if (statSync(path).isFile())
      hashes.set(relative(folder, path), createHash('sha256').update(readFileSync(path)).digest('hex'))
  }
  return hashes
}

test('a tree put through one machine is read back whole through another after the first was killed and its folder deleted', async () => {
  const nodes = await pool(3)
  const [first, second, third] = nodes as [TestNode, TestNode, TestNode]
  const source = temporaryFolder('hadahoop-source-')
  makeTree(source)
  const put = await first.command('put', source, '/tree', '--json')
  assert.equal(put.code, 0, put.stderr)
  const expected = hashesBelow(source)
  assert.deepEqual(JSON.parse(put.stdout).files, expected.size)
  await first.kill()
  rmSync(first.dataFolder, { recursive: true })
  for (const reader of [second, third]) {
    // What two machines have is acknowledged: the other one of these two hears of the last files from the first.
    await until(`${reader.name} knows all files`, async () => {
      const { files } = await reader.json<Pool>('GET', '/v1/pool')
      return files === expected.size || `${files} of ${expected.size}`
    })
    const target = temporaryFolder('hadahoop-target-')
    const get = await reader.command('get', '/tree', join(target, 'tree'), '--json')
    assert.equal(get.code, 0, get.stderr)
    assert.deepEqual(hashesBelow(join(target, 'tree')), expected)
  }
})

/** Real files of this repository, many small ones, some odd names, and one large file. */
function makeTree(folder: string): void {
  const docs = resolve(import.meta.dirname, '../node_modules/zod')
  mkdirSync(join(folder, 'zod'))
  for (const name of readdirSync(docs, { recursive: true }) as string[]) {
    const from = join(docs, name)
    if (statSync(from).isDirectory()) mkdirSync(join(folder, 'zod', name), { recursive: true })
    else writeFileSync(join(folder, 'zod', name), readFileSync(from))
  }
  const odd = join(folder, 'odd')
  mkdirSync(odd)
  for (const name of [
    'empty',
    'CON',
    '.hidden',
    'emoji 🦊',
    'new\nline',
    'Ärger.txt',
    'case',
    'CASE',
    'x'.repeat(255),
  ]) {
    writeFileSync(join(odd, name), name === 'empty' ? '' : name)
  }
  writeFileSync(join(folder, 'large.bin'), randomBytes(96 * MiB))
}

test('the chunks of one large file lie on at least three of four machines', async () => {
  const nodes = await pool(4)
  const [writer] = nodes as [TestNode]
  const entry = await writer.put('large.bin', randomBytes(64 * MiB))
  assert.equal(entry.copies.durable, 2)
  // What holds a chunk tells the others a moment later.
  await until('two copies of each chunk, on three machines or four', async () => {
    const { items } = await writer.json<Page<ReplicaHolder>>('GET', `/v1/entries/${entry.id}/replicas`)
    const chunks = items.reduce((sum, each) => sum + each.chunks, 0)
    const isSpread = items.filter((each) => each.chunks > 0).length >= 3
    return (isSpread && chunks === 2 * (items[0]?.total ?? 0)) || JSON.stringify(items)
  })
})

test('with one of three machines down, writes, renames and deletes succeed through the others, and it catches up', async () => {
  const nodes = await pool(3)
  const [first, second, third] = nodes as [TestNode, TestNode, TestNode]
  const kept = await first.put('kept.txt', 'kept')
  await first.put('doomed.txt', 'doomed')
  await third.kill()
  const written = await first.put('new.txt', 'new')
  assert.equal(written.copies.durable, 2)
  await second.json('PATCH', `/v1/entries/${kept.id}`, { path: '/renamed.txt' })
  assert.equal((await second.fetch('/v1/files/doomed.txt', { method: 'DELETE' })).status, 204)
  await third.restart()
  await allOnline(nodes)
  const names = (await third.list('')).map((entry) => entry.name)
  assert.deepEqual(names, ['new.txt', 'renamed.txt'])
  assert.equal((await third.get('new.txt')).toString(), 'new')
})

test('what was acknowledged is there after kill -9 of the writer at any moment', async () => {
  const nodes = await pool(2)
  const [writer, other] = nodes as [TestNode, TestNode]
  for (let round = 0; round < 3; round++) {
    const acknowledged = new Map<string, Buffer>()
    const dying = new AbortController()
    const writing = Array.from({ length: 8 }, async (_, lane) => {
      for (let index = 0; !dying.signal.aborted; index++) {
        const name = `r${round}-l${lane}-${index}`
        const bytes = randomBytes(1 + Math.floor(Math.random() * 200_000))
        try {
          await writer.put(name, bytes)
        } catch {
          return // not acknowledged: the writer is gone
        }
        acknowledged.set(name, bytes)
      }
    })
    await until('some files are acknowledged', async () => acknowledged.size >= 20 + 7 * round)
    const killed = writer.kill()
    dying.abort()
    await Promise.all([killed, ...writing])
    for (const [name, bytes] of acknowledged) assert.ok((await other.get(name)).equals(bytes), name)
    await writer.restart()
    await allOnline(nodes)
    for (const [name, bytes] of acknowledged) assert.ok((await writer.get(name)).equals(bytes), name)
  }
})
