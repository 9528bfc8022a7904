// Imports on real nodes: a tree is taken in at its own pace, survives kill -9 in the middle, and ends complete and equal.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { appendFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import type { Transfer, TransferPage } from '../shared/index.ts'
import { endAll, startPool, type TestNode, temporaryFolder, until } from './support/nodes.ts'

const fileCount = 3000

/** Some thousand small files in folders, a few larger ones and one large one; by path below the folder their SHA-256. */
function makeTree(folder: string): Map<string, string> {
  const hashes = new Map<string, string>()
  const add = (path: string, bytes: Buffer) => {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), bytes)
    hashes.set(path, createHash('sha256').update(bytes).digest('hex'))
  }
  for (let at = 0; at < fileCount; at++) {
    add(`Rooms/${at % 20}/Größe ${at}.txt`, Buffer.from(`content ${at} `.repeat(at % 300)))
  }
  for (let at = 0; at < 5; at++) add(`Large/${at}.bin`, noise(at, 3_000_000))
  add('Large/one.bin', noise(77, 60_000_000))
  mkdirSync(join(folder, 'Empty/Inside'), { recursive: true })
  return hashes
}

/** Bytes that do not compress, the same at every run. */
function noise(seed: number, sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes)
  let state = seed + 1
  for (let at = 0; at + 4 <= sizeBytes; at += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes.writeUInt32LE((state ^ (state >>> 13)) >>> 0, at)
  }
  return bytes
}

async function transfer(node: TestNode, id: string): Promise<Transfer> {
  return await node.json<Transfer>('GET', `/v1/transfers/${id}`)
}

async function ended(node: TestNode, id: string, state: Transfer['state'] = 'done'): Promise<Transfer> {
  let seen = await transfer(node, id)
  await until(
    state,
    async () => {
      seen = await transfer(node, id)
      return seen.state === state || JSON.stringify({ ...seen, failed: seen.failed.slice(0, 3) })
    },
    120_000,
  )
  return seen
}

async function expectEqual(node: TestNode, folder: string, hashes: ReadonlyMap<string, string>): Promise<void> {
  const found = new Map<string, string>()
  const walk = async (path: string): Promise<void> => {
    for (const entry of await node.list(path)) {
      const below = `${path}/${entry.name}`
      if (entry.kind === 'folder') await walk(below)
      else {
        const bytes = await node.get(below)
        found.set(below.slice(folder.length + 1), createHash('sha256').update(bytes).digest('hex'))
      }
    }
  }
  await walk(folder)
  assert.equal(found.size, hashes.size)
  for (const [path, hash] of hashes) assert.equal(found.get(path), hash, path)
}

test('an import survives kill -9 in the middle and ends complete and equal; a second one skips everything', async (t) => {
  const nodes = await startPool(2)
  t.after(() => endAll(nodes))
  const [first, second] = nodes as [TestNode, TestNode]
  const folder = join(temporaryFolder('hadahoop-tree-'), 'Practice')
  const hashes = makeTree(folder)
  const { id } = await first.json<{ id: string }>('POST', '/v1/imports', { paths: [folder], folder: '/Imported' })
  await until('in the middle', async () => {
    const { filesDone, state } = await transfer(first, id)
    assert.equal(state, 'running')
    return filesDone > fileCount / 5 || `${filesDone} files`
  })
  await first.kill()
  await first.restart()
  const done = await ended(first, id)
  assert.equal(done.filesDone, hashes.size)
  assert.equal(done.filesTotal, hashes.size)
  assert.equal(done.bytesDone, done.bytesTotal)
  assert.ok(done.filesSkipped > fileCount / 10, `${done.filesSkipped} were not stored again`)
  await until('protected', async () => (await transfer(first, id)).phase === 'protected')
  await expectEqual(second, 'Imported/Practice', hashes)
  assert.deepEqual(
    (await second.list('Imported/Practice/Empty')).map(({ name }) => name),
    ['Inside'],
  )

  const again = await first.json<{ id: string }>('POST', '/v1/imports', { paths: [folder], folder: '/Imported' })
  const skipped = await ended(first, again.id)
  assert.equal(skipped.filesSkipped, hashes.size)
  assert.deepEqual(
    (await first.json<TransferPage>('GET', '/v1/transfers')).items.map((each) => each.id),
    [again.id, id],
  )
})

void [appendFileSync, rmSync, symlinkSync]
